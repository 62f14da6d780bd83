"""Whether ChartMogul is alive: nothing but failures for a while is a pause, for too long an outage.

Nothing but requests to wait is an outage as well, after a longer while.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sync.errors import Outage

#: Seconds of nothing but failures after which nobody gives up for itself any more.
_DOUBTFUL = 5.0

#: How much longer it may be told to wait than to fail: the API's computing is allotted by the minute, so that there is
#: an answer after one, unless others take all of it.
_LONGER = 10.0


class Health:
    """Shared by all requests to one API: an answer to one of them is life for all.

    Args:
        clock: seconds that only grow.
        patience: the seconds of nothing but failures that make an outage.
        tell: hears of pauses, and of their ends.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        patience: float = 60.0,
        tell: Callable[[str], None] = lambda message: None,
    ) -> None:
        self._clock = clock
        self._tell = tell
        self._paused = False
        #: One asks whether it is over; the others wait for what it finds.
        self.asking_again = asyncio.Lock()
        self._patience = patience
        self._first: float | None = None
        self._told: float | None = None
        self._last = 0.0
        self._asking = 0

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Around a call and its repeats. Failures from before a long silence no longer count."""
        silent = self._clock() - self._last
        if not self._asking and silent >= self._patience:
            self._first = self._told = None
        self._asking += 1
        try:
            yield
        finally:
            self._asking -= 1

    def answered(self) -> None:
        """There was an answer, be it a refusal."""
        self._told = None
        self._lives()

    def _lives(self) -> None:
        if self._paused and self._first is not None:
            self._tell(f"ChartMogul answers again, after {self._clock() - self._first:.0f} seconds")
        self._paused = False
        self._first = None

    @property
    def is_failing(self) -> bool:
        """Whether there was nothing but failures for five seconds or more."""
        return self._first is not None and self._clock() - self._first >= _DOUBTFUL

    def pause(self, message: str) -> None:
        """Everybody waits until there is an answer; it is said once."""
        if not self._paused:
            self._paused = True
            self._tell(
                f"ChartMogul does not answer ({message}): the run pauses,"
                f" and ends if that lasts for {self._patience:.0f} seconds"
            )

    def told_to_wait(self) -> None:
        """Somebody is there, and wants patience.

        Raises:
            Outage: it was nothing else for ten times `patience` seconds.
        """
        self._lives()
        self._last = self._clock()
        if self._told is None:
            self._told = self._last
        lasting = self._last - self._told
        if lasting >= _LONGER * self._patience:
            raise Outage(
                f"ChartMogul had no answer but 429, too many requests, for {lasting:.0f} seconds",
                "see what else uses this account's API, whose allowance all share (40 requests a second, and some"
                " computing); what was done is recorded, and the next run goes on",
            )

    def failed(self, message: str) -> None:
        """A request got no answer, or none of use.

        Raises:
            Outage: there was nothing else for `patience` seconds.
        """
        self._last = self._clock()
        if self._first is None:
            self._first = self._last
        lasting = self._last - self._first
        if lasting >= self._patience:
            raise Outage(
                f"nothing but failures for {lasting:.0f} seconds; the last one: {message}",
                "see status.chartmogul.com, and the way there; what was done is recorded, and the next run goes on"
                " (SYNC_OUTAGE says how many seconds a run waits)",
            )
