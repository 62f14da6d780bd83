"""The client against the sandbox: two readings of the same documentation."""

import asyncio
from decimal import Decimal

import httpx
import pytest
from pydantic import SecretStr

from sync.chartmogul.client import Client
from sync.chartmogul.connection import open_http
from sync.chartmogul.pace import Pace
from sync.chartmogul.transport import Transport, Waiting
from sync.domain.objects.contact import CONTACT
from sync.domain.objects.customer import CUSTOMER as DESCRIPTOR
from sync.domain.plan import Absent, Seen
from sync.domain.record import Fields
from sync.domain.sameness import same
from sync.errors import AlreadyExists, Denied, NotFound
from sync.sandbox.sandbox import DATA_SOURCE, KEY, Sandbox
from sync.sandbox.transport import transport
from tests.support.delivering import Allowed
from tests.support.samples import samples
from tests.unit.chartmogul.scene import AWKWARD, TYPES, URL, Clock

CUSTOMER: Fields = {
    **samples(DESCRIPTOR),
    "name": "Ada",
    "email": "a+b@example.com",
    "company": "Ü & Söhne",
    "country": "US",
    "state": "US-NY",
    "city": "New York",
    "zip": "01067",
    "owner": "success@example.com",
    "website_url": "https://example.com/?a=b",
    "status": "Working Lead",
    "lead_created_at": "2026-01-31T10:00:00Z",
    "free_trial_started_at": "2026-01-31T10:00:00.123Z",
    "attributes.plan": "pro",
    "attributes.seats": 5,
    "attributes.score": Decimal("1234.5678"),
    "attributes.since": "2026-01-31T10:00:00Z",
    "attributes.partner": False,
    "tags": ("a", "b"),
}


def client(sandbox: Sandbox, key: str = KEY) -> tuple[Client, httpx.AsyncClient]:
    """A client of a sandbox, on a clock that does not let anybody wait."""
    clock = Clock()
    http = open_http(URL, SecretStr(key), 30, 20)
    http._transport = transport(sandbox, clock.turn)
    waiting = Waiting(clock.sleep)
    pace = Pace(clock=clock, sleep=clock.turn)
    return Client(Transport(http, pace, waiting=waiting, permits=(Allowed(),))), http


def box() -> Sandbox:
    """A sandbox that takes requests as fast as they come: time is not real here."""
    return Sandbox(rate=None, clock=lambda: 1_800_000_000.0)


def differing(wanted: Fields, seen: Fields) -> dict[str, object]:
    """The fields that ChartMogul does not hold as wanted."""
    return {
        name: (value, seen.get(name))
        for name, value in wanted.items()
        if not same(value, seen.get(name))
    }


async def test_a_customer_comes_back_as_it_was_created():
    """All fields at once, through a create, a look-up by key and one by uuid."""
    api, _ = client(box())
    created = await api.create_customer(DATA_SOURCE, AWKWARD, CUSTOMER, TYPES)
    found = await api.find_customer(DATA_SOURCE, AWKWARD)
    read = await api.customer(created.uuid)

    assert isinstance(found, Seen)
    assert [differing(CUSTOMER, seen.fields) for seen in (created, found, read)] == [{}, {}, {}]
    assert found.pairs == ((DATA_SOURCE, AWKWARD),)
    assert await api.find_customer(DATA_SOURCE, "other") == Absent()


async def test_a_state_goes_with_its_country():
    """What an answer shows of it is told, though it was not written; without its country nothing is."""
    api, _ = client(box())
    american: Fields = {"country": "US", "state": "NY"}
    abroad: Fields = {"country": "FR", "attributes.partner": False}  # which takes two requests
    made = await api.create_customer(DATA_SOURCE, "c1", american, TYPES)
    told = [
        (await api.update_customer(made.uuid, fields, TYPES, frozenset())).parts
        for fields in ({"city": "Ulm"}, {"country": None}, abroad, american)
    ]

    assert told == [{}, {"state": "NY"}, {"state": None}, {}]


