"""The rows of a case, in place of a warehouse that would be asked for them."""

from collections import abc
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sync.cli.cases import Row
from sync.domain.record import AttributeType
from sync.mapping.loader import LoadedMapping
from sync.warehouse.column import Column
from sync.warehouse.fingerprints import NoFingerprints
from sync.warehouse.statement import Judgement


@dataclass(slots=True)
class Result:
    """The rows of a case, as a running query gives them."""

    columns: tuple[Column, ...]
    rows: abc.Sequence[tuple[Any, ...]]
    manner: str = "case"

    def raw(self, size: int = 1000) -> abc.Iterator[list[tuple[Any, ...]]]:
        """The rows, `size` at a time."""
        for start in range(0, len(self.rows), size):
            yield list(self.rows[start : start + size])

    def complete(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        """Nothing is left unread."""
        return row

    def cancel(self) -> None:
        """There is nothing that would take long."""


@dataclass(slots=True)
class Rows:
    """Stands for the warehouse: whatever the query is, its rows are those of the case."""

    result: Result
    timeout: float | None = None

    def judge(self, sql: str) -> Judgement:
        """Nothing is sent, so nothing can be written."""
        return Judgement(True)

    @contextmanager
    def query(self, sql: str, *, doubtful: bool = False) -> abc.Iterator[Result]:
        """The rows of the case."""
        yield self.result

    def fingerprints(self, sql: str) -> NoFingerprints:
        """The rows of a case are few, and read."""
        return NoFingerprints("a case has its rows")

    def cancel(self) -> None:
        """There is nothing that would take long."""


def rows_of(loaded: LoadedMapping, rows: abc.Sequence[Row]) -> Rows:
    """The rows, with all columns that they or the mapping name, of the types that their values show."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    names += [name for name in _columns(loaded) if name not in names]
    columns = tuple(Column(name, type_of([row.get(name) for row in rows])) for name in names)
    return Rows(Result(columns, [tuple(row.get(name) for name in names) for row in rows]))


def _columns(loaded: LoadedMapping) -> abc.Iterator[str]:
    """The columns that a mapping names: those that no row of a case has are null."""
    mapping = loaded.mapping
    specs = (*mapping.fields.values(), *mapping.attributes.values())
    named = [spec.column for spec in specs] + [item.column for item in mapping.tag_columns]
    yield from filter(None, named)


def type_of(values: abc.Iterable[Any]) -> AttributeType | None:
    """The type that a database would tell of these values; None where they are no one type."""
    kinds = {_KINDS.get(type(value).__name__) for value in values if value is not None}
    return kinds.pop() if len(kinds) == 1 else None


_KINDS = {
    "bool": AttributeType.BOOLEAN,
    "int": AttributeType.INTEGER,
    "Decimal": AttributeType.DECIMAL,
    "str": AttributeType.STRING,
}
