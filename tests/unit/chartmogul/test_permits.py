"""The right to write is tested in the step that sends: no wait, however long, lies between the two."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

import httpx
import pytest
from pydantic import SecretStr

from sync.chartmogul.client import Client
from sync.chartmogul.connection import open_http
from sync.chartmogul.pace import Pace, Start
from sync.chartmogul.transport import Transport
from sync.errors import Answered, Denied, LockedError
from tests.unit.chartmogul.scene import KEY, Clock, answer, scene

CUSTOMER, CONTACT = {"uuid": "cus_1"}, {"uuid": "con_1"}
#: Every write that there is.
WRITES: list[Callable[[Client], Awaitable[object]]] = [
    lambda client: client.create_customer("ds_1", "c1", {}, {}),
    lambda client: client.create_contact("ds_1", "cus_1", {}),
    lambda client: client.update_customer("cus_1", {"name": "Ada"}, {}, frozenset()),
    lambda client: client.update_customer("cus_1", {"attributes.a": None}, {}, frozenset()),
    lambda client: client.update_customer("cus_1", {"tags": ("a",)}, {}, frozenset()),
    lambda client: client.update_contact("con_1", {"title": "Dr"}),
]


@dataclass
class Lease:
    """A lease that somebody else has taken once `over` is set."""

    over: bool = False
    tests: int = field(default=0)

    def require(self) -> None:
        """Raise where it is over."""
        self.tests += 1
        if self.over:
            raise LockedError("the lease is over")


@pytest.mark.parametrize("write", WRITES)
async def test_a_client_without_a_permit_cannot_write(write):
    """Such is the client of a dry run, and of a check: it reads, and nothing else."""
    s = scene(answer(200, CUSTOMER), permits=())
    assert (await s.client.customer("cus_1")).uuid == "cus_1"
    with pytest.raises(RuntimeError, match="only reads"):
        await write(s.client)
    assert s.script.lines == ["GET /v1/customers/cus_1"]


@pytest.mark.parametrize("write", WRITES)
async def test_nothing_is_sent_without_the_lease(write):
    """Every write asks for it; a look does not."""
    lease = Lease(over=True)
    s = scene(answer(200, CUSTOMER), permits=(lease,))
    with pytest.raises(LockedError):
        await write(s.client)
    assert (await s.client.customer("cus_1")).uuid == "cus_1"
    assert (s.requests.methods, lease.tests) == ({"GET": 1}, 1)


async def test_all_permits_are_needed():
    """A create's own note does not replace the lease."""
    lease = Lease(over=True)
    s = scene(permits=(lease,))
    with pytest.raises(LockedError):
        await s.client.under(Lease()).create_contact("ds_1", "cus_1", {})


@pytest.mark.parametrize("trouble", [answer(502), answer(429), httpx.ConnectError("x")])
async def test_a_lease_that_ends_during_the_wait_for_a_repeat(trouble):
    """The process was stopped in it: nothing more is sent."""
    lease = Lease()

    async def failing(request: httpx.Request) -> httpx.Response:
        lease.over = True
        if isinstance(trouble, httpx.Response):
            return trouble
        raise trouble

    s = scene(failing, permits=(lease,))
    with pytest.raises(LockedError):
        await s.client.update_contact("con_1", {"title": "Dr"})
    assert len(s.script.requests) == 1
    assert s.pace.under_way == 0


async def test_a_lease_that_ends_while_others_hold_all_connections():
    """Decided long ago, and then no connection was free: when there is one, nothing is sent."""
    lease = Lease()
    waiting, answered = asyncio.Event(), asyncio.Event()

    async def slow(request: httpx.Request) -> httpx.Response:
        if len(s.script.requests) == 20:
            waiting.set()
        await answered.wait()
        lease.over = True
        return answer(200, CONTACT)

    s = scene(*[slow] * 20, permits=(lease,))
    tasks = [asyncio.ensure_future(s.client.update_contact("con_1", {"a": 1})) for _ in range(24)]
    await waiting.wait()
    answered.set()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(one) for one in ended[20:]] == [LockedError] * 4
    assert len(s.script.requests) == 20


async def test_a_lease_that_ends_while_waiting_for_a_turn():
    """The pace lets requests start one after the other; the last step is after that."""
    lease = Lease()
    s = scene(answer(200, CONTACT), permits=(lease,))
    await s.client.update_contact("con_1", {"title": "Dr"})

    async def stopped(seconds: float) -> None:
        lease.over = True
        s.clock.now += seconds

    s.pace._turns._sleep = stopped
    with pytest.raises(LockedError):
        await s.client.update_contact("con_1", {"title": "Dr"})
    assert len(s.script.requests) == 1


class Late(Pace):
    """The process is stopped once the connection is open, before the request goes out."""

    lease = Lease()

    async def depart(self) -> Start:
        """The turn comes, and the lease is over."""
        start = await super().depart()
        self.lease.over = True
        return start


class LateBody(Lease):
    """The process is stopped between the headers of a request and its body."""

    def require(self) -> None:
        """Good for the headers: the third test is that of the body."""
        self.over = self.tests == 2
        super().require()


@pytest.mark.parametrize("stopped", ["while connecting", "before the body"])
async def test_a_lease_that_ends_over_a_real_connection(stopped):
    """Not one whole request reaches the server: the lease is tested when the socket takes it."""
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read())
        writer.close()

    clock = Clock()
    lease: Lease = LateBody()
    pace = Pace(clock=clock, sleep=clock.turn)
    if stopped == "while connecting":
        pace, lease = Late(clock=clock, sleep=clock.turn), Late.lease
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, open_http(f"http://127.0.0.1:{port}/v1", SecretStr(KEY), 30, 20) as http:
        client = Client(Transport(http, pace, permits=(lease,)))
        with pytest.raises(LockedError):
            await client.create_contact("ds_1", "cus_1", {"title": "Dr"})
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.shield(asyncio.sleep(0.05)), 1)

    assert pace.under_way == 0
    assert [b"customer_uuid" in said for said in heard] == [False]
    assert (heard == [b""]) is (stopped == "while connecting")


class Refused(Pace):
    """While a request waits for its turn to leave, another one is told that the key is wrong."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock=clock, sleep=clock.turn)
        self.denials: list[Denied] = []

    async def depart(self) -> Start:
        """The turn comes, and the key is refused."""
        start = await super().depart()
        self.denials.append(Denied("the key is wrong", Answered(401), "mend it"))
        return start


async def test_a_key_that_is_refused_while_another_request_waits_to_leave():
    """It is not sent, though it only reads."""
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read())
        writer.close()

    pace = Refused(Clock())
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, open_http(f"http://127.0.0.1:{port}/v1", SecretStr(KEY), 30, 20) as http:
        client = Client(Transport(http, pace, denials=pace.denials))
        with pytest.raises(Denied, match="the key is wrong"):
            await client.account()
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.shield(asyncio.sleep(0.05)), 1)

    assert heard == [b""]
