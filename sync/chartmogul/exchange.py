"""One request over HTTP: sent at its turn, while it may be sent, and answered or not."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from sync.chartmogul import verdict
from sync.chartmogul.body import LARGEST_ERROR, Body, take
from sync.chartmogul.connection import distrust, key_of
from sync.chartmogul.pace import Pace, Start, Turn
from sync.chartmogul.verdict import Failure
from sync.chartmogul.wire import NOT_MODIFIED, Call, Misread, load
from sync.domain.secret import mask
from sync.errors import Answered, Denied

#: Failures in which the request surely did not leave: nobody was there to take it, or a proxy refused.
_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered.

    `trouble`: why its body cannot be that of a good answer, where that shows before it is read. `location` is where a
    redirect points to, `retry_after` the header of that name.
    """

    status: int
    body: bytes
    trouble: str
    location: str
    retry_after: str | None
    #: The API key as it was sent; an answer that was none is shown without it.
    keys: tuple[str, ...] = field(default=(), repr=False)

    def show(self) -> str:
        """The start of the body, for reports."""
        return verdict.show(_without(self.body, self.keys))

    @property
    def is_bare(self) -> bool:
        """Whether it has no body; what follows a 304 is none."""
        return self.status == NOT_MODIFIED or not self.body.strip()

    def data(self, call: Call) -> Any:
        """The JSON of a good answer to this call, None where a change needs none.

        Raises:
            Misread: it is no such answer.
        """
        if self.trouble and self.status != NOT_MODIFIED:
            raise Misread(self.trouble)
        data = None if self.is_bare else load(self.body)
        if data is None and not (call.empty and (self.is_bare or call.tells_enough(self.status))):
            raise Misread("the answer is empty")
        return data


def _without(body: bytes, keys: tuple[str, ...]) -> bytes:
    """A body without the API key, which whoever answered may have repeated."""
    text = body.decode("latin-1")
    for key in keys:
        text = mask(text, key)
    return text.encode("latin-1")


@dataclass(slots=True)
class Exchange:
    """A call's request and its answer; `claim` raises where a write must not be sent any more."""

    http: httpx.AsyncClient
    call: Call
    pace: Pace
    turn: Turn
    claim: Callable[[], None]
    _departure: Start | None = field(default=None, init=False)

    async def carry_out(self) -> Answer | Failure:
        """Send the request, and take its answer, whatever it is.

        Raises:
            Denied: no request can get through.
            SyncError: it must not be sent any more.
        """
        name = self.call.name
        try:
            async with asyncio.timeout(self.http.timeout.read):
                request = self._request()
                answer = await self.http.send(request, stream=True, follow_redirects=False)
                return await self._take(answer)
        except _UNSENT as error:
            if reason := distrust(error):
                raise Denied(
                    f"{verdict.DISTRUSTED}: {reason}", Answered(), verdict.TRUST
                ) from error
            if isinstance(error, httpx.ProxyError) and str(error).startswith("407"):
                message, hint = verdict.DENIALS[407]
                raise Denied(f"{message}: {error}", Answered(407), hint) from error
            place = self.http.base_url.netloc.decode("ascii")
            reason = f"{type(error).__name__}: {error}"
            return Failure(f"{name} could not be sent to {place}: {reason}", sent=False)
        except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            raise Denied("CHARTMOGUL_API_URL is no address", Answered(), verdict.ADDRESS) from error
        except (TimeoutError, httpx.TimeoutException):
            return Failure(f"{name} was not answered in time", sent=True)
        except (httpx.RequestError, OSError) as error:
            return Failure(f"{name} was not answered: {type(error).__name__}", sent=True)

    async def _take(self, answer: httpx.Response) -> Answer:
        most = self.call.largest if answer.is_success else LARGEST_ERROR
        body, trouble = Body(b""), ""
        try:
            body = await take(answer, most)
        except Misread as error:
            trouble = str(error)
        if body.cut:
            trouble = f"the answer is longer than {most:,} bytes"
        location = answer.extensions.get("location", "")
        retry_after = answer.headers.get("Retry-After")
        keys = key_of(answer.request)
        content = body.content if answer.is_success else _without(body.content, keys)
        return Answer(answer.status_code, content, trouble, location, retry_after, keys)

    def _request(self) -> httpx.Request:
        content = self.call.content
        headers = {} if content is None else {"Content-Type": "application/json"}
        return self.http.build_request(
            self.call.method,
            self.call.path,
            content=content,
            headers=headers,
            extensions={"trace": self._depart},
        )

    async def _depart(self, event: str, _: object) -> None:
        """Called by httpcore at each step: once there is a connection, before the body, and when all is sent.

        Getting a connection and a turn may take long, so the right to write is tested again, and so is what was rented
        of the account's allowance: a request whose body does not follow its headers is none.
        """
        if event.endswith("send_request_headers.started"):
            self._departure = await self.pace.depart()
            await self._claim(self._departure)
        elif event.endswith("send_request_body.started"):
            await self._claim(self._departure)
        elif event.endswith("send_request_body.complete") and self._departure is not None:
            self.pace.departed(self._departure)

    async def _claim(self, departure: Start | None) -> None:
        if departure is not None:
            await self.pace.claim(departure, self.turn)
        self.claim()
