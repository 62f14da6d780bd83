"""An event loop on a clock of its own: nobody sleeps, threads become turns, and it can be cut off at any point."""

import asyncio
import heapq
import selectors
from collections import abc
from dataclasses import dataclass, field
from typing import Any

#: Virtual seconds that work in a thread takes.
_THREAD = 0.0004
#: After so many steps without any time it passes all the same, by so many seconds: no real clock stands still, and
#: who waits for less than a number can tell from now would wait for ever.
_STILL, _TICK = 1000, 1e-6


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


@dataclass(slots=True, eq=False)
class Ice:
    """What a stopped process would do: it waits until the process goes on."""

    is_theirs: abc.Callable[[Any], bool]
    ready: list[Any] = field(default_factory=list)
    timers: list[Any] = field(default_factory=list)

    def take(self, handles: abc.Iterable[Any], kept: list[Any]) -> list[Any]:
        """Keep their handles; those of others are left."""
        others: list[Any] = []
        for handle in handles:
            (kept if self.is_theirs(handle._context) else others).append(handle)
        return others


class Loop(asyncio.SelectorEventLoop):
    """Runs what the worker runs in one thread; `until` is the moment in which it must have ended.

    `point` is called between any two steps, with nobody running.
    """

    def __init__(self, at: float, until: float, point: abc.Callable[[], None]) -> None:
        self._at = at
        self._until = until
        self._point = point
        self._ice: list[Ice] = []
        #: Steps since time passed.
        self._still = 0
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
        self._still = 0 if seconds else self._still + 1
        self._at += seconds if self._still < _STILL else _TICK
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

    def freeze(self, is_theirs: abc.Callable[[Any], bool]) -> Ice:
        """Stop a process between two steps: what runs in a context of theirs waits for `thaw`."""
        ice = Ice(is_theirs)
        timers: list[Any] = self._scheduled  # type: ignore[attr-defined]
        timers[:] = ice.take(timers, ice.timers)
        heapq.heapify(timers)
        self._ice.append(ice)
        return ice

    def thaw(self, ice: Ice, asleep: float = 0.0) -> None:
        """The process goes on; its timers know nothing of the seconds for which its clock stood still."""
        self._ice.remove(ice)
        self._ready.extend(ice.ready)  # type: ignore[attr-defined]
        for timer in sorted(ice.timers):
            timer._when += asleep
            heapq.heappush(self._scheduled, timer)  # type: ignore[attr-defined]

    def _set_aside(self) -> None:
        ready: Any = self._ready  # type: ignore[attr-defined]
        for ice in self._ice:
            others = ice.take(ready, ice.ready)
            ready.clear()
            ready.extend(others)

    def _run_once(self) -> None:
        self._point()
        if self._ice:
            self._set_aside()
        super()._run_once()  # type: ignore[misc]
