"""A run by reason, or by field: what was wrong with each, with which values, how it changed; a document, and text."""

from collections.abc import Iterator
from typing import Any

from rich.text import Text

from sync.report.gathered import Gathered, Group, Row
from sync.report.summary import Summary
from sync.report.words import count, sentence, visible

#: Values of a group, and rows, that a listing has.
_VALUES, _ROWS = 100, 100
#: How a field's values changed.
_HOW = ("emptied", "changed", "filled")
Listing = dict[str, Any]


def listing(document: Summary, gathered: Gathered, by: str) -> Listing:
    """All reasons, causes before cascades; or all fields, each with its reasons and with what changed."""
    rejected, changes = gathered.rejected(), gathered.changes()
    if by == "reason":
        groups = [_reason(group) for group in rejected]
    else:
        places = dict.fromkeys((group.mapping, group.about) for group in (*rejected, *changes))
        groups = [_field(place, rejected, changes) for place in places]
    head = {name: document[name] for name in ("run_id", "dry_run")}
    return {"format": 1, **head, "by": by, "groups": groups}


def _reason(group: Group) -> Listing:
    return {
        "mapping": group.mapping,
        "code": group.code,
        "field": group.about,
        "message": group.message,
        "hint": group.hint,
        "problems": group.count,
        "new": group.new,
        "values": [_value(group, *one) for one in group.commonest(_VALUES)],
        "rows": [_row(group, row) for row in group.rows[:_ROWS]],
    }


def _value(group: Group, value: str | None, rows: int) -> Listing:
    """A value with its rows, and with its hint where that is not the hint of all."""
    hint = {"hint": group.hint_of(value)} if group.hints_differ else {}
    return {"value": value, "rows": rows, **hint}


def _row(group: Group, row: Row) -> Listing:
    return {
        "row": row[0],
        "key": row[1],
        "name": row[2],
        "url": row[3],
        "value": row[4],
        "message": row[5] or group.message,
        "new": bool(row[7]),
        "since": row[8] or None,
    }


def _field(place: tuple[str, str | None], rejected: list[Group], changes: list[Group]) -> Listing:
    here = [group for group in changes if (group.mapping, group.about) == place]
    numbers = [
        {"records": g.count, "emptied": g.cleared, "changed": g.changed, "filled": g.filled}
        for g in here
    ]
    reasons = [_reason(group) for group in rejected if (group.mapping, group.about) == place]
    return {
        "mapping": place[0],
        "field": place[1],
        "reasons": reasons,
        "changes": numbers[0] if numbers else None,
    }


def text(found: Listing, rows: int) -> Iterator[Text]:
    """The listing for people, with so many rows of each reason."""
    if not found["groups"]:
        yield Text("Nothing was rejected." if found["by"] == "reason" else "No field has anything.")
    for group in found["groups"]:
        if found["by"] == "reason":
            yield from _reason_text(group, rows, "")
        else:
            yield from _field_text(group, rows)


def _field_text(group: Listing, rows: int) -> Iterator[Text]:
    name = f"{visible(group['mapping'])}: {visible(group['field'] or 'no field')}"
    yield Text(name, style="bold")
    if numbers := group["changes"]:
        shares = ", ".join(f"{numbers[how]:,} {how}" for how in _HOW if numbers[how])
        yield Text(f"  {count(numbers['records'], 'record')}: {shares}")
    for reason in group["reasons"]:
        yield from _reason_text(reason, rows, "  ")


def _reason_text(group: Listing, rows: int, indent: str) -> Iterator[Text]:
    about = f" in {visible(group['field'])}" if group["field"] else ""
    news = f", {group['new']:,} new" if group["new"] != group["problems"] else ""
    head = Text(f"{indent}{visible(group['mapping'])}: {count(group['problems'], 'row')}{news}, ")
    yield head.append(f"{visible(group['code'])}{about}", style="red")
    if group["hint"] and not any("hint" in one for one in group["values"]):
        yield Text(f"{indent}  hint: {sentence(group['hint'])}", style="dim")
    for one in group["values"] if group["field"] else ():
        value = "(empty)" if one["value"] is None else visible(one["value"])
        hint = f"  {sentence(one['hint'])}" if one.get("hint") else ""
        yield Text(f"{indent}  {one['rows']:,} × {value}").append(hint, style="dim")
    for row in group["rows"][:rows]:
        yield from _row_text(row, f"{indent}  ")


def _row_text(row: Listing, indent: str) -> Iterator[Text]:
    name = f" ({visible(row['name'])})" if row["name"] else ""
    key = visible(row["key"]) if row["key"] is not None else "without a key"
    since = "" if row["new"] or not row["since"] else f", since {row['since']}"
    yield Text(f"{indent}row {row['row']:,}, {key}{name}{since}: {sentence(row['message'])}")
    if row["url"]:
        yield Text(f"{indent}  {row['url']}", style="dim")
