"""One run after the other, each when it is due, never two at once."""

import asyncio
import random
from collections import abc
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from sync.service.timetable import Timetable, delay, skipped

#: The longest sleep: clocks are set and machines suspended, so the time is looked at again.
_NAP = timedelta(seconds=30)


class Listener(Protocol):
    """Hears what the schedule does next."""

    def waiting(self, until: datetime) -> None:
        """The next run starts at `until`."""
        ...

    def missed(self, count: int) -> None:
        """So many due times passed while the last run went on; they are not made up for."""
        ...


@dataclass(frozen=True, slots=True)
class Scheduler:
    """Calls `work` whenever the timetable says so, until `stop` is set.

    `work` never raises. `nap` sleeps for so many seconds and may return early.
    """

    timetable: Timetable
    work: abc.Callable[[], abc.Awaitable[None]]
    stop: asyncio.Event
    listener: Listener
    clock: abc.Callable[[], datetime]
    nap: abc.Callable[[float], abc.Awaitable[None]]
    jitter: timedelta | None = None
    roll: abc.Callable[[], float] = field(default=random.random)

    async def keep(self, *, at_once: bool) -> None:
        """Go on until asked to stop; `at_once`: the first run need not be due."""
        due = now = self.clock()
        if not at_once:
            due = await self._wait(now)
        while not self.stop.is_set():
            await self.work()
            if self.stop.is_set():
                return
            now = max(self.clock(), due)
            if missed := skipped(self.timetable, due, now):
                self.listener.missed(missed)
            due = await self._wait(now)

    async def _wait(self, now: datetime) -> datetime:
        due = self.timetable.after(now)
        start = due + delay(self.timetable, due, self.jitter, self.roll())
        self.listener.waiting(start)
        while not self.stop.is_set() and (left := start - self.clock()) > timedelta():
            await self.nap(min(left, _NAP).total_seconds())
        return due


def napping(stop: asyncio.Event) -> abc.Callable[[float], abc.Awaitable[None]]:
    """A sleep that ends early when `stop` is set."""

    async def nap(seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), seconds)

    return nap
