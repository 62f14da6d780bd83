"""Insert or update in one statement, in the dialects of both databases."""

from collections import abc
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import Connection, Table

if TYPE_CHECKING:
    from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
    from sqlalchemy.dialects.sqlite import Insert as SqliteInsert

T = TypeVar("T")
#: Keys in one statement; SQLite takes 32,766 values, and long statements are parsed slowly.
CHUNK = 1000


def insert(connection: Connection, table: Table) -> "PostgresInsert | SqliteInsert":
    """An insert that knows `on_conflict_do_…`."""
    return _insert(connection.dialect.name, table)


def _insert(dialect: str, table: Table) -> "PostgresInsert | SqliteInsert":
    # Late: a process has its state in one of the two, and loading PostgreSQL's takes a while.
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)
    from sqlalchemy.dialects import sqlite

    return sqlite.insert(table)


def upsert(
    connection: Connection, table: Table, rows: abc.Sequence[abc.Mapping[str, object]]
) -> None:
    """Insert rows of equal shape, or set these columns where the primary key is there already."""
    if rows:
        connection.execute(_upsert(connection.dialect.name, table, tuple(rows[0])), list(rows))


@cache
def _upsert(dialect: str, table: Table, names: tuple[str, ...]) -> "PostgresInsert | SqliteInsert":
    """Made once: SQLAlchemy takes longer to make the statement than to carry it out."""
    keys = [column.name for column in table.primary_key]
    statement = _insert(dialect, table)
    changes = {name: statement.excluded[name] for name in names if name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=changes)


def chunks(keys: abc.Iterable[T]) -> abc.Iterator[list[T]]:
    """Keys, or numbers of records, in lists short enough for one statement."""
    left = iter(keys)
    while part := list(islice(left, CHUNK)):
        yield part
