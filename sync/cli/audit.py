"""`audit`: all rows of mappings held against ChartMogul; nothing is written anywhere but the report."""

import asyncio
import sys
from collections import abc
from functools import partial
from pathlib import Path

from sync.cli.config import prepare
from sync.cli.execute import Wanted, execute
from sync.cli.progress import Progress
from sync.cli.say import say, say_json
from sync.domain.results import Run
from sync.engine.audit.task import Audit, AuditTask
from sync.engine.context import Selection
from sync.engine.limits import RAILS
from sync.errors import EXIT_REJECTED, ConfigError, ConfigProblem, gravest
from sync.report import audit as report
from sync.report.audit import Finding


def audit(paths: abc.Sequence[Path], *, reports: Path | None, as_json: bool) -> int:
    """Compare all rows with ChartMogul and say what differs; 1 where a row is missing there, or differs.

    Raises:
        ConfigError: a file is not sound: all are audited, or none; or no report can be written.
        StateError: the state cannot be opened.
    """
    settings, mappings = prepare(paths)
    found = Audit()
    selection = Selection(full=True, lifted=frozenset(RAILS))
    folder = reports or settings.reports
    run = asyncio.run(
        execute(
            settings,
            mappings,
            selection,
            dry_run=True,
            wanted=Wanted(reports=folder),
            task=partial(AuditTask, audit=found),
            teller=Progress,
        )
    )
    findings = [Finding(task.run, task.audited) for task in found.tasks]
    if any(finding.differs for finding in findings):
        run.exit_code = gravest([code for code in (run.exit_code, EXIT_REJECTED) if code])
    _write(folder / run.id, run, findings)
    if as_json:
        say_json(report.document(run, findings))
    else:
        _show(folder / run.id, findings)
    return run.exit_code


def _write(folder: Path, run: Run, findings: abc.Sequence[Finding]) -> None:
    """Complete the report; without a folder, on a full disk, the run has said so."""
    if not folder.is_dir():
        return
    try:
        report.write(folder, report.document(run, findings))
    except OSError as error:
        message = f"cannot write {folder / report.AUDIT}: {error.strerror or error}"
        raise ConfigError(ConfigProblem(message, "make room, then audit again")) from error


def _show(folder: Path, findings: abc.Sequence[Finding]) -> None:
    for line in report.text(findings):
        say(line)
    if folder.is_dir():
        say(f"Reports: {folder}", to=sys.stderr)
