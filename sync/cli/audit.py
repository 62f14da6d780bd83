"""`audit`: all rows of mappings held against ChartMogul; nothing is written anywhere but the report."""

import asyncio
import sys
from collections import abc
from functools import partial
from pathlib import Path

from sync.cli import failure
from sync.cli.config import prepare
from sync.cli.execute import Wanted, execute
from sync.cli.formats import Output, fail
from sync.cli.progress import Progress
from sync.cli.say import say
from sync.domain.results import Run
from sync.engine.audit.task import Audit, AuditTask
from sync.engine.context import Selection
from sync.engine.limits import RAILS
from sync.errors import ConfigError
from sync.report import archive
from sync.report import audit as report
from sync.report.gathered import Gathered
from sync.report.overview import Look
from sync.report.summary import summary

_TITLE = "chartmogul-sync audit"


def audit(paths: abc.Sequence[Path], output: Output, *, reports: Path | None) -> int:
    """Compare all rows with ChartMogul and say what differs; 1 where a row is missing there, or differs.

    Raises:
        ConfigError: a file is not sound: all are audited, or none; or no report can be written.
        StateError: the state cannot be opened.
    """
    try:
        settings, mappings = prepare(paths)
    except ConfigError as error:
        fail(output, _TITLE, error, failure.document(error))
        raise
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
    _print(output, folder / run.id, run)
    return run.exit_code


def _print(output: Output, folder: Path, run: Run) -> None:
    """What it found; without a folder, on a full disk, the run has said so."""
    from rich.console import Console

    from sync.cli.audit_formats import from_audit, from_folder
    from sync.report.history import audited
    from sync.report.terminal import write

    found, told = report.document(run), folder.is_dir()
    assert found is not None
    gathered = archive.gather(folder) if told else Gathered()
    if output.given:
        text = (
            from_folder(output, folder, found)
            if told
            else from_audit(output, found, summary(run), gathered)
        )
        output.write(text)
        return
    console = Console(highlight=False)
    look = Look(console.width, values=True, cut=console.is_terminal)
    for part in audited(found, summary(run), gathered, look):
        write(console, part)
    if told:
        say(f"Reports: {folder}", to=sys.stderr)
