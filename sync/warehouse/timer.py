"""The end of a query that takes too long."""

import threading
from collections import abc


class Timer:
    """Calls `end` after some seconds, and then again and again: a query may only just begin to be one that can end."""

    def __init__(self, seconds: float, end: abc.Callable[[], None], again: float = 0.2) -> None:
        self.fired = False
        self._seconds, self._end, self._again = seconds, end, again
        self._stopped = threading.Event()
        threading.Thread(target=self._wait, name="timeout", daemon=True).start()

    def stop(self) -> None:
        """Nothing is ended any more."""
        self._stopped.set()

    def _wait(self) -> None:
        wait = self._seconds
        while not self._stopped.wait(wait):
            self.fired = True
            self._end()
            wait = self._again
