"""The warehouse's fingerprints in the state: what is kept of buckets, when one is closed, and what opens it again."""

from dataclasses import replace

import pytest

from sync.domain.buckets import Bucket, Buckets, Reading
from sync.domain.record import Object
from sync.domain.results import Outcome
from sync.state.absent import Moved
from sync.state.buckets import Settling, Stored
from sync.state.mapping_entries import MappingPlace
from sync.state.memory import KnownDrops, Observed, RejectedRow, Scope
from sync.state.store import Store
from tests.unit.state.conftest import Clock
from tests.unit.state.test_drops import OWNER, drop
from tests.unit.state.test_records import confirmed

UNDER = b"salt", b"edition"


@pytest.fixture
def place(scope: Scope) -> MappingPlace:
    return MappingPlace(scope, "m")


def put(store: Store, place: MappingPlace, *keys: str, bucket: int = 7, run: str = "run") -> None:
    """Records that arrived, in one bucket."""
    items = [replace(confirmed(key), bucket=bucket) for key in keys]
    store.remember(place.scope, place.mapping, run, items)


def close(store: Store, place: MappingPlace, run: str = "run", **rows: int) -> dict[int, bool]:
    """Keep buckets with so many rows, as after a reading of all, and close what can be; which are closed."""
    counts = {int(name[1:]): count for name, count in rows.items()}
    readings = {bucket: Reading(count, count) for bucket, count in counts.items()}
    store.keep_buckets(place, readings, UNDER)
    store.settle_buckets(place, Settling(run, counts))
    return closed(store, place)


def closed(store: Store, place: MappingPlace) -> dict[int, bool]:
    """Which buckets are closed."""
    kept = store.stored_buckets(place).buckets
    return {bucket: one.settled for bucket, one in kept.items()}


def number(store: Store, scope: Scope, key: str) -> int:
    """The number of a record."""
    return store.recall(scope, "m", [key])[key].record


def test_nothing_is_kept(store: Store, place: MappingPlace):
    """Of a mapping that was never read so nothing is kept."""
    assert store.stored_buckets(place) == Stored()


@pytest.mark.parametrize("total", [0, 5, 2**64 * 3 + 1, -(2**70), 127, 128, 255, 256])
def test_kept(store: Store, place: MappingPlace, total: int):
    """Counts and sums are kept as they are, however large, of all buckets."""
    readings = {0: Reading(3, total), 65_535: Reading(1, 1)}
    store.keep_buckets(place, readings, UNDER)
    expected = Buckets.of((bucket, Bucket(reading)) for bucket, reading in readings.items())

    assert store.stored_buckets(place) == Stored(*UNDER, expected)


def test_some_are_kept_anew(store: Store, place: MappingPlace):
    """A reading of some buckets leaves the others, and salt and edition; one without rows goes."""
    store.keep_buckets(place, {n: Reading(n, n) for n in (1, 2, 3)}, UNDER)
    store.keep_buckets(place, {2: Reading(5, 5), 3: Reading()})
    expected = Buckets.of([(1, Bucket(Reading(1, 1))), (2, Bucket(Reading(5, 5)))])

    assert store.stored_buckets(place) == Stored(*UNDER, expected)


def test_begun_anew(store: Store, place: MappingPlace):
    """Once all is about to be read, what was kept says nothing."""
    store.keep_buckets(place, {1: Reading(1, 1)}, UNDER)
    store.begin_buckets(place)

    assert store.stored_buckets(place) == Stored()


def test_closed(store: Store, place: MappingPlace):
    """A bucket is closed where each of its rows has a record that is as it should be; its rows count as unchanged."""
    put(store, place, "a", "b")
    put(store, place, "c", bucket=8)

    assert close(store, place, b7=2, b8=2) == {7: True, 8: False}
    kept = store.stored_buckets(place).buckets
    assert kept[7] == Bucket(Reading(2, 2), settled=True, unchanged=2)


@pytest.mark.parametrize(
    "item",
    [
        RejectedRow("b", "refused", bucket=7),
        Observed("b", None, None, Outcome.SKIPPED, bucket=7),
        Observed("b", "cus_b", 1, Outcome.SKIPPED, bucket=7),
        replace(confirmed("b"), fingerprint=None, bucket=7),
    ],
    ids=["rejected", "no record", "skipped", "not all sent"],
)
def test_not_closed(store: Store, place: MappingPlace, item):
    """One row that did not arrive keeps a bucket open, though as many others may have."""
    put(store, place, "a")
    store.remember(place.scope, "m", "run", [item])

    assert close(store, place, b7=2) == {7: False}
    assert close(store, place, b7=1) == {7: False}


def test_not_closed_by_who_stood_still(store: Store, place: MappingPlace):
    """What another run, which began later, has sent of a bucket is not what this one has read of it."""
    first, then = "20260101T000000Z-f", "20260101T000001Z-a"
    put(store, place, "a", "b", run=first)
    put(store, place, "c", bucket=8, run=first)
    put(store, place, "b", run=then)

    assert close(store, place, first, b7=2, b8=1) == {7: False, 8: True}
    assert close(store, place, then, b7=2, b8=1) == {7: True, 8: True}


