"""The plan of a run: a file that a dry run makes, or that a run applies; opened here, and closed again."""

import secrets
import sys
from collections import abc
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from sync.cli.say import say_lines
from sync.engine.context import Selection
from sync.engine.plan_file import PlanFile, mapping_files
from sync.engine.plan_guard import guard_mappings
from sync.mapping.loader import LoadedMapping
from sync.report import logs
from sync.report.plan_writer import PlanWriter
from sync.report.words import count
from sync.settings import Settings

_SALT = 16


def paths_for(
    given: abc.Sequence[Path], plan: Path | None, *, dry_run: bool, default: abc.Sequence[Path]
) -> abc.Sequence[Path]:
    """The mappings of a run: those that are named, else those that the plan was made for, which is applied.

    Raises:
        ConfigError: the plan cannot be read, or is none.
    """
    if given or plan is None or dry_run:
        return given or default
    return mapping_files(plan)


@contextmanager
def opened(
    plan: Path | None,
    selection: Selection,
    mappings: abc.Sequence[LoadedMapping],
    settings: Settings,
    *,
    dry_run: bool,
    quiet: bool = False,
) -> abc.Iterator[tuple[Selection, PlanWriter | None]]:
    """What is asked of the run, with its plan: the file that a dry run fills, else the one that is applied.

    Unless `quiet`, people are told what became of the file.

    Raises:
        ConfigError: the file cannot be written, or is no plan for these mappings.
    """
    if plan is None:
        yield selection, None
    elif dry_run:
        writer = PlanWriter(plan, secrets.token_bytes(_SALT))
        try:
            yield replace(selection, salt=writer.salt), writer
        finally:
            writer.close()
        if not quiet:
            _tell(writer, settings)
    else:
        applied = PlanFile.open(plan, settings.spool_folder)
        try:
            guard_mappings(applied, mappings)
            yield replace(selection, plan=applied), None
        finally:
            applied.close()


def _tell(writer: PlanWriter, settings: Settings) -> None:
    """Say what became of the plan; a log has the exit code."""
    if logs.style(settings.log, sys.stderr) != "text":
        return
    if writer.lines is None:
        text = "No plan was written: the dry run did not come to its end"
    else:
        lines = count(writer.lines, "line")
        text = f"Plan: {writer.path}, {lines}; chartmogul-sync run --plan {writer.path} applies it"
    say_lines([text], to=sys.stderr)
