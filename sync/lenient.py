"""Values that a driver cannot read are handed on as they came, to be rejected with their rows."""

import sqlite3
from typing import Any

#: infinity, years before 1 and after 9999: PostgreSQL has them, Python's dates do not.
_DATES = ("date", "timestamp", "timestamptz", "interval")


def prepare(connection: Any) -> None:
    """Teach a DB-API connection to hand unreadable values on; most drivers stay as they are."""
    if isinstance(connection, sqlite3.Connection):
        connection.text_factory = decode
    elif type(connection).__module__.partition(".")[0] == "psycopg":
        _prepare_psycopg(connection)


def decode(raw: bytes) -> str | bytes:
    """Text out of SQLite, which need not be UTF-8: bytes stay bytes, which nothing can send."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw


def _prepare_psycopg(connection: Any) -> None:
    from psycopg.pq import Format

    for name in _DATES:
        oid = connection.adapters.types[name].oid
        loader = connection.adapters.get_loader(oid, Format.TEXT)
        connection.adapters.register_loader(oid, _or_text(loader))


def _or_text(inner: Any) -> type:
    """A loader around psycopg's own that falls back to the text of the value."""
    from psycopg import DataError

    class OrText:
        format = inner.format

        def __init__(self, oid: int, context: Any = None) -> None:
            self._load = inner(oid, context).load

        def load(self, data: Any) -> Any:
            try:
                return self._load(data)
            except DataError:
                return bytes(data).decode()

    return OrText
