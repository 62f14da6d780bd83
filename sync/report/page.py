"""`report.html`: one run on one page that needs no network; its script and style are in it, and no other may run."""

import re
from base64 import b64encode
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sync import files
from sync.errors import EXIT_REJECTED
from sync.report import audit, codes, kinds
from sync.report.audit import Found
from sync.report.gathered import VALUES, Gathered, Group, Row
from sync.report.kinds import Kind
from sync.report.plain import dumps
from sync.report.summary import Summary, ended, foreseen, lasted
from sync.report.tables import COUNTS
from sync.report.timeline import Timeline
from sync.report.words import amount, count, duration, unmet

if TYPE_CHECKING:
    import jinja2
    import markupsafe

PAGE = "report.html"
#: The places of the message and the hint in a rejected row; the one follows the other.
_MESSAGE, _HINT = 5, 6
#: Bars of the chart at most and at least, the seconds of each at least, and its height in units of its own.
_BARS, _FEWEST, _WIDTH, _HEIGHT = 60, 4, 2, 60
_CODE = re.compile(r"`([^`]+)`")
#: What JSON allows in a text, but HTML could take for the end of a script.
_ESCAPES = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}
_EXITS = {
    0: "all rows arrived, or no more were rejected than tolerated",
    1: "finished, with rejected rows",
    2: "configuration does not fit",
    3: "a server said no, or nothing",
    4: "a rail stopped it",
    5: "the same records are being written elsewhere",
    130: "interrupted",
    143: "interrupted",
}


def render(
    summary: Summary, gathered: Gathered, timeline: Timeline, audited: Found | None = None
) -> str:
    """The whole page; `audited` is what `audit.json` holds, of an audit."""
    style, script = _part("page.css"), _part("page.js")
    kind = kinds.kind(summary, audited=audited is not None)
    return _template().render(
        style=style,
        script=script,
        policy=f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}';"
        " base-uri 'none'; form-action 'none'",
        data=_data(gathered),
        run=summary,
        kind=kind,
        outcome=_outcome(summary["mappings"], kind),
        mappings=[_mapping(mapping, kind) for mapping in summary["mappings"]],
        ended=_status(
            summary, differs=any(_differs(mapping, kind) for mapping in summary["mappings"])
        ),
        besides=_besides(summary, audited),
        whose=_whose(audited),
        facts=list(_facts(summary, kind)),
        rejected=[_explained(group) for group in gathered.rejected()],
        any_new=any(group.new for group in gathered.rejected()),
        not_shown=sum(group.count - len(group.rows) for group in gathered.rejected()),
        changes=gathered.changes(),
        created=gathered.created(),
        warnings=[_explained(group) for group in gathered.warnings()],
        left=gathered,
        chart=_chart(timeline),
    )


def write_beside(folder: Path, text: str) -> Path:
    """Put the page into a run's folder, in one step and as private as the others; where it is. Raises OSError."""
    files.replace(folder / PAGE, text)
    return folder / PAGE


@cache
def _template() -> "jinja2.Template":
    import jinja2  # 30 ms that only runs with a page pay

    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["number"] = "{:,}".format
    environment.filters["count"] = count
    environment.filters["amount"] = amount
    environment.filters["marked"] = _marked
    return environment.from_string(_part("page.html"))


def _marked(text: str) -> "markupsafe.Markup":
    """A text of our own with its `words` set as code."""
    from markupsafe import Markup, escape

    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))


