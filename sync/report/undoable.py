"""What a run did, read from its report, as far as somebody may want to put it back."""

from collections import abc
from pathlib import Path

from sync.domain.plan import Changes
from sync.domain.put_back import Past, Undoable
from sync.domain.record import Value
from sync.errors import ConfigError, ConfigProblem
from sync.report.archive import find, read_changes, read_summary
from sync.report.files import CHANGES
from sync.report.lines import Line
from sync.report.summary import Summary

#: The format that this version writes, and reads.
_FORMAT = 1


def folder_of(reports: Path, name: str) -> Path:
    """The folder of a real run; ConfigError where there is none, or where the run cannot be undone."""
    folder = find(reports, name)
    summary = read_summary(folder)
    if summary["dry_run"]:
        raise _error(
            f"{folder.name} was a dry run: it changed nothing", "name a real run, see `runs`"
        )
    if undid := summary.get("undid"):
        raise _error(
            f"{folder.name} is itself an undo, of {undid}",
            "to have those changes again, let the rows be sent: forget MAPPING --undo RUN, then run",
        )
    return folder


def read(folder: Path) -> list[tuple[Summary, Undoable]]:
    """The mappings of a run that changed something, the last one first, with what they did.

    Raises:
        ConfigError: the report is damaged, or was written by another version.
    """
    summary = read_summary(folder)
    if summary["format"] != _FORMAT:
        raise _error(f"the report {folder} is of another version", "undo it with that version")
    past = _past(folder)
    return [
        (
            part,
            Undoable(folder.name, part["mapping"], part["data_source"], part.get("account"), done),
        )
        for part in reversed(summary["mappings"])
        if (done := tuple(past.get(part["mapping"], ())))
    ]


def _past(folder: Path) -> dict[str, list[Past]]:
    found: dict[str, list[Past]] = {}
    try:
        for line in read_changes(folder):
            if line["changes"] and line["uuid"]:
                found.setdefault(line["mapping"], []).append(_read(line))
    except (OSError, ValueError, LookupError, TypeError) as error:
        message = f"{folder / CHANGES} cannot be read: it is damaged, or gone"
        raise _error(message, "without it nobody knows what was there before") from error
    return found


def _read(line: Line) -> Past:
    changes: Changes = {name: _pair(pair) for name, pair in line["changes"].items()}
    created = line["outcome"] == "created" or line.get("created") is True
    return Past(
        line["row"], line["key"], line["uuid"], changes, created, line["before_known"] is True
    )


def _pair(pair: abc.Sequence[Value | list[str]]) -> tuple[Value, Value]:
    before, after = pair
    return _value(before), _value(after)


def _value(value: Value | list[str]) -> Value:
    return tuple(value) if isinstance(value, list) else value


def _error(message: str, hint: str) -> ConfigError:
    return ConfigError(ConfigProblem(message, hint))
