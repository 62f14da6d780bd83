import dataclasses
from datetime import timedelta
from typing import Any

import pytest

from sync.domain.fingerprint import RULES, Hasher
from sync.domain.parent import Parent
from sync.domain.record import Object
from sync.domain.results import Left, Outcome
from sync.errors import StateError
from sync.state import absent
from sync.state.memory import Confirmed, Held, Memory, Observed, RejectedRow, Scope
from sync.state.store import Store
from sync.state.undone import PutBackRow, Undoing
from tests.unit.state.conftest import Clock

PRINT = b"f" * 16
HASHES = b"11111111" + b"22222222"


def confirmed(key: str, **more) -> Confirmed:
    fields: dict[str, Any] = {
        "uuid": f"cus_{key}",
        "pairs": 1,
        "fingerprint": PRINT,
        "hashes": HASHES,
        "dropped": b"",
        "outcome": Outcome.CREATED,
    }
    return Confirmed(key, **(fields | more))


def recall(store: Store, scope: Scope, key: str, mapping: str = "customers") -> Memory:
    return store.recall(scope, mapping, [key])[key]


def test_unknown(store: Store, scope: Scope):
    """A key that was never met is missing in the answer."""
    assert store.recall(scope, "customers", ["a", "b"]) == {}


def test_confirmed(store: Store, scope: Scope, clock: Clock):
    """Everything that was confirmed is recalled, for the mapping that did it."""
    store.remember(scope, "customers", "run_1", [confirmed("a", pairs=2, dropped=b"22222222")])
    memory = recall(store, scope, "a")
    assert memory == Memory(
        record=memory.record,
        key="a",
        uuid="cus_a",
        pairs=2,
        fingerprint=PRINT,
        hashes=HASHES,
        dropped=b"22222222",
        outcome="created",
        run="run_1",
        at=clock.now,
        rules=RULES,
    )
    assert {b"11111111", b"22222222"} == memory.hash_set


def test_shared_uuid(store: Store, scope: Scope):
    """The uuid is shared by all mappings, the fingerprint belongs to one."""
    store.remember(scope, "customers", "run_1", [confirmed("a")])
    memory = recall(store, scope, "a", "other")
    assert (memory.uuid, memory.fingerprint, memory.outcome) == ("cus_a", None, None)


def test_scopes_are_apart(store: Store, scope: Scope):
    """The same key in another data source, account or object is another record."""
    store.remember(scope, "customers", "run_1", [confirmed("a")])
    others = [
        store.scope("acc_1", "ds_2", Object.CUSTOMER),
        store.scope("acc_2", "ds_1", Object.CUSTOMER),
        store.scope("acc_1", "ds_1", Object.CONTACT),
    ]
    assert [store.recall(other, "customers", ["a"]) for other in others] == [{}, {}, {}]
    assert scope == store.scope("acc_1", "ds_1", Object.CUSTOMER)
    assert len({scope.id, *(other.id for other in others)}) == 4


def test_count(store: Store, scope: Scope):
    """Only records with a uuid are counted, and only those of the scope."""
    rejected = RejectedRow("c", "refused")
    store.remember(scope, "customers", "run_1", [confirmed("a"), confirmed("b"), rejected])
    assert store.count(scope) == 2
    assert store.count(store.scope("acc_1", "ds_2", Object.CUSTOMER)) == 0


def test_many_keys(store: Store, scope: Scope):
    """More keys than a statement holds are remembered and recalled."""
    keys = [f"key {i}" for i in range(2500)]
    store.remember(scope, "customers", "run_1", [confirmed(key) for key in keys])
    memories = store.recall(scope, "customers", [*keys, "unknown"])
    assert set(keys) == set(memories)
    assert len({memory.record for memory in memories.values()}) == 2500
    assert len(store.by_uuid(scope, [f"cus_{key}" for key in keys])) == 2500