def test_closed_in_mode_insert(store: Store, place: MappingPlace):
    """Where what exists is skipped, its rows count as skipped; what does not exist keeps its bucket open."""
    for key, uuid, bucket in (("a", "cus_a", 7), ("b", None, 8)):
        item = Observed(key, uuid, 1, Outcome.SKIPPED, bucket=bucket)
        store.remember(place.scope, "m", "run", [item])
    store.keep_buckets(place, {7: Reading(1, 1), 8: Reading(1, 1)}, UNDER)
    store.settle_buckets(place, Settling("run", {7: 1, 8: 1}, skipping=True))

    kept = store.stored_buckets(place).buckets
    assert kept[7] == Bucket(Reading(1, 1), settled=True, skipped=1)
    assert not kept[8].settled


def test_left_records_do_not_count(store: Store, place: MappingPlace):
    """A record that has left stands for no row."""
    put(store, place, "a", "b")
    moved = Moved()
    moved.left.append(number(store, place.scope, "b"))
    store.mark_left(place.scope, "m", moved)

    assert close(store, place, b7=1) == {7: True}


def test_opened(store: Store, place: MappingPlace):
    """What is about to be read is open."""
    put(store, place, "a")
    put(store, place, "b", bucket=8)
    close(store, place, b7=1, b8=1)
    store.open_buckets(place, [8])

    assert closed(store, place) == {7: True, 8: False}


def _gone(store: Store, scope: Scope) -> None:
    uuid = store.recall(scope, "m", ["a"])["a"].uuid
    assert uuid is not None
    store.learn(scope, "a", uuid, None)


def _left(store: Store, scope: Scope) -> None:
    moved = Moved()
    moved.left.append(number(store, scope, "a"))
    store.mark_left(scope, "m", moved)


@pytest.mark.parametrize(
    "change",
    [
        lambda store, scope: store.remember(scope, "m", "run", [confirmed("a")]),
        lambda store, scope: store.remember(scope, "m", "run", [RejectedRow("a", "x")]),
        lambda store, scope: store.announce(scope, "m", {number(store, scope, "a"): b"p"}),
        lambda store, scope: store.forget(scope, "a"),
        _gone,
        _left,
    ],
    ids=["written", "rejected", "announced", "forgotten", "gone", "left"],
)
def test_opened_by_what_is_learnt(store: Store, place: MappingPlace, change):
    """Whatever changes of what is remembered of a record opens its bucket, and no other."""
    put(store, place, "a")
    put(store, place, "b", bucket=8)
    close(store, place, b7=1, b8=1)
    change(store, place.scope)

    assert closed(store, place) == {7: False, 8: True}


def test_gone_for_all_mappings(store: Store, place: MappingPlace):
    """What one mapping learns of a record opens the buckets of all; what it writes, its own alone."""
    other = replace(place, mapping="other")
    for one in (place, other):
        put(store, one, "a")
        assert close(store, one, b7=1) == {7: True}
    store.remember(place.scope, "m", "run", [confirmed("a")])
    assert (closed(store, place), closed(store, other)) == ({7: False}, {7: True})

    store.forget(place.scope, "a")
    assert closed(store, other) == {7: False}


def test_stranger(store: Store, place: MappingPlace):
    """Once a record is met of which no bucket is known, what is kept says nothing: none would miss it."""
    put(store, place, "a")
    close(store, place, b7=1)
    store.remember(place.scope, "m", "run", [confirmed("a")])
    assert store.stored_buckets(place).edition == b"edition"

    store.remember(place.scope, "m", "run", [confirmed("b")])
    assert store.stored_buckets(place) == Stored()


def test_forgotten_mapping(store: Store, place: MappingPlace):
    """A mapping that is forgotten keeps no buckets."""
    put(store, place, "a")
    close(store, place, b7=1)
    store.forget_mapping("m", [place.scope])

    assert store.stored_buckets(place) == Stored()


def test_members(store: Store, place: MappingPlace):
    """The records of some buckets, and those of none, with what is known of them; nobody else's."""
    put(store, place, "a")
    put(store, place, "b", bucket=8)
    put(store, place, "c", bucket=9)
    store.remember(place.scope, "m", "run", [confirmed("d"), RejectedRow("e", "x", bucket=7)])
    put(store, replace(place, mapping="other"), "f")
    elsewhere = store.scope("acc_1", "ds_2", Object.CUSTOMER)
    put(store, MappingPlace(elsewhere, "m"), "g")
    found = store.members(place, [7, 8])
    numbers = {key: number(store, place.scope, key) for key in "abcde"}

    assert set(found.numbers) == {numbers[key] for key in "abde"}
    assert {key: found.places[numbers[key]] for key in "abde"} == {"a": 8, "b": 9, "d": 0, "e": 8}


def test_placed(store: Store, place: MappingPlace):
    """A record that is seen in another bucket is known in that from then on."""
    put(store, place, "a", "b")
    store.place_records("m", [(number(store, place.scope, "b"), 65_535)])
    known = store.recall(place.scope, "m", ["a", "b"])

    assert {key: memory.bucket for key, memory in known.items()} == {"a": 7, "b": 65_535}
    assert store.bucket_places(place)[known["b"].record] == 65_536


def test_buckets_of_drops(store: Store, place: MappingPlace, clock: Clock):
    """Where a dropped value is due, the buckets of its records are told; None stands for those of none."""
    drop(store, place.scope, "a", OWNER)
    drop(store, place.scope, "b", OWNER)
    assert store.buckets_of_drops(place, [OWNER]) == {None}
    store.place_records("m", [(number(store, place.scope, "a"), 7)])

    assert store.buckets_of_drops(place, [OWNER]) == {7, None}
    assert store.buckets_of_drops(place, ["company"]) == set()
    assert KnownDrops({OWNER: 2}) == store.known_drops(place.scope, "m")
