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
        """Pass on."""
        for reporter in self._reporters:
            reporter.started(run)

    def phase(self, mapping: MappingRun, phase: Phase, total: int | None) -> None:
        """Pass on."""
        for reporter in self._reporters:
            reporter.phase(mapping, phase, total)

    def rows(self, mapping: MappingRun, results: Sequence[Result]) -> None:
        """Pass on."""
        for reporter in self._reporters:
            reporter.rows(mapping, results)

    def left(self, mapping: MappingRun, left: Sequence[Left]) -> None:
        """Pass on."""
        for reporter in self._reporters:
            reporter.left(mapping, left)

    def warned(self, mapping: MappingRun | None, message: str) -> None:
        """Pass on."""
        for reporter in self._reporters:
            reporter.warned(mapping, message)

    def estimated(self, mapping: MappingRun, estimate: Estimate) -> None:
        """Pass on."""
        for reporter in self._reporters:
            reporter.estimated(mapping, estimate)

    def finished(self, run: Run) -> None:
        """Pass on, to the last even if one fails; files come first: others name their folder."""
        with ExitStack() as stack:
            for reporter in reversed(self._reporters):
                stack.callback(reporter.finished, run)

    def close(self) -> None:
        """Pass on, to the last even if one fails."""
        with ExitStack() as stack:
            for reporter in reversed(self._reporters):
                stack.callback(reporter.close)
