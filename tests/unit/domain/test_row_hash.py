"""Rows known by sight: what is told apart, and that knowing rows again changes no outcome."""

import tempfile
from array import array
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync.domain.fingerprint import join
from sync.domain.record import AttributeType
from sync.domain.results import Outcome
from sync.domain.row_hash import KnownRows, RowHash, RowHasher
from sync.domain.seen_rows import SeenRows
from sync.engine.read.changes import ChangeDetector
from sync.engine.read.reader import Reader
from sync.state.memory import Confirmed, Observed, RejectedRow
from sync.warehouse.column import Column
from tests.support.bench import EDITION, Bench, customer

PRINTER = RowHasher(b"salt", b"edition")
DAY = datetime(2026, 1, 31, 10)
#: Every two of these are different rows, though many are equal to Python.
DIFFERENT = [
    (1,), (1.0,), (True,), ("1",), (b"1",), (Decimal(1),), (Decimal("1.0"),), (None,), ("",), ("None",),
    (0.0,), (-0.0,), (False,), (DAY,), (DAY.replace(fold=1),), (DAY.replace(tzinfo=UTC),),
    (DAY.replace(tzinfo=timezone(timedelta(hours=1))),), (DAY.isoformat(),), (DAY.date(),), (str(DAY.date()),),
    (DAY.time(),), (timedelta(days=1),), (UUID(int=1),), (str(UUID(int=1)),), (1, None), (None, 1), ("a", "b"),
    ("ab", ""), ("ab",),
]  # fmt: skip


class Text(str):
    """A text that may hide something."""

    __slots__ = ()


def test_told_apart():
    """Rows of different values or types have different hashes, and each is the same every time."""
    hashes = PRINTER.hashes(DIFFERENT)

    assert len(set(hashes)) == len(DIFFERENT)
    assert hashes == RowHasher(b"salt", b"edition").hashes(DIFFERENT)
    assert 0 not in hashes


def test_pinned():
    """States out there hold these very imprints: others would build every row anew."""
    rows = [(1, "a", None, True, 1.5), (Decimal("1.50"), DAY.replace(tzinfo=UTC), UUID(int=1))]

    assert list(PRINTER.hashes(rows)) == [9182897626462969107, 419675133110047612]


def test_order_of_rows():
    """At which places rows before have had decimals or times makes no difference, nor how long rows are."""
    rows = [*DIFFERENT, *((None, *row) for row in DIFFERENT), *((*row, 1j) for row in DIFFERENT)]
    alone = [RowHasher(b"salt", b"edition").hashes([row])[0] for row in rows]

    assert list(PRINTER.hashes(rows)) == alone
    assert list(PRINTER.hashes(rows[::-1])) == alone[::-1]


def test_same_objects():
    """Whether a value is one object or two that are equal makes no difference."""
    one = "x" * 500
    two = "".join(["x"] * 500)

    assert len(set(PRINTER.hashes([(one, one), (one, two), (two, one)]))) == 1


@pytest.mark.parametrize("value", [Text("a"), object(), 1j, [Text("a")]])
def test_no_imprint(value):
    """A value of an unknown kind may hold more than it shows: its row has no imprint."""
    if value == 1j:
        assert PRINTER.hashes([(value,)])[0] != 0  # known, and nothing could send it
    else:
        assert list(PRINTER.hashes([("a",), (value, Decimal(1))])) == [
            *PRINTER.hashes([("a",)]),
            0,
        ]


def test_parts():
    """Another salt or edition makes other hashes, and so do other cuts between the parts."""
    made = [
        RowHasher(salt, *parts).hashes([(1,)])[0]
        for salt, parts in [
            (b"a", (b"bc", b"d")),
            (b"a", (b"b", b"cd")),
            (b"a", (b"bcd",)),
            (b"x", (b"bcd",)),
        ]
    ]
    assert len(set(made)) == 4


