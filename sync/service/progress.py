"""The run that is going on: whether it gets on, and its counts so far."""

from collections import abc
from dataclasses import dataclass, field

from sync.domain.events import Estimate, Phase
from sync.domain.results import Left, MappingRun, Result, Run, Status

#: A run whose counts have not moved for so many seconds makes no progress.
STILL = 300.0
_BROKEN_OFF = (Status.FAILED, Status.STOPPED, Status.LOCKED)


@dataclass(slots=True)
class Progress:
    """A `Reporter` that keeps hold of the run, so that others can look at its counts while it goes on.

    `clock`: seconds that only grow. `begun` hears of each run that starts.
    """

    clock: abc.Callable[[], float]
    begun: abc.Callable[[Run], None] = lambda run: None
    run: Run | None = field(default=None, init=False)
    _count: int = field(default=0, init=False)
    _moved: float = field(default=0.0, init=False)

    def alive(self) -> frozenset[str]:
        """The mappings of a run that makes progress; those of it that broke off make none."""
        run = self.run
        if run is None:
            return frozenset()
        count = sum(
            part.rows.read + part.rows.decided + part.requests.total for part in run.mappings
        )
        if count != self._count:
            self._count, self._moved = count, self.clock()
        if self.clock() - self._moved > STILL:
            return frozenset()
        return frozenset(p.mapping for p in run.mappings if p.status not in _BROKEN_OFF)

    def started(self, run: Run) -> None:
        """From now on this is the run."""
        self.run, self._count, self._moved = run, 0, self.clock()
        self.begun(run)

    def over(self) -> None:
        """There is no run any more."""
        self.run = None

    def phase(self, mapping: MappingRun, phase: Phase, total: int | None) -> None:
        """A new phase is progress, too."""
        self._moved = self.clock()

    def rows(self, mapping: MappingRun, results: abc.Sequence[Result]) -> None:
        """The counts tell."""

    def left(self, mapping: MappingRun, left: abc.Sequence[Left]) -> None:
        """The counts tell."""

    def warned(self, mapping: MappingRun | None, message: str) -> None:
        """Nothing to note."""

    def stalled(self, mapping: MappingRun, seconds: float) -> None:
        """A warehouse that lets us wait is no progress."""

    def noticed(self, mapping: MappingRun, message: str) -> None:
        """Nothing to note."""

    def estimated(self, mapping: MappingRun, estimate: Estimate) -> None:
        """Nothing to note."""

    def finished(self, run: Run) -> None:
        """Until the state was looked at again this is the run."""

    def close(self) -> None:
        """There is nothing to let go of."""
