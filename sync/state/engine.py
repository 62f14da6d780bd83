"""Transactions on the state's database, one at a time; whatever it raises becomes a StateError."""

import os
import sqlite3
import threading
import time
from collections import abc
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, StaticPool, create_engine, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from sync import files
from sync.database import engines, urls
from sync.errors import ConfigError, ConfigProblem
from sync.state.trouble import file_of, refusal, unfit_option

T = TypeVar("T")
Work = abc.Callable[[Connection], T]

#: Seconds to wait for another process' transaction on the same SQLite file.
_PATIENCE = 30
#: Seconds between two tries where SQLite itself does not wait.
_AGAIN = 0.02
#: deadlock_detected, serialization_failure: postgresql.org/docs/current/errcodes-appendix.html
_GAVE_WAY = ("40P01", "40001")
_ASYNCHRONOUS = ("+asyncpg", "+aiosqlite", "_async")
#: Those of sqlite3.connect that a URL can spell; with `uri` it takes SQLite's own as well.
_SQLITE_OPTIONS = frozenset(
    {"timeout", "isolation_level", "detect_types", "check_same_thread", "cached_statements"}
)
_WRITES = "sync_writes"


@dataclass(slots=True)
class Database:
    """One connection to the state, which threads use in turn."""

    engine: Engine
    _turn: threading.RLock = field(default_factory=threading.RLock, init=False, repr=False)

    def write(self, work: Work[T]) -> T:
        """Do `work` in a transaction that writes.

        A transaction that loses its connection, or gives way to another one, is done once more. That is safe, even
        where the first was committed and only the answer lost, because all that writes here may be
        done twice: upserts, updates and deletes of the same rows to the same end.

        Raises:
            StateError: the database refused, in its own words.
        """
        return self._do(work, writes=True)

    def read(self, work: Work[T]) -> T:
        """Do `work` in a transaction that only reads; StateError as in `write`."""
        return self._do(work, writes=False)

    def close(self) -> None:
        """Let go of the database."""
        with self._turn:
            self.engine.dispose()

    def _do(self, work: Work[T], *, writes: bool) -> T:
        with self._turn:
            try:
                try:
                    return self._once(work, writes=writes)
                except DBAPIError as error:
                    if not (error.connection_invalidated or _gave_way(error)):
                        raise
                    return self._once(work, writes=writes)
            except (SQLAlchemyError, OSError) as error:
                raise refusal(error, self.engine.url) from error

    def _once(self, work: Work[T], *, writes: bool) -> T:
        with self._connect() as connection:
            connection = connection.execution_options(**{_WRITES: writes})
            with connection.begin():
                return work(connection)

    def _connect(self) -> Connection:
        try:
            return self.engine.connect()
        except (SQLAlchemyError, OSError):
            raise
        except (
            Exception
        ) as error:  # a driver that chokes on an option of the URL, or that is none for us
            raise unfit_option(error, self.engine.url) from error


def _gave_way(error: DBAPIError) -> bool:
    """Whether PostgreSQL undid the transaction to let another one pass, such as an upgrade of the tables."""
    return getattr(error.orig, "sqlstate", None) in _GAVE_WAY


def parse(text: str) -> URL:
    """The URL of a state.

    Raises:
        ConfigError: not a URL, or neither SQLite nor PostgreSQL.
    """
    url = urls.parse(text)
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        message = f"SYNC_STATE_URL: the state cannot be kept in {url.get_backend_name()}"
        raise ConfigError(ConfigProblem(message, "use sqlite:///FILE or postgresql://…"))
    if url.drivername.endswith(_ASYNCHRONOUS):
        message = f"SYNC_STATE_URL: {url.drivername} is an asynchronous driver"
        raise ConfigError(ConfigProblem(message, f"use {url.get_backend_name()}:// without it"))
    unknown = url.query.keys() - _SQLITE_OPTIONS
    if url.get_backend_name() == "sqlite" and "uri" not in url.query and unknown:
        shown = sorted(unknown.intersection(urls.options_of(url)))
        message = f"SYNC_STATE_URL: SQLite knows no option {', '.join(shown) or 'that it has'}"
        raise ConfigError(ConfigProblem(message, f"it knows: {', '.join(sorted(_SQLITE_OPTIONS))}"))
    return url


