"""Repeated keys: which rows of a query share a key, and what becomes of them."""

from collections import abc
from dataclasses import dataclass, field
from itertools import islice

from sync.domain.record import Background, Problem, Rejected, Stage
from sync.domain.results import Delivered, Outcome

#: So many of the other rows are named in a message.
_NAMED = 10


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One row of a repeated key; `fingerprint` is None where the row made no record.

    `rejected`: the row is counted as rejected already, for itself or because it is held back.
    """

    row: int
    fingerprint: bytes | None
    rejected: bool = False
    #: What a person calls its record.
    name: str | None = None
    #: The key that its record had before, where the row itself is wrong.
    was: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict over one repeated key: its first row, whether that still counts, and all news."""

    first: Occurrence
    first_counts: bool
    results: tuple[Delivered | Rejected, ...]


@dataclass(slots=True)
class DuplicateKeys:
    """All rows of the keys that came more than once."""

    found: dict[str, list[Occurrence]] = field(default_factory=dict)

    def add(self, key: str, first: Occurrence, again: Occurrence) -> None:
        """A key came again; `first` is its first row."""
        self.found.setdefault(key, [first]).append(again)

    def verdicts(self) -> abc.Iterator[tuple[str, Verdict]]:
        """The verdict over every repeated key."""
        for key, rows in self.found.items():
            yield key, _judge(key, rows)


def _judge(key: str, rows: list[Occurrence]) -> Verdict:
    first, *others = rows
    if first.fingerprint is not None and all(o.fingerprint == first.fingerprint for o in others):
        reason = f"the same record as row {first.row}"
        skipped = (Delivered(o.row, key, Outcome.SKIPPED, reason) for o in others)
        return Verdict(first, True, tuple(skipped))
    rejected = tuple(_reject(key, o, rows) for o in rows if not o.rejected)
    return Verdict(first, first.rejected, rejected)


def _reject(key: str, occurrence: Occurrence, rows: list[Occurrence]) -> Rejected:
    others = islice((o.row for o in rows if o is not occurrence), _NAMED)
    shown = ", ".join(map(str, others)) + (", …" if len(rows) - 1 > _NAMED else "")
    word = "row" if len(rows) == 2 else "rows"
    problem = Problem(
        "duplicate_key",
        f"the key comes again in {word} {shown}, and not all make the same record",
        hint="make the key unique in SQL, for example with DISTINCT ON or QUALIFY",
    )
    background = Background(name=occurrence.name)
    return Rejected(occurrence.row, key, Stage.PLAN, (problem,), background=background)
