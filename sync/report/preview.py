"""Row by row and field by field: what a run changed, or a dry run would change."""

from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import Any

from rich.text import Text

from sync.domain.events import Estimate
from sync.domain.results import Delivered, MappingRun, Outcome, Result
from sync.report import lines
from sync.report.words import count, duration, sentence, value, visible

_SIGNS = {"created": ("+", "green"), "updated": ("~", "yellow"), "rejected": ("!", "red")}
_PLANNED = {"created": "create", "updated": "update"}


def entry(line: lines.Line, *, planned: bool = False) -> Iterator[Text]:
    """A line of changes.jsonl for people; `planned`: nothing of it has happened yet."""
    outcome = line["outcome"]
    sign, style = _SIGNS.get(outcome, (" ", ""))
    verb = _PLANNED.get(outcome, outcome) if planned else outcome
    head = Text(f"{sign} {verb} {visible(line['key'] or 'without a key')}", style=style)
    if line["reason"]:
        head.append(f"  ({sentence(line['reason'])})", style="dim")
    yield head
    for field, (before, after) in line["changes"].items():
        yield _change(field, before, after, line)
    for warning in line["warnings"]:
        text = f"    warning: {visible(warning['field'])}: {sentence(warning['message'])}"
        yield Text(text, style="yellow")


def _change(field: str, before: Any, after: Any, line: lines.Line) -> Text:
    text = Text(f"    {visible(field)}: ")
    if line["outcome"] != "created":
        text.append(value(before) if line["before_known"] else "(unknown)", style="red")
        text.append(" → ")
    return text.append(value(after), style="green")


class Preview:
    """What a dry run found for one mapping: its first rows, the number of the others, the cost."""

    def __init__(self, mapping: MappingRun, longest: int) -> None:
        self._mapping = mapping
        self._longest = longest
        self._first: list[lines.Line] = []
        self._counts = {Outcome.CREATED: 0, Outcome.UPDATED: 0}
        self.estimate: Estimate | None = None

    def add(self, results: Sequence[Result]) -> None:
        """Keep the rows that would be written while there is room, count the others."""
        for result in results:
            if isinstance(result, Delivered) and result.outcome in self._counts:
                self._counts[result.outcome] += 1
                if len(self._first) < self._longest:
                    self._first.append(lines.written(result) or {})

    def render(self, changes: str) -> Iterator[Text]:
        """Everything, line by line; `changes` is the path of the file that has all rows."""
        created, updated = self._counts.values()
        some = f"would create {created:,} and update {updated:,}"
        would = some if created or updated else "would change nothing"
        yield Text(f"{visible(self._mapping.mapping)}: {would}", style="bold")
        for line in sorted(self._first, key=itemgetter("row")):
            yield from entry(line, planned=True)
        more = created + updated - len(self._first)
        if more:
            yield Text(visible(f"… and {more:,} more in {changes}", None))
        if self.estimate is not None:
            yield Text(_cost(self.estimate))


def _cost(estimate: Estimate) -> str:
    if not estimate.requests:
        return "The real run would send nothing."
    about = duration(max(round(estimate.seconds), 1))
    return f"The real run would take {count(estimate.requests, 'request')}, about {about}."
