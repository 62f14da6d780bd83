"""What there is to say of one key: its rows, what the state remembers, what ChartMogul shows, and what would follow."""

from collections import abc
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sync.domain.plan import Absent, Changes, Seen
from sync.domain.record import AttributeType, Record, Rejected
from sync.domain.results import Result


@dataclass(frozen=True, slots=True)
class ExplainedRow:
    """A row as the driver gave it, by columns, and what it makes.

    `hidden` are columns that the mapping ignores by name: mostly those are secret, so their values are not kept.
    """

    number: int
    values: abc.Mapping[str, Any]
    hidden: tuple[str, ...]
    made: Record | Rejected


@dataclass(frozen=True, slots=True)
class Refusal:
    """How ChartMogul first refused a row that is held back until `until`, while nothing about it changes."""

    since: datetime
    until: datetime
    http_status: int | None
    field: str | None
    code: str | None
    words: str | None
    run: str | None


@dataclass(frozen=True, slots=True)
class Recalled:
    """What the state remembers of a key, and of what the mapping last did with it.

    `outcome` is None where this mapping never met it; `code` says why it was rejected. `left`: it was missing from the
    last complete query. `deleted`: it was found to be deleted in ChartMogul. `dropped` are fields of the row whose
    values ChartMogul is known not to take.
    """

    uuid: str | None
    outcome: str | None
    code: str | None
    run: str | None
    at: datetime | None
    left: bool
    deleted: bool
    rejected_since: datetime | None
    refusal: Refusal | None
    dropped: tuple[str, ...]


@dataclass(slots=True)
class Explained:
    """What was found out about a key of one mapping; filled while it is looked for.

    `results` are by the number of their row. `known` is what ChartMogul shows, None where it was not asked or gave no
    record. `differences` are all fields in which the record differs from that, whatever is done about them; `edited`
    those that somebody else has changed. `look_ups` counts the requests by which a run would look for the record,
    `writes` are those that it would send, by method and path.
    """

    key: str
    rows: list[ExplainedRow] = field(default_factory=list)
    results: dict[int, Result] = field(default_factory=dict)
    recalled: Recalled | None = None
    known: Seen | Absent | None = None
    differences: Changes = field(default_factory=dict)
    edited: frozenset[str] = frozenset()
    look_ups: int = 0
    writes: abc.Sequence[str] = ()
    types: abc.Mapping[str, AttributeType] = field(default_factory=dict)

    @property
    def record(self) -> Record | None:
        """The record of the first row that makes one."""
        return next((row.made for row in self.rows if isinstance(row.made, Record)), None)

    @property
    def result(self) -> Result | None:
        """What becomes of the first row, which counts where others make the same record."""
        return self.results.get(self.rows[0].number) if self.rows else None
