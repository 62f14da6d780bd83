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
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from sync.database import engines, urls
from sync.errors import ConfigError, ConfigProblem, StateError

T = TypeVar("T")
Work = abc.Callable[[Connection], T]

#: Seconds to wait for another process' transaction on the same SQLite file.
_PATIENCE = 30
#: Seconds between two tries where SQLite itself does not wait.
_AGAIN = 0.02
_WRITES = "sync_writes"


@dataclass(slots=True)
class Database:
    """One connection to the state, which threads use in turn."""

    engine: Engine
    _turn: threading.RLock = field(default_factory=threading.RLock, init=False, repr=False)

    def write(self, work: Work[T]) -> T:
        """Do `work` in a transaction that writes.

        A transaction that loses its connection is done once more, on a new one. That is safe, even
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
                    if not error.connection_invalidated:
                        raise
                    return self._once(work, writes=writes)
            except (SQLAlchemyError, OSError) as error:
                raise refusal(error, self.engine.url) from error

    def _once(self, work: Work[T], *, writes: bool) -> T:
        with self.engine.connect() as connection:
            connection = connection.execution_options(**{_WRITES: writes})
            with connection.begin():
                return work(connection)


def refusal(error: Exception, url: URL) -> StateError:
    """What the database said, as the error that ends a run."""
    said = engines.words(error, url)
    return StateError(f"state {urls.mask(url)}: {said}", _hint(error, url, said))


def _hint(error: Exception, url: URL, said: str) -> str:
    if url.get_backend_name() != "sqlite":
        if isinstance(error, OperationalError):  # no connection, or one that broke off
            return (
                "check SYNC_STATE_URL, and that the server there runs and takes connections;"
                " what could not be recorded the next run looks up, nothing is sent twice"
            )
        return "check SYNC_STATE_URL, and that its user may create and write tables there"
    if "locked" in said:
        return "another process holds the state for very long; on a network drive, use PostgreSQL"
    return "SYNC_STATE_URL has to name a file in a folder that can be written"


def parse(text: str) -> URL:
    """The URL of a state.

    Raises:
        ConfigError: not a URL, or neither SQLite nor PostgreSQL.
    """
    url = urls.parse(text)
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        message = f"SYNC_STATE_URL: the state cannot be kept in {url.get_backend_name()}"
        raise ConfigError(ConfigProblem(message, "use sqlite:///FILE or postgresql://…"))
    return url


def connect(url: URL, *, writable: bool) -> Database:
    """A database at a URL that `parse` gave; nothing is opened yet."""
    if url.get_backend_name() == "sqlite":
        return Database(_sqlite(url, writable=writable))
    options = {} if writable else {"postgresql_readonly": True}
    return Database(engines.connect(url, pool_size=1, max_overflow=0, execution_options=options))


def file_of(url: URL) -> Path | None:
    """The file of an SQLite URL; None for memory and for other databases."""
    path = url.database
    if url.get_backend_name() != "sqlite" or not path or path == ":memory:":
        return None
    return Path(path.removeprefix("file:"))


def make_file(path: Path) -> None:
    """Make an empty file that only its owner can read; SQLite gives -wal and -shm its mode."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


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
