"""The warehouse of a world: its queries give the rows of the moment, or break off."""

from collections import abc
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sync.domain.record import AttributeType
from sync.errors import SourceError
from sync.warehouse.column import Column
from sync.warehouse.fingerprints import NoFingerprints
from sync.warehouse.statement import Judgement
from tests.simulation.rows import Rows
from tests.support.hashed import HashedQuery

_BATCH = 5
_ACCOUNTS = (
    "id",
    "company",
    "email",
    "country",
    "plan",
    "seats",
    "partner",
    "score",
    "state",
    "was",
    "segments",
    "teams",
)
#: Of a row of accounts, and where its state stands.
WIDTH, STATE = len(_ACCOUNTS), _ACCOUNTS.index("state")
#: Of people whose contacts were there beforehand.
_KNOWN = ("uuid", "phone")
_PEOPLE = ("customer", "id", "email", "first_name", "title", "role", "phone")


@dataclass(slots=True)
class Result:
    """A running query, in small batches; stands in for `sync.warehouse.result.Result`."""

    columns: tuple[Column, ...]
    rows: abc.Sequence[tuple[Any, ...]]
    #: Called before each batch; raises SourceError where the source is to break off.
    before: abc.Callable[[], None]
    manner: str = "simulated"

    def raw(self, size: int = 1000) -> abc.Iterator[list[tuple[Any, ...]]]:
        """The rows, a few at a time."""
        for start in range(0, len(self.rows), _BATCH):
            self.before()
            yield list(self.rows[start : start + _BATCH])
        self.before()

    def complete(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        """Nothing is left unread."""
        return row

    def cancel(self) -> None:
        """Nothing runs while another thread could ask."""


@dataclass(slots=True)
class Warehouse:
    """Stands in for `sync.warehouse.warehouse.Warehouse`."""

    rows: Rows
    before: abc.Callable[[], None]
    #: The rows from its second answer on.
    between: Rows | None = None
    #: Into how many buckets keys fall; 0: it cannot compare.
    buckets: int = 0
    #: What rows look like when they are asked for once more; None: as they do.
    waver: abc.Callable[[list[tuple[Any, ...]]], None] | None = None
    timeout: float | None = None
    #: The contacts that were there beforehand, by the keys of their rows.
    uuids: abc.Mapping[str, str] = field(default_factory=dict)
    _answers: int = 0

    def judge(self, sql: str) -> Judgement:
        """All queries of a world read."""
        return Judgement(True)

    @contextmanager
    def query(self, sql: str, *, doubtful: bool = False) -> abc.Iterator[Result]:
        """The query of accounts, of a share of them, or of people."""
        yield Result(_columns(sql), self._now(sql), self.before)

    def fingerprints(self, sql: str) -> HashedQuery | NoFingerprints:
        """The same, hashed here; each answer is of its own moment."""
        if not self.buckets:
            return NoFingerprints("this warehouse cannot compare")
        now, before = partial(self._now, sql), self.before
        return HashedQuery(_columns(sql), now, modulus=self.buckets, size=_BATCH, before=before)

    def _now(self, sql: str) -> list[tuple[Any, ...]]:
        self._answers += 1
        rows = self.rows if self._answers == 1 else self.between or self.rows
        if _name(sql) == "contacts":
            return list(self._known(rows))
        found = [row.values for row in rows.of(_name(sql))]
        if self.waver is not None:
            self.waver(found)
        return found

    def _known(self, rows: Rows) -> abc.Iterator[tuple[Any, ...]]:
        phones = {person.key: person.phone for person in reversed(rows.people)}
        for key, phone in phones.items():
            if key in self.uuids:
                yield self.uuids[key], phone

    def cancel(self) -> None:
        """See Result."""


def _name(sql: str) -> str:
    return sql.removeprefix("select ")


def _columns(sql: str) -> tuple[Column, ...]:
    names = {"people": _PEOPLE, "contacts": _KNOWN}.get(_name(sql), _ACCOUNTS)
    return tuple(Column(name, AttributeType.STRING) for name in names)


def broken_off() -> SourceError:
    """What a lost connection becomes."""
    return SourceError("server closed the connection unexpectedly")