def connect(url: URL, *, writable: bool) -> Database:
    """A database at a URL that `parse` gave; nothing is opened yet.

    Raises:
        ConfigError: its driver is missing, or does not take an option of the URL.
    """
    try:
        return _database(url, writable=writable)
    except ConfigError as error:
        if isinstance(error.__cause__, TypeError | ValueError):
            raise unfit_option(error.__cause__, url) from error
        raise
    except (SQLAlchemyError, TypeError, ValueError) as error:
        raise unfit_option(error, url) from error


def _database(url: URL, *, writable: bool) -> Database:
    if url.get_backend_name() == "sqlite":
        return Database(_sqlite(url, writable=writable))
    options: dict[str, Any] = {} if writable else {"postgresql_readonly": True}
    told = arguments(url)
    return Database(
        engines.connect(
            url, pool_size=1, max_overflow=0, execution_options=options, connect_args=told
        )
    )


def arguments(url: URL) -> dict[str, Any]:
    """What psycopg is told besides, wherever the state is.

    No prepared statements: behind a pooler in transaction mode the next transaction may be on another connection. Text
    is UTF-8 whatever the database calls its encoding; of SQL_ASCII psycopg would make bytes.
    """
    if url.drivername != "postgresql+psycopg":
        return {}
    encoding = {} if "client_encoding" in url.query else {"client_encoding": "utf8"}
    return {"prepare_threshold": None, **encoding}


def make_file(path: Path) -> None:
    """Make an empty file, private as `files` has it; SQLite gives -wal and -shm its mode."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(files.open_or_create(path, os.O_RDWR))


def temporary() -> Database:
    """An empty database that nobody sees and that is gone when it is closed."""
    # The empty name is SQLite's for a private file that it deletes itself; it need not fit memory.
    return Database(
        _with_begin(
            create_engine(
                "sqlite://",
                creator=lambda: sqlite3.connect("", check_same_thread=False, isolation_level=None),
                poolclass=StaticPool,
            )
        )
    )


def _sqlite(url: URL, *, writable: bool) -> Engine:
    options: dict[str, Any] = {"timeout": _PATIENCE, "isolation_level": None}
    if file_of(url) is None:
        # One connection, which threads take in turns; of another one's memory SQLite shows nothing.
        options["check_same_thread"] = False
        return _with_begin(engines.connect(url, poolclass=StaticPool, connect_args=options))
    engine = engines.connect(url, pool_size=1, max_overflow=0, connect_args=options)
    event.listen(engine, "connect", _prepare if writable else _prepare_read_only)
    return _with_begin(engine)


def _with_begin(engine: Engine) -> Engine:
    event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: Connection) -> None:
    # A writer takes its lock at once: a reader that turns writer is refused when another wrote.
    writes = connection.get_execution_options().get(_WRITES)
    connection.exec_driver_sql("begin immediate" if writes else "begin")


def _prepare(connection: Any, _: object) -> None:
    _use_wal(connection)
    # FULL: what is noted before a create outlasts a power cut right after the create.
    connection.execute("pragma synchronous = full")
    connection.execute("pragma foreign_keys = on")


def _use_wal(connection: Any) -> None:
    """Let the file be in WAL mode. Where another process is about to do so in a new file, SQLite waits for nobody."""
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            connection.execute("pragma journal_mode = wal")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() >= end:
                raise
            time.sleep(_AGAIN)
        else:
            return


def _prepare_read_only(connection: Any, _: object) -> None:
    connection.execute("pragma query_only = on")
