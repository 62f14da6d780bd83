"""The progress line: where a mapping is, how fast, and how long it will still take."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import assert_never

from sync.domain.events import Phase
from sync.domain.results import MappingRun
from sync.report.words import count, duration

#: Seconds over which speed is measured: long enough to be steady, short enough to see throttling.
WINDOW = 10.0

_DOING = {Phase.READ: "reading", Phase.LOOK_UP: "looking up", Phase.WRITE: "writing"}


@dataclass(frozen=True, slots=True)
class Pace:
    """What is done of a phase, of how many (None: unknown), and speeds a second."""

    done: int
    total: int | None
    per_second: float
    requests_per_second: float

    @property
    def left(self) -> float | None:
        """Seconds until the phase is over; None while nobody can tell."""
        if self.total is None or not self.per_second:
            return None
        return max(self.total - self.done, 0) / self.per_second


class Meter:
    """Measures one phase of a mapping from its counts; `clock` gives seconds that only grow."""

    def __init__(
        self, mapping: MappingRun, phase: Phase, total: int | None, clock: Callable[[], float]
    ) -> None:
        self.mapping = mapping
        self.phase = phase
        self._total = total
        self._clock = clock
        self._before = self._counted()
        self._samples = deque([(clock(), self._before, mapping.requests.total)])

    def measure(self) -> Pace:
        """What is done by now; speeds are those of the last ten seconds."""
        now, done, requests = self._clock(), self._counted(), self.mapping.requests.total
        self._samples.append((now, done, requests))
        while len(self._samples) > 2 and now - self._samples[1][0] >= WINDOW:
            self._samples.popleft()
        then, done_then, requests_then = self._samples[0]
        passed = now - then
        return Pace(
            done - self._before,
            self._total,
            (done - done_then) / passed if passed else 0.0,
            (requests - requests_then) / passed if passed else 0.0,
        )

    def _counted(self) -> int:
        match self.phase:
            case Phase.READ:
                return self.mapping.rows.read
            case Phase.LOOK_UP:
                return self.mapping.requests.total
            case Phase.WRITE:
                return self.mapping.rows.decided
            case _:
                assert_never(self.phase)


def describe_all(meters: Sequence[Meter], allowance: float) -> str:
    """The line for mappings that are under way side by side: `3 mappings: writing …`, the sums of those that do."""
    if len(meters) == 1:
        meter = meters[0]
        return describe(meter.mapping.mapping, meter.phase, meter.measure(), allowance)
    phase = max((meter.phase for meter in meters), key=list(Phase).index)
    paces = [(meter.phase, meter.measure()) for meter in meters]
    foremost = [pace for its, pace in paces if its is phase]
    totals = [pace.total for pace in foremost if pace.total is not None]
    together = Pace(
        sum(pace.done for pace in foremost),
        sum(totals) if len(totals) == len(foremost) else None,
        sum(pace.per_second for pace in foremost),
        sum(pace.requests_per_second for _, pace in paces),
    )
    return describe(f"{len(meters)} mappings", phase, together, allowance)


def describe(name: str, phase: Phase, pace: Pace, allowance: float) -> str:
    """`customers: writing 1,200 of 12,000 rows, 38 of 40 requests/s, 5 min left`."""
    parts = [f"{name}: {_DOING[phase]} {_amount(phase, pace)}"]
    if phase is Phase.READ:
        parts.append(f"{pace.per_second:,.0f} rows/s")
    else:
        parts.append(f"{pace.requests_per_second:.0f} of {allowance:.3g} requests/s")
    if pace.left is not None:
        parts.append(f"{duration(round(pace.left))} left")
    return ", ".join(parts)


def announce(mapping: MappingRun, phase: Phase, total: int | None) -> str:
    """`customers: writing 12,000 rows`, for where no line can be overwritten."""
    amount = "" if total is None else f" {count(total, _noun(phase))}"
    return f"{mapping.mapping}: {_DOING[phase]}{amount}"


def _noun(phase: Phase) -> str:
    return "request" if phase is Phase.LOOK_UP else "row"


def _amount(phase: Phase, pace: Pace) -> str:
    if pace.total is None:
        return count(pace.done, _noun(phase))
    return f"{min(pace.done, pace.total):,} of {count(pace.total, _noun(phase))}"
