"""How many requests a run made, and when: a few hundred points, however long it takes."""

from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

#: Points that are kept at most; then every other goes.
_MOST = 480


@dataclass(slots=True)
class Timeline:
    """Moments, and the requests made until then."""

    points: list[tuple[float, int]] = field(default_factory=list)
    _apart: float = 0.2

    def note(self, at: datetime, requests: int) -> None:
        """So many requests were made until `at`; what comes too soon after another is left out."""
        moment = at.timestamp()
        if self.points and moment - self.points[-1][0] < self._apart:
            return
        self.points.append((moment, requests))
        if len(self.points) > _MOST:
            self.points = self.points[::2]
            self._apart *= 2

    def end(self, at: datetime, requests: int) -> None:
        """The last point, however soon it comes."""
        self.points.append((at.timestamp(), requests))

    @property
    def seconds(self) -> float:
        """From the first point to the last."""
        return self.points[-1][0] - self.points[0][0] if self.points else 0

    def rates(self, bars: int) -> list[float]:
        """Requests a second in each of `bars` equal parts of the time; nothing where no time has passed."""
        if self.seconds <= 0:
            return []
        start, width = self.points[0][0], self.seconds / bars
        made = [self._until(start + width * bar) for bar in range(bars + 1)]
        return [(after - before) / width for before, after in pairwise(made)]

    def _until(self, moment: float) -> float:
        """Requests made until a moment, evenly between two points."""
        before = self.points[0]
        for point in self.points:
            if point[0] >= moment:
                share = (moment - before[0]) / (point[0] - before[0]) if point[0] > before[0] else 1
                return before[1] + share * (point[1] - before[1])
            before = point
        return before[1]
