"""Silence is noticed while no run ends, and told once for each time that it begins."""

from datetime import UTC, datetime, timedelta

from sync.domain.results import Status
from sync.service.endpoints import Board
from sync.service.freshness import Freshness
from sync.service.watch import Watch
from sync.state.memory import LastRun

START = datetime(2026, 1, 31, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)


def last(finished: datetime) -> LastRun:
    return LastRun("customers", "r1", Status.SUCCEEDED, finished, finished, 1)


async def test_silence():
    """What is too old is told when it becomes so, and again only after a success in between."""
    now, told = START, []
    board = Board(START, HOUR, (Freshness("customers", last(START)), Freshness("contacts", None)))
    watch = Watch(board, lambda: now, lambda late, age: told.append([one.mapping for one in late]))
    await watch.look()
    assert told == []
    now = START + HOUR * 1.5
    for _ in range(2):
        await watch.look()
    assert told == [["customers", "contacts"]]
    board.freshness = (Freshness("customers", last(now)), Freshness("contacts", None))
    await watch.look()
    now += HOUR * 1.5
    await watch.look()
    assert told == [["customers", "contacts"], ["customers"]]