async def test_a_customer_is_changed_and_emptied():
    """Every field can be given another value, and be emptied; false needs its own request."""
    api, _ = client(box())
    empty = await api.create_customer(DATA_SOURCE, "c1", {}, TYPES)
    fields = {**CUSTOMER, "attributes.partner": True}
    await api.update_customer(empty.uuid, fields, TYPES, frozenset())
    changed = await api.update_customer(empty.uuid, CUSTOMER, TYPES, frozenset(TYPES))
    fixed = ("tags", "owner", "status")
    emptying: Fields = {name: None for name in CUSTOMER if name not in fixed}
    emptied = await api.update_customer(empty.uuid, emptying, TYPES, frozenset(TYPES))

    assert differing(CUSTOMER, changed.seen) == {}
    assert differing(emptying, emptied.seen) == {}
    assert emptied.confirmed == frozenset(emptying)
    assert set((await api.customer(empty.uuid)).fields) == set(fixed)


async def test_a_contact_comes_back_as_it_was_sent():
    """Created, found in lists, changed and emptied; undefined attributes are dropped in silence."""
    api, _ = client(box())
    parent = await api.create_customer(DATA_SOURCE, "c1", {"name": "Ada"}, {})
    fields: Fields = {
        **samples(CONTACT),
        "external_id": "k1",
        "first_name": "Ada",
        "last_name": "L",
        "title": "Countess",
        "email": "a+b@example.com",
        "phone": "+1",
        "linked_in": "https://linkedin.com/in/ada",
        "twitter": "https://twitter.com/ada",
        "notes": "a\nb",
        "position": 3,
        "attributes.role": "cto",
    }
    created = await api.create_contact(DATA_SOURCE, parent.uuid, {**fields, "attributes.x": "y"})
    pages = [p async for p in api.list_contacts(customer_uuid=parent.uuid, email="a+b@example.com")]
    emptying: Fields = {"title": None, "attributes.role": None}
    emptied = await api.update_contact(created.uuid, emptying)

    assert created.fields == fields
    assert (created.customer_uuid, created.customer) == (parent.uuid, "c1")
    assert [seen.fields for page in pages for seen in page.entries] == [fields]
    assert emptied.seen == {}
    assert (await api.contact(created.uuid)).fields.keys() == fields.keys() - emptying.keys()


async def test_lists_hold_every_record_once():
    """450 customers come in three pages."""
    api, _ = client(box())
    ids = [f"c{number}" for number in range(450)]
    for start in range(0, 450, 15):
        await asyncio.gather(
            *(api.create_customer(DATA_SOURCE, key, {}, {}) for key in ids[start : start + 15])
        )
    pages = [page async for page in api.list_customers(DATA_SOURCE)]

    assert [len(page.entries) for page in pages] == [200, 200, 50]
    assert sorted(s.pairs[0][1] for page in pages for s in page.entries) == sorted(ids)


async def test_refusals_are_told_apart():
    """A taken id, a gone uuid, an unknown data source, a wrong key."""
    sandbox = box()
    api, _ = client(sandbox)
    stranger, _ = client(sandbox, "wrong")
    await api.create_customer(DATA_SOURCE, "c1", {}, {})
    unknown = "ds_00000000-0000-4000-8000-00000000dead"

    with pytest.raises(AlreadyExists):
        await api.create_customer(DATA_SOURCE, "c1", {}, {})
    with pytest.raises(NotFound):
        await api.customer("cus_00000000-0000-4000-8000-00000000dead")
    with pytest.raises(Denied):
        await api.data_source(unknown)
    with pytest.raises(Denied):
        await api.create_customer(unknown, "c2", {}, {})
    with pytest.raises(Denied, match="does not accept the API key"):
        await stranger.account()


async def test_the_limit_holds_where_requests_arrive():
    """A hundred at once, in real time, at a server that counts: not one 429 or 503."""
    sandbox = Sandbox()
    http = open_http(URL, SecretStr(KEY), 30, 20)
    http._transport = transport(sandbox)
    api = Client(Transport(http, Pace()))
    await asyncio.gather(*(api.account() for _ in range(100)))

    assert [call.status for call in sandbox.calls()] == [200] * 100
