"""Opening a state: to write, then it is made or upgraded; or to look, then nothing changes."""

from collections import abc
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import URL, Connection, MetaData, Table, insert, select

from sync.database.urls import look_only, mask
from sync.errors import StateError
from sync.state import engine
from sync.state.engine import Database
from sync.state.moments import is_a_servers, servers_moment
from sync.state.schema import meta
from sync.state.trouble import file_of, refusal
from sync.state.upgrade import Upgrade, bring_up, check, newest, no_state, version

_BATCH = 1000
Opened = tuple[Database, bytes]
#: The same, and this moment by the clock of the server of which it is a copy; None where it is none.
OpenedToRead = tuple[Database, bytes, datetime | None]


def to_write(text: str, upgrades: abc.Sequence[Upgrade], *, create: bool) -> Opened:
    """A database with tables of the newest version, and its salt."""
    url = engine.parse(text)
    path = file_of(url)
    if path is not None:
        _provide(path, url, create=create)
    with _closed_on_error(engine.connect(url, writable=True)) as database:
        found = database.read(version)
        if found == 0 and not create:
            raise _nothing(url)
        if found != newest(upgrades):
            database.write(lambda connection: bring_up(connection, upgrades))
        return database, database.read(_salt)


@contextmanager
def _closed_on_error(database: Database) -> abc.Iterator[Database]:
    try:
        yield database
    except BaseException:
        database.close()
        raise


def _provide(path: Path, url: URL, *, create: bool) -> None:
    if _is_there(path, url):
        return
    if not create:
        raise _nothing(url)
    try:
        engine.make_file(path)
    except OSError as error:
        raise refusal(error, url) from error


def _is_there(path: Path, url: URL) -> bool:
    """Whether there is a file; StateError where its folder may not be entered, or nobody would ever answer."""
    try:
        there = path.exists()
    except OSError as error:
        raise refusal(error, url) from error
    if there and path.is_fifo():
        raise StateError(f"state {mask(url)}: it is a pipe", "let SYNC_STATE_URL name a file")
    return there


def _nothing(url: URL) -> StateError:
    return StateError(f"there is no state at {mask(url)}", "a first run makes it")


def to_read(text: str, upgrades: abc.Sequence[Upgrade]) -> OpenedToRead:
    """A database to look at: the state itself, a copy of an older one, or an empty one."""
    url = engine.parse(text)
    path = file_of(url)
    if path is not None and not _is_there(path, url):
        return *_empty(upgrades), None
    with _closed_on_error(engine.connect(_looked_at(url, path), writable=False)) as database:
        found = database.read(version)
        check(found, upgrades)
        if found == newest(upgrades):
            return database, database.read(_salt), None
        opened = _empty(upgrades) if found == 0 else _upgraded(database, upgrades)
        moment = database.read(servers_moment) if is_a_servers(database) else None
        database.close()
        return *opened, moment


def _looked_at(url: URL, path: Path | None) -> URL:
    return url if path is None else look_only(url)


def _salt(connection: Connection) -> bytes:
    salt = connection.execute(select(meta.c.salt)).scalar_one()
    if not isinstance(salt, bytes | memoryview) or not salt:
        raise no_state()
    return bytes(salt)


def _empty(upgrades: abc.Sequence[Upgrade]) -> Opened:
    database = engine.temporary()
    database.write(lambda connection: bring_up(connection, upgrades))
    return database, database.read(_salt)


def _upgraded(older: Database, upgrades: abc.Sequence[Upgrade]) -> Opened:
    """A copy of an older state with today's tables, so that the state itself stays as it is."""
    copied = engine.temporary()
    older.read(lambda there: copied.write(lambda here: _copy(there, here)))
    copied.write(lambda connection: bring_up(connection, upgrades))
    return copied, copied.read(_salt)


def _copy(there: Connection, here: Connection) -> None:
    tables = MetaData()
    tables.reflect(there, only=lambda name, _: name.startswith("sync_"))
    for table in tables.sorted_tables:
        _make_portable(table)
        table.create(here)
        for rows in there.execute(select(table)).mappings().partitions(_BATCH):
            here.execute(insert(table), [dict(row) for row in rows])


def _make_portable(table: Table) -> None:
    for column in table.columns:
        column.type = column.type.as_generic()
        column.server_default = None  # nextval(…) is PostgreSQL's alone
