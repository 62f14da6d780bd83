"""What is told of a mapping, and when: once per change of its state."""

import pytest

from sync.domain.record import Object
from sync.domain.results import MappingRun, Run, Status, Tally
from sync.publish.events import DUE, OWED, Event, Seen, is_good, seen, step
from tests.unit.publish.test_textfile import NOW

ALL = tuple(Event)
#: How a mapping shows itself, run by run, and what is told of it.
DAYS = {
    "nothing ever happens": [(Seen.GOOD, None), (Seen.GOOD, None)],
    "a failure is told once until it is over": [
        (Seen.BROKEN, Event.FAILED),
        (Seen.BROKEN, None),
        (Seen.UNTOLD, None),
        (Seen.GOOD, Event.RECOVERED),
        (Seen.GOOD, None),
        (Seen.BROKEN, Event.FAILED),
    ],
    "rejected rows are told once until they are mended": [
        (Seen.NEWLY_REJECTED, Event.REJECTED),
        (Seen.NEWLY_REJECTED, None),
        (Seen.STILL_REJECTED, None),
        (Seen.GOOD, Event.RECOVERED),
        (Seen.NEWLY_REJECTED, Event.REJECTED),
    ],
    "rows that were rejected all along are told of by nobody": [
        (Seen.STILL_REJECTED, None),
        (Seen.GOOD, None),
    ],
    "a failure that ended among rejected rows is told again, and the recovery at last": [
        (Seen.BROKEN, Event.FAILED),
        (Seen.STILL_REJECTED, None),
        (Seen.BROKEN, Event.FAILED),
        (Seen.STILL_REJECTED, None),
        (Seen.GOOD, Event.RECOVERED),
        (Seen.GOOD, None),
    ],
    "silence is told once, and what breaks it is another thing": [
        (Seen.STALE, Event.STALE),
        (Seen.STALE, None),
        (Seen.BROKEN, Event.FAILED),
        (Seen.STALE, None),
        (Seen.NEWLY_REJECTED, Event.REJECTED),
        (Seen.STALE, Event.STALE),
        (Seen.GOOD, Event.RECOVERED),
    ],
}


@pytest.mark.parametrize("day", DAYS.values(), ids=DAYS)
def test_days(day):
    """Each change is told, and nothing twice."""
    told: frozenset[str] = frozenset()
    found = []
    for shown, _ in day:
        due = step(shown, told, ALL)
        told = due.told
        found.append((shown, due.message))
    assert found == day


def test_only_what_is_wanted():
    """What nobody wants to hear of is not told, nor is the recovery from it; the rest is."""
    assert step(Seen.BROKEN, [], ["rejected", "recovered"]).told == frozenset()
    wanted = ["failed"]
    failed = step(Seen.BROKEN, [], wanted)
    assert failed.message is Event.FAILED
    recovered = step(Seen.GOOD, failed.told, wanted)
    assert (recovered.message, recovered.told) == (None, frozenset())


def test_rejected_rows_that_could_not_be_told():
    """They are news until somebody is told of them; where they are mended before that, nothing is."""
    due = step(Seen.NEWLY_REJECTED, [], ALL)
    assert due.message is Event.REJECTED
    assert due.unsent == frozenset({DUE})
    later = step(Seen.STILL_REJECTED, {DUE}, ALL)
    assert later.message is Event.REJECTED
    assert later.told == {"rejected"}
    assert later.unsent == frozenset({DUE})
    assert step(Seen.UNTOLD, {DUE}, ALL).told == {DUE}
    assert step(Seen.BROKEN, {DUE}, ALL).told == {DUE, "failed"}
    assert step(Seen.STILL_REJECTED, {DUE, "failed"}, ALL).unsent == frozenset({OWED, DUE})
    good = step(Seen.GOOD, {DUE}, ALL)
    assert (good.message, good.told) == (None, frozenset())


def test_a_recovery_that_is_owed():
    """It says what stands for it in the state."""
    assert step(Seen.STILL_REJECTED, ["failed", "rejected"], ALL).told == {OWED, "rejected"}


def run(status: Status, read: int = 0, rejected: int = 0, *, tolerated=0, whole=True) -> Run:
    part = MappingRun("customers", "c.yml", Object.CUSTOMER, "upsert", "ds_1", status)
    part.rows, part.tolerated = Tally(read, rejected=rejected), tolerated
    return Run("r1", False, NOW, [part], NOW, status, whole=whole)


@pytest.mark.parametrize(
    ("ended", "new", "expected"),
    [
        (run(Status.FAILED), 0, Seen.BROKEN),
        (run(Status.STOPPED, 9, 9), 9, Seen.BROKEN),
        (run(Status.FAILED, whole=False), 0, Seen.BROKEN),
        (run(Status.LOCKED), 0, Seen.UNTOLD),
        (run(Status.INTERRUPTED), 0, Seen.UNTOLD),
        (run(Status.SUCCEEDED, 9), 0, Seen.GOOD),
        (run(Status.SUCCEEDED, 9, whole=False), 0, Seen.UNTOLD),
        (run(Status.COMPLETED_WITH_ERRORS, 9, 2, tolerated=2), 2, Seen.GOOD),
        (run(Status.COMPLETED_WITH_ERRORS, 9, 3, tolerated=2), 1, Seen.NEWLY_REJECTED),
        (run(Status.COMPLETED_WITH_ERRORS, 9, 3, tolerated=2), 0, Seen.STILL_REJECTED),
    ],
)
def test_how_a_run_is_seen(ended, new, expected):
    """By how it ended, whether all rows counted, and what is tolerated."""
    assert seen(ended, ended.mappings[0], new) is expected


@pytest.mark.parametrize(
    ("ended", "good"),
    [
        (run(Status.SUCCEEDED, 0), True),
        (run(Status.SUCCEEDED, 9), True),
        (run(Status.SUCCEEDED, 9, whole=False), False),
        (run(Status.COMPLETED_WITH_ERRORS, 19, 18), True),
        (run(Status.COMPLETED_WITH_ERRORS, 20, 10), True),
        (run(Status.COMPLETED_WITH_ERRORS, 20, 11), False),
        (run(Status.COMPLETED_WITH_ERRORS, 20, 11, tolerated=11), True),
        (run(Status.COMPLETED_WITH_ERRORS, 1, 1), False),
        (run(Status.FAILED), False),
        (run(Status.LOCKED), False),
        (Run("r1", False, NOW, [], NOW, Status.FAILED), False),
    ],
)
def test_good_runs(ended, good):
    """A run is good if it is whole, and each mapping came to its end and delivered what it read."""
    assert is_good(ended) is good
