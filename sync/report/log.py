"""Writes a run to the log: steps, counts and rejected rows, never a value of a field."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from sync.domain.events import Estimate, Phase
from sync.domain.record import Rejected
from sync.domain.results import Left, MappingRun, PartlyWritten, Result, Run, Status
from sync.errors import SyncError, told
from sync.report.summary import summary
from sync.report.words import Mask, named

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

#: Rejected rows of a mapping that get a line of their own.
LONGEST = 100
#: Seconds between two lines about progress.
EVERY = 10.0
_PAGING = (Status.FAILED, Status.STOPPED, Status.LOCKED)


class LogReporter:
    """A `Reporter` that logs events; keys with an e-mail address go through `mask`.

    Events: run_started, phase_started, mapping_read, progress, row_rejected (of rows that were not
    rejected before), rows_rejected (the count where not every row had its line), keys_left, warning,
    noticed, estimated, mapping_finished, run_finished.
    """

    def __init__(
        self, log: "FilteringBoundLogger", *, clock: Callable[[], float], mask: Mask
    ) -> None:
        self._log = log
        self._clock = clock
        self._mask = mask
        self._mappings: list[MappingRun] = []
        self._phases: dict[str, Phase] = {}
        #: New ones, and those that were rejected before.
        self._rejected: Counter[str] = Counter()
        self._known: Counter[str] = Counter()
        self._ended: set[str] = set()
        self._told = clock()

    def started(self, run: Run) -> None:
        """run_started."""
        self._log = self._log.bind(run_id=run.id)
        self._mappings = run.mappings
        names = [mapping.mapping for mapping in run.mappings]
        self._log.info("run_started", dry_run=run.dry_run, mappings=names)

    def phase(self, mapping: MappingRun, phase: Phase, total: int | None) -> None:
        """mapping_read when reading is over, then phase_started."""
        self._finish(mapping)
        if self._phases.get(mapping.mapping) is Phase.READ and phase is not Phase.READ:
            self._log.info("mapping_read", mapping=mapping.mapping, rows=mapping.rows.read)
        self._phases[mapping.mapping] = phase
        self._log.info("phase_started", mapping=mapping.mapping, phase=phase.value, total=total)
        self._told = self._clock()

    def rows(self, mapping: MappingRun, results: Sequence[Result]) -> None:
        """row_rejected for the first newly rejected rows, progress every ten seconds."""
        for result in results:
            match result:
                case Rejected() as row:
                    self._reject(mapping.mapping, row)
                case PartlyWritten(rejected=row):
                    self._reject(mapping.mapping, row)
        if self._clock() - self._told >= EVERY:
            self._told = self._clock()
            self._log.info("progress", mapping=mapping.mapping, **_counts(mapping))

    def left(self, mapping: MappingRun, left: Sequence[Left]) -> None:
        """keys_left."""
        self._log.info("keys_left", mapping=mapping.mapping, count=len(left))

    def warned(self, mapping: MappingRun | None, message: str) -> None:
        """warning."""
        about = {"mapping": mapping.mapping} if mapping else {}
        self._log.warning("warning", **about, message=message)

    def stalled(self, mapping: MappingRun, seconds: float) -> None:
        """waiting_for_warehouse."""
        self._log.info(
            "waiting_for_warehouse",
            mapping=mapping.mapping,
            seconds=round(seconds),
            rows=mapping.rows.read,
        )

    def noticed(self, mapping: MappingRun, message: str) -> None:
        """noticed."""
        self._log.info("noticed", mapping=mapping.mapping, message=message)

    def estimated(self, mapping: MappingRun, estimate: Estimate) -> None:
        """estimated."""
        self._log.info(
            "estimated",
            mapping=mapping.mapping,
            requests=estimate.requests,
            seconds=round(estimate.seconds, 1),
        )

    def failed(self, error: SyncError) -> None:
        """run_failed, with every problem: the run ends before its first row."""
        self._log.error("run_failed", exit_code=error.exit_code, error=told(error))

    def finished(self, run: Run) -> None:
        """mapping_finished for what has not had it, then run_finished."""
        self._finish(None)
        document = summary(run)
        self._level(run.status)(
            "run_finished",
            dry_run=run.dry_run,
            status=document["status"],
            exit_code=run.exit_code,
            started_at=document["started_at"],
            finished_at=document["finished_at"],
        )

    def close(self) -> None:
        """Nothing to let go of."""

    def _reject(self, mapping: str, row: Rejected) -> None:
        if row.known:
            self._known[mapping] += 1
            return
        self._rejected[mapping] += 1
        if self._rejected[mapping] <= LONGEST:
            self._log.warning(
                "row_rejected",
                mapping=mapping,
                row=row.row,
                key=None if row.key is None else named(row.key, self._mask),
                stage=row.stage.value,
                codes=[problem.code for problem in row.problems],
                fields=[problem.field for problem in row.problems],
                http_status=row.http_status,
            )

    def _finish(self, current: MappingRun | None) -> None:
        """mapping_finished for mappings that are over by their status; at the end for all."""
        for mapping in self._mappings:
            over = mapping.status is not None or current is None
            if over and mapping is not current and mapping.mapping not in self._ended:
                self._ended.add(mapping.mapping)
                self._end(mapping)

    def _level(self, status: Status | None) -> Callable[..., Any]:
        """Errors are what somebody is paged for."""
        return self._log.error if status in _PAGING else self._log.info

    def _end(self, mapping: MappingRun) -> None:
        new, known = self._rejected[mapping.mapping], self._known[mapping.mapping]
        if new > LONGEST or known:
            shown, count = min(new, LONGEST), new + known
            about = {"mapping": mapping.mapping, "count": count, "shown": shown, "known": known}
            self._log.warning("rows_rejected", **about)
        if mapping.known_drops:
            drops = dict(sorted(mapping.known_drops.items()))
            self._log.info("known_drops", mapping=mapping.mapping, fields=drops)
        self._level(mapping.status)(
            "mapping_finished",
            mapping=mapping.mapping,
            status=mapping.status and mapping.status.value,
            error=mapping.error,
            warnings=mapping.warnings,
            left=mapping.left,
            seconds=round(mapping.seconds, 3),
            unprocessed=mapping.rows.unprocessed,
            **_counts(mapping),
        )


def _counts(mapping: MappingRun) -> dict[str, int]:
    rows = mapping.rows
    return {
        "read": rows.read,
        "created": rows.created,
        "updated": rows.updated,
        "unchanged": rows.unchanged,
        "skipped": rows.skipped,
        "rejected": rows.rejected,
        "requests": mapping.requests.total,
        "retried": mapping.requests.retried,
        "throttled": mapping.requests.throttled,
    }
