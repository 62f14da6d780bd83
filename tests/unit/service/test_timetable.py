"""When runs are due, and one run after the other, on a clock that only moves when told."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

import pytest

from sync.domain.clock import Clock
from sync.domain.timetable import (
    Cron,
    Every,
    Timetable,
    delay,
    due_times,
    max_age,
    read_cron,
    read_duration,
    read_every,
    read_zone,
    skipped,
)
from sync.errors import ConfigError
from sync.service.scheduler import Scheduler, napping
from sync.state.moments import since_boot

START = datetime(2026, 1, 31, 10, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
MINUTE = timedelta(minutes=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}Z")


def shown(timetable: Timetable, moment: datetime, count: int) -> list[str]:
    return [f"{due:%m-%dT%H:%M}" for due in islice(due_times(timetable, moment), count)]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("15m", 900), ("2h", 7200), ("1d", 86_400), (" 5 m ", 300), ("0s", 0)],
)
def test_durations(text: str, seconds: int):
    """A number and a unit."""
    assert timedelta(seconds=seconds) == read_duration(text)


@pytest.mark.parametrize("text", ["", "15", "m", "-5m", "1.5h", "15min", "1h30m", "367d", "9" * 12])
def test_what_is_no_duration(text: str):
    """The message says how to write one."""
    with pytest.raises(ConfigError, match=r"is no length of time|longer than a year"):
        read_duration(text)


def test_no_interval_at_all():
    """Zero would run without a pause."""
    with pytest.raises(ConfigError, match="longer than nothing"):
        read_every("0m", START)


@pytest.mark.parametrize(
    ("seconds", "due"), [(-5, 0), (0, 900), (1, 900), (899, 900), (900, 1800), (5000, 5400)]
)
def test_an_interval_counts_from_its_start(seconds: int, due: int):
    """However long runs take, due times stay whole intervals away from the first."""
    every = Every(timedelta(minutes=15), START)
    assert START + timedelta(seconds=due) == every.after(START + timedelta(seconds=seconds))


def test_cron_follows_the_clock_of_its_zone():
    """Six in the morning in Berlin is another hour in UTC in summer."""
    cron = read_cron("0 6 * * *", BERLIN)
    assert shown(cron, at("03-27T12:00"), 2) == ["03-28T05:00", "03-29T04:00"]


@pytest.mark.parametrize(
    ("fields", "begin", "due"),
    [
        # 29 March 2026, 2:00 becomes 3:00 (1:00 UTC).
        ("30 2 * * *", "03-28T12:00", ["03-29T01:00", "03-30T00:30"]),
        ("*/30 * * * *", "03-29T00:00", ["03-29T00:30", "03-29T01:00", "03-29T01:30"]),
        # 25 October 2026, 3:00 becomes 2:00 (1:00 UTC).
        ("30 2 * * *", "10-24T12:00", ["10-25T00:30", "10-26T01:30"]),
        ("30 2 * * *", "10-25T00:45", ["10-26T01:30"]),
        ("*/30 * * * *", "10-25T00:00", ["10-25T00:30", "10-25T01:00", "10-25T01:30"]),
        ("0 3 * * *", "10-25T00:00", ["10-25T02:00", "10-26T02:00"]),
    ],
)
def test_when_clocks_change(fields: str, begin: str, due: list[str]):
    """A daily run takes place once on either day; what comes every half hour goes on doing so."""
    assert due == shown(read_cron(fields, BERLIN), at(begin), len(due))


@pytest.mark.parametrize("begin", ["03-01T00:00", "09-27T00:00"])
@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
@pytest.mark.parametrize("fields", ["30 2 * * *", "*/20 * * * *", "15 1,2,3 * * *", "0 0 * * mon"])
def test_due_times_only_grow(fields: str, zone: str, begin: str):
    """In the weeks in which clocks change, each due time is later than the one before."""
    end = at(begin) + timedelta(days=40)
    due = due_times(Cron(fields, ZoneInfo(zone)), at(begin))
    times = list(takewhile(lambda moment: moment < end, due))
    assert sorted(set(times)) == times
    assert len(times) > 4


@pytest.mark.parametrize(
    ("written", "fields"),
    [("@daily", "0 0 * * *"), ("@HOURLY", "0 * * * *"), (" 0  6 * * mon-fri ", "0 6 * * mon-fri")],
)
def test_cron_is_read(written: str, fields: str):
    """Names of days and months, and the usual short forms."""
    assert Cron(fields, BERLIN) == read_cron(written, BERLIN)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "* * *",
        "61 * * * *",
        "* * * * * *",
        "@reboot",
        "0 0 31 2 *",
        "R * * * *",
        "H 1 * * *",
        "0 0 * * xyz",
    ],
)
def test_what_is_no_cron_expression(text: str):
    """Seconds, random fields and what never comes are refused, with an example of what is taken."""
    with pytest.raises(ConfigError, match="is no cron expression") as caught:
        read_cron(text, BERLIN)
    assert "*/15 * * * *" in caught.value.problems[0].hint


def test_zones():
    """The option beats TZ; without both it is UTC."""
    assert read_zone("Europe/Berlin", {"TZ": "Asia/Tokyo"}) == BERLIN
    assert ZoneInfo("Asia/Tokyo") == read_zone(None, {"TZ": ":Asia/Tokyo"})
    assert ZoneInfo("UTC") == read_zone(None, {"TZ": ""})


@pytest.mark.parametrize("name", ["Nowhere/City", "../etc/passwd", "CEST+"])
def test_no_such_zone(name: str):
    """A wrong TZ is an error, not UTC in silence."""
    with pytest.raises(ConfigError, match="is no time zone"):
        read_zone(None, {"TZ": name})


@pytest.mark.parametrize(
    ("minutes", "count"), [(0, 0), (14.9, 0), (15, 1), (44, 2), (45, 3), (60 * 24 * 365, 1000)]
)
def test_skipped(minutes: float, count: int):
    """Due times up to now; of very many the count stops."""
    every = Every(15 * MINUTE, START)
    assert count == skipped(every, START, START + minutes * MINUTE)


@pytest.mark.parametrize(
    ("jitter", "roll", "seconds"),
    [(None, 1.0, 10.0), (None, 0.5, 5.0), (30.0, 1.0, 30.0), (0.0, 1.0, 0.0), (9999.0, 1.0, 900.0)],
)
def test_jitter(jitter: float | None, roll: float, seconds: float):
    """A share of what is allowed, and never past the next due time."""
    every = Every(15 * MINUTE, START)
    wanted = None if jitter is None else timedelta(seconds=jitter)
    assert timedelta(seconds=seconds) == delay(every, START, wanted, roll)


def test_jitter_of_short_intervals():
    """A tenth of the interval at most, if nobody says otherwise."""
    assert timedelta(seconds=2) == delay(Every(timedelta(seconds=20), START), START, None, 1.0)


@pytest.mark.parametrize(
    ("timetable", "age"),
    [
        (Every(timedelta(minutes=1), START), timedelta(hours=1)),
        (Every(timedelta(hours=2), START), timedelta(hours=6)),
        (Cron("0 9-17 * * mon-fri", ZoneInfo("UTC")), 3 * timedelta(days=2, hours=16)),
    ],
)
def test_max_age(timetable: Timetable, age: timedelta):
    """Three of the longest breaks, weekends included, and never less than an hour."""
    assert age == max_age(timetable, START)


@dataclass
class Office:
    """A clock that only sleeping and working moves, and an account of what happened."""

    takes: list[float]
    stop_after: int = 99
    now: datetime = START
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    starts: list[float] = field(default_factory=list)
    told: list[object] = field(default_factory=list)
    naps: list[float] = field(default_factory=list)

    async def work(self) -> None:
        self.starts.append((self.now - START).total_seconds())
        self.now += timedelta(seconds=self.takes[len(self.starts) - 1])
        if len(self.starts) in (self.stop_after, len(self.takes)):
            self.stop.set()

    async def nap(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += timedelta(seconds=seconds)

    def waiting(self, until: datetime) -> None:
        self.told.append((until - START).total_seconds())

    def locked(self, until: datetime) -> None:
        self.told.append(f"locked until {(until - START).total_seconds()}")

    def missed(self, count: int) -> None:
        self.told.append(f"missed {count}")

    async def keep(self, timetable: Timetable, *, at_once: bool, roll: float = 0.0) -> None:
        clock = Clock(lambda: self.now, since_boot, self.nap, lambda: roll)
        await Scheduler(timetable, self.work, self.stop, self, clock).keep(at_once=at_once)


async def test_runs_at_whole_intervals():
    """Runs of different lengths start when they are due."""
    office = Office([1, 30, 59, 2])
    await office.keep(Every(MINUTE, START), at_once=True)
    assert office.starts == [0, 60, 120, 180]
    assert office.told == [60, 120, 180]


async def test_a_long_run_skips_what_it_misses():
    """Nothing is made up for, and it is said; the next run waits for the next due time."""
    office = Office([150, 60, 1])
    await office.keep(Every(MINUTE, START), at_once=True)
    assert office.starts == [0, 180, 300]
    assert office.told == ["missed 2", 180, "missed 1", 300]


async def test_not_at_once():
    """The first run waits until it is due."""
    office = Office([1, 1])
    await office.keep(Cron("30 * * * *", ZoneInfo("UTC")), at_once=False)
    assert office.starts == [1800, 5400]


async def test_jitter_moves_no_due_time():
    """A run may start later than due; the one after it does not drift."""
    office = Office([1, 1, 1])
    await office.keep(Every(MINUTE, START), at_once=True, roll=0.5)
    assert office.starts == [0, 63, 123]


async def test_a_clock_that_is_set_back():
    """Nothing runs twice: the due time that was served is not served again."""
    office = Office([-40, 1])
    await office.keep(Every(MINUTE, START), at_once=True)
    assert office.starts == [0, 60]


async def test_long_sleeps_look_at_the_clock():
    """A machine that was suspended is late by half a minute at most."""
    office = Office([1, 1])
    await office.keep(Every(10 * MINUTE, START), at_once=True)
    assert max(office.naps) == 30


async def test_stop_before_the_first_run():
    """Whoever stops while it waits gets no run more."""
    office = Office([1])
    office.stop.set()
    await office.keep(Every(MINUTE, START), at_once=False)
    assert office.starts == []


async def test_stop_while_waiting():
    """The sleep ends at once, and nothing runs any more."""
    office = Office([1, 1, 1])
    seen: list[str] = []

    async def nap(seconds: float) -> None:
        seen.append("napping")
        office.stop.set()
        await napping(office.stop)(seconds)

    clock = Clock(lambda: office.now, since_boot, nap, lambda: 0.0)
    daily = Every(timedelta(days=1), START)
    rounds = Scheduler(daily, office.work, office.stop, office, clock)
    await asyncio.wait_for(rounds.keep(at_once=True), 5)
    assert office.starts == [0.0]
    assert seen == ["napping"]
