"""One run after the other, each when it is due, never two at once."""

import asyncio
from collections import abc
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sync.domain.clock import Clock
from sync.domain.timetable import Timetable, delay, skipped
from sync.state.history import AHEAD
from sync.state.moments import since_boot

#: The longest sleep: clocks are set and machines suspended, so the time is looked at again.
NAP = timedelta(seconds=30)
#: Shorter than any clock can tell.
INSTANT = 1e-6
#: Seconds after a lease has run out in which it is surely free.
SPARE = 1.0


class Listener(Protocol):
    """Hears what the schedule does next."""

    def waiting(self, until: datetime) -> None:
        """The next run starts at `until`."""
        ...

    def locked(self, until: datetime) -> None:
        """Another process writes the same records; its lease has run out at `until`."""
        ...

    def missed(self, count: int) -> None:
        """So many due times passed while the last run went on; they are not made up for."""
        ...


@dataclass(frozen=True, slots=True)
class Scheduler:
    """Calls `work` whenever the timetable says so, until `stop` is set.

    `work` never raises; it may give the seconds after which the same run is worth another try. By the clock's
    `monotonic` nothing is waited for longer because its `now` was set back, and an interval ends no sooner because it
    was set forward.
    """

    timetable: Timetable
    work: abc.Callable[[], abc.Awaitable[float | None]]
    stop: asyncio.Event
    listener: Listener
    clock: Clock
    jitter: timedelta | None = None

    async def keep(self, *, at_once: bool) -> None:
        """Go on until asked to stop; `at_once`: the first run need not be due."""
        due = now = self.clock.now()
        if not at_once:
            due = await self._wait(now)
        while not self.stop.is_set():
            again = await self.work()
            if self.stop.is_set():
                return
            if again is not None and await self._try_again(due, again):
                continue
            now = reached(self.clock.now(), due)
            if missed := skipped(self.timetable, due, now):
                self.listener.missed(missed)
            due = await self._wait(now)

    async def _try_again(self, due: datetime, seconds: float) -> bool:
        """Wait until a lease has run out, where that is before the next run is due."""
        until = self.clock.now() + timedelta(seconds=seconds + SPARE)
        if until >= self.timetable.after(reached(self.clock.now(), due)):
            return False
        self.listener.locked(until)
        await self._sleep(until)
        return True

    async def _wait(self, now: datetime) -> datetime:
        due = self.timetable.after(now)
        start = due + delay(self.timetable, due, self.jitter, self.clock.roll())
        self.listener.waiting(start)
        await self._sleep(start)
        return due

    async def _sleep(self, until: datetime) -> None:
        """Sleep until a moment, or for as long as that was away at first, whichever comes first."""
        begun, length = self.clock.monotonic(), (until - self.clock.now()).total_seconds()
        while not self.stop.is_set():
            left = min(
                (until - self.clock.now()).total_seconds(), length + begun - self.clock.monotonic()
            )
            if left < INSTANT:
                return
            await self.clock.sleep(min(left, NAP.total_seconds()))


def reached(now: datetime, due: datetime) -> datetime:
    """The moment after which the next run is due, where the last one was `due`, in whatever way its wait has ended.

    A clock that was corrected by seconds must not let it come twice; one that was set back goes by its new time.
    """
    return due if now < due <= now + AHEAD else now


def steady(
    clock: abc.Callable[[], datetime], monotonic: abc.Callable[[], float] = since_boot
) -> abc.Callable[[], datetime]:
    """A clock that shows the time as `clock` shows it now, and from then on only grows, whoever sets `clock`."""
    start, begun = clock(), monotonic()
    return lambda: start + timedelta(seconds=monotonic() - begun)


def napping(stop: asyncio.Event) -> abc.Callable[[float], abc.Awaitable[None]]:
    """A sleep that ends early when `stop` is set."""

    async def nap(seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), seconds)

    return nap
