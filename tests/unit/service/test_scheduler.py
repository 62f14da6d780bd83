"""Runs come when they are due, by a clock that only grows, and again when a lease runs out."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from sync.domain.clock import Clock
from sync.domain.timetable import read_cron, read_every, read_zone
from sync.service.scheduler import Scheduler, steady

START = datetime(2026, 1, 31, 10, tzinfo=UTC)


class Time:
    """A clock on the wall that can be set, and seconds that only grow; sleeping moves both."""

    def __init__(self):
        self.passed, self.set_by = 0.0, timedelta()

    def wall(self):
        return START + timedelta(seconds=self.passed) + self.set_by

    def seconds(self):
        return self.passed


class Worker:
    """Notes when it ran; `plan` says what each run gives, and sets the clock."""

    def __init__(self, time, *plan):
        self.time, self.plan, self.ran = time, list(plan), []
        self.stop, self.waited, self.then = asyncio.Event(), [], lambda: None

    async def work(self):
        self.ran.append(self.time.passed)
        step = self.plan.pop(0)
        if not self.plan:
            self.stop.set()
        return step() if callable(step) else step

    async def nap(self, seconds):
        self.time.passed += seconds
        self.then()

    def waiting(self, until):
        pass

    def locked(self, until):
        self.waited.append(until)

    def missed(self, count):
        pass

    async def keep(self, timetable, clock):
        clocks = Clock(clock, self.time.seconds, self.nap, lambda: 0.0)
        scheduler = Scheduler(timetable, self.work, self.stop, self, clocks, timedelta())
        await scheduler.keep(at_once=True)
        return self.ran


@pytest.mark.parametrize("hours", [-5, 5])
async def test_an_interval_when_the_clock_is_set(hours):
    """Neither later nor sooner."""
    time = Time()

    def set_clock():
        time.set_by = timedelta(hours=hours)

    clock = steady(time.wall, time.seconds)
    worker = Worker(time, set_clock, None, None)
    assert await worker.keep(read_every("15m", START), clock) == [0, 900, 1800]


@pytest.mark.parametrize(
    ("by", "third"), [(timedelta(days=1), 7200), (timedelta(seconds=10), 7210)]
)
async def test_cron_when_the_clock_is_set_back(by, third):
    """Its wait is no longer than it was at first, and the next one goes by the new time; a run never comes twice."""
    time = Time()
    worker = Worker(time, None, None, None)

    def set_back():
        time.set_by = -by

    worker.then = set_back
    hourly = read_cron("0 * * * *", read_zone("UTC", {}))
    assert await worker.keep(hourly, time.wall) == [0, 3600, third]


async def test_a_lease_that_was_met():
    """The run comes again when it has run out, and then as ever; what lasts longer than the interval is not awaited."""
    time = Time()
    worker = Worker(time, 90.0, None, 1000.0, None)
    assert await worker.keep(read_every("15m", START), time.wall) == [0, 91, 900, 1800]
    assert worker.waited == [START + timedelta(seconds=91)]
