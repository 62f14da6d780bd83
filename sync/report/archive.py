"""Finds and reads the reports of past runs."""

from collections.abc import Iterable, Iterator
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
#: What every summary says, of whatever version, and each mapping in it.
_TEXTS = ("run_id", "started_at", "status")
_TEXTS_OF_PARTS = ("mapping", "file", "object", "data_source")
_OF_PARTS = frozenset({"status", "error", "mode", "warnings", "left", "seconds"})
_ROWS = frozenset({"read", "created", "updated", "unchanged", "skipped", "rejected", "unprocessed"})
#: What every line of these files says.
_EVERY_LINE = {
    ERRORS: frozenset({"mapping", "row", "key", "code", "field", "message"}),
    CHANGES: frozenset({"mapping", "row", "key", "uuid", "outcome", "changes", "warnings"}),
    LEFT: frozenset({"mapping", "key"}),
}


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
        if not _is_summary(summary):
            raise ValueError("this is no summary")
    except (OSError, ValueError) as error:
        message = f"the report in {folder} is not complete: {SUMMARY} is damaged, or cannot be read"
        raise _error(message, "the other runs have theirs: chartmogul-sync runs") from error
    return summary


def _is_summary(summary: Summary) -> bool:
    """Whether it has what every summary has, of whatever version."""
    parts = summary.get("mappings")
    return (
        all(isinstance(summary.get(name), str) for name in _TEXTS)
        and isinstance(summary.get("dry_run"), bool)
        and isinstance(parts, list)
        and all(isinstance(part, dict) and _is_part(part) for part in parts)
    )


def _is_part(part: Summary) -> bool:
    rows, requests = part.get("rows"), part.get("requests")
    return (
        all(isinstance(part.get(name), str) for name in _TEXTS_OF_PARTS)
        and part.keys() >= _OF_PARTS
        and (isinstance(rows, dict) and rows.keys() >= _ROWS)
        and (isinstance(requests, dict) and "total" in requests)
    )


def _readable(runs: Iterable[Path]) -> Iterator[tuple[Path, Summary]]:
    """Those of these runs whose summaries can be read: a damaged one stands in nobody's way."""
    for run in runs:
        with suppress(ConfigError):
            yield run, read_summary(run)


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
    summaries = [summary for _, summary in _readable(_folders(reports))]
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
    read_summary(folder)  # of what is damaged no document can be made
    for name in (ERRORS, CHANGES, LEFT):
        _complete(folder / name)
    yield '{"format": 1,\n"summary": ' + (folder / SUMMARY).read_text(encoding="utf-8").rstrip()
    for name in (ERRORS, CHANGES, LEFT):
        yield f',\n"{Path(name).stem}": ['
        for index, line in enumerate(_texts(folder / name)):
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
                raise _damaged(file)
    except OSError as error:
        raise _damaged(file, error) from error


def _lines(file: Path) -> Iterator[Line]:
    for text in _texts(file):
        try:
            line = _object(loads(text))
            if not line.keys() >= _EVERY_LINE[file.name]:
                raise ValueError("this is no line of ours")
        except ValueError as error:
            raise _damaged(file, error) from error
        yield line


def _texts(file: Path) -> Iterator[str]:
    try:
        with file.open(encoding="utf-8", newline="\n") as lines:
            yield from lines
    except (OSError, ValueError) as error:
        raise _damaged(file, error) from error


def _damaged(file: Path, error: Exception | None = None) -> ConfigError:
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
    real = {run: found for run, found in _readable(runs) if not found["dry_run"]}
    if not real:
        raise _error(f"no run has left a report in {reports}", "start one: chartmogul-sync run")
    return max(real, key=lambda run: str(real[run]["started_at"]))


def _latest_dry(reports: Path, runs: list[Path]) -> Path:
    """An audit writes as little, but is none."""
    readable = _readable(run for run in runs if not (run / AUDIT).exists())
    dry = {run: found for run, found in readable if found["dry_run"]}
    if not dry:
        hint = "start one: chartmogul-sync run --dry-run"
        raise _error(f"no dry run has left a report in {reports}", hint)
    return max(dry, key=lambda run: str(dry[run]["started_at"]))


def _known(runs: list[Path]) -> str:
    newest = ", ".join(run.name for run in reversed(runs[-5:]))
    return f"runs: {newest}" if newest else "start one: chartmogul-sync run"


def _error(message: str, hint: str) -> ConfigError:
    return ConfigError(ConfigProblem(message, hint))
