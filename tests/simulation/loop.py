"""An event loop on a clock of its own: nobody sleeps, threads become turns, and it can be cut off at any point."""

import asyncio
import selectors
from collections import abc
from typing import Any

#: Virtual seconds that work in a thread takes.
_THREAD = 0.0004


class Killed(BaseException):
    """The process is gone: raised by every door to the outside that it still tries to use."""


class Stuck(Exception):
    """Everybody waits, and nothing will ever happen."""


class _Selector(selectors.SelectSelector):
    """Instead of waiting it lets the time pass."""

    loop: "Loop"

    def select(self, timeout: float | None = None) -> list[Any]:
        """No file is ever ready; the next timer is."""
        if timeout is None:
            raise Stuck("every task waits for something that never comes")
        self.loop.pass_time(timeout)
        return []


class Loop(asyncio.SelectorEventLoop):
    """Runs what the worker runs in one thread; `until` is the moment in which it must have ended.

    `point` is called between any two steps, with nobody running.
    """

    def __init__(self, at: float, until: float, point: abc.Callable[[], None]) -> None:
        self._at = at
        self._until = until
        self._point = point
        selector = _Selector()
        selector.loop = self
        super().__init__(selector)
        self._clock_resolution = 1e-7
        self.set_exception_handler(lambda loop, context: None)

    def time(self) -> float:
        """Seconds since the world began."""
        return self._at

    def pass_time(self, seconds: float) -> None:
        """Let that time be over."""
        self._at += seconds
        if self._at > self._until:
            raise Stuck(f"still running after {self._until:.0f}")

    def end(self) -> None:
        """Nobody has to hurry any more."""
        self._until = float("inf")

    def run_in_executor(  # type: ignore[override]
        self, executor: object, func: abc.Callable[..., Any], *args: Any
    ) -> "asyncio.Future[Any]":
        """Do the work a moment later, in one go."""
        future = self.create_future()

        def work() -> None:
            if future.cancelled():
                return
            try:
                result = func(*args)
            except BaseException as error:
                if not future.done():
                    future.set_exception(error)
            else:
                if not future.done():
                    future.set_result(result)

        self.call_later(_THREAD, work)
        return future

    def _run_once(self) -> None:
        self._point()
        super()._run_once()  # type: ignore[misc]
