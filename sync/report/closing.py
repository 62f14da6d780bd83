"""What a terminal shows of a run once it is over: counts, what is wrong, how it ended."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from rich.console import RenderableType
from rich.text import Text

from sync.domain.results import MappingRun, Run, Status
from sync.report.groups import Group, Groups
from sync.report.summary import summary
from sync.report.tables import counts
from sync.report.words import STATUSES, Mask, count, drops, duration, named, sentence, visible

#: Different reasons shown in full; the files have them all.
REASONS = 5

_STYLES = {Status.SUCCEEDED: "bold green", Status.COMPLETED_WITH_ERRORS: "bold yellow"}


def closing(run: Run, groups: Groups, mask: Mask, width: int) -> Iterator[RenderableType]:
    """The whole of it, top to bottom; keys with an e-mail address are masked."""
    if run.mappings:
        yield Text("")
        yield from counts(summary(run), width)
    yield from _grouped("Rejected rows", "red", groups.rejections, mask)
    yield from _grouped("Warnings", "yellow", groups.warnings, mask)
    yield from _left(run.mappings)
    yield from _known_drops(run.mappings)
    yield Text("")
    yield from _broken(run.mappings)
    yield _ending(run)


def _grouped(title: str, style: str, groups: Sequence[Group], mask: Mask) -> Iterator[Text]:
    if not groups:
        return
    yield Text("")
    yield Text(title, style="bold")
    for group in groups[:REASONS]:
        yield from _group(group, style, mask)
    more = len(groups) - REASONS
    if more > 0:
        yield Text(f"  … and {count(more, 'other reason')}")


def _group(group: Group, style: str, mask: Mask) -> Iterator[Text]:
    field = f" in {visible(group.field)}" if group.field else ""
    text = Text(f"  {visible(group.mapping)}: {count(group.rows, 'row')}, ")
    yield text.append(f"{visible(group.code)}{field}", style=style)
    example = "row" if group.rows == 1 else "for example row"
    key = named(group.key, mask)
    yield Text(f"    {example} {group.row:,}, {key}: {sentence(group.message)}")
    if group.hint:
        yield Text(f"    hint: {sentence(group.hint)}", style="dim")


def _left(mappings: Sequence[MappingRun]) -> Iterator[Text]:
    for mapping in mappings:
        if mapping.left:
            keys = count(mapping.left, "key")
            yield Text("")
            yield Text(f"{visible(mapping.mapping)}: {keys} left the query, see left.jsonl")


def _known_drops(mappings: Sequence[MappingRun]) -> Iterator[Text]:
    for mapping in mappings:
        if mapping.known_drops:
            yield Text("")
            yield Text(drops(mapping.mapping, mapping.known_drops), style="yellow")


def _broken(mappings: Sequence[MappingRun]) -> Iterator[Text]:
    """One line for each error, with all mappings that it struck; lines to paste follow as they are."""
    struck: dict[str, list[str]] = {}
    for mapping in mappings:
        if mapping.error:
            struck.setdefault(mapping.error, []).append(mapping.mapping)
    for error, names in struck.items():
        said, _, lines = error.partition("\n\n")
        yield Text(f"{visible(', '.join(names))}: {sentence(said)}", style="red")
        yield from (Text(visible(line, None)) for line in lines.splitlines())


def _ending(run: Run) -> Text:
    parts = [STATUSES[run.status] if run.status else "broken off"]
    if run.status is Status.COMPLETED_WITH_ERRORS:
        rejected = sum(mapping.rows.rejected for mapping in run.mappings)
        parts = [f"completed, with {count(rejected, 'rejected row')}"]
    if run.finished_at:
        parts.append(f" in {duration(_seconds(run.started_at, run.finished_at))}")
    if run.dry_run:
        parts.insert(0, "dry run, nothing was sent: ")
    ending = "".join(parts)
    style = _STYLES.get(run.status, "bold red") if run.status else "bold red"
    return Text(ending[0].upper() + ending[1:], style=style)


def _seconds(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds()
