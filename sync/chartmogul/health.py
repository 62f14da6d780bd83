"""Whether ChartMogul is alive: nothing but failures for too long is an outage."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sync.errors import Outage


class Health:
    """Shared by all requests to one API: an answer to one of them is life for all.

    Args:
        clock: seconds that only grow.
        patience: the seconds of nothing but failures that make an outage.
    """

    def __init__(self, clock: Callable[[], float], patience: float = 60.0) -> None:
        self._clock = clock
        self._patience = patience
        self._first: float | None = None
        self._last = 0.0
        self._asking = 0

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Around a call and its repeats. Failures from before a long silence no longer count."""
        silent = self._clock() - self._last
        if not self._asking and silent >= self._patience:
            self._first = None
        self._asking += 1
        try:
            yield
        finally:
            self._asking -= 1

    def answered(self) -> None:
        """There was an answer, be it a refusal."""
        self._first = None

    def failed(self, message: str) -> None:
        """There was none, or none of use.

        Raises:
            Outage: and there has not been any for too long.
        """
        self._last = self._clock()
        if self._first is None:
            self._first = self._last
        lasting = self._last - self._first
        if lasting >= self._patience:
            raise Outage(
                f"nothing but failures for {lasting:.0f} seconds; the last one: {message}",
                "see status.chartmogul.com, and the way there; what was done is recorded",
            )
