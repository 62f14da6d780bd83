"""A running query: its columns, and its rows once."""

from collections import abc
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Connection, CursorResult

from sync.database import driver_rows
from sync.domain.record import AttributeType
from sync.errors import SourceError
from sync.warehouse.column import AS_NUMBER, Column
from sync.warehouse.dialects.dialect import Dialect, Kind, Late

Told = TypeVar("Told")


@dataclass(slots=True)
class Result:
    """A running query: its columns, and its rows once.

    `manner` says what its values depend on besides themselves.
    """

    columns: tuple[Column, ...]
    manner: str
    _late: Late
    _rows: CursorResult[Any]
    _refusal: abc.Callable[[Exception, tuple[Column, ...]], SourceError]
    _break_off: abc.Callable[[], None]
    _cancelled: bool = field(default=False, init=False)

    def batches(self, size: int = 1000) -> abc.Iterator[list[tuple[Any, ...]]]:
        """The rows in lists of `size` (the last is shorter), as tuples in the order of `columns`.

        Raises:
            SourceError: the query failed, broke off or was cancelled.
        """
        for batch in self.raw(size):
            yield [self.complete(row) for row in batch]

    def complete(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        """A row of `raw` with all its values read."""
        if not self._late:
            return row
        values = list(row)
        for place, load in self._late:
            if values[place] is not None:
                values[place] = load(values[place])
        return tuple(values)

    def raw(self, size: int = 1000) -> abc.Iterator[list[tuple[Any, ...]]]:
        """Like `batches`, with values as text that take long to read: who needs them calls `complete`.

        Raises:
            SourceError: the query failed, broke off or was cancelled.
        """
        batches = driver_rows.batches(self._rows, size)
        while not self._cancelled:
            try:
                batch = next(batches, None)
            except Exception as error:
                raise self._refusal(error, self.columns) from error
            if batch is None:
                return
            yield batch
        raise SourceError("the query was cancelled")

    def asked(self, question: abc.Callable[[Connection, Any], Told]) -> Told:
        """What a dialect says of the running statement, by its connection and the driver's cursor.

        Raises:
            SourceError: the database does not tell, or the connection broke off.
        """
        try:
            return question(self._rows.connection, self._rows.cursor)
        except Exception as error:
            raise self._refusal(error, self.columns) from error

    def close(self) -> None:
        """Let go of the rows that were not read; an open cursor keeps SQLite's connection open."""
        with suppress(Exception):
            self._rows.close()

    def cancel(self) -> None:
        """Break the query off, from any thread; `batches` then raises SourceError."""
        self._cancelled = True
        self._break_off()


def describe(
    dialect: Dialect, connection: Connection, result: CursorResult[Any]
) -> tuple[Column, ...]:
    """The columns of a result that was not read yet; repeated names are kept, to be refused."""
    names = tuple(result.keys())
    cursor = result.cursor
    kinds = [None] * len(names) if cursor is None else dialect.kinds(connection, cursor)
    return tuple(_column(name, kind, dialect) for name, kind in zip(names, kinds, strict=True))


def _column(name: str, kind: Kind, dialect: Dialect) -> Column:
    of_bytes, folds = dialect.bytes_as_text, dialect.folds
    if kind is None or isinstance(kind, AttributeType):
        text, suggested = dialect.plain_as_text or dialect.as_text, kind in dialect.doubtful
        return Column(name, kind, None, text, of_bytes, folds=folds, suggested=suggested)
    text = {"money": AS_NUMBER, "binary": of_bytes}.get(kind, dialect.as_text)
    return Column(name, None, kind, text, of_bytes, folds=folds)
