"""The warehouse of a world: its queries give the rows of the moment, or break off."""

from collections import abc
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sync.domain.record import AttributeType
from sync.errors import SourceError
from sync.warehouse.column import Column
from sync.warehouse.statement import Judgement
from tests.simulation.rows import Rows

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
)
_PEOPLE = ("customer", "id", "email", "first_name", "title", "role")


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
    timeout: float | None = None

    def judge(self, sql: str) -> Judgement:
        """All queries of a world read."""
        return Judgement(True)

    @contextmanager
    def query(self, sql: str, *, doubtful: bool = False) -> abc.Iterator[Result]:
        """The query of accounts, of a share of them, or of people."""
        query = sql.removeprefix("select ")
        names = _PEOPLE if query == "people" else _ACCOUNTS
        rows = self.rows.of(query)
        columns = tuple(Column(name, AttributeType.STRING) for name in names)
        yield Result(columns, [row.values for row in rows], self.before)

    def cancel(self) -> None:
        """See Result."""


def broken_off() -> SourceError:
    """What a lost connection becomes."""
    return SourceError("server closed the connection unexpectedly")
