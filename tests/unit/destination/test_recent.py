"""What a run has just created, for as long as look-ups may lag behind."""

from sync.destination.recent import SHOWN_AFTER, RecentRecords
from sync.domain.plan import Seen


def seen(number: int) -> Seen:
    """A contact."""
    return Seen(f"con_{number}", {"first_name": f"Ada {number}"})


def test_kept_for_others():
    """A new record is known for some minutes, as the answer to its create showed it."""
    recent = RecentRecords(shared=True)
    recent.note(seen(1), 100.0)

    assert recent.of("con_1", 100.0 + SHOWN_AFTER - 1) == seen(1)
    assert recent.of("con_1", 100.0 + SHOWN_AFTER) is None
    assert recent.of("con_2", 100.0) is None


def test_nobody_else_asks():
    """Where no other mapping has such records nothing is kept."""
    recent = RecentRecords()
    recent.note(seen(1), 0.0)

    assert recent.of("con_1", 0.0) is None


def test_no_more_than_some_minutes_hold():
    """What every look-up shows by now takes no memory."""
    recent = RecentRecords(shared=True)
    for number in range(10):
        recent.note(seen(number), number * SHOWN_AFTER / 2)

    assert list(recent._made) == ["con_8", "con_9"]
