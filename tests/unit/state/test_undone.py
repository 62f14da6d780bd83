"""Rows that were put back: found by what they are known by now, and marked by what was last sent of them."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from sync.domain.fingerprint import Hasher
from sync.domain.results import Outcome
from sync.state.memory import Confirmed, Item, Observed, RejectedRow, Scope
from sync.state.schema import synced
from sync.state.store import Store
from sync.state.undone import PutBackRow, Undoing

PRINT, SENT, DIGEST = b"f" * 16, b"s" * 16, b"d" * 32


def confirmed(key: str, uuid: str) -> Confirmed:
    return Confirmed(key, uuid, 1, PRINT, b"", b"", Outcome.UPDATED)


def put_back(store: Store, scope: Scope, key: str, uuid: str) -> int:
    """Note a record as put back; 1 where the state does not know what was sent."""
    undoing = Undoing(scope, "customers", "customers", "run_1", Hasher(store.salt), DIGEST)
    return store.put_back(undoing, [PutBackRow(key, uuid, frozenset())])


def marks(store: Store, scope: Scope) -> dict[str, bytes]:
    """What is marked, by the key that it has now."""
    found = store.undone(scope, "customers")
    known = store.recall(scope, "customers", ["a", "b", "c", "mail@quince.example"])
    return {memory.key: found[memory.record] for memory in known.values() if memory.record in found}


@pytest.mark.parametrize("key", ["a", "mail@quince.example"])
def test_by_another_key(store: Store, scope: Scope, key: str):
    """A renamed row has another key; after a merge the one is meant that had the key before."""
    mark = Hasher(store.salt).mark(PRINT, DIGEST)
    items = [confirmed("b", "cus_u"), confirmed(key, "cus_u")]
    store.remember(scope, "customers", "run_1", items)
    assert put_back(store, scope, key, "cus_u") == 0
    assert marks(store, scope) == {key: mark}
    store.adopt(scope, {"c": key})
    store.remember(scope, "customers", "run_2", [confirmed("c", "cus_u")])
    assert put_back(store, scope, key, "cus_u") == 0
    assert marks(store, scope) == {"c": mark}


def test_by_its_uuid_alone(store: Store, scope: Scope):
    """A row that is known by its uuid has the key of another mapping; one that nobody has met is not known."""
    store.remember(scope, "customers", "run_1", [confirmed("a", "con_u")])
    assert put_back(store, scope, "con_u", "con_u") == 0
    assert list(marks(store, scope)) == ["a"]
    assert put_back(store, scope, "con_v", "con_v") == 1


def test_by_its_key_alone(store: Store, scope: Scope):
    """Of a row that was refused at first sight the state has no uuid; the key with another uuid is not meant."""
    sent = RejectedRow("a", "unavailable", uncertain=True, sent=SENT)
    store.remember(scope, "customers", "run_1", [sent, confirmed("b", "cus_other")])
    assert put_back(store, scope, "a", "cus_a") == 0
    assert put_back(store, scope, "b", "cus_b") == 1
    assert marks(store, scope) == {"a": SENT}


def test_what_was_sent(store: Store, scope: Scope):
    """It holds nothing back, is known until the row arrives, and over rejections without a request."""
    sent = RejectedRow("a", "unavailable", uncertain=True, sent=SENT)
    store.remember(scope, "customers", "run_1", [confirmed("a", "cus_a")])
    store.remember(scope, "customers", "run_2", [sent])
    assert store.recall(scope, "customers", ["a"])["a"].held is None
    store.remember(scope, "customers", "run_3", [RejectedRow("a", "duplicate_key")], local=True)
    put_back(store, scope, "a", "cus_a")
    assert marks(store, scope) == {"a": SENT}


def test_what_was_sent_before_nobody_knew(store: Store, scope: Scope):
    """Over a run that broke off, another key and a refusal it is still known what had been sent."""
    mark = Hasher(store.salt).mark(PRINT, DIGEST)
    store.remember(scope, "customers", "run_2", [confirmed("a", "cus_a")])
    record = store.recall(scope, "customers", ["a"])["a"].record
    store.announce(scope, "customers", {record: PRINT})  # and the run broke off
    store.announce(scope, "customers", {record: PRINT})
    assert store.recall(scope, "customers", ["a"])["a"].fingerprint is None
    store.adopt(scope, {"b": "a"})
    store.remember(scope, "customers", "run_2", [RejectedRow("b", "unavailable")])
    assert store.recall(scope, "customers", ["b"])["b"].held is None
    put_back(store, scope, "b", "cus_a")
    assert marks(store, scope) == {"b": mark}


@pytest.mark.parametrize("renamed", [False, True])
def test_what_was_sent_before_something_else(store: Store, scope: Scope, renamed: bool):
    """What was about to be written then may be there, in whole or in part: nobody knows what an undo leaves there."""
    store.remember(scope, "customers", "run_1", [confirmed("a", "cus_a")])
    key = "b" if renamed else "a"
    if renamed:
        store.adopt(scope, {"b": "a"})
    record = store.recall(scope, "customers", [key])[key].record
    store.announce(scope, "customers", {record: b"o" * 16})
    store.announce(scope, "customers", {record: PRINT})
    assert put_back(store, scope, key, "cus_a") == 1
    assert marks(store, scope) == {}


@pytest.mark.parametrize(
    "item", [RejectedRow("a", "duplicate_key"), Observed("a", "cus_a", None, Outcome.SKIPPED)]
)
def test_what_ends_it(store: Store, scope: Scope, item: Item):
    """What became of the row in ChartMogul; not what the state alone tells."""
    store.remember(scope, "customers", "run_1", [confirmed("a", "cus_a")])
    put_back(store, scope, "a", "cus_a")
    store.remember(scope, "customers", "run_2", [item], local=True)
    assert list(marks(store, scope)) == ["a"]
    store.remember(scope, "customers", "run_3", [item])
    assert marks(store, scope) == {}


@pytest.mark.parametrize("uncertain", [True, False])
def test_what_was_sent_holds_nothing_back(store: Store, scope: Scope, uncertain: bool):
    """The row is not held back; an older version, which asks since when it is, finds that it is no longer."""
    for sent in (True, uncertain):
        item = RejectedRow("a", "unavailable", uncertain=sent, sent=SENT if sent else None)
        store.remember(scope, "customers", "run_1", [item])
    assert store.recall(scope, "customers", ["a"])["a"].held is None
    query = select(synced.c.held_fingerprint, synced.c.held_since)
    [(mark, since)] = store.database.read(lambda c: c.execute(query).fetchall())
    assert (mark, since) == (SENT, datetime(1970, 1, 1, tzinfo=UTC))
