"""The warehouse: one query at a time, streamed, read-only, exactly as it is written."""

import re
import sqlite3
from collections import abc
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import URL, Connection, CursorResult, Engine, NullPool, event

from sync.database import engines, urls
from sync.errors import SourceError
from sync.warehouse import lenient
from sync.warehouse.column import Column, describe
from sync.warehouse.dialects import mysql

#: A statement that a PostgreSQL cursor takes; before it may stand comments and brackets.
_READS = re.compile(r"(?:\s|--[^\n]*\n|/\*.*?\*/|\()*(select|with|values|table)\b", re.I | re.S)
#: Said before the first statement where the driver has no option for it.
_READ_ONLY = {"mysql": "start transaction read only", "mariadb": "start transaction read only"}
#: How many characters of the statement stand before the query.
_PREFIX = "sync_prefix"


@dataclass(slots=True)
class Result:
    """A running query: its columns, and its rows once.

    `manner` says what its values depend on besides themselves.
    """

    columns: tuple[Column, ...]
    manner: str
    _late: lenient.Late
    _rows: CursorResult[Any]
    _refusal: abc.Callable[[Exception], SourceError]
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
        # Without a size, and with yield_per, a server-side cursor gives everything at once.
        batches = self._rows.partitions(size)
        while not self._cancelled:
            try:
                batch = next(batches, None)
            except Exception as error:
                raise self._refusal(error) from error
            if batch is None:
                return
            yield [row[:] for row in batch]  # a Row gives its tuple away, tuple() copies it
        raise SourceError("the query was cancelled")

    def close(self) -> None:
        """Let go of the rows that were not read; an open cursor keeps SQLite's connection open."""
        with suppress(Exception):
            self._rows.close()

    def cancel(self) -> None:
        """Break the query off, from any thread; `batches` then raises SourceError."""
        self._cancelled = True
        self._break_off()


def _break_off(connection: Any) -> None:
    """psycopg has cancel, sqlite3 and DuckDB have interrupt; others wait for the next batch."""
    if mysql.speaks(connection):
        with suppress(Exception):
            mysql.hang_up(connection)
        return
    for name in ("cancel_safe", "interrupt", "cancel"):
        if hasattr(connection, name):
            with suppress(Exception):  # the query may have ended in this very moment
                getattr(connection, name)()
            return