def test_mark():
    """Familiar rows are marked as seen; strangers, and what was seen already, come back."""
    rows = [(n,) for n in range(6)]
    hashes = PRINTER.hashes(rows)
    known = sorted((hashes[n], n + 10) for n in (0, 2, 4))
    numbers = array("I", [record for _, record in known])
    familiar = KnownRows(array("q", [imprint for imprint, _ in known]), numbers, 14)
    seen = SeenRows()
    seen.mark(14, 3)

    assert familiar.mark(100, hashes, seen) == [1, 3, 4, 5]
    assert [seen.row(record) for record in (10, 12, 14)] == [101, 103, 3]
    assert familiar.mark(200, hashes[:1], seen) == [0]
    assert KnownRows().mark(0, hashes, seen) == [0, 1, 2, 3, 4, 5]


def test_new_hashes():
    """They are written down together; without a way into the state, or a hash, they are not kept."""
    learnt: list[RowHash] = []
    changes = ChangeDetector(PRINTER, Notes(learnt.extend))
    changes.keep(1, b"f", 5)
    changes.keep(2, b"f", 0)
    assert learnt == []
    changes.finish()
    changes.finish()
    assert [RowHash(1, b"f", 5)] == learnt
    for n in range(10_000):
        changes.keep(n, b"f", 7)
    assert len(learnt) == 10_001
    blind = ChangeDetector(PRINTER, None)
    blind.keep(1, b"f", 5)
    blind.finish()
    assert len(learnt) == 10_001


NAMED = customer({"name": "name"}, extra_columns="attributes")


@dataclass
class Notes:
    """Where row hashes are kept."""

    keep: Callable[[list[RowHash]], None]

    def keep_row_hashes(self, hashes):
        self.keep(hashes)


class Seeing(Bench):
    """A reader that may know rows by sight; `blind` ones build every row. `strange` counts what was built."""

    blind = False
    learning = True

    def reader(self, **selection) -> Reader:
        reader = super().reader(**selection)
        if not self.blind:
            notes = Notes(partial(self.store.keep_row_hashes, "m")) if self.learning else None
            whole = reader.selection.whole and not reader.selection.full
            known = self.store.known_rows("m") if whole else KnownRows()
            edition = repr((self.names, self.mapping)).encode()
            reader.changes = ChangeDetector(
                RowHasher(self.store.salt, EDITION, edition), notes, known
            )
        return reader

    @property
    def strange(self) -> int:
        return self.batches.completed if self.batches else 0

    def record(self, key: str) -> int:
        """The number of a key's record, one that nobody has where there is none."""
        memory = self.store.recall(self.scope, "m", [key]).get(key)
        return memory.record if memory else 999

    def deliver(self):
        """The state as after a write phase in which ChartMogul took everything."""
        items = [
            Confirmed(
                e.record.key,
                e.uuid or f"cus_{e.record.key}",
                1,
                e.fingerprint,
                join(self.hasher.fields(e.record.fields)),
                b"",
                Outcome.CREATED,
                e.row_hash,
            )
            for e in self.entries()
        ]
        self.store.remember(self.scope, "m", "run", items)


@pytest.fixture
def desk(tmp_path):
    """Customers with a name and an untyped column, and an empty state."""
    desk = Seeing(tmp_path, NAMED, ("id", "name", "extra"))
    yield desk
    desk.close()


def tally(reader):
    rows = reader.run.rows
    return {name: getattr(rows, name) for name in rows.__slots__ if getattr(rows, name)}


def test_unchanged_rows_are_not_built(desk):
    """What was delivered is known again by its row alone, and counts as unchanged."""
    rows = [("a", "A", 1), ("b", "B", 2), ("c", None, None)]
    desk.read(*rows)
    desk.deliver()

    reader = desk.read(*rows)
    assert (tally(reader), desk.strange) == ({"read": 3, "unchanged": 3}, 0)
    assert desk.waiting() == []
    assert [reader.seen.row(desk.record(key)) for key in "abc"] == [1, 2, 3]


