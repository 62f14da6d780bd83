"""A state that cannot be used ends with one sentence that fits, to write and to look."""

import os
import shutil
import sqlite3
from collections import abc
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import URL, Connection, text
from sqlalchemy.exc import OperationalError

from sync.domain.record import Object
from sync.errors import ConfigError, StateError, told
from sync.state.memory import RejectedRow
from sync.state.store import Store
from sync.state.trouble import refusal

OPENING = [Store.open, Store.open_read_only]
Opening = abc.Callable[[str], Store]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The file of a state that was used and closed."""
    path = tmp_path / "state.db"
    with closing(Store.open(f"sqlite:///{path}")) as store:
        scope = store.scope("acc_1", "ds_1", Object.CUSTOMER)
        rows = [RejectedRow(f"key {n}", "refused") for n in range(500)]
        store.remember(scope, "customers", "run_1", rows)
    return path


def change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        for statement in statements:
            db.execute(statement)


def use(open_: Opening, path: Path) -> None:
    """Open a state, and read all of it."""
    with closing(open_(f"sqlite:///{path}")) as store:
        scope = store.scope("acc_1", "ds_1", Object.CUSTOMER)
        store.recall(scope, "customers", [f"key {n}" for n in range(500)])
        store.runs()


@pytest.mark.parametrize("open_", OPENING)
def test_bad_header(file: Path, open_: Opening):
    """A file that lost its beginning is told as damaged, with the way out."""
    file.write_bytes(b"\0" * 100 + file.read_bytes()[100:])
    with pytest.raises(StateError, match=r"not a database|malformed|encrypted") as caught:
        use(open_, file)
    assert "the file is damaged" in caught.value.hint


@pytest.mark.parametrize("open_", OPENING)
def test_a_pipe(file: Path, open_: Opening):
    """Who looked into it would wait for ever."""
    file.unlink()
    os.mkfifo(file)
    with pytest.raises(StateError, match="it is a pipe"):
        open_(f"sqlite:///{file}")


@pytest.mark.parametrize("open_", OPENING)
def test_truncated(file: Path, open_: Opening):
    """So is one that was cut off."""
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 3])
    with pytest.raises(StateError, match=r"malformed|disk I/O error|not a database") as caught:
        use(open_, file)
    assert str(file) in caught.value.message


@pytest.mark.parametrize("open_", OPENING)
@pytest.mark.parametrize(
    "spoilt",
    [
        "delete from sync_meta",
        "update sync_meta set version = -1",
        "update sync_meta set salt = ''",
        "insert into sync_meta values (2, x'00')",
    ],
)
def test_no_version(file: Path, open_: Opening, spoilt: str):
    """Tables that say nothing of a version, or of a salt, hold no state."""
    change(file, spoilt)
    with pytest.raises(StateError, match="sync_meta does not hold what it has to") as caught:
        use(open_, file)
    assert "SYNC_STATE_URL" in caught.value.hint


@pytest.mark.parametrize("open_", OPENING)
def test_wrong_schema(file: Path, open_: Opening):
    """Tables of another making are told so, in the database's words."""
    change(file, "alter table sync_synced drop column outcome")
    with pytest.raises(StateError, match="no such column") as caught:
        use(open_, file)
    assert "none that this program made" in caught.value.hint


def test_full_disk(file: Path):
    """A disk that is full is no reason to look for another file."""
    with closing(Store.open(f"sqlite:///{file}")) as store:
        pages = store.database.read(lambda c: c.execute(text("pragma page_count")).scalar_one())

        def fill(connection: Connection) -> None:
            connection.execute(text(f"pragma max_page_count = {pages}"))
            connection.execute(
                text("insert into sync_accounts values ('ds_1', 'acc_1', :name)"),
                {"name": "x" * 1_000_000},
            )

        with pytest.raises(StateError, match="is full") as caught:
            store.database.write(fill)
    assert "make room on the disk" in caught.value.hint


@pytest.mark.parametrize("open_", OPENING)
@pytest.mark.parametrize("options", ["?foo=bar", "?timeout=soon", "?check_same_thread=perhaps&x=1"])
def test_options_that_sqlite_does_not_take(file: Path, open_: Opening, options: str):
    """They are the user's to mend, and named."""
    with pytest.raises(ConfigError) as caught:
        open_(f"sqlite:///{file}{options}")
    assert "SYNC_STATE_URL" in told(caught.value)
    assert options[1:].split("=")[0] in told(caught.value)