def test_record_numbers_stay_small(store: Store, scope: Scope):
    """Remembering a key again, which is most of a sync, uses up no record numbers."""
    for _ in range(5):
        store.remember(scope, "customers", "run_1", [confirmed("a"), confirmed("b")])
    store.remember(scope, "customers", "run_1", [confirmed("c")])
    records = [memory.record for memory in store.recall(scope, "customers", "abc").values()]
    assert max(records) - min(records) == 2


def test_again(store: Store, scope: Scope):
    """What is confirmed later replaces what was confirmed before."""
    store.remember(scope, "customers", "run_1", [confirmed("a", dropped=b"22222222")])
    later = confirmed("a", fingerprint=b"g" * 16, hashes=b"3" * 8, outcome=Outcome.UPDATED)
    store.remember(scope, "customers", "run_2", [later])
    memory = recall(store, scope, "a")
    assert (memory.fingerprint, memory.hashes, memory.dropped) == (b"g" * 16, b"3" * 8, b"")
    assert (memory.outcome, memory.run) == ("updated", "run_2")


def test_unknown_pairs_stay(store: Store, scope: Scope):
    """Where an answer does not tell the number of pairs, the known one stays."""
    store.remember(scope, "customers", "run_1", [confirmed("a", pairs=3)])
    store.remember(scope, "customers", "run_2", [confirmed("a", pairs=None)])
    assert recall(store, scope, "a").pairs == 3
    store.remember(scope, "customers", "run_3", [Observed("a", "cus_a", 2, Outcome.SKIPPED)])
    assert recall(store, scope, "a").pairs == 2


def test_observed(store: Store, scope: Scope):
    """A skip keeps the uuid without a fingerprint, so that a later change of mode sends the row."""
    store.remember(scope, "customers", "run_1", [Observed("a", "cus_a", None, Outcome.SKIPPED)])
    memory = recall(store, scope, "a")
    assert (memory.uuid, memory.pairs, memory.fingerprint) == ("cus_a", 1, None)
    assert memory.outcome == "skipped"


def test_observed_after_confirmed(store: Store, scope: Scope):
    """A skip does not undo what is known to have been sent."""
    store.remember(scope, "customers", "run_1", [confirmed("a")])
    store.remember(scope, "customers", "run_2", [Observed("a", "cus_a", None, Outcome.SKIPPED)])
    memory = recall(store, scope, "a")
    assert (memory.fingerprint, memory.hashes, memory.outcome) == (PRINT, HASHES, "skipped")


def test_rejected_first(store: Store, scope: Scope):
    """A row that was rejected before it ever arrived is known, without a uuid."""
    store.remember(scope, "customers", "run_1", [RejectedRow("a", "invalid_country")])
    memory = recall(store, scope, "a")
    assert (memory.uuid, memory.fingerprint) == (None, None)
    assert (memory.outcome, memory.code) == ("rejected", "invalid_country")


@pytest.mark.parametrize("leased", [True, False])
def test_written_down_by_who_was_overtaken(store: Store, scope: Scope, leased: bool):
    """What a run writes down of a record that a later one has met is looked at again.

    Not where it holds its lease all the same: a clock was ahead once, and that run was over before this one began.
    """
    ahead, now = "20990101T000000Z-aaaaaa", "20260101T000000Z-bbbbbb"
    store.remember(scope, "customers", ahead, [confirmed("a")])
    if leased:
        store.leases.take([scope], now)
    store.remember(scope, "customers", now, [confirmed("a", fingerprint=b"g" * 16)])

    memory = store.recall(scope, "customers", ["a"])["a"]
    assert memory.fingerprint == (b"g" * 16 if leased else None)


