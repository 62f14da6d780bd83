"""How past runs look: the list of them, and one in detail."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from rich.console import RenderableType
from rich.text import Text

from sync.domain.events import Estimate
from sync.report import audit
from sync.report.archive import gather, read_audit, read_changes, read_summary
from sync.report.audit import Found
from sync.report.files import CHANGES
from sync.report.gathered import Gathered
from sync.report.overview import Look, not_put_back, overview, rejected_rows, risks
from sync.report.preview import ROWS, Preview
from sync.report.summary import Summary, ended, lasted
from sync.report.tables import COUNTS
from sync.report.words import count, duration, visible

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


def report(folder: Path, look: Look, rows: int = ROWS) -> Iterator[RenderableType]:
    """One run from its folder, as it was shown when it ended; with values, `rows` rows of each mapping."""
    summary, gathered, found = read_summary(folder), gather(folder), read_audit(folder)
    yield _headline(summary, found)
    if found is not None:
        yield from audited(found, summary, gathered, look)
        yield Text(visible(f"Reports: {folder}", None))
        return
    yield from not_put_back(summary)
    if summary["dry_run"]:
        yield from risks(summary, gathered)
    if summary["dry_run"] or look.values:
        yield from _previews(folder, summary, look, rows)
    yield from overview(summary, gathered, look)
    yield Text(visible(f"Reports: {folder}", None))


def audited(
    found: Found, summary: Summary, gathered: Gathered, look: Look
) -> Iterator[RenderableType]:
    """An audit for people, with the values of its examples."""
    yield from map(Text, audit.text(found))
    yield from rejected_rows(summary["mappings"], gathered, look)


def _previews(folder: Path, summary: Summary, look: Look, rows: int) -> Iterator[Text]:
    planned = summary["dry_run"]
    previews = {
        mapping["mapping"]: Preview(mapping["mapping"], rows, planned=planned)
        for mapping in summary["mappings"]
    }
    for line in read_changes(folder):
        previews[line["mapping"]].add_line(line)
    for mapping in summary["mappings"]:
        preview = previews[mapping["mapping"]]
        preview.broke_off = mapping["error"] is not None
        if found := mapping.get("estimate"):
            preview.estimate = Estimate(found["requests"], float(found["seconds"]))
        yield Text("")
        yield from preview.render(str(folder / CHANGES), look.width if look.cut else None)


def _headline(summary: Summary, found: Found | None = None) -> Text:
    text = Text(visible(summary["run_id"]), style="bold")
    text.append(f"  {summary['started_at'][:16].replace('T', ' ')} UTC", style="not bold")
    differs = found is not None and audit.has_differences(found)
    name = "completed_with_errors" if differs else summary["status"]
    text.append(
        f"  {ended(summary, differs=differs)}", style=f"not bold {_STYLES.get(name, 'red')}"
    )
    if (seconds := lasted(summary)) is not None:
        text.append(f" in {duration(seconds)}", style="not bold")
    if summary["dry_run"]:
        text.append("  dry run" if found is None else "  audit", style="not bold dim")
    if summary.get("undid"):
        text.append(f"  undo of {visible(summary['undid'])}", style="not bold dim")
    return text


def _counted(mapping: Summary) -> str:
    rows = mapping["rows"]
    parts = [f"{rows[name]:,} {name}" for name in COUNTS if rows[name] or name == "read"]
    parts.append(count(mapping["requests"]["total"], "request"))
    return ", ".join(parts)