@pytest.mark.parametrize("open_", OPENING)
@pytest.mark.parametrize("options", ["?foo=bar", "?sslmode=perhaps", "?connect_timeout=soon"])
def test_options_that_postgresql_does_not_take(database: str, open_: Opening, options: str):
    """The same of psycopg's and libpq's."""
    with pytest.raises(ConfigError) as caught:
        open_(database + options)
    assert "SYNC_STATE_URL: the driver postgresql+psycopg says" in told(caught.value)


@pytest.mark.parametrize("url", ["postgresql+asyncpg://h/db", "sqlite+aiosqlite:///state.db"])
def test_asynchronous_drivers(url: str):
    """They are told before they are loaded."""
    with pytest.raises(ConfigError, match="is an asynchronous driver"):
        Store.open(url)


@pytest.mark.parametrize(
    ("code", "words", "hint"),
    [
        ("53100", "could not extend file: No space left on device", "make room on the disk"),
        ("57014", "canceling statement due to statement timeout", "statement_timeout"),
        (
            None,
            "transaction blocks not allowed in statement pooling mode",
            "transaction or session",
        ),
        (None, "connection refused", "that the server there runs"),
    ],
)
def test_hints_for_a_server(code: str | None, words: str, hint: str):
    """They go by what the server says: it may well run and take connections."""
    said = Exception(words)
    said.sqlstate = code  # type: ignore[attr-defined]  # as psycopg's errors have one
    error = refusal(OperationalError("select 1", {}, said), URL.create("postgresql+psycopg"))
    assert words in error.message
    assert hint in (error.hint or "")


def test_words_of_others():
    """What no rule knows still says where the state is."""
    error = refusal(OperationalError("select 1", {}, Exception("odd")), URL.create("sqlite"))
    assert isinstance(error, StateError)
    assert (error.message, error.hint) == (
        "state sqlite://: odd",
        "SYNC_STATE_URL has to name a file in a folder that can be entered and written",
    )


# Other users


@pytest.fixture
def elsewhere(tmp_path: Path) -> abc.Iterator[Path]:
    """A folder that another user may enter."""
    if os.geteuid() != 0:
        pytest.skip("only root can be somebody else")
    folder = Path("/tmp") / f"state-of-root-{tmp_path.name}-{os.getpid()}"
    folder.mkdir(mode=0o755)
    yield folder
    shutil.rmtree(folder)


@contextmanager
def nobody() -> abc.Iterator[None]:
    """This process as a user who owns nothing."""
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize("open_", OPENING)
def test_a_folder_that_may_not_be_entered(elsewhere: Path, open_: Opening):
    """It is told as such."""
    folder = elsewhere / "private"
    Store.open(f"sqlite:///{folder}/state.db").close()
    folder.chmod(0o700)
    with nobody(), pytest.raises(StateError, match="Permission denied") as caught:
        open_(f"sqlite:///{folder}/state.db")
    assert "a folder that can be entered" in caught.value.hint


@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_a_file_of_another_user(elsewhere: Path, mode: int):
    """It is said whose it is, whether it can be read or not."""
    file = elsewhere / "state.db"
    Store.open(f"sqlite:///{file}").close()
    file.chmod(mode)
    with nobody(), pytest.raises(StateError) as caught:
        Store.open(f"sqlite:///{file}")
    assert "the file belongs to user 0, and this process is user 65534" in caught.value.hint


# PostgreSQL


def test_sql_ascii(database: str):
    """A database without an encoding holds a state all the same: what is written there is UTF-8."""
    plain = database.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(
            "create database ascii_only encoding 'SQL_ASCII' locale 'C' template template0"
        )
        try:
            url = database.rpartition("/")[0] + "/ascii_only"
            for _ in range(2):
                with closing(Store.open(url)) as store:
                    scope = store.scope("acc_1", "ds_1", Object.CUSTOMER)
                    row = [RejectedRow("Zoë", "refused")]
                    store.remember(scope, "customers", "run_1", row)
                    assert store.recall(scope, "customers", ["Zoë"]).keys() == {"Zoë"}
        finally:
            connection.execute("drop database ascii_only with (force)")


def test_deadlock(database: str):
    """A transaction that PostgreSQL undid to let another one pass is done again, as a whole."""
    plain = database.replace("postgresql+psycopg://", "postgresql://")
    with closing(Store.open(database)) as store, psycopg.connect(plain) as other:
        tries = []

        def work(connection: Connection) -> None:
            tries.append(1)
            connection.execute(text("lock table sync_accounts"))
            if len(tries) == 1:
                raise_deadlock(connection)

        def raise_deadlock(connection: Connection) -> None:
            connection.execute(text("do $$ begin raise sqlstate '40P01'; end $$"))

        store.database.write(work)
        assert len(tries) == 2
        assert other.execute("select 1").fetchone() == (1,)