@dataclass(frozen=True, slots=True)
class Warehouse:
    """A warehouse. Each query has a connection of its own, closed when its block ends."""

    engine: Engine
    _running: list[Any] = field(default_factory=list, init=False, repr=False)

    @classmethod
    def open(cls, url: str, connect_args: abc.Mapping[str, Any] | None = None) -> "Warehouse":
        """A warehouse by its SQLAlchemy URL; nothing is connected yet.

        Raises:
            ConfigError: not a URL, or the driver is missing.
        """
        parsed = urls.parse(url)
        options = {**_options(parsed), **(connect_args or {})}
        engine = engines.connect(_only_read(parsed), poolclass=NullPool, connect_args=options)
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "before_cursor_execute", _note_prefix)
        return cls(engine)

    @contextmanager
    def query(self, sql: str) -> abc.Iterator[Result]:
        """Run a query; the connection is closed when the block ends.

        Raises:
            SourceError: no connection, or the database refused the query; the message is its own.
        """
        connection = self._connect()
        driver = connection.connection.driver_connection
        self._running.append(driver)
        try:
            result = self._execute(connection, driver, _bare(sql))
            try:
                yield result
            finally:
                if mysql.is_half_read(driver):
                    connection.invalidate()
                result.close()
        finally:
            self._running.remove(driver)
            with suppress(Exception):  # every row was read, or a better error is on its way
                connection.close()

    def cancel(self) -> None:
        """Break off what runs, from any thread, also a query that has not come to its first row."""
        for driver in list(self._running):
            _break_off(driver)

    def columns(self, sql: str) -> tuple[Column, ...]:
        """The columns of a query, which runs until its first row is there."""
        with self.query(sql) as result:
            return result.columns

    def table(self, name: str) -> str:
        """The query that reads a table or view, named like `accounts` or `analytics.accounts`."""
        quoted = self.engine.dialect.identifier_preparer.quote
        parts = re.findall(r'"((?:[^"]|"")*)"|([^."]+)', name)
        return "SELECT * FROM " + ".".join(
            quoted(escaped.replace('""', '"') or plain) for escaped, plain in parts
        )

    def _connect(self) -> Connection:
        try:
            return self.engine.connect()
        except Exception as error:  # drivers raise far more than DB-API errors here
            url = self.engine.url
            raise SourceError(
                f"cannot connect to {urls.mask(url)}: {engines.words(error, url)}",
                _missing_file(url)
                or "check the URL, and that the database takes connections from this machine",
            ) from error

    def _execute(self, connection: Connection, driver: Any, sql: str) -> Result:
        def refusal(error: Exception) -> SourceError:
            return self._refusal(error, connection, sql)

        try:
            _begin_read_only(connection)
            rows = connection.execution_options(
                no_parameters=True,  # else psycopg takes % for a placeholder
                stream_results=True,
                sqlite_raw_colnames=True,  # else "a.b" becomes "b"
            ).exec_driver_sql(sql)
            if not rows.returns_rows:
                raise SourceError("the query returns no columns", "a source query is a SELECT")
            return Result(
                describe(connection, rows),
                lenient.manner(driver),
                lenient.late(driver, rows.cursor.description if rows.cursor else ()),
                rows,
                refusal,
                partial(_break_off, driver),
            )
        except SourceError:
            raise
        except Exception as error:
            raise refusal(error) from error

    def _refusal(self, error: Exception, connection: Connection, sql: str) -> SourceError:
        message = engines.words(error, self.engine.url, detail=True)
        diagnosis = getattr(getattr(error, "orig", None), "diag", None)
        place = _place(sql, diagnosis, connection)
        hint = getattr(diagnosis, "message_hint", None) or ""
        if not hint and connection.invalidated:
            hint = (
                "the connection broke off: see that the database runs and for how long it lets a query run;"
                " nothing of this query was sent, the next run reads it anew"
            )
        elif not hint and not _READS.match(sql):
            hint = "a source query is a SELECT"
        return SourceError(message + place, hint)


def _bare(sql: str) -> str:
    """A query without the semicolons at its end, which a cursor does not take."""
    return re.sub(r"[\s;]+\Z", "", sql.strip())


def _only_read(url: URL) -> URL:
    """SQLite opens a file read-only by a URI, and then does not make one where there is none."""
    path = url.database or ""
    if url.get_backend_name() != "sqlite" or path in ("", ":memory:") or path.startswith("file:"):
        return url
    return urls.look_only(url)


def _options(url: URL) -> dict[str, Any]:
    """DuckDB without a file reads others, such as Parquet; there is nothing that could be written."""
    in_file = url.database not in (None, "", ":memory:")
    return {"read_only": True} if url.get_backend_name() == "duckdb" and in_file else {}


def _prepare(connection: Any, _: object) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("pragma query_only = on")
    elif mysql.speaks(connection):
        mysql.prepare(connection)
    lenient.prepare(connection)


def _begin_read_only(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execution_options(postgresql_readonly=True)
    elif statement := _READ_ONLY.get(connection.dialect.name):
        connection.exec_driver_sql(statement)


def _note_prefix(connection: Connection, cursor: Any, *_: object) -> None:
    if name := getattr(cursor, "name", None):  # psycopg's server-side cursor
        connection.info[_PREFIX] = len(f'DECLARE "{name}" CURSOR FOR ')


def _place(sql: str, diagnosis: Any, connection: Connection) -> str:
    """Where in the query the database points, counted as an editor counts."""
    position = int(getattr(diagnosis, "statement_position", None) or 0)
    if not position or connection.invalidated:  # a lost connection has no info either
        return ""
    offset = position - 1 - int(connection.info.get(_PREFIX, 0))
    if not 0 <= offset <= len(sql):
        return ""
    before = sql[:offset]
    return (
        f" (line {before.count(chr(10)) + 1}, column {offset - before.rfind(chr(10))} of the query)"
    )


def _missing_file(url: URL) -> str:
    if url.get_backend_name() not in ("sqlite", "duckdb"):
        return ""
    return "the file has to exist and be readable; a relative path counts from the working folder"
