"""Repeated keys: no row wins by luck."""

import time

from sync.domain.record import Rejected, Stage
from sync.domain.results import Delivered, Outcome
from sync.domain.seen_rows import SeenRows
from sync.engine.read.duplicates import DuplicateKeys, Occurrence

SAME, OTHER = b"same", b"other"


def settle(*occurrences):
    """The verdict over one key with these rows."""
    repeats = DuplicateKeys()
    first, *others = occurrences
    for other in others:
        repeats.add("k", first, other)
    ((key, settled),) = repeats.verdicts()
    assert key == "k"
    assert first == settled.first
    return settled


def rejected(settled):
    """(row, message) of every rejection, which all look alike otherwise."""
    for result in settled.results:
        assert isinstance(result, Rejected)
        assert (
            result.key,
            result.stage,
            result.problems[0].code,
        ) == ("k", Stage.PLAN, "duplicate_key")
    return [(result.row, result.problems[0].message) for result in settled.results]


def test_same_record():
    """If all repeats make the same record the first counts and the others are skipped."""
    settled = settle(Occurrence(1, SAME), Occurrence(4, SAME), Occurrence(5, SAME))

    assert settled.first_counts
    assert settled.results == (
        Delivered(4, "k", Outcome.SKIPPED, "the same record as row 1"),
        Delivered(5, "k", Outcome.SKIPPED, "the same record as row 1"),
    )


def test_other_record():
    """If one differs every row is rejected, and names the others."""
    settled = settle(Occurrence(1, SAME), Occurrence(4, SAME), Occurrence(5, OTHER))

    assert not settled.first_counts
    ending = ", and not all make the same record"
    assert rejected(settled) == [
        (1, f"the key comes again in rows 4, 5{ending}"),
        (4, f"the key comes again in rows 1, 5{ending}"),
        (5, f"the key comes again in rows 1, 4{ending}"),
    ]


def test_pair():
    """Two rows name each other."""
    messages = [
        message for _, message in rejected(settle(Occurrence(1, SAME), Occurrence(2, OTHER)))
    ]

    assert ["in row 2," in messages[0], "in row 1," in messages[1]] == [True, True]


def test_first_made_no_record():
    """A row that was rejected for itself takes the others along, and is not counted again."""
    settled = settle(Occurrence(1, None, rejected=True), Occurrence(2, SAME), Occurrence(3, SAME))

    assert settled.first_counts
    assert [row for row, _ in rejected(settled)] == [2, 3]


def test_later_made_no_record():
    """So does a later one."""
    settled = settle(Occurrence(1, SAME), Occurrence(2, None, rejected=True))

    assert not settled.first_counts
    assert [row for row, _ in rejected(settled)] == [1]


def test_no_record_at_all():
    """Rows that were all rejected for themselves are left at that."""
    settled = settle(Occurrence(1, None, rejected=True), Occurrence(2, None, rejected=True))

    assert (settled.first_counts, settled.results) == (True, ())


def test_held_back():
    """A first row that is held back stays rejected; its equals are skipped, others rejected."""
    first = Occurrence(1, SAME, rejected=True)

    equal = settle(first, Occurrence(2, SAME))
    assert [result.outcome for result in equal.results] == [Outcome.SKIPPED]
    assert equal.first_counts
    differs = settle(first, Occurrence(2, OTHER))
    assert [row for row, _ in rejected(differs)] == [2]
    assert differs.first_counts


def test_many():
    """A key that comes in thousands of rows is settled in no time; ten others are named."""
    started = time.perf_counter()
    settled = settle(Occurrence(1, OTHER), *(Occurrence(row, SAME) for row in range(2, 20_001)))

    assert len(settled.results) == 20_000
    assert rejected(settled)[0] == (
        1,
        "the key comes again in rows 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, …,"
        " and not all make the same record",
    )
    assert time.perf_counter() - started < 10


def test_seen_rows():
    """Rows are kept by the record's number, wherever it lies."""
    seen = SeenRows()
    assert [seen.row(0), seen.row(10**6)] == [0, 0]

    seen.mark(10**6, 5)
    seen.mark(0, 7)

    assert [seen.row(n) for n in (0, 1, 10**6, 10**6 + 1)] == [7, 0, 5, 0]
    assert seen.rows.itemsize == 4


def test_new_in_the_state():
    """A record that the state has only now keeps the first row that is noted."""
    seen = SeenRows()
    for row in (3, 5):
        seen.meet(7, row)

    assert seen.row(7) == 3
