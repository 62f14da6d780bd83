"""Row by row and field by field: what a run changed, or a dry run would change."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich.text import Text

from sync.domain.events import Estimate
from sync.domain.results import Delivered, Outcome, Result
from sync.report import lines
from sync.report.words import count, duration, loses, sentence, value, visible

#: Rows of a mapping that a dry run shows: with the fields of updates, about a screen.
ROWS = 10
#: Rows that are kept beyond these, until they are sorted.
_SPARE = 100
_SIGNS = {"created": ("+", "green"), "updated": ("~", "yellow"), "rejected": ("!", "red")}
_PLANNED = {"created": "create", "updated": "update"}
#: How many fields a row empties, less than none; whether it is a create; its number.
_Safety = tuple[int, bool, int]


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
    """What a dry run would change of a mapping, or a run has (not `planned`): the riskiest rows, how many more, cost.

    A row is the riskier the more it empties; an update, of what somebody may have written, is riskier than a create.
    """

    def __init__(self, mapping: str, longest: int, *, planned: bool = True) -> None:
        self._mapping = mapping
        self._planned = planned
        self._longest = longest
        self._first: list[lines.Line] = []
        #: How safe the last row is that is kept, once there are as many as are shown: a safer one is only counted.
        self._bound: _Safety | None = None
        self._counts = {Outcome.CREATED: 0, Outcome.UPDATED: 0}
        self.estimate: Estimate | None = None
        #: Its end was not reached: of other rows nobody knows.
        self.broke_off = False

    def add(self, results: Sequence[Result]) -> None:
        """Keep the riskiest rows that would be written, count the others."""
        for result in results:
            if not isinstance(result, Delivered):
                continue
            if self._only_counts(result):
                self._counts[result.outcome] += 1
            elif (line := lines.written(result)) is not None:
                self.add_line(line)

    def _only_counts(self, result: Delivered) -> bool:
        """Whether a row is a create that is safer than all that are kept: its line takes longer than all else here."""
        created = result.outcome is Outcome.CREATED
        return created and self._bound is not None and _of_create(result.row) > self._bound

    def add_line(self, line: lines.Line) -> None:
        """The same, by the row's line in changes.jsonl."""
        outcome = line["outcome"]
        if outcome in self._counts:
            self._counts[Outcome(outcome)] += 1
        elif self._planned or not line["changes"]:
            return
        self._first.append(line)
        if len(self._first) > _SPARE + 4 * self._longest:
            self._cut()

    def _cut(self) -> None:
        self._first = sorted(self._first, key=_safety)[: self._longest]
        if len(self._first) == self._longest > 0:
            self._bound = _safety(self._first[-1])

    def render(self, changes: str, width: int | None) -> Iterator[Text]:
        """Everything, line by line; `changes` is the path of the file that has all rows.

        A create is one line, of no more than `width` columns.
        """
        self._cut()
        yield Text(f"{visible(self._mapping)}: {self._numbers()}", style="bold")
        for line in self._first:
            if line["outcome"] == Outcome.CREATED:
                yield _create(line, width, planned=self._planned)
            else:
                yield from entry(line, planned=self._planned)
        created, updated = self._counts.values()
        more = created + updated - len(self._first)
        if more > 0:
            yield Text(visible(f"… and {more:,} more in {changes}", None))
        if self.estimate is not None and not self.broke_off:
            yield Text(_cost(self.estimate))

    def _numbers(self) -> str:
        created, updated = self._counts.values()
        if self.broke_off and not created and not updated:
            return "broke off before anything was known to change"
        if not created and not updated:
            return "would change nothing" if self._planned else "nothing changed"
        so_far = ", as far as it came" if self.broke_off else ""
        if self._planned:
            return f"would create {created:,} and update {updated:,}{so_far}"
        return f"created {created:,} and updated {updated:,}{so_far}"


def _safety(line: lines.Line) -> _Safety:
    """By this the riskiest row comes first."""
    if line["outcome"] == Outcome.CREATED:
        return _of_create(line["row"])
    emptied = sum(loses(before, after) for before, after in line["changes"].values())
    return -emptied, False, line["row"]


def _of_create(row: int) -> _Safety:
    """The safety of a create: nothing was there that it could empty."""
    return 0, True, row


def _create(line: lines.Line, width: int | None, *, planned: bool) -> Text:
    verb = "create" if planned else "created"
    text = Text(f"+ {verb} {visible(line['key'])}", style="green")
    fields = (f"{visible(name)} {value(after)}" for name, (_, after) in line["changes"].items())
    text.append(f"  {', '.join(fields)}", style="not green")
    if width is not None:
        text.truncate(width, overflow="ellipsis")
    return text


def _cost(estimate: Estimate) -> str:
    if not estimate.requests:
        return "The real run would send nothing."
    about = duration(max(round(estimate.seconds), 1))
    return f"The real run would take {count(estimate.requests, 'request')}, about {about}."
