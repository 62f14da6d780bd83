"""Values that a driver cannot read are handed on as they came, to be rejected with their rows.

Of PostgreSQL's values some are read late, by `late`, so that rows that nobody looks into cost less.
"""

import sqlite3
from collections import abc
from typing import Any

#: infinity, years before 1 and after 9999: PostgreSQL has them, Python's dates do not.
_DATES = ("date", "timestamp", "timestamptz", "interval")
_LATE = (*_DATES, "numeric", "uuid")
#: Settings that say how PostgreSQL writes what is read late.
_SETTINGS = ("DateStyle", "IntervalStyle", "TimeZone")
#: A column's place, and what reads its values.
Late = tuple[tuple[int, abc.Callable[[Any], Any]], ...]


def prepare(connection: Any) -> None:
    """Teach a DB-API connection to hand unreadable values on; most drivers stay as they are."""
    if isinstance(connection, sqlite3.Connection):
        connection.text_factory = decode
    elif _is_psycopg(connection):
        _prepare_psycopg(connection)


def _is_psycopg(connection: Any) -> bool:
    return type(connection).__module__.partition(".")[0] == "psycopg"


def manner(connection: Any) -> str:
    """What values from this connection depend on besides themselves: the driver and its settings."""
    if not _is_psycopg(connection):
        return type(connection).__module__
    return repr([connection.info.parameter_status(name) for name in _SETTINGS])


def decode(raw: bytes) -> str | bytes:
    """Text out of SQLite, which need not be UTF-8: bytes stay bytes, which nothing can send."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw


def _prepare_psycopg(connection: Any) -> None:
    from psycopg.pq import Format

    adapters = connection.adapters
    as_text = adapters.get_loader(adapters.types["text"].oid, Format.TEXT)
    for name in _LATE:
        adapters.register_loader(adapters.types[name].oid, as_text)


def late(connection: Any, description: abc.Sequence[Any]) -> Late:
    """What `prepare` left for later in a result with this description."""
    if not _is_psycopg(connection):
        return ()
    from psycopg import adapters
    from psycopg.pq import Format

    wanted = {adapters.types[name].oid for name in _LATE}
    loaders = {oid: adapters.get_loader(oid, Format.TEXT) for oid in wanted}
    return tuple(
        (i, _or_text(loader(column[1], connection)))
        for i, column in enumerate(description)
        if (loader := loaders.get(column[1]))
    )


def _or_text(loader: Any) -> abc.Callable[[str], Any]:
    from psycopg import DataError

    def load(written: str) -> Any:
        try:
            return loader.load(written.encode())
        except DataError:
            return written

    return load