@pytest.mark.parametrize("same", [True, False])
def test_sent_by_both_of_which_one_was_overtaken(store: Store, scope: Scope, same: bool):
    """What the later run sent stays put aside for an undo, where the overtaken one had the same in its hands."""
    earlier, later = "20260101T000000Z-aaaaaa", "20260101T000100Z-bbbbbb"
    store.remember(scope, "customers", later, [confirmed("a")])
    sent = PRINT if same else b"g" * 16
    mine = confirmed("a", fingerprint=sent)
    number = recall(store, scope, "a").record
    store.announce(scope, "customers", {number: sent})
    store.remember(scope, "customers", earlier, [mine])
    assert recall(store, scope, "a").fingerprint is None
    row = PutBackRow("a", "cus_a", frozenset())
    undoing = Undoing(scope, "customers", "customers", later, Hasher(b"salt"), b"digest")
    assert store.put_back(undoing, [row]) == (0 if same else 1)


def test_rejected_later(store: Store, scope: Scope):
    """A rejection keeps uuid and fingerprint: what was confirmed before is still what arrived."""
    store.remember(scope, "customers", "run_1", [confirmed("a")])
    store.remember(scope, "customers", "run_2", [RejectedRow("a", "refused")])
    memory = recall(store, scope, "a")
    assert (memory.uuid, memory.fingerprint, memory.outcome) == ("cus_a", PRINT, "rejected")


def test_uncertain(store: Store, scope: Scope):
    """A row that may have arrived in part loses its fingerprint: only a look-up may call it unchanged."""
    store.remember(scope, "customers", "run_1", [confirmed("a", dropped=b"22222222")])
    store.remember(scope, "customers", "run_2", [RejectedRow("a", "refused", uncertain=True)])
    memory = recall(store, scope, "a")
    assert (memory.uuid, memory.fingerprint, memory.hashes) == ("cus_a", None, b"")
    assert memory.dropped == b"22222222"


def test_held(store: Store, scope: Scope, clock: Clock):
    """What a refused row is held back by is recalled, until the row arrives."""
    held = Held(b"h" * 16, clock.now, 422, "owner")
    rejected = RejectedRow("a", "refused", uuid="cus_a", held=held)
    store.remember(scope, "customers", "run_1", [rejected])
    memory = recall(store, scope, "a")
    assert ("cus_a", held) == (memory.uuid, memory.held)
    store.remember(scope, "customers", "run_2", [confirmed("a")])
    memory = recall(store, scope, "a")
    assert (memory.held, memory.code, memory.outcome) == (None, None, "created")


def test_held_ends_with_another_rejection(store: Store, scope: Scope, clock: Clock):
    """A rejection for another reason ends the holding back."""
    held = Held(b"h" * 16, clock.now - timedelta(days=1), 400, None)
    store.remember(scope, "customers", "run_1", [RejectedRow("a", "refused", held=held)])
    store.remember(scope, "customers", "run_2", [RejectedRow("a", "unavailable")])
    memory = recall(store, scope, "a")
    assert (memory.held, memory.code) == (None, "unavailable")


def test_first_refusal(store: Store, scope: Scope, clock: Clock):
    """What is held back keeps the code, the words and the run of the first refusal."""
    held = Held(b"h" * 16, clock.now, 422, "email", "refused", "is invalid")
    store.remember(scope, "customers", "run_1", [RejectedRow("a", "refused", held=held)])
    known = dataclasses.replace(held, run="run_1")
    assert recall(store, scope, "a").held == known
    store.remember(scope, "customers", "run_2", [RejectedRow("a", "held_back", held=known)])
    assert recall(store, scope, "a").held == known


def test_held_by_an_older_version(store: Store, scope: Scope, clock: Clock):
    """Of a refusal that an older version wrote down nobody knows the run, and no later one takes its place."""
    held = Held(b"h" * 16, clock.now, 422, "email")
    for run in ("run_1", "run_2"):
        store.remember(scope, "customers", run, [RejectedRow("a", "held_back", held=held)])
    assert recall(store, scope, "a").held == held


