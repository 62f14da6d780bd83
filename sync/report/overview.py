"""A run that is over, as text: counts, what is wrong, what changed, how it ended; its end and its report show it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rich.console import RenderableType
from rich.text import Text

from sync.domain.results import Status
from sync.domain.tags import TAGS
from sync.report.gathered import Gathered, Group, Row
from sync.report.summary import Summary, lasted
from sync.report.tables import counts
from sync.report.words import (
    STATUSES,
    Mask,
    amount,
    count,
    drops,
    duration,
    named,
    sentence,
    unmet,
    visible,
)

#: Different reasons shown in full; the files have them all.
REASONS = 5
#: Reasons that are named at all.
NAMED = 20
#: Values of a reason that are named, with how many rows have them.
VALUES = 5
#: Hints of a reason that are shown, where its values have different ones.
HINTS = 3

_STYLES = {Status.SUCCEEDED: "bold green", Status.COMPLETED_WITH_ERRORS: "bold yellow"}


def keep(key: str) -> str:
    """A mask that hides nothing."""
    return visible(key)


@dataclass(frozen=True, slots=True)
class Look:
    """How a run is shown: on how many columns, with values of rows or without, keys with an e-mail through `mask`.

    `cut`: what is longer than a line is cut, as on a terminal; a pipe or a file has it whole.
    """

    width: int
    values: bool = False
    mask: Mask = field(default=keep)
    cut: bool = False


def overview(document: Summary, gathered: Gathered, look: Look) -> Iterator[RenderableType]:
    """The whole of it, top to bottom."""
    mappings = document["mappings"]
    if mappings:
        yield Text("")
        yield from counts(document, look.width)
    yield from rejected_rows(mappings, gathered, look)
    yield from _warnings(gathered.warnings(), look)
    if not document["dry_run"]:
        yield from _changes(gathered.changes(), look)
    yield from _left(mappings)
    yield from _not_found(mappings)
    yield from _known_drops(mappings)
    yield from _undone(mappings)
    if not document["dry_run"]:
        yield from _money(mappings)
    yield Text("")
    yield from _broken(mappings)
    yield _ending(document)


def not_put_back(document: Summary) -> Iterator[Text]:
    """What an undo leaves as it is, before all else."""
    for mapping in document["mappings"]:
        for what in mapping.get("not_put_back") or ():
            told = f"{mapping['mapping']}: cannot be put back: {what}"
            yield Text(sentence(told), style="bold yellow")


def risks(document: Summary, gathered: Gathered) -> Iterator[Text]:
    """What cannot be taken back, or empties something: of a dry run, before all else."""
    for mapping in document["mappings"]:
        name = visible(mapping["mapping"])
        if types := mapping.get("new_types"):
            locked = ", ".join(f"{visible(key)} ({type_})" for key, type_ in types.items())
            yield Text(f"{name}: locks for good the types of {locked}", style="bold yellow")
        if (money := mapping.get("mrr")) and money["sum_cents"]:
            yield Text(f"{name}: {_revenue(money)}")
    for group in gathered.changes():
        if group.cleared:
            cleared = count(group.cleared, "record")
            name, about = visible(group.mapping), visible(group.about or "")
            verb = "removes" if about == TAGS else "empties"
            yield Text(f"{name}: {verb} {about} of {cleared}", style="bold red")


def rejected_rows(
    mappings: Sequence[Summary], gathered: Gathered, look: Look
) -> Iterator[RenderableType]:
    """Rejected rows by reason, causes before cascades, and what is new of them; nothing where there are none."""
    groups = gathered.rejected()
    mended = sum(mapping.get("mended") or 0 for mapping in mappings)
    if not groups and not mended:
        return
    yield Text("")
    yield Text("Rejected rows" + _news(gathered, mended), style="bold")
    for group in groups[:REASONS]:
        yield from _reason(group, look)
    yield from _others(groups)


def _news(gathered: Gathered, mended: int) -> str:
    """What is new since the last whole run; nothing where all is."""
    problems = sum(group.count for group in gathered.rejected())
    new = problems - gathered.known
    parts = [f"{new:,} new"] if 0 < new < problems else []
    parts += ["none new"] if problems and not new else []
    parts += [f"{mended:,} mended"] if mended else []
    return f": {', '.join(parts)}" if parts else ""


def _others(groups: Sequence[Group]) -> Iterator[Text]:
    """The reasons that are not told at length: each in a line, and where the rest can be read."""
    for group in groups[REASONS:NAMED]:
        about = f" in {visible(group.about)}" if group.about else ""
        rows = count(group.count, "row")
        yield Text(f"  {visible(group.mapping)}: {rows}, {visible(group.code)}{about}")
    more = len(groups) - NAMED
    if more > 0:
        yield Text(f"  … and {count(more, 'other reason')}, see report --by reason")


def _reason(group: Group, look: Look) -> Iterator[Text]:
    about = f" in {visible(group.about)}" if group.about else ""
    news = f", {group.new:,} new" if 0 < group.new < group.count else ""
    text = Text(f"  {visible(group.mapping)}: {count(group.count, 'row')}{news}, ")
    yield text.append(f"{visible(group.code)}{about}", style="red")
    row = next((row for row in group.rows if row[7]), group.rows[0])
    yield Text(f"    {_example(group, row, look)}: {sentence(row[5] or group.message)}")
    if look.values:
        yield from _values(group)
    yield from _hints(group, row)
    if look.values and row[3]:
        yield Text(f"    {row[3]}", style="dim")


def _hints(group: Group, row: Row) -> Iterator[Text]:
    """What to do: that of all rows, or the commonest hints with the number of their rows."""
    found = group.hints() if group.hints_differ else []
    for hint, rows in found[:HINTS]:
        if hint:
            yield Text(f"    hint for {count(rows, 'row')}: {sentence(hint)}", style="dim")
    if len(found) > HINTS:
        more = count(len(found) - HINTS, "other hint")
        yield Text(f"    … and {more}, see report --by reason", style="dim")
    if not found and (hint := row[6] or group.hint):
        yield Text(f"    hint: {sentence(hint)}", style="dim")


def _example(group: Group, row: Row, look: Look) -> str:
    example = "row" if group.count == 1 else "for example row"
    name = f" ({visible(row[2])})" if look.values and row[2] else ""
    return f"{example} {row[0]:,}, {named(row[1], look.mask)}{name}"


def _values(group: Group) -> Iterator[Text]:
    """The commonest values of a reason, with how many rows have them."""
    found = group.commonest(VALUES)
    if not group.about or not found:
        return
    shown = ", ".join(f"{rows:,} × {_value(value)}" for value, rows in found)
    more = group.different - len(found)
    others = f", … and {'at least ' if group.is_cut else ''}{count(more, 'other value')}"
    yield Text(f"    {shown}" + (others if more > 0 else ""))


def _value(value: str | None) -> str:
    return "(empty)" if value is None else visible(value, 40)


def _warnings(groups: Sequence[Group], look: Look) -> Iterator[Text]:
    if not groups:
        return
    yield Text("")
    yield Text("Warnings", style="bold")
    for group in groups[:REASONS]:
        about = f" in {visible(group.about)}" if group.about else ""
        text = Text(f"  {visible(group.mapping)}: {count(group.count, 'row')}, ")
        yield text.append(f"{visible(group.code)}{about}", style="yellow")
        row = group.rows[0]
        example = "row" if group.count == 1 else "for example row"
        key = named(row[1], look.mask)
        yield Text(f"    {example} {row[0]:,}, {key}: {sentence(group.message)}")
    yield from _others(groups)


def _changes(groups: Sequence[Group], look: Look) -> Iterator[Text]:
    """What each field changed: emptied ones first."""
    if not groups:
        return
    yield Text("")
    yield Text("Changes", style="bold")
    for group in groups[: 2 * REASONS]:
        about = visible(group.about or "")
        yield Text(
            f"  {visible(group.mapping)}: {about} of {count(group.count, 'record')}: {group.shares}"
        )
        if look.values:
            row = group.rows[0]
            before = _value(row[2]) if row[4] else "(unknown)"
            example = "row" if group.count == 1 else "for example row"
            key = named(row[1], look.mask)
            yield Text(f"    {example} {row[0]:,}, {key}: {before} → {_value(row[3])}")
    more = len(groups) - 2 * REASONS
    if more > 0:
        yield Text(f"  … and {count(more, 'other field')}")


def _left(mappings: Iterable[Summary]) -> Iterator[Text]:
    for mapping in mappings:
        if mapping["left"]:
            keys = count(mapping["left"], "key")
            yield Text(f"\n{visible(mapping['mapping'])}: {keys} left the query, see left.jsonl")


def _not_found(mappings: Iterable[Summary]) -> Iterator[Text]:
    """Rows that a retry, and lines that a plan, would have met."""
    for mapping in mappings:
        rows, lines = mapping.get("not_retried"), mapping.get("unmet")
        told = [f"{count(rows, 'row')} without a key: not retried"] if rows else []
        told += [unmet(lines)] if lines else []
        yield from (Text(f"\n{visible(mapping['mapping'])}: {what}") for what in told)


def _known_drops(mappings: Iterable[Summary]) -> Iterator[Text]:
    for mapping in mappings:
        known: Mapping[str, int] = mapping.get("known_drops") or {}
        if known:
            yield Text("")
            yield Text(drops(mapping["mapping"], known), style="yellow")


def _undone(mappings: Iterable[Summary]) -> Iterator[Text]:
    for mapping in mappings:
        if undone := mapping.get("undone"):
            name, rows = visible(mapping["mapping"]), count(undone, "row")
            yield Text(f"\n{name}: {rows} skipped: put back by undo, as they were")


def _money(mappings: Iterable[Summary]) -> Iterator[Text]:
    for mapping in mappings:
        money = mapping.get("mrr")
        if money and money["sum_cents"]:
            yield Text("")
            yield Text(f"{visible(mapping['mapping'])}: {_revenue(money)}")


def _revenue(money: Summary) -> str:
    """The MRR of the customers that were touched, with the largest."""
    known, of = money["known"], money["of"]
    largest = ", ".join(f"{visible(key)} {amount(cents)}" for key, cents in money["largest"])
    besides = [f"known of {known:,} of {of:,}"] if known < of else []
    besides += [f"largest: {largest}"] if largest else []
    told = f"MRR of the customers that change: {amount(money['sum_cents'])}"
    return f"{told} ({'; '.join(besides)})" if besides else told


def _broken(mappings: Iterable[Summary]) -> Iterator[Text]:
    """One line for each error, with all mappings that it struck; lines to paste follow as they are."""
    struck: dict[str, list[str]] = {}
    for mapping in mappings:
        if mapping["error"]:
            struck.setdefault(mapping["error"], []).append(mapping["mapping"])
    for error, names in struck.items():
        said, _, lines = error.partition("\n\n")
        yield Text(f"{visible(', '.join(names))}: {sentence(said)}", style="red")
        yield from (Text(visible(line, None)) for line in lines.splitlines())


def _ending(document: Summary) -> Text:
    status = Status(document["status"]) if document["status"] else None
    parts = [STATUSES[status] if status else "broken off"]
    if status is Status.COMPLETED_WITH_ERRORS:
        rejected = sum(mapping["rows"]["rejected"] for mapping in document["mappings"])
        parts = [f"completed, with {count(rejected, 'rejected row')}"]
    if (seconds := lasted(document)) is not None:
        parts.append(f" in {duration(seconds)}")
    if document["dry_run"]:
        parts.insert(0, "dry run, nothing was sent: ")
    ending = "".join(parts)
    style = _STYLES.get(status, "bold red") if status else "bold red"
    return Text(ending[0].upper() + ending[1:], style=style)
