"""Values that ChartMogul dropped, in the state: whose they are, and when which of them are tried again."""

from datetime import timedelta

import pytest

from sync.domain.record import Object
from sync.state.drops import DAY, TOGETHER
from sync.state.memory import Drop, Due, KnownDrops, RejectedRow, Scope
from sync.state.store import Store
from tests.unit.state.conftest import Clock
from tests.unit.state.older import take_back
from tests.unit.state.test_records import confirmed

OWNER, ROLE = "owner", "attributes.role"
HASH = b"22222222"


def drop(store: Store, scope: Scope, key: str, *fields: str, sent: bool = True, by: str = "m"):
    """The state as after a run in which values of these fields were dropped, or are still."""
    told = tuple(Drop(field, sent) for field in fields)
    store.remember(scope, by, "run", [confirmed(key, dropped=HASH, drops=told)])


def number(store: Store, scope: Scope, key: str) -> int:
    """The number of a record."""
    return store.recall(scope, "m", [key])[key].record


def numbers(store: Store, scope: Scope, *keys: str) -> frozenset[int]:
    """The numbers of these."""
    return frozenset(number(store, scope, key) for key in keys)


def test_counted(store: Store, scope: Scope):
    """Drops are counted by field, of one mapping in one scope; what was sent just now is not due."""
    drop(store, scope, "a", OWNER, ROLE)
    drop(store, scope, "b", OWNER)
    drop(store, scope, "b", OWNER, by="another")
    drop(store, store.scope("acc_1", "ds_2", Object.CUSTOMER), "a", OWNER)

    assert store.known_drops(scope, "m") == KnownDrops({ROLE: 1, OWNER: 2})


def test_known_no_longer(store: Store, scope: Scope):
    """A field that stuck goes, for this record alone; an item that knows of no drops changes none."""
    for key in "ab":
        drop(store, scope, key, OWNER, ROLE)
    drop(store, scope, "a", OWNER, sent=False)
    assert store.known_drops(scope, "m").counts == {ROLE: 1, OWNER: 2}

    drop(store, scope, "a")
    store.remember(scope, "m", "run", [confirmed("b"), RejectedRow("b", "refused")])
    assert store.known_drops(scope, "m").counts == {ROLE: 1, OWNER: 1}


def test_due_after_a_day(store: Store, scope: Scope, clock: Clock):
    """A value is due a day after it was last sent, whatever was confirmed meanwhile."""
    drop(store, scope, "a", OWNER)
    clock.now += DAY - timedelta(seconds=1)
    drop(store, scope, "a", OWNER, sent=False)
    assert store.known_drops(scope, "m").due == {}

    clock.now += timedelta(seconds=1)
    due = {OWNER: Due(TOGETHER, numbers(store, scope, "a"))}
    assert store.known_drops(scope, "m") == KnownDrops({OWNER: 1}, due)


def test_those_that_waited_longest(store: Store, scope: Scope, clock: Clock):
    """At most five records of a field, less those that were tried within a day."""
    for key in "abcdefg":
        drop(store, scope, key, OWNER)
        clock.forward(60)
    clock.now += DAY
    assert store.known_drops(scope, "m").due[OWNER].first == numbers(store, scope, *"abcde")

    drop(store, scope, "a", OWNER)
    store.remember(scope, "m", "run", [RejectedRow("b", "refused", tried=(OWNER, ROLE))])
    due = Due(3, numbers(store, scope, *"cde"), recent=numbers(store, scope, *"ab"))
    assert store.known_drops(scope, "m").due == {OWNER: due}
    for key in "cde":
        drop(store, scope, key, OWNER)
    assert store.known_drops(scope, "m") == KnownDrops({OWNER: 7})


def test_in_the_future(store: Store, scope: Scope, clock: Clock):
    """A try by a clock that was ahead was made when a run that writes meets it."""
    drop(store, scope, "a", OWNER)
    clock.now -= 10 * DAY
    assert store.known_drops(scope, "m").due == {}

    clock.now += DAY
    assert store.known_drops(scope, "m").due.keys() == {OWNER}


def test_rows_that_left(store: Store, scope: Scope):
    """What the query no longer has is neither counted nor tried."""
    for key in "ab":
        drop(store, scope, key, OWNER)
    gone = number(store, scope, "b")
    store.mark_left(scope, "m", store.moved("m", "next", lambda record: record != gone))

    assert store.known_drops(scope, "m").counts == {OWNER: 1}


@pytest.mark.parametrize("field", [OWNER, ROLE])
def test_rows_to_build(store: Store, scope: Scope, field: str):
    """Rows whose record has a drop of these fields are known no more by their hash, but as met before."""
    drop(store, scope, "a", OWNER)
    store.remember(scope, "m", "run", [confirmed(key, row_hash=5) for key in "bc"])
    told = [confirmed("a", row_hash=4, dropped=HASH, drops=(Drop(OWNER, sent=True),))]
    store.remember(scope, "m", "run", told)
    known = store.known_rows("m", [field])

    due = [number(store, scope, "a")] if field == OWNER else []
    assert list(known.to_build) == due
    assert len(known.records) == len(known.hashes) == 3 - len(due)


def test_older_drops(state_url: str, clock: Clock):
    """What a version without fields noted is taken over, gets its fields when the row tells, and waits for a day."""
    store = Store.open(state_url, clock=clock)
    scope = store.scope("acc_1", "ds_1", Object.CUSTOMER)
    store.remember(scope, "m", "run", [confirmed("a", dropped=HASH), confirmed("b")])
    take_back(store, 2)
    store.close()
    clock.now += DAY

    store = Store.open(state_url, clock=clock)
    assert store.known_drops(scope, "m") == KnownDrops(unnamed=True)
    store.name_drops("m", {number(store, scope, "a"): [ROLE, OWNER]})
    assert store.known_drops(scope, "m") == KnownDrops({ROLE: 1, OWNER: 1})
    clock.now += DAY
    assert store.known_drops(scope, "m").due.keys() == {ROLE, OWNER}
    store.close()
