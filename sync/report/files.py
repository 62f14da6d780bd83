"""Writes the files of a run's report, line by line."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TextIO

from sync.domain.events import Estimate, Phase
from sync.domain.record import Rejected
from sync.domain.results import Delivered, Left, MappingRun, PartlyWritten, Result, Run
from sync.errors import ConfigError, ConfigProblem, StateError
from sync.report import audit, folder, lines
from sync.report.folder import Folder
from sync.report.gathered import Gathered
from sync.report.page import PAGE, render
from sync.report.plain import dumps, indented
from sync.report.plan_writer import PlanWriter
from sync.report.spreadsheet import BOM, Sheet
from sync.report.summary import dumps as dump_summary
from sync.report.summary import summary
from sync.report.timeline import Timeline

ERRORS = "errors.jsonl"
SHEET = "errors.csv"
CHANGES = "changes.jsonl"
LEFT = "left.jsonl"
SUMMARY = "summary.json"
CANARY = "canary.json"


class FileReporter:
    """A `Reporter` that fills `reports/RUN`; the folder has that name only once it is complete.

    `clock` gives the time of the lines; those that are told together have one in common. When the disk fails, the run
    hears it once, as StateError, and no report appears under the final name. `plan` is the plan that is made of the
    same lines.
    """

    def __init__(
        self, reports: Path, clock: Callable[[], datetime], plan: PlanWriter | None = None
    ) -> None:
        self.reports = reports
        self._clock = clock
        self._plan = plan
        self._files: dict[str, TextIO] = {}
        self._broken = False
        #: What the lines say, in groups.
        self.gathered = Gathered()
        self._timeline = Timeline()

    def started(self, run: Run) -> None:
        """Open the files; ConfigError when the folder cannot be written."""
        folder.sweep(self.reports, self._clock().timestamp())
        try:
            self._folder = Folder(self.reports, run.id)
            self._files = {name: self._folder.open(name) for name in (ERRORS, SHEET, CHANGES, LEFT)}
            self._files[SHEET].write(BOM)
            self._sheet = Sheet(self._files[SHEET])
        except OSError as error:
            self.close()
            raise ConfigError(
                ConfigProblem(
                    f"cannot write reports in {self.reports}: {error.strerror or error}",
                    "name a folder that can be written, with --reports DIR or SYNC_REPORTS",
                )
            ) from error
        self._run_id = run.id
        self._run = run
        self._timeline.note(self._clock(), 0)

    def phase(self, mapping: MappingRun, phase: Phase, total: int | None) -> None:
        """Nothing to write; the page shows how many requests were made until now."""
        self._note()

    def rows(self, mapping: MappingRun, results: Sequence[Result]) -> None:
        """Lines for what was rejected, written or has a warning."""
        if self._broken:
            return
        with self._writing():
            now = self._clock()
            for result in results:
                self._write(mapping.mapping, result, now)
            self._flush()
        self._note()

    def left(self, mapping: MappingRun, left: Sequence[Left]) -> None:
        """A line for each key that left."""
        if self._broken:
            return
        with self._writing():
            now = self._clock()
            for gone in left:
                line = lines.left(self._run_id, mapping.mapping, gone, now)
                self._add(LEFT, [line])
                self.gathered.add_left(line)
            self._flush()

    def warned(self, mapping: MappingRun | None, message: str) -> None:
        """Nothing to write: summary.json counts warnings of rows."""

    def stalled(self, mapping: MappingRun, seconds: float) -> None:
        """Nothing to write."""

    def noticed(self, mapping: MappingRun, message: str) -> None:
        """Nothing to write."""

    def estimated(self, mapping: MappingRun, estimate: Estimate) -> None:
        """Nothing to write."""

    def finished(self, run: Run) -> None:
        """Complete the report and give it its name; `latest` follows a real run."""
        if self._broken or not self._files:
            return
        with self._writing():
            self._files[SUMMARY] = self._folder.open(SUMMARY)
            self._write_canary(run)
            document, audited = summary(run), audit.document(run)
            self._files[SUMMARY].write(dump_summary(document) + "\n")
            if audited is not None:
                self._files[audit.AUDIT] = self._folder.open(audit.AUDIT)
                self._files[audit.AUDIT].write(indented(audited) + "\n")
            if run.dry_run or self.gathered.is_worth_a_page:
                self._timeline.end(self._clock(), _requests(run))
                self._files[PAGE] = self._folder.open(PAGE)
                page = render(document, self.gathered, self._timeline, audited)
                self._files[PAGE].write(page)
            folder.close(self._files.values())
            self._files = {}
            self._folder.publish()
            if self._plan is not None:
                self._plan.finish(run)
        if not run.dry_run:
            self._folder.point_latest()

    def _write_canary(self, run: Run) -> None:
        compared = [(part, one) for part in run.mappings for one in part.canary or ()]
        if compared or any(part.canary is not None for part in run.mappings):
            self._files[CANARY] = self._folder.open(CANARY)
            told = [lines.compared(part.mapping, one) for part, one in compared]
            self._files[CANARY].write(indented(told) + "\n")

    def close(self) -> None:
        """Close the files as they are; without `finished` only the temporary folder remains."""
        files, self._files = self._files, {}
        for file in files.values():
            with suppress(OSError):  # on a full disk closing fails a second time
                file.close()
        if self._plan is not None:
            self._plan.close()

    def _write(self, mapping: str, result: Result, now: datetime) -> None:
        match result:
            case Rejected():
                self._reject(lines.errors(self._run_id, mapping, result, now))
                return
            case PartlyWritten(rejected=rejected):
                self._reject(lines.errors(self._run_id, mapping, rejected, now))
        line = lines.change(self._run_id, mapping, result, now)
        if line is not None:
            self._add(CHANGES, [line])
            self.gathered.add_change(line)
            if self._plan is not None:
                self._plan.add(line, result.hash if isinstance(result, Delivered) else None)

    def _reject(self, errors: Iterator[lines.Line]) -> None:
        for line in errors:
            self._add(ERRORS, [line])
            self._sheet.write([line])
            self.gathered.add_error(line)

    def _note(self) -> None:
        self._timeline.note(self._clock(), _requests(self._run))

    def _add(self, name: str, new: Iterable[lines.Line]) -> None:
        file = self._files[name]
        for line in new:
            file.write(dumps(line) + "\n")

    def _flush(self) -> None:
        for file in self._files.values():
            file.flush()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._broken = True
            self.close()
            raise StateError(
                f"cannot write the report {self._folder.final}: {error.strerror or error}",
                "what was sent is recorded in the state; make room, then run again",
            ) from error


def _requests(run: Run) -> int:
    return sum(mapping.requests.total for mapping in run.mappings)
