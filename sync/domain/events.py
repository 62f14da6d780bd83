"""What a run tells while it goes on, and who listens."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from sync.domain.results import Left, MappingRun, Result, Run


class Phase(StrEnum):
    """What a mapping is busy with."""

    READ = "read"
    LOOK_UP = "look_up"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the real run would cost ChartMogul's limits and our time."""

    requests: int
    seconds: float


class Reporter(Protocol):
    """Listens to a run.

    Calls come one at a time: `started`, the others as often as needed, `finished`, `close`; those
    of the read phase from another thread than the rest.
    The counts of a `MappingRun` are up to date when a call arrives; its `status` is set once it
    is over.
    """

    def started(self, run: Run) -> None:
        """Before the first query. Raises ConfigError where a report could not be written."""
        ...

    def phase(self, mapping: MappingRun, phase: Phase, total: int | None) -> None:
        """A mapping begins a phase of `total` rows (READ, WRITE) or requests (LOOK_UP).

        None: nobody knows how many.
        """
        ...

    def rows(self, mapping: MappingRun, results: Sequence[Result]) -> None:
        """Rows have ended; each row of a mapping comes at most once in a run."""
        ...

    def left(self, mapping: MappingRun, left: Sequence[Left]) -> None:
        """Keys that the query no longer has."""
        ...

    def warned(self, mapping: MappingRun | None, message: str) -> None:
        """A loud warning, about a mapping or the whole run; it holds no field values."""
        ...

    def stalled(self, mapping: MappingRun, seconds: float) -> None:
        """The warehouse has sent no row for a minute; `seconds` since its query began."""
        ...

    def noticed(self, mapping: MappingRun, message: str) -> None:
        """Something that is good to know and needs nothing done; it holds no field values."""
        ...

    def estimated(self, mapping: MappingRun, estimate: Estimate) -> None:
        """A dry run has found what the real one would cost."""
        ...

    def finished(self, run: Run) -> None:
        """The run is over, however it ended: `finished_at`, `status` and `exit_code` are set."""
        ...

    def close(self) -> None:
        """Let go of files and the terminal; after `finished` there is nothing left to do."""
        ...


@dataclass(frozen=True, slots=True)
class MappingReporter:
    """Tells reporters about one mapping of a run; `run` holds its counts."""

    run: MappingRun
    reporter: Reporter

    def phase(self, phase: Phase, total: int | None) -> None:
        """The mapping begins a phase, see `Reporter.phase`."""
        self.reporter.phase(self.run, phase, total)

    def rows(self, results: Sequence[Result]) -> None:
        """Rows have ended; they are counted already."""
        self.reporter.rows(self.run, results)

    def left(self, left: Sequence[Left]) -> None:
        """Keys that the query no longer has; they are counted here."""
        self.run.left += len(left)
        self.reporter.left(self.run, left)

    def warned(self, message: str) -> None:
        """A loud warning about the mapping."""
        self.reporter.warned(self.run, message)

    def stalled(self, seconds: float) -> None:
        """The warehouse has sent no row for a minute."""
        self.reporter.stalled(self.run, seconds)

    def noticed(self, message: str) -> None:
        """Something that is good to know and needs nothing done."""
        self.reporter.noticed(self.run, message)

    def estimated(self, estimate: Estimate) -> None:
        """A dry run has found what the real one would cost."""
        self.reporter.estimated(self.run, estimate)
