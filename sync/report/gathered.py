"""What the page shows of a run, gathered line by line: counts of everything, and no more rows than stay fluent."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sync.domain.record import Rejected
from sync.domain.results import PartlyWritten, Result
from sync.report import lines
from sync.report.lines import Line
from sync.report.plain import cut, dumps
from sync.report.words import loses

#: Rejected rows that the page holds; of each reason some are kept beyond that.
MOST, LEAST = 10_000, 100
#: Rows that are kept of each field that changed, of each warning, of what was created and of what left.
EXAMPLES = 200
#: Values of a reason that are told apart.
VALUES = 1_000
#: Characters of a value or an answer; the files have more.
LONGEST = 300
#: Codes that follow from another row's: they come after their cause.
CASCADES = frozenset({"customer_not_found", "same_record"})

Row = list[Any]


@dataclass(slots=True)
class Group:
    """Rows with one reason, one changed field or one warning; `about` is the field, `rows` are some of the rows."""

    mapping: str
    code: str
    about: str | None
    message: str = ""
    hint: str = ""
    count: int = 0
    new: int = 0
    #: Its rows have words of their own.
    varied: bool = False
    filled: int = 0
    changed: int = 0
    cleared: int = 0
    rows: list[Row] = field(default_factory=list)
    _values: Counter[str | None] = field(default_factory=Counter)
    #: Of each value that is told apart, the hint of its first row.
    _hints: dict[str | None, str] = field(default_factory=dict)
    _beyond: int = 0

    def note_value(self, value: str | None, hint: str) -> None:
        """Count a value, with its hint; of a reason with thousands of them the first are told apart."""
        if value in self._values or len(self._values) < VALUES:
            self._values[value] += 1
            self._hints.setdefault(value, hint)
        else:
            self._beyond += 1

    def commonest(self, most: int) -> list[tuple[str | None, int]]:
        """The commonest values, with the number of rows that have them."""
        return self._values.most_common(most)

    def hint_of(self, value: str | None) -> str:
        """What to do about a value."""
        return self._hints.get(value, self.hint)

    def hints(self) -> list[tuple[str, int]]:
        """What to do about the rows, the commonest hint first, each with its number of rows."""
        found = Counter[str]()
        for value, rows in self._values.items():
            found[self.hint_of(value)] += rows
        return found.most_common()

    @property
    def hints_differ(self) -> bool:
        """Whether there are several hints, so that none is that of all rows."""
        return len(set(self._hints.values())) > 1

    @property
    def different(self) -> int:
        """How many different values there are, at least."""
        return len(self._values) + (1 if self._beyond else 0)

    @property
    def is_cut(self) -> bool:
        """Whether there may be more different values than are told apart."""
        return bool(self._beyond)

    @property
    def shares(self) -> str:
        """`3 emptied, 20 changed, 1 filled`, without what there is none of."""
        parts = ((self.cleared, "emptied"), (self.changed, "changed"), (self.filled, "filled"))
        return ", ".join(f"{number:,} {how}" for number, how in parts if number)


@dataclass(slots=True)
class Gathered:
    """A run's lines in groups; each method takes a line of the file of that name."""

    kept: int = 0
    #: Problems that the last run had as well, as far as their lines say so.
    known: int = 0
    left_count: int = 0
    left: list[Row] = field(default_factory=list)
    _rejected: dict[tuple[object, ...], Group] = field(default_factory=dict)
    _changes: dict[tuple[object, ...], Group] = field(default_factory=dict)
    _created: dict[tuple[object, ...], Group] = field(default_factory=dict)
    _warnings: dict[tuple[object, ...], Group] = field(default_factory=dict)

    def add_error(self, line: Line) -> None:
        """A problem of a rejected row; only one that says that it is new is shown as new."""
        group = _group(self._rejected, line["mapping"], line["code"], line["field"])
        if not group.count:
            group.message, group.hint = line["message"], line["hint"]
        new = line.get("new") is True
        group.count += 1
        group.new += new
        group.varied = group.varied or line["message"] != group.message
        self.known += line.get("new") is False
        group.note_value(_shown(line["value"]), line["hint"])
        if self.kept < MOST or len(group.rows) < LEAST:
            self.kept += 1
            group.rows.append(_error(group, line, new))

    def add_change(self, line: Line) -> None:
        """What was written of a row, or would be, and its warnings."""
        for warning in line["warnings"]:
            group = _group(self._warnings, line["mapping"], warning["code"], warning["field"])
            group.message = group.message or warning["message"]
            if _has_room(group):
                other = None if warning["message"] == group.message else warning["message"]
                group.rows.append([line["row"], line["key"], other])
        if line["outcome"] == "created":
            group = _group(self._created, line["mapping"], "created", None)
            if _has_room(group):
                changes = {name: _shown(after) for name, (_, after) in line["changes"].items()}
                group.rows.append([line["row"], line["key"], changes])
            return
        for name, (before, after) in line["changes"].items():
            group = _group(self._changes, line["mapping"], "changed", name)
            _count_change(group, before if line["before_known"] else "", after)
            if _has_room(group):
                shown = [_shown(before), _shown(after), line["before_known"]]
                group.rows.append([line["row"], line["key"], *shown])

    def add_left(self, line: Line) -> None:
        """A key that left the query."""
        self.left_count += 1
        if len(self.left) < EXAMPLES:
            self.left.append([line["mapping"], line["key"], line["uuid"]])

    def add(self, mapping: str, results: Iterable[Result], at: datetime) -> None:
        """Rows as a run tells of them."""
        for result in results:
            match result:
                case Rejected():
                    rejected: Rejected | None = result
                case PartlyWritten(rejected=rejected):
                    pass
                case _:
                    rejected = None
            for line in lines.errors("", mapping, rejected, at) if rejected else ():
                self.add_error(line)
            if not isinstance(result, Rejected) and (
                changed := lines.change("", mapping, result, at)
            ):
                self.add_change(changed)

    @property
    def is_worth_a_page(self) -> bool:
        """Whether anything was written, or rejected that the last run is not known to have rejected."""
        rejected = sum(group.count for group in self._rejected.values())
        return bool(self._changes or self._created or self._warnings or rejected > self.known)

    def rejected(self) -> list[Group]:
        """Causes before cascades, what is new first, then by number."""
        return sorted(
            self._rejected.values(),
            key=lambda group: (group.code in CASCADES, not group.new, -group.count),
        )

    def changes(self) -> list[Group]:
        """Changed fields: those with emptied values first, then by number."""
        return sorted(self._changes.values(), key=lambda group: (-group.cleared, -group.count))

    def created(self) -> list[Group]:
        """Created records, by mapping."""
        return list(self._created.values())

    def warnings(self) -> list[Group]:
        """Warnings, the commonest first."""
        return sorted(self._warnings.values(), key=lambda group: -group.count)


