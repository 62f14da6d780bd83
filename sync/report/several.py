"""What a run tells while it goes on, and who listens."""

from collections.abc import Sequence
from contextlib import ExitStack

from sync.domain.events import Estimate, Phase, Reporter
from sync.domain.results import Left, MappingRun, Result, Run


class Several:
    """Passes everything on to several reporters, in their order."""

    def __init__(self, *reporters: Reporter) -> None:
        self._reporters = reporters

    def started(self, run: Run) -> None:
        """Tell all that a run begins."""
        for reporter in self._reporters:
            reporter.started(run)

    def phase(self, mapping: MappingRun, phase: Phase, total: int | None) -> None:
        """Tell all that a mapping begins a phase."""
        for reporter in self._reporters:
            reporter.phase(mapping, phase, total)

    def rows(self, mapping: MappingRun, results: Sequence[Result]) -> None:
        """Tell all which rows have ended."""
        for reporter in self._reporters:
            reporter.rows(mapping, results)

    def left(self, mapping: MappingRun, left: Sequence[Left]) -> None:
        """Tell all which keys the query no longer has."""
        for reporter in self._reporters:
            reporter.left(mapping, left)

    def warned(self, mapping: MappingRun | None, message: str) -> None:
        """Give all the warning."""
        for reporter in self._reporters:
            reporter.warned(mapping, message)

    def stalled(self, mapping: MappingRun, seconds: float) -> None:
        """Tell all that the warehouse lets us wait."""
        for reporter in self._reporters:
            reporter.stalled(mapping, seconds)

    def noticed(self, mapping: MappingRun, message: str) -> None:
        """Tell all what is good to know."""
        for reporter in self._reporters:
            reporter.noticed(mapping, message)

    def estimated(self, mapping: MappingRun, estimate: Estimate) -> None:
        """Tell all what the real run would cost."""
        for reporter in self._reporters:
            reporter.estimated(mapping, estimate)

    def finished(self, run: Run) -> None:
        """Tell all that the run is over, even if one fails; the first one last: others name its folder."""
        with ExitStack() as stack:
            for reporter in reversed(self._reporters):
                stack.callback(reporter.finished, run)

    def close(self) -> None:
        """Close all, even if one fails."""
        with ExitStack() as stack:
            for reporter in reversed(self._reporters):
                stack.callback(reporter.close)
