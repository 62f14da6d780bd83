"""What a run did, read from its report, as far as somebody may want to put it back."""

from collections import Counter, abc
from decimal import Decimal
from pathlib import Path

from sync.domain.plan import Changes
from sync.domain.put_back import Past, Undoable
from sync.domain.record import Value
from sync.domain.results import Outcome
from sync.errors import ConfigError, ConfigProblem
from sync.report.archive import find, read_changes, read_summary
from sync.report.audit import AUDIT
from sync.report.files import CHANGES, SUMMARY
from sync.report.lines import Line
from sync.report.summary import Summary

#: The format that this version writes, and reads.
_FORMAT = 1
_WROTE = (Outcome.CREATED, Outcome.UPDATED)


def folder_of(reports: Path, name: str) -> Path:
    """The folder of a real run; ConfigError where there is none, or where the run cannot be undone."""
    folder = find(reports, name)
    summary = read_summary(folder)
    if summary["dry_run"]:
        what = "an audit" if (folder / AUDIT).exists() else "a dry run"
        raise _error(f"{folder.name} was {what}: it changed nothing", "name a real run, see `runs`")
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
    if summary.get("format") != _FORMAT:
        raise _error(f"the report {folder} is of another version", "undo it with that version")
    past, told = _past(folder)
    try:
        _judge(folder, summary, told)
        return list(_parts(folder, summary, past))
    except TypeError as error:  # counts that are none; that they are there `read_summary` has seen
        message = f"{folder / SUMMARY} cannot be read: it is damaged"
        raise _error(message, "without it nobody knows what the run wrote to") from error


def _judge(folder: Path, summary: Summary, told: abc.Mapping[str, int]) -> None:
    """A run has a line for each record that it created or updated; a report that was cut off lacks some."""
    for part in summary["mappings"]:
        name, rows = part["mapping"], part["rows"]
        wrote, there = rows["created"] + rows["updated"], told[name]
        if there < wrote:
            of = f"{there:,} of the {wrote:,} records of {name} that were written"
            message = f"{folder / CHANGES} is cut off: it has {of}"
            raise _error(message, "without it nobody knows what was there before")


def _parts(
    folder: Path, summary: Summary, past: abc.Mapping[str, abc.Sequence[Past]]
) -> abc.Iterator[tuple[Summary, Undoable]]:
    for part in reversed(summary["mappings"]):
        name, source = part["mapping"], part["data_source"]
        if done := tuple(past.get(name, ())):
            yield part, Undoable(folder.name, name, source, part.get("account"), done)


def _past(folder: Path) -> tuple[dict[str, list[Past]], Counter[str]]:
    """What a run did, and how many records it says that it created or updated; both by mapping."""
    found: dict[str, list[Past]] = {}
    told = Counter[str]()
    try:
        for line in read_changes(folder):
            told[line["mapping"]] += line["outcome"] in _WROTE
            if line["changes"] and line["uuid"]:
                found.setdefault(line["mapping"], []).append(_read(line))
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        message = f"{folder / CHANGES} cannot be read: it is damaged, or gone"
        raise _error(message, "without it nobody knows what was there before") from error
    return found, told


def _read(line: Line) -> Past:
    changes: Changes = {name: _pair(pair) for name, pair in line["changes"].items()}
    created = line["outcome"] == "created" or line.get("created") is True
    key, uuid = _text(line["key"]), _text(line["uuid"])
    return Past(int(line["row"]), key, uuid, changes, created, line["before_known"] is True)


def _pair(pair: object) -> tuple[Value, Value]:
    if not isinstance(pair, list):
        raise TypeError("a change is a list of two values")
    before, after = pair
    return _value(before), _value(after)


def _value(value: object) -> Value:
    match value:
        case None | bool() | int() | Decimal() | str():
            return value
        case list():
            return tuple(map(_text, value))
        case _:
            raise TypeError("no field has such a value")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("this is no text")
    return value


def _error(message: str, hint: str) -> ConfigError:
    return ConfigError(ConfigProblem(message, hint))
