"""The two limits of the API (dev.chartmogul.com/docs/rate-limits), and how long an answer takes."""

import random
from collections import abc, deque
from dataclasses import dataclass, field
from math import log


@dataclass(slots=True)
class Rate:
    """At most `most` requests in any second; None is no limit. Every request counts."""

    most: int | None
    recent: deque[float] = field(default_factory=deque)

    def allows(self, at: float) -> bool:
        """Count a request that comes in now; whether it is within the limit."""
        if self.most is None:
            return True
        while self.recent and self.recent[0] <= at - 1:
            self.recent.popleft()
        self.recent.append(at)
        return len(self.recent) <= self.most


@dataclass(slots=True)
class Slots:
    """At most `most` requests at once; None is no limit. `peak` is the most there ever were."""

    most: int | None
    taken: int = 0
    peak: int = 0

    def take(self) -> bool:
        """Take one, also when there is none left; whether it was within the limit."""
        self.taken += 1
        self.peak = max(self.peak, self.taken)
        return self.most is None or self.taken <= self.most

    def give(self) -> None:
        """Give one back."""
        self.taken -= 1


Latency = abc.Callable[[], float]
"""How many seconds the next answer takes."""


def constant(seconds: float) -> Latency:
    """Every answer takes the same time."""
    return lambda: seconds


def lognormal(median: float, sigma: float = 0.4, seed: int = 0) -> Latency:
    """Half of the answers take less than `median` seconds, a few take much longer."""
    dice = random.Random(seed)
    return lambda: dice.lognormvariate(log(median), sigma)