def _part(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return "sha256-" + b64encode(sha256(text.encode()).digest()).decode()


def _data(gathered: Gathered) -> str:
    """All rows as JSON that may stand in HTML; their order is that of the groups on the page."""
    parts = {
        "rejected": gathered.rejected(),
        "changes": gathered.changes(),
        "created": gathered.created(),
        "warnings": gathered.warnings(),
    }
    rows: dict[str, Any] = {
        name: [group.rows for group in groups] for name, groups in parts.items()
    }
    rows["rejected"] = [_rows(group) for group in parts["rejected"]]
    rows["left"] = [gathered.left]
    rows["values"] = [_totals(group) for group in parts["rejected"]]
    return dumps(rows).translate(_ESCAPES)


def _totals(group: Group) -> list[tuple[str | None, int]]:
    """How many rows each value has, of a reason with rows that are not on the page."""
    return group.commonest(VALUES) if group.count > len(group.rows) else []


def _rows(group: Group) -> list[Row]:
    """A reason's rows; where their words or hints differ, each has its own."""
    if not group.varied and not group.hints_differ:
        return group.rows
    message = group.message if group.varied else None
    hint = group.hint if group.hints_differ else None
    return [
        [*row[:_MESSAGE], row[_MESSAGE] or message, row[_HINT] or hint, *row[_HINT + 1 :]]
        for row in group.rows
    ]


def _outcome(mappings: list[Summary], kind: Kind) -> list[Summary]:
    """The parts of the bar: outcome, rows, and its place in thousandths of the whole."""
    counts = {name: sum(mapping["rows"][name] for mapping in mappings) for name in COUNTS[1:]}
    whole, place = sum(counts.values()) or 1, 0.0
    parts = []
    for name, rows in counts.items():
        width = 1000 * rows / whole
        drawn = {"x": round(place, 2), "width": round(width, 2)}
        parts.append({"name": name, "word": kind.outcome(name), "rows": rows, **drawn})
        place += width
    return parts


def _status(part: Summary, *, differs: bool) -> dict[str, str]:
    """What a run, or a mapping, is called, and its colour: an audit that found differences is not green."""
    name = part["status"] or "failed"
    differs = differs and name == "succeeded"
    return {
        "word": ended(part, differs=differs),
        "name": "completed_with_errors" if differs else name,
    }


def _differs(mapping: Summary, kind: Kind) -> bool:
    return kind.is_audit and bool(mapping["rows"]["created"] or mapping["rows"]["updated"])


def _mapping(mapping: Summary, kind: Kind) -> Summary:
    return {
        **mapping,
        "ended": _status(mapping, differs=_differs(mapping, kind)),
        "overridden": [] if kind.is_audit else mapping.get("overridden") or [],
        "counts": [(kind.outcome(name), mapping["rows"][name]) for name in COUNTS],
        "bar": _outcome([mapping], kind),
        "lasted": duration(mapping["seconds"]),
        "rejected_new": mapping.get("rejected_new"),
        "mended": mapping.get("mended"),
        "mrr": mapping.get("mrr"),
        "known_drops": mapping.get("known_drops") or {},
    }


def _besides(summary: Summary, audited: Found | None) -> dict[str, list[str]]:
    """What is to be said of a mapping besides its rows: types, what an audit found, what no undo or plan could do."""
    found = {
        mapping["mapping"]: [
            *_locked(mapping, done=not summary["dry_run"]),
            *(f"Cannot be put back: {what}" for what in mapping.get("not_put_back") or ()),
            *(f"{unmet(lines)}." for lines in (mapping.get("unmet"),) if lines),
        ]
        for mapping in summary["mappings"]
    }
    for mapping in audited["mappings"] if audited else ():
        told = (line[0].upper() + line[1:] for line in audit.besides(mapping))
        found.setdefault(mapping["mapping"], []).extend(told)
    return found


def _locked(mapping: Summary, *, done: bool) -> Iterator[str]:
    """What nobody can take back."""
    if types := mapping.get("new_types"):
        named = ", ".join(f"{key} ({type_})" for key, type_ in types.items())
        yield f"{'Locked' if done else 'Locks'} for good the types of {named}"


def _whose(audited: Found | None) -> dict[tuple[str, str], str]:
    """By mapping and field: of how many records an audit says whose value it is that ChartMogul has."""
    mappings = audited["mappings"] if audited else ()
    return {
        (mapping["mapping"], name): "".join(f", {n:,} {what}" for what, n in audit.whose(one))
        for mapping in mappings
        for name, one in mapping["fields"].items()
    }


def _facts(summary: Summary, kind: Kind) -> Iterator[tuple[str, str]]:
    yield "Started", f"{summary['started_at'][:19].replace('T', ' ')} UTC"
    if (seconds := lasted(summary)) is not None:
        yield "Took", duration(seconds)
    code = summary["exit_code"]
    meaning = (kind.ended if code == EXIT_REJECTED else "") or _EXITS.get(code, "ended")
    yield "Exit code", f"{code}: {meaning}"
    if environment := summary.get("environment"):
        yield "Environment", environment
    if summary["dry_run"] and not kind.is_audit:
        yield "Would take", foreseen(summary)
    requests = [mapping["requests"] for mapping in summary["mappings"]]
    again = sum(one["retried"] for one in requests)
    total = f"{sum(one['total'] for one in requests):,}"
    yield "Requests", f"{total}, {again:,} of them repeated" if again else total


def _explained(group: Group) -> Summary:
    """A group with what its code means."""
    code = codes.find(group.code)
    return {"group": group, "code": code, "means": code.means if code else group.message}


def _chart(timeline: Timeline) -> Summary | None:
    """Bars of requests a second, and the words beside them; None where nothing was asked, or within a moment.

    A bar is wide enough that it does not matter when within it the requests were counted.
    """
    bars = min(_BARS, int(timeline.seconds / _WIDTH))
    rates = timeline.rates(bars) if bars >= _FEWEST else []
    most = max(rates, default=0)
    if not most:
        return None
    heights = [round(_HEIGHT * rate / most, 1) for rate in rates]
    drawn = [(place, _HEIGHT - height, height) for place, height in enumerate(heights) if height]
    lasted = duration(timeline.seconds)
    return {"bars": drawn, "width": bars, "most": f"{most:.0f}", "lasted": lasted}