def test_rejected_since(store: Store, scope: Scope, clock: Clock):
    """A row is rejected since the first of the runs that rejected it without a break, mapping by mapping."""
    began = clock.now
    for mapping in ("customers", "customers", "others"):
        store.remember(scope, mapping, "run_1", [RejectedRow("a", "refused")])
        clock.forward(60)
    assert recall(store, scope, "a").rejected_since == began
    assert recall(store, scope, "a", "others").rejected_since == began + timedelta(minutes=2)
    store.remember(scope, "customers", "run_2", [confirmed("a")])
    assert recall(store, scope, "a").rejected_since is None
    store.remember(scope, "customers", "run_3", [RejectedRow("a", "refused")])
    assert recall(store, scope, "a").rejected_since == clock.now


def test_new_uuid(store: Store, scope: Scope):
    """Fingerprints of what was sent to another uuid are worthless, for every mapping."""
    store.remember(scope, "customers", "run_1", [confirmed("a"), confirmed("b")])
    store.remember(scope, "other", "run_1", [confirmed("a"), confirmed("b")])
    store.remember(scope, "customers", "run_2", [confirmed("a", uuid="cus_merged")])
    here, there = recall(store, scope, "a"), recall(store, scope, "a", "other")
    assert (here.uuid, here.fingerprint) == ("cus_merged", PRINT)
    assert (there.uuid, there.fingerprint, there.hashes) == ("cus_merged", None, b"")
    assert recall(store, scope, "b", "other").fingerprint == PRINT


def test_forget(store: Store, scope: Scope):
    """A uuid that is no more is forgotten with all that was sent to it, and its number is kept."""
    store.remember(scope, "customers", "run_1", [confirmed("a", pairs=2), confirmed("b")])
    store.remember(scope, "other", "run_1", [confirmed("a")])
    before = recall(store, scope, "a").record
    store.forget(scope, "a")
    for mapping in ("customers", "other"):
        memory = recall(store, scope, "a", mapping)
        assert (memory.uuid, memory.fingerprint, memory.hashes) == (None, None, b"")
        assert (before, 1) == (memory.record, memory.pairs)
    assert recall(store, scope, "b").uuid == "cus_b"


def test_by_uuid(store: Store, scope: Scope):
    """All keys of a uuid are found, the first met first; after a merge there are several."""
    items = [confirmed("a", uuid="cus_1"), confirmed("b", uuid="cus_1"), confirmed("c")]
    store.remember(scope, "customers", "run_1", items)
    found = store.by_uuid(scope, ["cus_1", "cus_c", "cus_unknown"])
    assert found == {"cus_1": ["a", "b"], "cus_c": ["c"]}


def test_email_keys(store: Store, scope: Scope):
    """A key with an e-mail is recalled as it was given, and listed as a keyed hash."""
    key = "cus_1|jane@example.com"
    store.remember(scope, "contacts", "run_1", [confirmed(key, uuid="con_1")])
    assert key == recall(store, scope, key, "contacts").key
    [stored] = store.by_uuid(scope, ["con_1"])["con_1"]
    assert store.stored(key) == stored
    assert stored.startswith("email:")
    assert len("email:") + 32 == len(stored)
    store.forget(scope, key)
    assert recall(store, scope, key, "contacts").uuid is None


@pytest.mark.parametrize("key", ["with \0 nul", "ünïcödé", "%_\\'\"", "x" * 255])
def test_odd_keys(store: Store, scope: Scope, key: str):
    """No key is too odd for the database."""
    store.remember(scope, "customers", "run_1", [confirmed(key, uuid="cus_1")])
    assert (key, "cus_1") == (recall(store, scope, key).key, recall(store, scope, key).uuid)


