"""How past runs look: the list of them, and one in detail."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from rich.console import RenderableType
from rich.text import Text

from sync.report.archive import read_changes, read_errors, read_summary
from sync.report.files import CHANGES, SHEET
from sync.report.lines import Line
from sync.report.preview import entry
from sync.report.summary import Summary, lasted
from sync.report.tables import COUNTS, counts
from sync.report.words import count, drops, duration, sentence, value, visible

#: Rows of each kind that a report shows; the files have them all.
ROWS = 50

_STYLES = {"succeeded": "green", "completed_with_errors": "yellow"}


def runs(summaries: Iterable[Summary]) -> Iterator[Text]:
    """A line for each run and one for each of its mappings; the summaries' order is kept."""
    found = False
    for summary in summaries:
        found = True
        yield _headline(summary)
        for mapping in summary["mappings"]:
            yield Text(f"    {visible(mapping['mapping'])}: {_counted(mapping)}")
    if not found:
        yield Text("No runs yet.")


def report(folder: Path, width: int, rows: int = ROWS) -> Iterator[RenderableType]:
    """One run from its folder: counts, what changed and what was rejected, `rows` lines of each."""
    summary = read_summary(folder)
    yield _headline(summary)
    yield from counts(summary, width)
    for mapping in summary["mappings"]:
        if mapping["error"]:
            yield Text(f"{visible(mapping['mapping'])}: {sentence(mapping['error'])}", style="red")
        if known := mapping.get("known_drops"):  # not in the summaries of older versions
            yield Text(drops(mapping["mapping"], known), style="yellow")
    yield from _section("Would change" if summary["dry_run"] else "Changes")
    changes = read_changes(folder)
    for line in islice(changes, rows):
        yield from entry(line, planned=summary["dry_run"])
    yield from _rest(changes, folder / CHANGES)
    yield from _section("Rejected")
    errors = read_errors(folder)
    for line in islice(errors, rows):
        yield from _rejected(line)
    yield from _rest(errors, folder / SHEET)


def _headline(summary: Summary) -> Text:
    text = Text(visible(summary["run_id"]), style="bold")
    text.append(f"  {summary['started_at'][:16].replace('T', ' ')} UTC", style="not bold")
    name = summary["status"]
    text.append(
        f"  {(name or 'broken off').replace('_', ' ')}",
        style=f"not bold {_STYLES.get(name, 'red')}",
    )
    if (seconds := lasted(summary)) is not None:
        text.append(f" in {duration(seconds)}", style="not bold")
    if summary["dry_run"]:
        text.append("  dry run", style="not bold dim")
    return text


def _counted(mapping: Summary) -> str:
    rows = mapping["rows"]
    parts = [f"{rows[name]:,} {name}" for name in COUNTS if rows[name] or name == "read"]
    parts.append(count(mapping["requests"]["total"], "request"))
    return ", ".join(parts)


def _section(title: str) -> Iterator[Text]:
    yield Text("")
    yield Text(title, style="bold")


def _rejected(line: Line) -> Iterator[Text]:
    key = visible(line["key"]) if line["key"] is not None else "without a key"
    head = Text(f"! row {line['row']:,} {key}", style="red")
    yield head.append(f"  ({visible(line['mapping'])}, {visible(line['code'])})", style="dim")
    about = f"{visible(line['field'])}: {value(line['value'])}: " if line["field"] else ""
    yield Text(f"    {about}{sentence(line['message'])}")
    if line["hint"]:
        yield Text(f"    hint: {sentence(line['hint'])}", style="dim")


def _rest(lines: Iterator[Line], file: Path) -> Iterator[Text]:
    more = sum(1 for _ in lines)
    if more:
        yield Text(visible(f"… and {more:,} more in {file}", None))