def test_a_changed_row_is_built(desk):
    """Only what differs is built and waits, in whatever order the rows come."""
    desk.read(("a", "A", 1), ("b", "B", 2), ("c", "C", 3))
    desk.deliver()

    assert tally(desk.read(("c", "C", 3), ("b", "new", 2), ("a", "A", 1))) == {
        "read": 3,
        "unchanged": 2,
    }
    assert (desk.waiting(), desk.strange) == ([2], 1)


def test_another_type(desk):
    """5 and 5.0 are different rows, though they make the same record; the second is learnt as well."""
    desk.read(("a", "A", 5))
    desk.deliver()

    assert tally(desk.read(("a", "A", 5.0))) == {"read": 1, "unchanged": 1}
    assert desk.strange == 1
    desk.read(("a", "A", 5.0))
    assert desk.strange == 0


def test_rows_of_an_older_state(desk):
    """Rows without an imprint are built once, and then known; a dry run learns nothing."""
    desk.blind = True
    desk.read(("a", "A", 1), ("b", "B", 2))
    desk.deliver()
    desk.blind = False

    desk.learning = False
    for _ in range(2):
        assert tally(desk.read(("a", "A", 1), ("b", "B", 2))) == {"read": 2, "unchanged": 2}
        assert desk.strange == 2
    desk.learning = True
    desk.read(("a", "A", 1), ("b", "B", 2))
    desk.read(("a", "A", 1), ("b", "B", 2))
    assert desk.strange == 0


def test_full(desk):
    """A full run looks into every row."""
    desk.read(("a", "A", 1))
    desk.deliver()

    assert tally(desk.read(("a", "A", 1), full=True)) == {"read": 1}
    assert desk.waiting() == [1]


@pytest.mark.parametrize("selection", [{"limit": 1}, {"keys": frozenset({"a"})}])
def test_selections(desk, selection):
    """Selections count what they select, and build it."""
    desk.read(("a", "A", 1), ("b", "B", 2))
    desk.deliver()

    assert tally(desk.read(("a", "A", 1), ("b", "B", 2), **selection)) == {
        "read": 1,
        "unchanged": 1,
    }


def test_forgotten(desk):
    """A record whose uuid is no more, or of which a part may have arrived, is known no more."""
    desk.read(("a", "A", 1), ("b", "B", 2))
    desk.deliver()
    desk.store.forget(desk.scope, "a")
    desk.note([RejectedRow("b", "refused", uncertain=True)])

    assert tally(desk.read(("a", "A", 1), ("b", "B", 2))) == {"read": 2}


def test_moved(desk):
    """What was sent to another uuid says nothing of this one."""
    desk.read(("a", "A", 1))
    desk.deliver()
    desk.note([RejectedRow("a", "refused", uuid="cus_other")])

    assert tally(desk.read(("a", "A", 1))) == {"read": 1}


def test_rejected_and_back(desk):
    """A row that was unusable for a while is what it was when it is back: it is built once, and known to be mended."""
    desk.read(("a", "A", 1))
    desk.deliver()
    assert tally(desk.read(("a", "\0", 1))) == {"read": 1, "rejected": 1}

    assert tally(desk.read(("a", "A", 1))) == {"read": 1, "unchanged": 1}
    assert desk.strange == 1
    assert desk.noted[-1] == Observed("a", "cus_a", None, Outcome.UNCHANGED)


def test_another_mapping_shares_nothing(desk):
    """Each mapping knows its own rows."""
    desk.read(("a", "A", 1))
    desk.deliver()

    assert len(desk.store.known_rows("m").records) == 1
    assert len(desk.store.known_rows("other").records) == 0


