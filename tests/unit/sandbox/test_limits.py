"""Both limits of the API, and latency."""

import statistics

import anyio
import httpx
import pytest

from sync.sandbox.limits import Rate, constant, lognormal
from sync.sandbox.sandbox import KEY, Sandbox
from sync.sandbox.transport import transport
from tests.unit.sandbox.caller import Caller, Clock


def test_the_41st_request_in_any_second_is_a_429(clock):
    """With the documented message; every request counts, the second slides."""
    call = Caller(Sandbox(clock=clock), KEY)
    statuses = []
    for number in range(60):
        clock.now = number / 50
        statuses.append(call("GET", "/ping").status)
    assert statuses == [200] * 40 + [429] * 20
    clock.now = 1.18 + 0.5
    message = "Your request rate has exceeded our rate limit."
    assert call("GET", "/ping").status == 200
    refused = Caller(Sandbox(rate=0, clock=clock), KEY)("GET", "/ping")
    assert refused.json == {"code": 429, "message": message, "param": None}


def test_a_second_has_no_fixed_beginning():
    """40 at the end of one and one at the start of the next are 41 in a second."""
    rate = Rate(40)
    assert all(rate.allows(0.9) for _ in range(40))
    assert [rate.allows(1.1), rate.allows(1.91)] == [False, True]


def test_a_refused_request_has_no_effect(clock):
    """Nothing is created by it."""
    sandbox = Sandbox(rate=0, clock=clock)
    assert Caller(sandbox, KEY)("POST", "/data_sources", {"name": "New"}).status == 429
    assert len(sandbox.world.sources) == 1


@pytest.mark.parametrize("crowded", [True, False])
def test_retry_after_is_sent_only_when_set(clock, crowded):
    """ChartMogul documents no such header."""
    for wait, shown in ((None, None), (2, "2"), (0.5, "0.5")):
        sandbox = Sandbox(rate=0, retry_after=wait, clock=clock)
        answer = sandbox.answer("GET", "/v1/ping", crowded=crowded)
        status = 503 if crowded else 429
        assert (status, shown) == (answer.status, answer.headers.get("retry-after"))


def test_limits_can_be_off(clock):
    """None is no limit."""
    call = Caller(Sandbox(rate=None, clock=clock), KEY)
    assert {200} == {call("GET", "/ping").status for _ in range(100)}


async def count(sandbox, requests):
    """The statuses of requests that are all under way at once."""
    statuses, waiting = [], anyio.Event()

    async def sleep(_seconds):
        await waiting.wait()

    async def ask(client):
        statuses.append((await client.get("/ping")).status_code)

    client = httpx.AsyncClient(
        transport=transport(sandbox, sleep), base_url="http://sandbox/v1", auth=(KEY, "")
    )
    async with client, anyio.create_task_group() as tasks:
        for _ in range(requests):
            tasks.start_soon(ask, client)
        await anyio.wait_all_tasks_blocked()
        waiting.set()
    return sorted(statuses)


async def test_the_21st_connection_is_a_503():
    """Those before it are answered."""
    sandbox = Sandbox(rate=None, latency=constant(1), clock=Clock())
    assert await count(sandbox, 22) == [200] * 20 + [503] * 2
    assert (sandbox.slots.peak, sandbox.slots.taken) == (22, 0)


async def test_connections_can_be_unlimited():
    """None is no limit."""
    sandbox = Sandbox(rate=None, parallel=None, latency=constant(1), clock=Clock())
    assert await count(sandbox, 30) == [200] * 30


def test_latency_is_drawn_around_its_median():
    """And is the same for the same seed."""
    draws, again = lognormal(0.1), lognormal(0.1)
    drawn = [draws() for _ in range(2_000)]
    assert statistics.median(drawn) == pytest.approx(0.1, rel=0.1)
    assert max(drawn) > 0.2
    assert drawn[:10] == [again() for _ in range(10)]
