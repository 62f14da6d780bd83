"""Mappings with timetables of their own: what is due starts together, and one run follows the other.

So contacts never start while customers run, and follow them in the same run where both are due; nothing overlaps.
"""

import asyncio
import random
from collections import abc
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from sync.domain.timetable import Every, Timetable, delay, skipped
from sync.service.scheduler import INSTANT, NAP, SPARE, reached
from sync.state.moments import since_boot

Clock = abc.Callable[[], datetime]


class Listener(Protocol):
    """Hears what the agenda does next."""

    def waiting(self, until: datetime) -> None:
        """The next run starts at `until`."""
        ...

    def locked(self, until: datetime) -> None:
        """Another process writes the same records; its lease has run out at `until`."""
        ...

    def late(self, mapping: str, count: int, *, known: bool) -> None:
        """So many due times of a mapping passed before it could start; `known`: its last start was late, too."""
        ...


@dataclass(frozen=True, slots=True)
class Clocks:
    """What tells the time. `wall` may be set; `steady` shows the same at first and only grows, as `monotonic` does.

    An interval is no matter of what the clock on the wall is set to; cron fields name its times.
    """

    wall: Clock
    steady: Clock
    monotonic: abc.Callable[[], float] = since_boot

    def of(self, timetable: Timetable) -> Clock:
        """The clock that a timetable goes by."""
        return self.steady if isinstance(timetable, Every) else self.wall


@dataclass(slots=True)
class _Entry:
    """A mapping's next time: when it is `due`, and when the run for it starts, which is the jitter later."""

    timetable: Timetable
    clock: Clock
    due: datetime
    start: datetime
    #: By seconds that only grow: a clock that is set back delays nothing.
    latest: float
    late: bool = False

    def left(self, seconds: float) -> float:
        """Seconds until the run starts."""
        return min((self.start - self.clock()).total_seconds(), self.latest - seconds)

    def is_due(self, seconds: float) -> bool:
        """Whether it belongs to a run that starts now."""
        return (self.due - self.clock()).total_seconds() < INSTANT or self.left(seconds) < INSTANT


@dataclass(slots=True)
class Agenda:
    """Calls `work` with all mappings that are due, until `stop` is set.

    `read` gives the mappings with their timetables as the files say now. `work` never raises; it gives the mappings
    that met a lease, each with the seconds until that runs out. `at_once`: whether the first run of each need not be
    due; else an interval begins now, and cron fields are waited for.
    """

    read: abc.Callable[[], abc.Awaitable[abc.Mapping[str, Timetable]]]
    work: abc.Callable[[frozenset[str]], abc.Awaitable[abc.Mapping[str, float]]]
    stop: asyncio.Event
    listener: Listener
    clocks: Clocks
    nap: abc.Callable[[float], abc.Awaitable[None]]
    jitter: timedelta | None = None
    at_once: bool | None = None
    roll: abc.Callable[[], float] = field(default=random.random, init=False)
    _entries: dict[str, _Entry] = field(default_factory=dict, init=False)

    async def keep(self) -> None:
        """Go on until asked to stop."""
        told: datetime | None = None
        while not self.stop.is_set():
            await self._refresh()
            seconds = self.clocks.monotonic()
            next_one = min(self._entries.values(), key=lambda one: one.left(seconds), default=None)
            if next_one is None:
                await self.nap(NAP.total_seconds())
            elif next_one.left(seconds) < INSTANT:
                await self._start(seconds)
                told = None
            else:
                if told != next_one.start:
                    told = next_one.start
                    self.listener.waiting(told)
                await self.nap(min(next_one.left(seconds), NAP.total_seconds()))

    async def _refresh(self) -> None:
        """Take over what the files say now; a timetable that stays keeps its place."""
        found = await self.read()
        for name in self._entries.keys() - found.keys():
            del self._entries[name]
        for name, timetable in found.items():
            entry = self._entries.get(name)
            if entry is None:
                self._entries[name] = self._first(timetable)
            elif entry.timetable != timetable:
                self._entries[name] = self._booked(timetable, self.clocks.of(timetable)())

    def _first(self, timetable: Timetable) -> _Entry:
        clock = self.clocks.of(timetable)
        now = clock()
        if isinstance(timetable, Every) if self.at_once is None else self.at_once:
            return _Entry(timetable, clock, now, now, self.clocks.monotonic())
        return self._booked(timetable, now)

    def _booked(self, timetable: Timetable, now: datetime, *, late: bool = False) -> _Entry:
        """The next time after `now`."""
        due = timetable.after(now)
        start = due + delay(timetable, due, self.jitter, self.roll())
        clock = self.clocks.of(timetable)
        latest = self.clocks.monotonic() + (start - clock()).total_seconds()
        return _Entry(timetable, clock, due, start, latest, late)

    async def _start(self, seconds: float) -> None:
        """One run of all that is due; what falls due meanwhile starts once, after it."""
        names = frozenset(name for name, entry in self._entries.items() if entry.is_due(seconds))
        for name in sorted(names):
            entry = self._entries[name]
            now = reached(entry.clock(), entry.due)
            missed = skipped(entry.timetable, entry.due, now)
            if missed:
                self.listener.late(name, missed, known=entry.late)
            self._entries[name] = self._booked(entry.timetable, now, late=missed > 0)
        met = await self.work(names)
        if not self.stop.is_set():
            self._try_again(met)

    def _try_again(self, met: abc.Mapping[str, float]) -> None:
        """Start again when a lease has run out, where that is before a mapping is due anyway."""
        for name, seconds in met.items():
            entry = self._entries[name]
            until = entry.clock() + timedelta(seconds=seconds + SPARE)
            if until < entry.due:
                self.listener.locked(until)
                entry.due = entry.start = until
                entry.latest = self.clocks.monotonic() + seconds + SPARE