def _group(
    groups: dict[tuple[object, ...], Group], mapping: str, code: str, name: str | None
) -> Group:
    place = (mapping, code, name)
    if place not in groups:
        groups[place] = Group(mapping, code, name)
    return groups[place]


def _has_room(group: Group) -> bool:
    """Count a row; whether it is one of those that are kept."""
    group.count += 1
    return len(group.rows) < EXAMPLES


def _error(group: Group, line: Line, new: bool) -> Row:
    """A row for the page; words that are those of its group are left out."""
    message = None if line["message"] == group.message else line["message"]
    hint = None if line["hint"] == group.hint else line["hint"]
    return [
        line["row"], line["key"], line.get("name"), line.get("url"), _shown(line["value"]), message, hint, int(new),
        (line.get("since") or "")[:10], cut(line["response"] or "", LONGEST),
    ]  # fmt: skip


def _count_change(group: Group, before: object, after: object) -> None:
    if loses(before, after):
        group.cleared += 1
    elif before is None or before == []:
        group.filled += 1
    else:
        group.changed += 1


def _shown(value: object) -> str | None:
    """A value as text; None is empty."""
    if value is None or isinstance(value, str):
        return None if value is None else cut(value, LONGEST)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return cut(", ".join(value), LONGEST)
    return cut(dumps(value), LONGEST)
