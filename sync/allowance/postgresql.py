"""The book as a row of an unlogged table beside a state of PostgreSQL.

Each statement is a transaction of its own, so it works behind a pooler that gives a connection away after each, and
nobody ever holds a lock while it is stopped: a book is written only if it still is the one that was read, else it is
read again. The clock is the server's; what this machine's says meanwhile is certain to the time that an answer took.
"""

import random
import time
from collections import abc
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import URL, Connection, Engine, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from sync.database import engines
from sync.domain.allowance import Book, Grant, Permit, Visit, decode, encode, unknown
from sync.state import engine
from sync.state.moments import since_boot
from sync.state.trouble import refusal

#: Tries to write before others did, and seconds between two, at most.
_TRIES = 60
_BETWEEN = 0.01

_MAKE = (
    "create unlogged table if not exists {table}"
    " (id integer primary key, version bigint not null, book text not null)"
)
_FIRST = "insert into {table} values (1, 0, '{{}}') on conflict do nothing"
_READ = "select version, book, extract(epoch from clock_timestamp()) from {table} where id = 1"
_WRITE = (
    "update {table} set version = version + 1, book = :book where id = 1 and version = :version"
)
_TABLE = "sync_allowance"


@dataclass(frozen=True, slots=True)
class _Read:
    """A book as it was at a moment of the server's clock, which lay between two of ours."""

    version: int
    book: str
    moment: float
    before: float
    after: float

    def at_the_server(self, ours: float) -> float:
        """The latest that the server's clock may have shown at a moment of ours."""
        return self.moment + ours - self.before

    def here(self, grant: Grant) -> Grant:
        """A grant by our clock: begun as late, and over as soon, as it may be by the server's."""
        later, sooner = self.after - self.moment, self.before - self.moment
        permits = (Permit(p.name, p.at + later, p.until + sooner) for p in grant.permits)
        return Grant(tuple(permits), grant.connections, grant.until + sooner)


@dataclass(slots=True)
class PostgreSQLBook:
    """A book in a PostgreSQL, on a connection of its own: those of the state may be busy for long."""

    url: URL
    clock: abc.Callable[[], float] = since_boot
    _engine: Engine = field(init=False, repr=False)
    #: What our clock's moments are at the server, as the last visit found it.
    _known: _Read | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._engine = engines.connect(
            self.url,
            pool_size=1,
            max_overflow=0,
            isolation_level="AUTOCOMMIT",
            connect_args=engine.arguments(self.url),
        )

    def open(self) -> None:
        """See whether it can be written, and make it where it is not there; SQLAlchemyError where it cannot."""
        with self._engine.connect() as connection:
            if not _is_there(connection):
                _make(connection)
        self._visit(Visit("who opens it", leaves=True))

    def visit(self, visit: Visit) -> Grant:
        """Carry a visit out; StateError where the server does not."""
        try:
            try:
                return self._visit(visit)
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
                return self._visit(visit)
        except (SQLAlchemyError, OSError) as error:
            raise refusal(error, self.url) from error

    def close(self) -> None:
        """Let go of the connection."""
        self._engine.dispose()

    def _visit(self, visit: Visit) -> Grant:
        with self._engine.connect() as connection:
            for _ in range(_TRIES):
                read = self._read(connection)
                book, told = _book(read), self._translated(read, visit)
                grant = book.visit(read.moment, told)
                written = {"book": encode(book), "version": read.version}
                if _say(connection, _WRITE, written).rowcount == 1:
                    self._known = read
                    return read.here(grant)
                time.sleep(random.random() * _BETWEEN)
        return Grant((), 0, self.clock())

    def _read(self, connection: Connection) -> _Read:
        before = self.clock()
        row = _say(connection, _READ).one_or_none()
        after = self.clock()
        if row is None:  # emptied, as by a crash of the server
            _say(connection, _FIRST)
            return self._read(connection)
        return _Read(row[0], row[1], float(row[2]), before, after)

    def _translated(self, read: _Read, visit: Visit) -> Visit:
        known = self._known or read
        started = tuple((name, known.at_the_server(at)) for name, at in visit.started)
        return replace(visit, started=started)


def _is_there(connection: Connection) -> bool:
    asked = text("select to_regclass(:name) is not null")
    return bool(connection.execute(asked, {"name": _TABLE}).scalar_one())


def _make(connection: Connection) -> None:
    """Make the table; who is later finds it, also where two do so at once."""
    try:
        _say(connection, _MAKE)
    except DBAPIError:
        if not _is_there(connection):
            raise


def _book(read: _Read) -> Book:
    with suppress(ValueError):
        return decode(read.book)
    return unknown(read.moment)


def _say(connection: Connection, statement: str, values: dict[str, Any] | None = None) -> Any:
    return connection.execute(text(statement.format(table=_TABLE)), values or {})
