"""The tables and views of a warehouse, and what their columns are; for who begins with a mapping."""

from collections import abc
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from sync.domain.record import AttributeType
from sync.errors import SourceError
from sync.warehouse.column import Column
from sync.warehouse.dialects.dialect import Kind
from sync.warehouse.relation import Relation
from sync.warehouse.warehouse import Warehouse

#: So many rows tell the types that neither the query nor the table tells.
_ROWS = 100


@dataclass(frozen=True, slots=True)
class Table:
    """A table or view, its columns, the names of its primary key, and its first rows in the columns' order."""

    relation: Relation
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Catalog:
    """What a warehouse has. Nothing is written, and each question has a connection of its own."""

    warehouse: Warehouse

    def relations(self) -> list[Relation]:
        """All tables and views that the user may see.

        Raises:
            SourceError: no connection, or the database does not tell.
        """
        with self._connected() as connection:
            return list(self.warehouse.dialect.relations(connection))

    def table(self, relation: Relation) -> Table:
        """A table with its columns.

        Raises:
            SourceError: it cannot be read; the message is the database's own.
        """
        with self._connected() as connection:
            key = tuple(self.warehouse.dialect.primary_key(connection, relation))
            declared = self.warehouse.dialect.declared(connection, relation)
        with self.warehouse.query(self.warehouse.table(relation.written)) as result:
            rows = next(result.batches(_ROWS), [])
        columns = tuple(_typed(column, declared.get(column.name)) for column in result.columns)
        return Table(relation, columns, key, tuple(rows))

    @contextmanager
    def _connected(self) -> abc.Iterator[Connection]:
        engine, dialect = self.warehouse.engine, self.warehouse.dialect
        try:
            with engine.connect() as connection:
                dialect.begin(connection)
                yield connection
        except Exception as error:  # drivers raise far more than DB-API errors here
            words = self.warehouse.words(error, detail=False)
            raise SourceError(
                f"the warehouse does not tell its tables: {words}",
                f"{dialect.unreachable}; what the driver needs besides the URL goes into --option",
            ) from error


def _typed(column: Column, declared: Kind) -> Column:
    """A column as the query tells it, else as the table declares it."""
    if column.type is not None or column.unsendable is not None:
        return column
    if isinstance(declared, AttributeType):
        return replace(column, type=declared)
    return replace(column, unsendable=declared)
