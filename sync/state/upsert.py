"""Insert or update in one statement, in the dialects of both databases."""

from collections import abc

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert

#: Keys in one statement; SQLite takes 32,766 values, and long statements are parsed slowly.
CHUNK = 1000


def insert(connection: Connection, table: Table) -> PostgresInsert | SqliteInsert:
    """An insert that knows `on_conflict_do_…`."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def upsert(
    connection: Connection, table: Table, rows: abc.Sequence[abc.Mapping[str, object]]
) -> None:
    """Insert rows of equal shape, or set these columns where the primary key is there already."""
    if not rows:
        return
    keys = [column.name for column in table.primary_key]
    statement = insert(connection, table)
    changes = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    connection.execute(
        statement.on_conflict_do_update(index_elements=keys, set_=changes), list(rows)
    )


def chunks(keys: abc.Iterable[str]) -> abc.Iterator[list[str]]:
    """Keys in lists short enough for one statement."""
    listed = list(keys)
    for start in range(0, len(listed), CHUNK):
        yield listed[start : start + CHUNK]
