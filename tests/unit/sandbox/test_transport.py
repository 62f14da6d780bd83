"""The sandbox behind httpx, without a network."""

from decimal import Decimal

import httpx
import pytest

from sync.sandbox.sandbox import DATA_SOURCE, KEY
from sync.sandbox.transport import transport


@pytest.fixture
def slept():
    return []


@pytest.fixture
def client(sandbox, slept):
    async def sleep(seconds):
        slept.append(seconds)

    return httpx.AsyncClient(
        transport=transport(sandbox, sleep), base_url="https://any.host/v1", auth=(KEY, "")
    )


async def test_calls_reach_the_sandbox_whole(client, call):
    """Method, path, query with its special characters, headers and body."""
    made = call.create("a+b&c=d/é #%", email="x+y@example.com")
    query = {"data_source_uuid": DATA_SOURCE, "external_id": "a+b&c=d/é #%"}
    found = await client.get("/customers", params=query)
    assert [made] == found.json()["entries"]
    changed = await client.patch(f"/customers/{made['uuid']}", json={"name": "é"})
    assert (changed.status_code, changed.json()["name"]) == (200, "é")
    gone = await client.delete(f"/customers/{made['uuid']}")
    assert (gone.status_code, gone.content) == (204, b"")


async def test_a_dropped_answer_is_a_read_error(client, sandbox, slept):
    """After its delay."""
    sandbox.fail(drop=True, delay=2, when="after")
    with pytest.raises(httpx.ReadError):
        await client.post("/data_sources", json={"name": "New"})
    assert slept == [2]
    assert len(sandbox.world.sources) == 2
    assert sandbox.slots.taken == 0


async def test_a_late_answer_is_a_timeout(client, sandbox, slept):
    """When it is later than the client waits."""
    sandbox.fail(delay=10)
    with pytest.raises(httpx.ReadTimeout):
        await client.get("/ping", timeout=3)
    assert slept == [3]
    assert (await client.get("/ping", timeout=30)).status_code == 200
    assert (await client.get("/ping", timeout=None)).status_code == 200
    assert slept == [3, 10, 10]


async def test_decimals_pass_through(client, call):
    """Digit for digit."""
    custom = [{"type": "Decimal", "key": "x", "value": Decimal("0.10")}]
    made = call.create(attributes={"custom": custom})
    shown = await client.get(f"/customers/{made['uuid']}/attributes")
    assert '"x": 0.10' in shown.text
