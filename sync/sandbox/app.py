"""The sandbox as an HTTP server."""

import asyncio
import socket
from collections import abc
from contextlib import asynccontextmanager, suppress

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from sync.sandbox.answer import Answer
from sync.sandbox.control import steer
from sync.sandbox.page import render
from sync.sandbox.sandbox import Sandbox

SAVE_EVERY = 2.0
"""Seconds between two writes of the data file while something changes."""


def build_app(sandbox: Sandbox, save_every: float = SAVE_EVERY) -> ASGIApp:
    """The API under /v1, control routes under /sandbox, a page for people at /."""

    @asynccontextmanager
    async def keep_saved(_: Starlette) -> abc.AsyncIterator[None]:
        saving = asyncio.create_task(_save_often(sandbox, save_every))
        yield
        saving.cancel()
        with suppress(asyncio.CancelledError):
            await saving
        sandbox.save()

    around = Starlette(lifespan=keep_saved)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await _respond(sandbox, scope, receive, send)
        else:
            await around(scope, receive, send)

    return app


#: Seconds that an idle connection stays open, as behind most load balancers: clients close first.
_KEEP_ALIVE = 60


def build_server(sandbox: Sandbox, save_every: float = SAVE_EVERY) -> uvicorn.Server:
    """A server that prints nothing of its own and stops within two seconds."""
    config = uvicorn.Config(
        build_app(sandbox, save_every),
        log_config=None,
        log_level="critical",
        access_log=False,
        timeout_graceful_shutdown=2,
        timeout_keep_alive=_KEEP_ALIVE,
    )
    return uvicorn.Server(config)


def bind(host: str, port: int) -> socket.socket:
    """A socket to serve on, port 0 for any that is free; OSError when it is taken."""
    # The protocol is named because asyncio sends at once (TCP_NODELAY) only where it is.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound


def serve(sandbox: Sandbox, host: str = "127.0.0.1", port: int = 8765) -> None:
    """Serve until SIGINT or SIGTERM, which then take their usual course; changes are saved first.

    OSError when the port is taken.
    """
    with bind(host, port) as bound:
        build_server(sandbox).run([bound])


def describe(sandbox: Sandbox, host: str = "127.0.0.1", port: int = 8765) -> str:
    """What to tell whoever starts it: the variables a sync needs, and where to look."""
    shown = "127.0.0.1" if host == "0.0.0.0" else host
    return (
        f"CHARTMOGUL_API_URL=http://{shown}:{port}/v1\n"
        f"CHARTMOGUL_API_KEY={sandbox.key}\n"
        f"CHARTMOGUL_DATA_SOURCE={sandbox.data_source}\n"
        f"\nOpen http://{shown}:{port}/ to see what it holds.\n"
    )


async def _save_often(sandbox: Sandbox, every: float) -> None:
    while True:
        await asyncio.sleep(every)
        await asyncio.to_thread(sandbox.save)


async def _respond(sandbox: Sandbox, scope: Scope, receive: Receive, send: Send) -> None:
    request = Request(scope, receive)
    body = await request.body()
    path, query = scope["path"], dict(request.query_params)
    if not path.startswith("/v1/"):
        answer = _look(sandbox, request.method, path, query, body)
        await _send(answer, scope, receive, send)
        return
    within = sandbox.slots.take()
    try:
        answer = sandbox.answer(
            request.method, path, query, request.headers, body, crowded=not within
        )
        if answer.delay:
            await asyncio.sleep(answer.delay)
        await _send(answer, scope, receive, send)
    finally:
        sandbox.slots.give()


def _look(sandbox: Sandbox, method: str, path: str, query: dict[str, str], body: bytes) -> Answer:
    if (method, path) == ("GET", "/"):
        return render(sandbox)
    return steer(sandbox, method, path, query, body)


async def _send(answer: Answer, scope: Scope, receive: Receive, send: Send) -> None:
    if answer.dropped:
        await _cut(send)
        return
    response = Response(answer.body, answer.status, headers=dict(answer.headers))
    await response(scope, receive, send)


async def _cut(send: Send) -> None:
    """Close the connection without a byte. ASGI has no word for that: this asks uvicorn's own."""
    send.__self__.transport.abort()  # type: ignore[attr-defined]
    # Once around the loop, so that the server knows of it before this call returns.
    await asyncio.sleep(0)
