"""What a message says: never a value of a row, nor the words of a database or of ChartMogul, which may quote one."""

import shlex
from collections import abc
from dataclasses import dataclass
from datetime import datetime

from sync.domain.instant import canonical
from sync.domain.results import MappingRun, Run, Status
from sync.errors import EXIT_CONFIG
from sync.publish.events import Event
from sync.report.words import BROKEN_BY, count, duration, visible

#: Why a mapping broke off, by the word for it; another word is the name of a rail.
_REASONS = {"config": "its mapping, or a setting, does not fit", **BROKEN_BY}

#: Characters of a name in a title, and elsewhere: Slack takes a title of 150, and a text of 3,000.
_TITLE, _LINE = 50, 200

Reasons = abc.Sequence[tuple[str, str | None, int]]


@dataclass(frozen=True, slots=True)
class Message:
    """A message about one mapping, as plain text."""

    event: Event
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class About:
    """What a message is about. `run` is None where no run has shown it."""

    mapping: str
    environment: str | None = None
    run: str | None = None


def broken(about: About, run: Run, part: MappingRun, last: datetime | None) -> Message:
    """A run of the mapping did not come to its end; `last` is when one last did."""
    told = {
        "What": f"{_STATUS[part.status is Status.STOPPED]}: {_reason(run, part)}",
        "Since": f"{_moment(run.finished_at or run.started_at)}; last success: {_moment(last)}",
        "Next": f"chartmogul-sync {_command(run, part)}",
    }
    return _message(about, Event.FAILED, "failed", told)


_STATUS = {False: "The run did not come to its end", True: "A rail stopped the run"}


def rejected(about: About, run: Run, part: MappingRun, new: int, reasons: Reasons) -> Message:
    """A run has rejected rows that were not rejected before, and more in all than tolerated.

    None is `new` where an earlier run had them, and its message could not be sent.
    """
    rows, newly = part.rows, " newly" if new else ""
    tolerated = f"; {count(part.tolerated, 'row')} would be tolerated" if part.tolerated else ""
    told = {
        "What": f"{rows.rejected:,} of {count(rows.read, 'row')} rejected, {_new(new)}{tolerated}",
        "Since": _moment(run.finished_at or run.started_at),
        "Undone": _undone(part),
        "Reasons": ", ".join(map(_spelled, reasons)),
        "Next": f"chartmogul-sync report {run.id}",
    }
    return _message(
        about, Event.REJECTED, f"{count(new or rows.rejected, 'row')}{newly} rejected", told
    )


def _new(rows: int) -> str:
    return f"{rows:,} newly" if rows else "by an earlier run, whose message could not be sent"


def recovered(about: About, run: Run, part: MappingRun, since: datetime) -> Message:
    """A run came to its end with no more rejected rows than tolerated, after something else was told at `since`."""
    ended = run.finished_at or run.started_at
    took = duration(max((ended - since).total_seconds(), 0))
    rows = part.rows
    told = {
        "What": f"The run came to its end: {count(rows.read, 'row')}, {rows.rejected:,} rejected",
        "Undone": _undone(part),
        "Since": f"{_moment(ended)}; what was wrong was told at {_moment(since)}, {took} before",
        "Next": "nothing to do; chartmogul-sync status shows all mappings",
    }
    return _message(about, Event.RECOVERED, "recovered", told)


def stale(about: About, last: datetime | None, max_age: float) -> Message:
    """The last success is longer ago than `max_age` seconds, or there never was one."""
    told = {
        "What": f"No run came to its end for more than {duration(max_age)}",
        "Since": _moment(last) if last else "always: none of its runs ever came to its end",
        "Next": "chartmogul-sync status",
    }
    return _message(about, Event.STALE, "no success for too long", told)


def _message(about: About, event: Event, title: str, told: abc.Mapping[str, str]) -> Message:
    environment = about.environment or ""
    lines = {
        "Environment": visible(environment, _LINE),
        "Mapping": visible(about.mapping, _LINE),
        **told,
        "Run": about.run or "",
    }
    where = f"[{visible(environment, _TITLE)}] " if environment else ""
    body = "\n".join(f"{name}: {text}" for name, text in lines.items() if text)
    return Message(event, f"{where}{visible(about.mapping, _TITLE)}: {title}", body)


def _undone(part: MappingRun) -> str:
    """How many rows are left alone since what was sent of them was put back; nothing where there are none."""
    return f"{count(part.undone, 'row')} skipped, put back by undo" if part.undone else ""


def _reason(run: Run, part: MappingRun) -> str:
    if part.reason in _REASONS:
        return _REASONS[part.reason]
    if part.status is Status.STOPPED:
        return part.reason or "see its report"
    return _REASONS["config"] if run.exit_code == EXIT_CONFIG else "see its report, or its log"


def _command(run: Run, part: MappingRun) -> str:
    if part.reason == "config" or (part.reason is None and run.exit_code == EXIT_CONFIG):
        return f"check {visible(shlex.quote(part.file), None)}"
    return f"report {run.id}"


def _spelled(reason: tuple[str, str | None, int]) -> str:
    code, field, rows = reason
    return f"{code} in {visible(field, _LINE)} ({rows:,})" if field else f"{code} ({rows:,})"


def _moment(moment: datetime | None) -> str:
    return "never" if moment is None else f"{canonical(moment)[:16].replace('T', ' ')} UTC"
