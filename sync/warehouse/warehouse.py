"""The warehouse: one query at a time, streamed, read-only, exactly as it is written."""

import re
from collections import abc
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, Engine, NullPool, event

from sync.database import engines, urls
from sync.domain.secret import mask
from sync.errors import BrokenOff, ConfigError, SourceError, Unreachable
from sync.warehouse import dialects, frame, statement, unreadable
from sync.warehouse.column import Column
from sync.warehouse.dialects.dialect import Dialect
from sync.warehouse.frame import Frame
from sync.warehouse.result import Result, describe
from sync.warehouse.statement import Judgement, Offence
from sync.warehouse.timer import Timer

if TYPE_CHECKING:
    from sync.warehouse.fingerprints import Fingerprints, NoFingerprints

#: A statement that a PostgreSQL cursor takes; before it may stand comments and brackets.
_READS = re.compile(r"(?:\s|--[^\n]*\n|/\*.*?\*/|\()*(select|with|values|table)\b", re.I | re.S)
_TOO_SLOW = "raise source.timeout, or let the query do less"
_BROKEN_OFF = (
    "the connection broke off: see that the database runs and for how long it lets a query run;"
    " nothing of this query was sent, the next run reads it anew"
)


class WritesError(SourceError):
    """The database says that a statement does something else than read; it was not run."""