@pytest.mark.parametrize("hashes", [{}, {"a": 1, "b": 2, "c": 3}])
def test_left(store: Store, scope: Scope, monkeypatch: pytest.MonkeyPatch, hashes: dict[str, int]):
    """Keys missing from a query are told once, and again only after they were back."""
    monkeypatch.setattr(absent, "PAGE", 2)
    items = [confirmed(key, row_hash=hashes.get(key)) for key in "abcde"]
    store.remember(scope, "customers", "run_1", items)
    store.remember(scope, "other", "run_1", [confirmed("z")])
    number = {
        key: memory.record for key, memory in store.recall(scope, "customers", "abcde").items()
    }

    def sync(present: str) -> list[Left]:
        seen = {number[key] for key in present}
        moved = store.moved(
            "customers", "now", seen.__contains__, store.known_rows("customers").records
        )
        left = [key for batch in store.left(scope, moved) for key in batch]
        store.mark_left(scope, "customers", moved)
        return left

    assert sync("abcde") == []
    assert [Left("b", "cus_b"), Left("e", "cus_e")] == sync("acd")
    assert recall(store, scope, "b").left
    assert sync("acd") == []
    assert sync("abcd") == []
    assert not recall(store, scope, "b").left
    assert [Left("b", "cus_b")] == sync("acd")


def test_left_and_remembered(store: Store, scope: Scope):
    """A row that is delivered again is back without being told so."""
    store.remember(scope, "customers", "run_1", [confirmed("a")])
    store.mark_left(scope, "customers", store.moved("customers", "now", lambda _: False))
    store.remember(scope, "customers", "run_2", [confirmed("a")])
    assert not recall(store, scope, "a").left


def test_all_or_nothing(store: Store, scope: Scope):
    """When one item of a batch cannot be written, none is."""
    broken = confirmed("b", dropped=None)
    with pytest.raises(StateError):
        store.remember(scope, "customers", "run_1", [confirmed("a"), broken])
    assert store.recall(scope, "customers", ["a", "b"]) == {}


# What was deleted in ChartMogul


@pytest.mark.parametrize(
    "item",
    [
        Observed("a", None, None, Outcome.SKIPPED, deleted=True),
        RejectedRow("a", "not_found", deleted=True),
    ],
    ids=["skipped", "rejected"],
)
def test_deleted(store: Store, scope: Scope, item: Observed | RejectedRow):
    """What one mapping finds deleted no mapping holds for delivered; it is so until it is confirmed again."""
    for mapping in ("customers", "other"):
        store.remember(scope, mapping, "run_1", [confirmed("a", pairs=2)])
    store.remember(scope, "customers", "run_2", [item])
    other = recall(store, scope, "a", "other")
    assert (other.uuid, other.pairs, other.fingerprint, other.deleted) == (None, 1, None, True)

    store.remember(scope, "other", "run_3", [Observed("a", None, None, Outcome.SKIPPED)])
    assert recall(store, scope, "a", "stranger").deleted
    store.remember(scope, "other", "run_4", [confirmed("a")])
    assert not recall(store, scope, "a").deleted


def test_learnt_from_others(store: Store, scope: Scope):
    """What contacts learn of a customer: deleted, or another uuid; but not where somebody knows better by now."""
    store.remember(scope, "customers", "run_1", [confirmed("a"), confirmed("b")])
    store.learn(scope, "a", "cus_a", None)
    store.learn(scope, "b", "cus_b", Parent("cus_a", 2))
    store.learn(scope, "unknown", "cus_c", None)
    a, b = recall(store, scope, "a"), recall(store, scope, "b")
    assert (a.uuid, a.fingerprint, a.deleted) == (None, None, True)
    assert (b.uuid, b.pairs, b.fingerprint, b.deleted) == ("cus_a", 2, None, False)

    store.learn(scope, "b", "cus_b", None)
    assert not recall(store, scope, "b").deleted


def test_graves(store: Store, scope: Scope):
    """A deleted record is left so where a mapping has skipped it."""
    store.remember(scope, "customers", "run_1", [confirmed("a")])
    assert (store.is_grave(scope, "a"), store.is_grave(scope, "b")) == (None, None)
    store.learn(scope, "a", "cus_a", None)
    assert store.is_grave(scope, "a") is False
    skipped = Observed("a", None, None, Outcome.SKIPPED, deleted=True)
    store.remember(scope, "customers", "run_2", [skipped])
    assert store.is_grave(scope, "a") is True
