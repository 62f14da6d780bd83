"""The sandbox behind an httpx client, without a network."""

import asyncio
from collections import abc

import httpx

from sync.sandbox.answer import Answer, Flow
from sync.sandbox.sandbox import Sandbox

Sleep = abc.Callable[[float], abc.Awaitable[None]]


def transport(sandbox: Sandbox, sleep: Sleep = asyncio.sleep) -> httpx.MockTransport:
    """A transport for `httpx.AsyncClient` that asks this sandbox, whatever the host.

    A dropped answer is an `httpx.ReadError`; one that is held back longer than the client's read
    timeout an `httpx.ReadTimeout`. Requests under way at once count against `parallel`.
    """

    async def respond(request: httpx.Request) -> httpx.Response:
        within = sandbox.slots.take()
        try:
            answer = sandbox.answer(
                request.method,
                request.url.path,
                dict(request.url.params),
                request.headers,
                request.content,
                crowded=not within,
            )
            await _hold_back(request, answer, sleep)
        finally:
            sandbox.slots.give()
        content = answer.body if answer.flow is None else _pieces(answer.flow)
        return httpx.Response(answer.status, headers=dict(answer.headers), content=content)

    return httpx.MockTransport(respond)


async def _pieces(flow: Flow) -> abc.AsyncIterator[bytes]:
    for piece in flow():
        yield piece


async def _hold_back(request: httpx.Request, answer: Answer, sleep: Sleep) -> None:
    patience = request.extensions.get("timeout", {}).get("read")
    if patience is not None and answer.delay > patience:
        await sleep(patience)
        raise httpx.ReadTimeout("The sandbox held the answer back.", request=request)
    if answer.delay:
        await sleep(answer.delay)
    if answer.dropped:
        raise httpx.ReadError("The sandbox dropped the answer.", request=request)