@dataclass(frozen=True, slots=True)
class Warehouse:
    """A warehouse. Each query has a connection of its own, closed when its block ends."""

    engine: Engine
    dialect: Dialect
    #: Seconds that a query may take; None: as long as it does.
    timeout: float | None = None
    #: Texts that no message may show.
    secrets: tuple[str, ...] = field(default=(), repr=False)
    _running: list[Any] = field(default_factory=list, init=False, repr=False)

    @classmethod
    def open(
        cls,
        url: str,
        connect_args: abc.Mapping[str, Any] | None = None,
        timeout: float | None = None,
        secrets: tuple[str, ...] = (),
    ) -> "Warehouse":
        """A warehouse by its SQLAlchemy URL, and what the driver is handed besides; nothing is connected yet.

        Raises:
            ConfigError: not a URL, or the driver is missing.
        """
        parsed = urls.parse(url)
        dialect = dialects.choose(*engines.names(parsed))
        options = {**dialect.arguments(parsed), **(connect_args or {})}
        if timeout is not None:
            options = dialect.limited(options, timeout)
        try:
            engine = engines.connect(
                dialect.reading(parsed), poolclass=NullPool, connect_args=options
            )
        except ConfigError as error:
            hidden = (replace(p, message=_hide(p.message, parsed, secrets)) for p in error.problems)
            raise ConfigError(*hidden) from error
        event.listen(engine, "connect", lambda driver, _: dialect.prepare(driver))
        dialect.watch(engine)
        return cls(engine, dialect, timeout, secrets)

    def judge(self, sql: str) -> Judgement:
        """Whether a query is one statement that reads, as far as a parser can tell; nothing is connected."""
        grammar = self.dialect.grammar or self.engine.dialect.name
        judgement = statement.judge(sql, grammar)
        if judgement.known or judgement.offence or self.dialect.guards:
            return judgement
        if not statement.begins_to_read(sql):
            return Judgement(False, Offence("this begins as no query does", 0))
        return Judgement(False, statement.verb(sql, grammar))

    @contextmanager
    def query(
        self, sql: str, *, doubtful: bool = False, frame: Frame = frame.NONE
    ) -> abc.Iterator[Result]:
        """Run a query; the connection is closed when the block ends.

        `doubtful`: the database is asked first whether the query reads, if it has a way to say so.
        `frame`: what stands around it; places in messages are those in the query.

        Raises:
            WritesError: the database says that it does not.
            SourceError: no connection, or the database refused the query; the message is its own.
        """
        connection = self._connect()
        driver = connection.connection.driver_connection
        self._running.append(driver)
        results: list[Result] = []
        timer = self._timer(driver, results)
        try:
            if doubtful:
                self._ask(connection, driver, sql)
            result = self._execute(connection, driver, _bare(sql), frame)
            results.append(result)
            # Some drivers cannot end a query; the rows that come after its time are left.
            if timer is not None and timer.fired:
                result.cancel()
            try:
                yield result
            finally:
                if self.dialect.leave(driver):
                    connection.invalidate()
                result.close()
        except SourceError as error:
            if timer is None or not timer.fired:
                raise
            raise SourceError(
                f"the query was ended after {self.timeout:.0f} seconds, as source.timeout says",
                _TOO_SLOW,
            ) from error
        finally:
            if timer is not None:
                timer.stop()
            self._running.remove(driver)
            with suppress(Exception):  # every row was read, or a better error is on its way
                connection.close()

    def cancel(self) -> None:
        """Break off what runs, from any thread, also a query that has not come to its first row."""
        for driver in list(self._running):
            self._break_off(driver)

    def fingerprints(self, sql: str) -> "Fingerprints | NoFingerprints":
        """What the database can say of a query's rows without handing them over. Raises SourceError."""
        from sync.warehouse import (
            fingerprints,
        )  # late: it asks a warehouse, and few mappings want it

        return fingerprints.ask(self, sql)

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

    def _timer(self, driver: Any, results: list[Result]) -> Timer | None:
        if self.timeout is None:
            return None

        def end() -> None:
            self._break_off(driver)
            for result in results:
                result.cancel()

        return Timer(self.timeout, end)

    def _break_off(self, driver: Any) -> None:
        with suppress(Exception):  # the query may have ended in this very moment
            self.dialect.cancel(driver)

    def _connect(self) -> Connection:
        try:
            return self.engine.connect()
        except Exception as error:  # drivers raise far more than DB-API errors here
            url = self.engine.url
            words = self.words(error, detail=False)
            raise Unreachable(
                f"cannot connect to {urls.mask(url)}: {words}", self.dialect.unreachable
            ) from error

    def _ask(self, connection: Connection, driver: Any, sql: str) -> None:
        """Raise WritesError where the database says that a statement writes, SourceError where it cannot be told."""
        try:
            writes = self.dialect.writes(driver, sql)
        except Exception as error:  # what a statement is wrong with shows here first
            raise self._refusal(error, connection, sql, frame.NONE) from error
        if writes:
            raise WritesError("the database says that this does more than read")

    def _execute(self, connection: Connection, driver: Any, sql: str, frame: Frame) -> Result:
        def refusal(error: Exception, columns: tuple[Column, ...] = ()) -> SourceError:
            if columns and self.dialect.unreadable(error):
                words = self.words(error, detail=True)
                return unreadable.refusal(words, columns, self.dialect.in_range)
            return self._refusal(error, connection, sql, frame)

        options = dict(self.dialect.options())
        if not frame.streamed:
            options["stream_results"] = False
        try:
            self.dialect.begin(connection)
            streaming = connection.execution_options(**options)
            for setting in frame.planned:
                streaming.exec_driver_sql(setting)
            rows = streaming.exec_driver_sql(frame.around(sql))
            if not rows.returns_rows:
                raise SourceError("the query returns no columns", "a source query is a SELECT")
            return Result(
                describe(self.dialect, connection, rows),
                self.dialect.manner(driver),
                self.dialect.late(driver, rows.cursor.description if rows.cursor else ()),
                rows,
                refusal,
                partial(self._break_off, driver),
            )
        except SourceError:
            raise
        except Exception as error:
            raise refusal(error) from error

    def words(self, error: Exception, *, detail: bool) -> str:
        """The database's own message on one line, without what is secret; `detail` may quote values of a row."""
        url = self.engine.url
        return _hide(
            self.dialect.words(error, url, detail=detail), url, self.secrets, detail=detail
        )

    def _refusal(
        self, error: Exception, connection: Connection, sql: str, frame: Frame
    ) -> SourceError:
        message = self.words(error, detail=True)
        told = self.dialect.position(error, connection)
        place = _place(sql, None if told is None else told - len(frame.before))
        place = place or _line(sql, self.dialect.line(error))
        hint = self.dialect.hint(error)
        if connection.invalidated:
            return BrokenOff(message + place, hint or _BROKEN_OFF)
        if not hint and not _READS.match(sql):
            hint = "a source query is a SELECT"
        return SourceError(message + place, hint)


def _hide(text: str, url: URL, secrets: abc.Iterable[str], *, detail: bool = False) -> str:
    """The text without the secret options, as `engines.words` gives it without those of the URL."""
    known = urls.names_of(url)
    for one in secrets:
        text = mask(text, " ".join(one.split()), known, quoted=not detail)
    return text


def _bare(sql: str) -> str:
    """A query without the semicolons at its end, which a cursor does not take."""
    return re.sub(r"[\s;]+\Z", "", sql.strip())


def _place(sql: str, position: int | None) -> str:
    """Where in the query the database points, counted as an editor counts."""
    if position is None or not 0 <= position <= len(sql):
        return ""
    before = sql[:position]
    line, column = before.count("\n") + 1, position - before.rfind("\n")
    return f" (line {line}, column {column} of the query)"


def _line(sql: str, line: int | None) -> str:
    """The same of a database that knows lines alone; in a query of one line there is nothing to tell."""
    lines = sql.count("\n") + 1
    return f" (line {line} of the query)" if line is not None and 1 <= line <= lines > 1 else ""
