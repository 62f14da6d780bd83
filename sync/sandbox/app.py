"""The sandbox as an HTTP server."""

import asyncio
import socket
import sys
from collections import abc
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from sync.sandbox.answer import Answer, Flow, failed, too_large
from sync.sandbox.control import steer
from sync.sandbox.guard import refusal
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
        _save(sandbox)

    around = Starlette(lifespan=keep_saved)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await _respond(sandbox, scope, receive, send)
        else:
            await around(scope, receive, send)

    return app


#: Seconds that an idle connection stays open, as behind most load balancers: clients close first.
_KEEP_ALIVE = 60
#: Connections that wait to be taken.
_BACKLOG = 2048


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
    """A socket that listens, port 0 for any that is free; OSError when it is taken, UnicodeError for an odd host.

    Who connects before it is served waits, and is not refused.
    """
    # The protocol is named because asyncio sends at once (TCP_NODELAY) only where it is.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host if host.isascii() else host.encode("idna"), port))
        bound.listen(_BACKLOG)
    except (OSError, UnicodeError):
        bound.close()
        raise
    return bound


def serve(sandbox: Sandbox, bound: socket.socket) -> None:
    """Serve there until SIGINT or SIGTERM, which then take their usual course; changes are saved first."""
    with bound:
        build_server(sandbox).run([bound])


def describe(sandbox: Sandbox, host: str = "127.0.0.1", port: int = 8765) -> str:
    """What to tell whoever starts it: the variables a sync needs, and where to look."""
    shown = "127.0.0.1" if host == "0.0.0.0" else host
    return (
        f"CHARTMOGUL_API_URL=http://{shown}:{port}/v1\n"
        f"CHARTMOGUL_API_KEY={sandbox.key}\n"
        f"CHARTMOGUL_DATA_SOURCE={sandbox.data_source}\n"
        f"\nOpen http://{shown}:{port}/ to see what it holds.\n"
        f"GET http://{shown}:{port}/sandbox/settings tells how it can be made to answer otherwise.\n"
    )


async def _save_often(sandbox: Sandbox, every: float) -> None:
    while True:
        await asyncio.sleep(every)
        await asyncio.to_thread(_save, sandbox)


def _save(sandbox: Sandbox) -> None:
    """Write what changed; a full disk ends nothing, since what it holds is tried again."""
    try:
        sandbox.save()
    except OSError as error:
        sys.stderr.write(f"The data file cannot be written: {error.strerror}\n")


async def _respond(sandbox: Sandbox, scope: Scope, receive: Receive, send: Send) -> None:
    request = Request(scope, receive)
    headers = request.headers
    reason = refusal(headers.get("host"), headers.get("origin"), sandbox.world.settings.hosts)
    if reason is not None:
        await _send(_hang_up(failed(403, reason, None)), request, send)
        return
    with suppress(ClientDisconnect):
        if request.scope["path"].startswith("/v1/"):
            await _call(sandbox, request, send)
        else:
            await _send(await _look(sandbox, request), request, send)


async def _call(sandbox: Sandbox, request: Request, send: Send) -> None:
    """A call of the API: it counts against the limits, and its answer may be held back."""
    body = await _body(request, sandbox.world.settings.largest_body)
    within = sandbox.slots.take()
    try:
        answer = sandbox.answer(
            request.method,
            request.scope["path"],
            dict(request.query_params),
            request.headers,
            body or b"",
            crowded=not within,
            oversized=body is None,
        )
        if answer.delay:
            await asyncio.sleep(answer.delay)
        await _send(answer if body is not None else _hang_up(answer), request, send)
    finally:
        sandbox.slots.give()


async def _look(sandbox: Sandbox, request: Request) -> Answer:
    """A control route, or the page for people."""
    method, path, most = request.method, request.scope["path"], sandbox.world.settings.largest_body
    body = await _body(request, most)
    if body is None:
        return _hang_up(too_large(most))
    if (method, path) == ("GET", "/"):
        return await asyncio.to_thread(render, sandbox, dict(request.query_params))
    return steer(sandbox, method, path, dict(request.query_params), body)


async def _body(request: Request, most: int) -> bytes | None:
    """The body of a request; None where it is longer than that, without reading the rest."""
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared[:20]) > most:
        return None
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > most:
            return None
    return bytes(body)


def _hang_up(answer: Answer) -> Answer:
    """An answer with the connection closed behind it: what was not read is not waited for."""
    return replace(answer, headers={**answer.headers, "connection": "close"})


async def _send(answer: Answer, request: Request, send: Send) -> None:
    if answer.dropped:
        await _cut(send)
    elif answer.flow is not None:
        await _pour(answer, answer.flow, request, send)
    else:
        response = Response(answer.body, answer.status, headers=dict(answer.headers))
        await response(request.scope, request.receive, send)


async def _pour(answer: Answer, flow: Flow, request: Request, send: Send) -> None:
    """Send a body as it is made, as fast as it is taken, until nobody takes it any more."""

    async def pieces() -> abc.AsyncIterator[bytes]:
        for piece in flow():
            yield piece
            await asyncio.sleep(0)

    response = StreamingResponse(pieces(), answer.status, headers=dict(answer.headers))
    await response(request.scope, request.receive, send)


async def _cut(send: Send) -> None:
    """Close the connection without a byte. ASGI has no word for that: this asks uvicorn's own."""
    send.__self__.transport.abort()  # type: ignore[attr-defined]
    # Once around the loop, so that the server knows of it before this call returns.
    await asyncio.sleep(0)
