"""The limits that stop a run."""

from datetime import UTC, datetime
from decimal import Decimal
from functools import partial

import pytest

from sync.engine.limits import RunLimits, limits_for
from sync.errors import EXIT_RAIL, RailError
from sync.mapping.model import Limits, Share


def share(percent=None, rows=None):
    return Share(rows, None if percent is None else Decimal(percent))


def words(judge, *arguments):
    """The message with which a rail stops, or None."""
    try:
        judge(*arguments)
    except RailError as error:
        return f"{error.message}; {error.hint}"
    return None


@pytest.mark.parametrize(("limit", "rejected", "stops"), [(0, 0, False), (0, 1, True), (5, 5, False),
                                                          (5, 6, True), (None, 10**9, False)])  # fmt: skip
def test_rejected(limit, rejected, stops):
    """Up to the limit is fine."""
    assert stops is (words(RunLimits(max_rejected=limit).judge_rejected, rejected) is not None)


def test_exit_code():
    """A rail has an exit code of its own."""
    with pytest.raises(RailError) as caught:
        RunLimits(max_rejected=0).judge_rejected(1)
    assert caught.value.exit_code == EXIT_RAIL


def test_rejected_message():
    """The message gives the count, the limit and how to raise it."""
    assert words(RunLimits(max_rejected=1000).judge_rejected, 1234) == (
        "1,234 rows are rejected, and max_rejected allows 1,000; nothing was written;"
        " errors.csv says why; mend the rows, raise limits.max_rejected in the mapping,"
        " or lift it once with --override max_rejected"
    )


@pytest.mark.parametrize(
    ("creates", "updates", "expected"),
    [(2, 3, None), (3, 0, "3 rows would be created, and max_creates allows 2"),
     (0, 4, "4 rows would be updated, and max_updates allows 3")],
)  # fmt: skip
def test_writes(creates, updates, expected):
    """Creates and updates have limits of their own."""
    message = words(RunLimits(max_creates=2, max_updates=3).judge_writes, creates, updates)

    assert expected == (message and message.split(";")[0])


def test_no_limits():
    """Without limits nothing stops."""
    assert None is words(RunLimits().judge_writes, 10**9, 10**9)


@pytest.mark.parametrize(
    ("rows", "before", "allowed", "stops"),
    [(0, 5, False, True), (0, 5, True, False), (0, 0, False, False), (1, 5, False, False)],
)
def test_empty(rows, before, allowed, stops):
    """An empty result stops if the last run had rows."""
    assert stops is (words(RunLimits(allow_empty=allowed).judge_empty, rows, before) is not None)


def test_what_was_sent_and_when_there_were_rows_last():
    """While rows are sent it is said that what was sent is recorded; an empty query names the last run's end."""
    sending = partial(RunLimits(max_rejected=1).judge_rejected, sending=True)
    assert "; the others are not sent, and what was is recorded;" in (words(sending, 2) or "")
    at = datetime(2026, 1, 31, 3, 5, tzinfo=UTC)
    told = words(RunLimits().judge_empty, 0, 5_000, at)
    assert told is not None
    assert told.startswith(
        "the query returned no rows; the last run read 5,000, at 2026-01-31 03:05 UTC;"
        " nothing was written; mend the query"
    )


def test_limits_in_numbers():
    """Percentages are of all rows of the query, rounded down."""
    limits = Limits(
        max_rejected=share("5"),
        max_creates=share(rows=7),
        max_updates=share("0.5"),
        max_requests=9,
    )

    expected = RunLimits(9, 7, 0, 9, False, 100, max_clears=20)
    assert expected == limits_for(limits, 199, whole=True)


def test_selection_of_rows():
    """With a selection only absolute rails apply, and no rows are no surprise."""
    limits = Limits(max_rejected=share("5"), max_creates=share(rows=7), max_requests=9)

    assert RunLimits(None, 7, None, 9, True) == limits_for(limits, 10, whole=False)


def test_no_rails():
    """A mapping without limits has none but that of clears."""
    assert RunLimits(max_clears=20) == limits_for(Limits(), 10, whole=True)
    assert limits_for(Limits(allow_empty=True), 10, whole=True).allow_empty


def clears(said):
    """A mapping's limits with this one; None where it says nothing."""
    return Limits() if said is None else Limits(max_clears=said)


@pytest.mark.parametrize(
    ("said", "rows", "expected"),
    [
        (None, 0, 20),
        (None, 209, 20),
        (None, 210, 21),
        (None, 1_000, 100),
        (share(rows=0), 1_000, 0),
        (share("1"), 1_000, 10),
    ],
)
def test_clears(said, rows, expected):
    """Ten in a hundred, and at least 20, unless the mapping says another number."""
    limits = limits_for(clears(said), rows, whole=True)

    assert expected == limits.max_clears


def test_clears_of_a_selection():
    """A percentage does not count there, nor does the default; a number does. Lifted, nothing does."""
    lifted = frozenset({"max_clears"})
    found = [
        limits_for(clears(said), 1_000, whole=whole, lifted=rails).max_clears
        for said in (None, share("1"), share(rows=3))
        for whole, rails in ((False, frozenset()), (True, lifted))
    ]

    assert found == [None, None, None, None, 3, None]


def test_clears_message():
    """It names the field that loses most, count and limit, and how to lift the rail once."""
    judge = RunLimits(max_clears=20).judge_clears

    assert words(judge, {"city": 20, "zip": 20}) is None
    assert words(judge, {}) is None
    assert words(judge, {"city": 21, "attributes.plan": 1234}) == (
        "attributes.plan would be emptied in 1,234 rows, and max_clears allows 20; nothing was written;"
        " a dry run with --override max_clears lists them; if that is meant, raise limits.max_clears in the mapping,"
        " or lift it once with --override max_clears"
    )
