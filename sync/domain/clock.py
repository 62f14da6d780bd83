"""Time and chance as a run has them: handed in, so that tests and simulations have their own."""

from collections import abc
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Clock:
    """Time and chance.

    `now` is this moment in UTC; `monotonic` gives seconds that only grow; `sleep` waits for so many seconds and may
    return early, where a run is asked to end; `roll` is a number from 0 to 1, by chance.
    """

    now: abc.Callable[[], datetime]
    monotonic: abc.Callable[[], float]
    sleep: abc.Callable[[float], abc.Awaitable[None]]
    roll: abc.Callable[[], float]