def test_insert(desk):
    """In mode insert what it created is skipped unseen, and what another found there is built."""
    desk.mapping = NAMED | {"mode": "insert"}
    desk.read(("a", "A", 1))
    desk.deliver()

    assert tally(desk.read(("a", "A", 1))) == {"read": 1, "skipped": 1}
    assert desk.strange == 0


@pytest.mark.parametrize(
    ("first", "second"), [(("a", "A", 1), ("a", "A", 1)), (("a", "A", 1), ("a", "A", 1.0))]
)
@pytest.mark.parametrize("batch", [1, 2])
def test_repeats_that_agree(desk, first, second, batch):
    """The first row counts and the other is skipped, whichever of them is familiar."""
    desk.read(("a", "A", 1))
    desk.deliver()
    for rows in [(first, second), (second, first)]:
        assert tally(desk.read(*rows, batch=batch)) == {"read": 2, "unchanged": 1, "skipped": 1}
        assert desk.outcomes()[-1] == (2, "skipped")


@pytest.mark.parametrize("rows", [[("a", "A", 1), ("a", "B", 1)], [("a", "B", 1), ("a", "A", 1)]])
@pytest.mark.parametrize("batch", [1, 2])
def test_repeats_that_disagree(desk, rows, batch):
    """Every row of the key is rejected, also the familiar one."""
    desk.read(("a", "A", 1))
    desk.deliver()

    assert tally(desk.read(*rows, batch=batch)) == {"read": 2, "rejected": 2}
    assert desk.waiting() == []


def test_types(desk):
    """Types are found among all values, also of rows that are not built."""
    desk.read(("a", "A", 1), ("b", "B", " "), ("c", "C", None))
    desk.deliver()
    reader = desk.read(("a", "A", 1), ("b", "B", " "), ("c", "C", None), ("d", "D", "text"))

    assert desk.strange == 1
    assert reader.builder.contract.found == {"extra": {AttributeType.INTEGER, AttributeType.STRING}}
    assert reader.builder.contract.sendable == {"id", "name", "extra"}


KEYS = st.sampled_from(["a", "b", "c", "d", "e", " ", None])
NAMES = st.sampled_from(["A", "B", "", None, "\0"])
EXTRAS = st.sampled_from(
    [1, 1.0, 2, True, "x", "", None, b"\0", Decimal(1), date(2026, 1, 1), time()]
)
ROWS = st.lists(st.tuples(KEYS, NAMES, EXTRAS), max_size=8)
RUNS = st.lists(
    st.tuples(ROWS, st.booleans(), st.sampled_from(["upsert", "insert", "update"])),
    min_size=2,
    max_size=4,
)


def story(folder, runs, batch, blind):
    """What runs over these rows report, what waits for ChartMogul, and what the state then holds."""
    desk = Seeing(folder, NAMED, ("id", "name", Column("extra")))
    desk.blind = blind
    told: list[object] = []
    try:
        for rows, delivered, mode in runs:
            desk.mapping = NAMED | {"mode": mode}
            reader = desk.read(*rows, batch=batch)
            contract = reader.builder.contract
            told.append(
                (
                    tally(reader),
                    [o for o in desk.outcomes() if o[1] not in ("unchanged", "skipped")],
                    [(e.record, e.uuid) for e in desk.entries()],
                    contract.found,
                    contract.settle({}),
                    {key: reader.seen.row(desk.record(key)) for key in "abcde"},
                )
            )
            if delivered:
                desk.deliver()
            memories = desk.store.recall(desk.scope, "m", "abcde").values()
            told.append(
                [
                    replace(m, at=None, rejected_since=None, fingerprint=None, hashes=b"")
                    for m in memories
                ]
            )
    finally:
        desk.close()
    return told


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(RUNS, st.integers(1, 4))
def test_same_outcomes(runs, batch):
    """Whatever rows come, in whatever runs: with and without sight the outcomes are the same."""
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        seeing = story(Path(one), runs, batch, blind=False)
        assert seeing == story(Path(other), runs, batch, blind=True)
