"""What audits, undos and applied plans cost in requests, exactly; `benchmarks/trust.py` counts 50,000 customers."""

import sqlite3
from contextlib import closing
from math import ceil

import pytest

from sync.sandbox.limits import constant
from tests.support.program import GOOD, MAPPING
from tests.unit.sandbox.caller import Caller

CUSTOMERS = 450
PAGES = ceil(CUSTOMERS / 200)
#: The account, and the data source.
CHECKS = 2
CHANGED = 30
#: One account in fifteen brings an attribute that none had.
MORE = MAPPING.replace(
    "select * from accounts",
    "select *, case when seats = 6 then 'gold' end as segment from accounts",
).replace("attributes:\n", "attributes:\n  segment: {column: segment, type: String}\n")


@pytest.fixture
def filled(desk):
    """An account whose customers are as the warehouse has them, and known."""
    keys = [f"cus_{number}" for number in range(CUSTOMERS)]
    desk.rows(*({"id": key} for key in keys))
    caller = Caller(desk.place.sandbox.sandbox, desk.place.sandbox.key)
    fields = {name: GOOD[name] for name in ("company", "country", "email")}
    seats = {"custom": [{"type": "Integer", "key": "seats", "value": GOOD["seats"]}]}
    caller.set(rate=None)  # a run without tempo, and what follows it, are no reason for a 429
    for key in keys:
        caller.create(key, **fields, lead_created_at="2024-05-01T00:00:00Z", attributes=seats)
    assert desk.place.run().mappings[0].rows.unchanged == CUSTOMERS
    desk.place.forget()
    return desk


def change(desk, seats=6):
    """One account in fifteen has other seats."""
    with closing(sqlite3.connect(desk.place.folder / "warehouse.db")) as db, db:
        db.execute("update accounts set seats = ? where rowid % 15 = 0", [seats])


def needed(desk, *arguments):
    """The requests of a command that ends well, and how many of them write."""
    desk.place.forget()
    assert desk(*arguments).code == 0
    return len(desk.place.sandbox.sandbox.calls()), len(desk.place.writes())


def damage(desk):
    """The newest real run."""
    return (desk.place.folder / "reports" / "latest").resolve().name


def test_an_audit(filled):
    """One request a page."""
    assert needed(filled, "audit") == (CHECKS + PAGES, 0)


def test_an_undo(filled):
    """All records are looked at in pages where that is cheaper; then one request a record."""
    change(filled)
    assert filled.place.run().mappings[0].rows.updated == CHANGED
    assert needed(filled, "undo", damage(filled)) == (CHECKS + PAGES + CHANGED, CHANGED)


def test_an_undo_with_removals(filled):
    """One request more for each record of which something is removed."""
    filled.mapping(MORE)
    change(filled)
    assert filled.place.run().mappings[0].rows.updated == CHANGED
    writes = 2 * CHANGED
    assert needed(filled, "undo", damage(filled)) == (CHECKS + PAGES + writes, writes)


def test_an_undo_of_a_few(filled):
    """One request for each record, where that is cheaper than all pages."""
    with closing(sqlite3.connect(filled.place.folder / "warehouse.db")) as db, db:
        db.execute("update accounts set seats = 6 where rowid < 3")
    assert filled.place.run().mappings[0].rows.updated == 2
    assert needed(filled, "undo", damage(filled)) == (CHECKS + 2 + 2, 2)


@pytest.mark.parametrize(("rail", "waits"), [("", False), ("limits: {max_updates: 100}\n", True)])
def test_looking_and_sending_overlap(filled, rail, waits):
    """The first write leaves while pages are still asked for, unless a rail needs to know all that they show."""
    filled.mapping(MAPPING + rail)
    change(filled)
    filled.place.sandbox.sandbox.latency = constant(0.1)
    assert needed(filled, "run") == (CHECKS + PAGES + CHANGED, CHANGED)
    methods = [call.method for call in filled.place.sandbox.sandbox.calls()]
    pages_after = methods[methods.index("PATCH") :].count("GET")
    assert (pages_after == 0) is waits


def test_a_plan(filled):
    """To apply one takes as many requests as a run that looks at what changed."""
    change(filled)
    assert filled("run", "--dry-run", "--plan", "plan.jsonl").code == 0
    assert needed(filled, "run", "--plan", "plan.jsonl") == (CHECKS + PAGES + CHANGED, CHANGED)
    change(filled, 7)
    assert needed(filled, "run") == (CHECKS + PAGES + CHANGED, CHANGED)
