"""Mappings with timetables of their own, on a clock that moves only when told."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from sync.domain.timetable import read_cron, read_every, read_zone
from sync.service.agenda import Agenda, Clocks

START = datetime(2026, 1, 31, 10, tzinfo=UTC)


class Day:
    """A day of mappings: each run takes as long as `takes` says, and sleeping moves the clock."""

    def __init__(self, takes=None, **tables):
        self.tables, self.takes = tables, takes or {}
        self.passed, self.set_by = 0.0, timedelta()
        self.ran, self.told, self.missed, self.met = [], [], [], {}
        self.stop, self.until = asyncio.Event(), 3600.0
        self.before = lambda: None

    def wall(self):
        return START + timedelta(seconds=self.passed) + self.set_by

    def steady(self):
        return START + timedelta(seconds=self.passed)

    def seconds(self):
        return self.passed

    def move(self, seconds):
        self.passed += seconds
        if self.passed >= self.until:
            self.stop.set()

    async def read(self):
        self.before()
        return self.tables

    async def work(self, names):
        self.ran.append((round(self.passed), "+".join(sorted(names))))
        self.move(sum(self.takes.get(name, 0) for name in names))
        met, self.met = self.met, {}
        return met

    async def nap(self, seconds):
        self.move(seconds)

    def waiting(self, until):
        self.told.append(round((until - START).total_seconds()))

    def locked(self, until):
        self.told.append("locked")

    def late(self, mapping, count, *, known):
        self.missed.append((mapping, count, known))

    async def keep(self, minutes, at_once=None):
        self.until = minutes * 60.0
        clocks = Clocks(self.wall, self.steady, self.seconds)
        agenda = Agenda(
            self.read, self.work, self.stop, self, clocks, self.nap, timedelta(), at_once
        )
        await agenda.keep()
        return [(at // 60, names) for at, names in self.ran]


def every(text):
    return read_every(text, START)


def cron(fields, zone="UTC"):
    return read_cron(fields, read_zone(zone, {}))


async def test_each_by_its_own():
    """Intervals begin at once, cron fields are waited for; what is due together is one run."""
    day = Day(customers=every("15m"), contacts=every("30m"), nightly=cron("20 10 * * *"))
    assert await day.keep(46) == [
        (0, "contacts+customers"),
        (15, "customers"),
        (20, "nightly"),
        (30, "contacts+customers"),
        (45, "customers"),
    ]
    assert (day.told, day.missed) == ([900, 1200, 1800, 2700, 3600], [])


async def test_zones():
    """Fields are read by the clock of their zone: eleven in Berlin is ten here."""
    day = Day(here=cron("30 10 * * *"), there=cron("45 11 * * *", "Europe/Berlin"))
    assert await day.keep(60) == [(30, "here"), (45, "there")]


@pytest.mark.parametrize(
    ("at_once", "first"), [(True, [(0, "a+b"), (30, "b")]), (False, [(15, "a"), (30, "a+b")])]
)
async def test_whether_the_first_run_is_at_once(at_once, first):
    """The command line may say so for all."""
    tables = {"a": every("15m"), "b": cron("*/30 * * * *")}
    if at_once:
        tables["a"] = every("2h")
    assert await Day(**tables).keep(31, at_once) == first


async def test_contacts_wait_for_customers():
    """They fall due three times while customers run, and start once, after them."""
    day = Day({"customers": 17 * 60}, customers=every("1h"), contacts=every("5m"))
    day.tables["contacts"] = cron("*/5 * * * *")
    assert await day.keep(31) == [
        (0, "customers"),
        (17, "contacts"),
        (20, "contacts"),
        (25, "contacts"),
        (30, "contacts"),
    ]
    assert day.missed == [("contacts", 2, False)]


async def test_what_cannot_be_kept():
    """Runs of 10 minutes each 5 minutes follow each other; which is told as known from the second on."""
    day = Day({"slow": 11 * 60}, slow=every("5m"))
    assert [at for at, _ in await day.keep(44)] == [0, 11, 22, 33]
    assert day.missed == [("slow", 1, False), ("slow", 1, True), ("slow", 1, True)]


async def test_what_is_on_time_again():
    """It would be told anew."""
    day = Day({"slow": 11 * 60}, slow=every("5m"))

    def faster():
        if day.passed > 11 * 60:
            day.takes = {}

    day.before = faster
    assert [at for at, _ in await day.keep(26)] == [0, 11, 22, 25]
    assert day.missed == [("slow", 1, False), ("slow", 1, True)]


async def test_files_that_change():
    """A new mapping with an interval begins, one that is gone ends, an edited timetable counts at once."""
    day = Day(a=every("10m"), b=every("10m"))

    def edit():
        if day.passed > 12 * 60:
            day.tables = {"a": every("4m"), "c": every("1h")}

    day.before = edit
    assert await day.keep(17) == [(0, "a+b"), (10, "a+b"), (12, "c"), (16, "a")]


async def test_nothing_to_run():
    """It waits until there is a mapping."""
    day = Day()

    def write():
        if day.passed >= 120:
            day.tables = {"a": every("1h")}

    day.before = write
    assert await day.keep(5) == [(2, "a")]


@pytest.mark.parametrize("hours", [-5, 5])
async def test_the_clock_on_the_wall_is_set(hours):
    """An interval comes neither later nor sooner; fields go by the new time, and come no later than they would have."""
    day = Day(a=every("15m"), b=cron("5 * * * *"))

    def set_clock():
        if day.passed > 60:
            day.set_by = timedelta(hours=hours)

    day.before = set_clock
    ran = await day.keep(31)
    assert [at for at, names in ran if "a" in names] == [0, 15, 30]
    assert next(at for at, names in ran if "b" in names) == (1 if hours > 0 else 5)


@pytest.mark.parametrize(("by", "second"), [(timedelta(days=1), 65), (timedelta(seconds=10), 65)])
async def test_fields_after_the_clock_was_set_back(by, second):
    """They go by the new time at once, and come no second time where that is nearly the old one."""
    day = Day(b=cron("5 * * * *"))

    def set_clock():
        if day.passed > 60:
            day.set_by = -by

    day.before = set_clock
    assert await day.keep(70) == [(5, "b"), (second, "b")]


async def test_a_lease_that_was_met():
    """Only the mapping that met it comes again when it has run out, if it is not due before."""
    day = Day(a=every("15m"), b=every("15m"))
    day.met = {"b": 90.0}
    assert await day.keep(16) == [(0, "a+b"), (1, "b"), (15, "a+b")]
    assert day.told[0] == "locked"
