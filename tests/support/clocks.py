"""Clocks for tests: standing still, or moved by sleeping alone."""

import asyncio
from collections import abc
from datetime import datetime, timedelta

from sync.domain.clock import Clock


class Hurry:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.at = 0.0

    def clock(self) -> float:
        """Seconds slept so far."""
        return self.at

    async def sleep(self, seconds: float) -> None:
        """Let that time be over, and others have their turn."""
        self.at += max(seconds, 0.0)
        await asyncio.sleep(0)


def clock_at(
    moment: datetime, sleep: abc.Callable[[float], abc.Awaitable[None]] | None = None
) -> Clock:
    """A clock that stands still at this moment."""
    return Clock(lambda: moment, lambda: 0.0, sleep or Hurry().sleep, lambda: 0.0)


def hurried(hurry: Hurry, now: abc.Callable[[], datetime], later: timedelta = timedelta()) -> Clock:
    """`now`, so much later, for whoever asks for the time; seconds pass by sleeping alone."""
    return Clock(lambda: now() + later, hurry.clock, hurry.sleep, lambda: 0.1)
