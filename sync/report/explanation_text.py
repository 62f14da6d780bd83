"""What `explain` found out about a key, for people."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sync.domain import objects
from sync.domain.explained import Explained, ExplainedRow, Recalled, Refusal
from sync.domain.instant import canonical
from sync.domain.objects import Descriptor
from sync.domain.plan import Absent, Seen
from sync.domain.record import ATTRIBUTE, AttributeType, Problem, Record
from sync.domain.results import UNDONE, Delivered, MappingRun, Result
from sync.report.explanation import decision, problems_of
from sync.report.plain import plain
from sync.report.words import count, sentence, value, visible

#: What a reason of one word means.
_REASONS = {
    UNDONE: "undone: its record was put back by `undo`, and neither the row nor the mapping changed since;"
    " run --full sends it, and so does a run after forget MAPPING --undo RUN",
}
#: Longer values are for the document.
_WIDEST = 300


def text(run: MappingRun, found: Explained) -> Iterator[str]:
    """All of it, line by line."""
    noun = "" if run.object is None else f", a {run.object.value}"
    yield f"{visible(found.key)} of {visible(run.mapping)} ({visible(run.file)}){noun}"
    for row in found.rows:
        yield from _row_text(row, found)
    about = None if run.object is None else objects.of(run.object)
    yield from _part("State", _state_text(found.recalled, about))
    yield from _part("ChartMogul", _shown_text(found, about))
    if found.rows:
        yield from _part("Difference", _difference_text(found))
        yield from _part("Decision", _decision_text(found))


def _part(title: str, lines: Iterator[str]) -> Iterator[str]:
    yield ""
    yield title
    for line in lines:
        yield f"    {line}"


def _row_text(row: ExplainedRow, found: Explained) -> Iterator[str]:
    yield from _part(f"Row {row.number:,}, as the driver gave it", _values_text(row))
    if isinstance(row.made, Record):
        yield from _part("Record", _record_text(row.made, found.types))
    problems = problems_of(row.made, found.results.get(row.number))
    if problems:
        yield from _part("Rejected", _problems_text(problems))
    elif row is not found.rows[0] and isinstance(found.results.get(row.number), Delivered):
        yield from _part("Decision", _result_text(found.results[row.number]))


def _values_text(row: ExplainedRow) -> Iterator[str]:
    for name, content in row.values.items():
        kind = "" if content is None else f"  [{type(content).__name__}]"
        yield f"{visible(name)}: {value(plain(content), _WIDEST)}{kind}"
    if row.hidden:
        yield f"not shown, since ignore_columns names them: {visible(', '.join(row.hidden))}"


def _record_text(record: Record, types: Mapping[str, AttributeType]) -> Iterator[str]:
    yield f"key: {visible(record.key)}"
    yield from _fields_text(record.fields, types, "(emptied)")


def _fields_text(
    fields: Mapping[str, Any], types: Mapping[str, AttributeType], empty: str
) -> Iterator[str]:
    for name, content in fields.items():
        typed = types.get(name.removeprefix(ATTRIBUTE)) if name.startswith(ATTRIBUTE) else None
        shown = empty if content is None else value(plain(content, None), _WIDEST)
        yield f"{visible(name)}: {shown}" + (f"  [{typed}]" if typed else "")


def _problems_text(problems: tuple[Problem, ...]) -> Iterator[str]:
    for one in problems:
        about = f"{visible(one.field)}: " if one.field else ""
        yield f"{one.code}: {about}{sentence(one.message)}"
        if one.value is not None:
            yield f"  value: {value(plain(one.value), _WIDEST)}"
        if one.hint:
            yield f"  hint: {sentence(one.hint)}"


def _state_text(recalled: Recalled | None, about: Descriptor | None) -> Iterator[str]:
    if recalled is None:
        yield "knows nothing of this key"
        return
    yield f"uuid: {_linked(recalled.uuid, about)}"
    yield _last(recalled)
    if recalled.rejected_since is not None:
        yield f"rejected since {_minute(recalled.rejected_since)}"
    if recalled.refusal is not None:
        yield from _refusal_text(recalled.refusal)
    if recalled.dropped:
        yield f"ChartMogul is known not to take: {visible(', '.join(recalled.dropped))}"
    if recalled.left:
        yield "it was missing from the last complete query"
    if recalled.deleted:
        yield "it was found to be deleted in ChartMogul"


def _linked(uuid: str | None, about: Descriptor | None) -> str:
    if uuid is None:
        return "none"
    url = about and about.url_of(uuid)
    return f"{visible(uuid)}  {url}" if url else visible(uuid)


def _last(recalled: Recalled) -> str:
    if recalled.outcome is None:
        return "this mapping never met it"
    why = f" ({recalled.code})" if recalled.code else ""
    when = f", {_minute(recalled.at)}" if recalled.at else ""
    run = f", in run {recalled.run}" if recalled.run else ""
    return f"last outcome: {recalled.outcome}{why}{when}{run}"


def _refusal_text(refusal: Refusal) -> Iterator[str]:
    status = f" with status {refusal.http_status}" if refusal.http_status else ""
    about = "".join(f", {visible(one)}" for one in (refusal.code, refusal.field) if one)
    words = f": {sentence(refusal.words)}" if refusal.words else ""
    run = f" in run {refusal.run}" if refusal.run else ""
    yield f"ChartMogul refused it on {_minute(refusal.since)}{status}{run}{about}{words}"
    yield f"held back until {_minute(refusal.until)}, while row, mapping and rules stay as they are"


def _shown_text(found: Explained, about: Descriptor | None) -> Iterator[str]:
    match found.known:
        case Seen() as seen:
            yield f"uuid: {_linked(seen.uuid, about)}"
            if len(seen.pairs) > 1:
                others = ", ".join(key for _, key in seen.pairs)
                yield f"merged, its external ids are {visible(others)}"
            yield from _fields_text(seen.fields, found.types, "(empty)")
        case Absent(deleted=True):
            yield "has no such record any more: it was deleted"
        case Absent():
            yield "has no such record"
        case None:
            yield "shows no record that could be told to be this one"


def _difference_text(found: Explained) -> Iterator[str]:
    if found.record is None:
        yield "none can be told: the row makes no record"
    elif found.known is None:
        yield "none can be told: there is nothing to compare with"
    elif isinstance(found.known, Absent):
        yield "the whole record"
    elif not found.differences:
        yield "none"
    else:
        for name, (before, after) in found.differences.items():
            pair = (value(plain(one, None), _WIDEST) for one in (before, after))
            edited = "  (edited by others)" if name in found.edited else ""
            yield f"{visible(name)}: {' → '.join(pair)}{edited}"


def _decision_text(found: Explained) -> Iterator[str]:
    if found.result is None:
        yield "none: see what went wrong"
        return
    yield from _result_text(found.result)
    total = found.look_ups + len(found.writes)
    ups, writes = count(found.look_ups, "look-up"), count(len(found.writes), "write")
    yield f"{count(total, 'request')}: {ups}, {writes}" if total else "no request"
    for one in found.writes:
        yield f"  {visible(one)}"


def _result_text(result: Result) -> Iterator[str]:
    decided = decision(result)
    reason = _REASONS.get(decided["reason"], decided["reason"])
    yield f"{decided['outcome']}: {sentence(reason)}"
    for one in decided["warnings"]:
        yield f"warning {one['code']}: {sentence(one['message'])}"


def _minute(moment: datetime) -> str:
    return f"{canonical(moment)[:16].replace('T', ' ')} UTC"
