"""Finds and reads the reports of past runs."""

from collections.abc import Iterator
from contextlib import suppress
from os import SEEK_END
from pathlib import Path
from typing import Any

from sync.errors import ConfigError, ConfigProblem
from sync.report.audit import AUDIT, Found
from sync.report.files import CHANGES, ERRORS, LEFT, SUMMARY
from sync.report.folder import LATEST
from sync.report.gathered import Gathered
from sync.report.lines import Line
from sync.report.page import PAGE, render, write_beside
from sync.report.plain import loads
from sync.report.summary import Summary
from sync.report.timeline import Timeline

#: The name of the dry run that started last; no run is called so.
LATEST_DRY_RUN = "latest dry run"
#: What every summary has.
_NEEDED = {"run_id", "dry_run", "started_at", "mappings"}


def find(reports: Path, name: str) -> Path:
    """The folder of the run `name`: its id, the start of one, or `latest`; else ConfigError."""
    runs = _folders(reports)
    if name == LATEST:
        return _latest(reports, runs)
    if name == LATEST_DRY_RUN:
        return _latest_dry(reports, runs)
    found = [run for run in runs if run.name == name] or [
        run for run in runs if name and run.name.startswith(name)
    ]
    if len(found) == 1:
        return found[0]
    if not found:
        raise _error(f"no report of a run {name!r} in {reports}", _known(runs))
    raise _error(f"{name!r} is the start of {len(found)} runs", _known(found))


def read_summary(folder: Path) -> Summary:
    """A run's summary.json.

    Raises:
        ConfigError: it is damaged, or cannot be read.
    """
    try:
        summary = _object(loads((folder / SUMMARY).read_text(encoding="utf-8")))
        if not summary.keys() >= _NEEDED:
            raise ValueError("this is no summary")
    except (OSError, ValueError) as error:
        message = f"the report in {folder} is not complete: {SUMMARY} is damaged, or cannot be read"
        raise _error(message, "the other runs have theirs: chartmogul-sync runs") from error
    return summary


def read_audit(folder: Path) -> Found | None:
    """An audit's audit.json; None of what is no audit."""
    if not (folder / AUDIT).exists():
        return None
    try:
        found: Found = loads((folder / AUDIT).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        message = f"the report in {folder} is not complete: {AUDIT} is damaged, or cannot be read"
        raise _error(message, "audit again: chartmogul-sync audit") from error
    return found


def read_summaries(reports: Path) -> list[Summary]:
    """All runs that have a report, the newest first."""
    summaries = [summary for _, summary in _sound(_folders(reports))]
    return sorted(summaries, key=lambda summary: str(summary["started_at"]), reverse=True)


def read_errors(folder: Path) -> Iterator[Line]:
    """The lines of errors.jsonl."""
    return _lines(folder / ERRORS)


def read_changes(folder: Path) -> Iterator[Line]:
    """The lines of changes.jsonl."""
    return _lines(folder / CHANGES)


def page(folder: Path) -> Path:
    """Where a run's page is; it is written if it is not there. Raises OSError."""
    if not (folder / PAGE).exists():
        parts = read_summary(folder), gather(folder), Timeline(), read_audit(folder)
        write_beside(folder, render(*parts))
    return folder / PAGE


def gather(folder: Path) -> Gathered:
    """What a run's lines say, in groups."""
    gathered = Gathered()
    for name, add in (
        (ERRORS, gathered.add_error),
        (CHANGES, gathered.add_change),
        (LEFT, gathered.add_left),
    ):
        for line in _lines(folder / name):
            add(line)
    return gathered


def as_json(folder: Path) -> Iterator[str]:
    """Everything about a run as pieces of one JSON document, never held in memory as a whole."""
    read_summary(folder)
    for name in (ERRORS, CHANGES, LEFT):
        _complete(folder / name)
    yield '{"format": 1,\n"summary": ' + (folder / SUMMARY).read_text(encoding="utf-8").rstrip()
    for name in (ERRORS, CHANGES, LEFT):
        yield f',\n"{Path(name).stem}": ['
        with (folder / name).open(encoding="utf-8", newline="\n") as file:
            for index, line in enumerate(file):
                yield (",\n" if index else "\n") + line.rstrip("\n")
        yield "]"
    yield "}\n"


def _complete(file: Path) -> None:
    """See that a file of lines can be read and was not cut off, before any of it is printed."""
    try:
        with file.open("rb") as lines:
            if not lines.seek(0, SEEK_END):
                return
            lines.seek(-2, SEEK_END)
            if lines.read() != b"}\n":
                raise _incomplete(file)
    except OSError as error:
        raise _incomplete(file, error) from error


def _lines(file: Path) -> Iterator[Line]:
    try:
        with file.open(encoding="utf-8", newline="\n") as lines:
            for line in lines:
                yield _object(loads(line))
    except (OSError, ValueError) as error:
        raise _incomplete(file, error) from error


def _incomplete(file: Path, error: Exception | None = None) -> ConfigError:
    why = (error.strerror if isinstance(error, OSError) else None) or "a line of it is damaged"
    message = f"the report in {file.parent} is not complete: {file.name}: {why}"
    return _error(message, "the other runs have theirs: chartmogul-sync runs")


def _object(read: object) -> dict[str, Any]:
    if not isinstance(read, dict):
        raise ValueError("this is no JSON object")
    return read


def _folders(reports: Path) -> list[Path]:
    return sorted(
        summary.parent
        for summary in reports.glob(f"[!.]*/{SUMMARY}")
        if not summary.parent.is_symlink()
    )


def _latest(reports: Path, runs: list[Path]) -> Path:
    """Where the link points, else (a file system without links) the real run that started last."""
    link = (reports / LATEST).resolve()
    if link in [run.resolve() for run in runs]:
        return reports / link.name
    real = {run: found for run, found in _sound(runs) if not found["dry_run"]}
    if not real:
        raise _error(f"no run has left a report in {reports}", "start one: chartmogul-sync run")
    return max(real, key=lambda run: str(real[run]["started_at"]))


def _latest_dry(reports: Path, runs: list[Path]) -> Path:
    """An audit writes as little, but is none."""
    dry = {
        run: found for run, found in _sound(runs) if found["dry_run"] and not (run / AUDIT).exists()
    }
    if not dry:
        hint = "start one: chartmogul-sync run --dry-run"
        raise _error(f"no dry run has left a report in {reports}", hint)
    return max(dry, key=lambda run: str(dry[run]["started_at"]))


def _sound(runs: list[Path]) -> Iterator[tuple[Path, Summary]]:
    """The runs whose summary can be read: one that is damaged hides no other."""
    for run in runs:
        with suppress(ConfigError):
            yield run, read_summary(run)


def _known(runs: list[Path]) -> str:
    newest = ", ".join(run.name for run in reversed(runs[-5:]))
    return f"runs: {newest}" if newest else "start one: chartmogul-sync run"


def _error(message: str, hint: str) -> ConfigError:
    return ConfigError(ConfigProblem(message, hint))
