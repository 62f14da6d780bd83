"""A scripted ChartMogul and a clock that only moves when somebody sleeps."""

import asyncio
import heapq
import json
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from sync.chartmogul.client import Client
from sync.chartmogul.connection import open_http
from sync.chartmogul.health import Health
from sync.chartmogul.pace import Pace
from sync.chartmogul.permit import Permit
from sync.chartmogul.transport import Transport, Waiting
from sync.chartmogul.wire import Call
from sync.domain.record import AttributeType
from sync.domain.results import Requests
from tests.support import planted_secrets
from tests.support.delivering import Allowed

URL = "https://api.example.com/v1"
KEY = planted_secrets.API_KEY
NOW = datetime(2026, 1, 31, 10, tzinfo=UTC)
RECORDINGS = Path(__file__).parents[2] / "recordings"

TYPES = {
    "plan": AttributeType.STRING,
    "seats": AttributeType.INTEGER,
    "score": AttributeType.DECIMAL,
    "since": AttributeType.TIMESTAMP,
    "partner": AttributeType.BOOLEAN,
}
AWKWARD = "a+b@c/d e&f#g%ü"
ENCODED = "a%2Bb%40c%2Fd%20e%26f%23g%25%C3%BC"

Reply = httpx.Response | Exception | Callable[[httpx.Request], Awaitable[httpx.Response]]


def recorded(name: str) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """The exchanges of a file of recordings: kind, request, response."""
    for entry in json.loads((RECORDINGS / f"{name}.json").read_text(encoding="utf-8")):
        yield entry["kind"], entry["request"], entry["response"]


def sent(call: Call) -> Any:
    """The body as ChartMogul reads it."""
    assert call.content is not None
    return json.loads(call.content)


def answer(status: int, body: Any = None, **headers: str) -> httpx.Response:
    """An answer with a JSON body, or with none; text and bytes go as they are."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    match body:
        case None:
            return httpx.Response(status, headers=names)
        case str() | bytes():
            return httpx.Response(status, content=body, headers=names)
    return httpx.Response(status, json=body, headers=names)


@dataclass
class Script:
    """Answers requests with replies in their order, and remembers the requests."""

    replies: list[Reply]
    requests: list[httpx.Request] = field(default_factory=list)

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        """Reply to a request; an unexpected one is an error."""
        self.requests.append(request)
        assert self.replies, f"unexpected: {request.method} {request.url}"
        match self.replies.pop(0):
            case httpx.Response() as response:
                return response
            case Exception() as error:
                raise error
            case reply:
                return await reply(request)

    @property
    def bodies(self) -> list[Any]:
        """The JSON that was sent, None where there was no body."""
        return [json.loads(r.content) if r.content else None for r in self.requests]

    @property
    def lines(self) -> list[str]:
        """Method and path of each request, as on the wire."""
        return [f"{r.method} {r.url.raw_path.decode()}" for r in self.requests]


@dataclass
class Clock:
    """Seconds that pass while somebody sleeps, for one task at a time."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        """The time now."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Let the time pass, and remember it."""
        self.slept.append(seconds)
        self.now += seconds

    async def turn(self, seconds: float) -> None:
        """Let the time pass until a turn."""
        self.now += seconds


@dataclass
class Scene:
    """A client in front of a scripted ChartMogul."""

    client: Client
    script: Script
    clock: Clock
    pace: Pace
    requests: Requests
    #: What a run would be told.
    told: list[str] = field(default_factory=list)

    @property
    def waits(self) -> list[float]:
        """The seconds slept between attempts."""
        return self.clock.slept


def scene(
    *replies: Reply,
    stopping: Callable[[], bool] = lambda: False,
    outage: float = 60.0,
    timeout: float = 30.0,
    budget: int | None = None,
    permits: tuple[Permit, ...] = (Allowed(),),
) -> Scene:
    """Set the scene; rolls are always 1, so waits are the longest possible."""
    script, clock, requests = Script(list(replies)), Clock(), Requests()
    http = open_http(URL, SecretStr(KEY), timeout, 20)
    http._transport = httpx.MockTransport(script)
    pace = Pace(clock=clock, sleep=clock.turn)
    waiting = Waiting(clock.sleep, stopping, lambda: 1.0, lambda: NOW)
    told: list[str] = []
    health = Health(clock, outage, told.append)
    transport = Transport(http, pace, health, waiting, requests, budget, permits)
    return Scene(Client(transport), script, clock, pace, requests, told)


@dataclass
class Loop:
    """Time for many tasks: it jumps to the next sleeper's hour whenever nobody can go on.

    `late` are the seconds by which sleepers wake too late, one after the other.
    """

    late: Iterator[float]
    now: float = 0.0
    sleepers: list[tuple[float, int, asyncio.Future[None]]] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=count)

    def __call__(self) -> float:
        """The time now."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Sleep, and oversleep."""
        wakes = asyncio.get_running_loop().create_future()
        hour = self.now + max(0.0, seconds) + next(self.late)
        heapq.heappush(self.sleepers, (hour, next(self.numbers), wakes))
        await wakes

    async def run(self, jobs: Iterable[Awaitable[None]]) -> None:
        """Run jobs to their end, cancelled ones included."""
        everything = asyncio.gather(*jobs, return_exceptions=True)
        while not everything.done():
            for _ in range(20):
                await asyncio.sleep(0)
            if self.sleepers:
                hour, _, wakes = heapq.heappop(self.sleepers)
                self.now = max(self.now, hour)
                if not wakes.done():
                    wakes.set_result(None)
        for result in await everything:
            if isinstance(result, Exception):
                raise result
