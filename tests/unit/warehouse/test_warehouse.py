import sqlite3
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.dialects import registry
from sqlalchemy.exc import NoSuchModuleError

from sync.database import engines, urls
from sync.errors import ConfigError, SourceError
from sync.warehouse.column import Column
from sync.warehouse.warehouse import Warehouse


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A warehouse in a file."""
    path = tmp_path / "ware house#1.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(
            """
            create table accounts (id integer, name text, "group" text);
            insert into accounts values (1, 'Acme', 'a'), (2, 'Bolt', null), (3, 'Cord', 'c');
            create table "odd.name" (x integer);
            insert into "odd.name" values (1);
            """
        )
    connection.close()
    return path


@pytest.fixture
def source(path: Path) -> Warehouse:
    return Warehouse.open(f"sqlite:///{path}")


def read(source: Warehouse, sql: str, size: int = 1000) -> list[list[tuple[object, ...]]]:
    with source.query(sql) as result:
        return list(result.batches(size))


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_rows(source: Warehouse):
    """Rows come as plain tuples, in the order of the query, with nulls as None."""
    [rows] = read(source, 'select id, name, "group" from accounts order by id')
    assert rows == [(1, "Acme", "a"), (2, "Bolt", None), (3, "Cord", "c")]
    assert {tuple} == {type(row) for row in rows}


@pytest.mark.parametrize(("size", "lengths"), [(1, [1, 1, 1]), (2, [2, 1]), (3, [3]), (1000, [3])])
def test_batches(source: Warehouse, size: int, lengths: list[int]):
    """Batches are as long as asked for; the last may be shorter."""
    assert lengths == [len(batch) for batch in read(source, "select * from accounts", size)]


def test_no_rows(source: Warehouse):
    """A query without rows has columns and no batch."""
    with source.query("select id, name from accounts where false") as result:
        assert (Column("id"), Column("name")) == result.columns
        assert list(result.batches()) == []


def test_columns(source: Warehouse):
    """SQLite tells no types: values do. Names are the query's own, dots and repeats included."""
    found = source.columns('select id, name as "a.b", id from accounts')
    assert (Column("id"), Column("a.b"), Column("id")) == found


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("select ':name', '%s', '100%' ;", (":name", "%s", "100%")),
        ("select name from accounts where name like 'A%'", ("Acme",)),
        ("-- first\nselect 1 /* last */ ; \n;\n", (1,)),
        ("with a as (select 1 as x) select x from a", (1,)),
        ("values (1, 2)", (1, 2)),
        ("select 'a;b'", ("a;b",)),
        ("select ?1", (None,)),
    ],
)
def test_as_written(source: Warehouse, sql: str, value: tuple[object, ...]):
    """The text runs as it is: nothing in it is taken for a parameter."""
    if "?1" in sql:
        with pytest.raises(SourceError):
            read(source, sql)
        return
    assert [[value]] == read(source, sql)


def test_read_only(source: Warehouse, path: Path):
    """A query that writes fails with the database's words, and leaves the file as it was."""
    before = files(path.parent)
    for sql in (
        "insert into accounts values (4, 'Dent', null) returning id",
        "delete from accounts",
        "create table t (x)",
        "pragma user_version = 7",
    ):
        with pytest.raises(SourceError, match="readonly") as caught:
            read(source, sql)
        assert caught.value.hint == "a source query is a SELECT"
    assert before == files(path.parent)


def test_wal_file(path: Path):
    """A warehouse in WAL mode is read with what is still in its journal, and no file is left behind."""
    writer = sqlite3.connect(path)
    writer.execute("pragma journal_mode = wal")
    writer.execute("insert into accounts values (4, 'Dent', null)")
    writer.commit()
    source = Warehouse.open(f"sqlite:///{path}")
    assert read(source, "select count(*) from accounts") == [[(4,)]]
    with pytest.raises(SourceError, match="readonly"):
        read(source, "delete from accounts")
    writer.close()
    before = files(path.parent)
    assert read(Warehouse.open(f"sqlite:///{path}"), "select count(*) from accounts") == [[(4,)]]
    assert before == files(path.parent)


def test_read_only_folder(path: Path, monkeypatch: pytest.MonkeyPatch):
    """A file in WAL mode is read where nothing can be put beside it."""
    with sqlite3.connect(path) as connection:
        connection.execute("pragma journal_mode = wal")
    connection.close()
    monkeypatch.setattr("os.access", lambda *_: False)  # as for a mount that is read-only
    with Warehouse.open(f"sqlite:///{path}").query("select count(*) from accounts") as result:
        assert list(result.batches()) == [[(3,)]]
        assert [child.name for child in path.parent.iterdir()] == [path.name]


def test_missing_file(tmp_path: Path):
    """A file that is not there is an error, not a new empty warehouse."""
    source = Warehouse.open(f"sqlite:///{tmp_path}/missing.db")
    with pytest.raises(SourceError, match="unable to open database file") as caught:
        read(source, "select 1")
    assert "missing.db" in caught.value.message
    assert "the file has to exist" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("select nope from accounts", "no such column: nope"),
        ("select * from nowhere", "no such table: nowhere"),
        ("selekt 1", 'near "selekt": syntax error'),
        ("select 1; select 2", "You can only execute one statement at a time."),
        ("pragma query_only = off", "the query returns no columns"),
        ("", "the query returns no columns"),
    ],
)
def test_failing_query(source: Warehouse, sql: str, message: str):
    """A query that fails is told in the database's own words and no others."""
    with pytest.raises(SourceError) as caught:
        read(source, sql)
    assert message == caught.value.message


def test_breaking_off(source: Warehouse):
    """A query that fails half-way gives the rows before, then the database's own message."""
    sql = "select abs(column1) from (values (1), (2), (3), (-9223372036854775808))"
    with source.query(sql) as result:
        batches = result.batches(1)
        assert next(batches) == [(1,)]
        with pytest.raises(SourceError, match=r"^integer overflow$"):
            list(batches)


def test_unreadable_text(source: Warehouse):
    """Text that is not UTF-8 comes as bytes, to be rejected with its row, and the rows after it come."""
    sql = "select cast(x'4aff' as text) as x union all select 'fine'"
    assert read(source, sql) == [[(b"J\xff",), ("fine",)]]


def test_not_drained(source: Warehouse, path: Path):
    """A query need not be read to its end; its connection is closed with its block."""
    with source.query("select * from accounts") as result:
        assert len(next(result.batches(1))) == 1
    with sqlite3.connect(path) as connection:
        connection.execute("drop table accounts")
    connection.close()


def test_own_errors_pass(source: Warehouse):
    """What goes wrong in the block is not the warehouse's fault."""
    with pytest.raises(KeyError), source.query("select 1"):
        raise KeyError


NUMBERS = "with recursive n(x) as (select 1 union all select x + 1 from n)"


def test_cancel(source: Warehouse):
    """A query that takes too long is broken off from another thread."""
    with source.query(f"{NUMBERS} select x from n where x < 4") as result:
        batches = result.batches(1)
        assert next(batches) == [(1,)]
        timer = threading.Timer(0.1, result.cancel)
        timer.start()
        with pytest.raises(SourceError, match="interrupted"):
            list(batches)
        timer.join()


def test_cancel_before_the_first_row(source: Warehouse):
    """Also one that has not come to its first row."""
    timer = threading.Timer(0.2, source.cancel)
    timer.start()
    with (
        pytest.raises(SourceError, match="interrupted"),
        source.query(f"{NUMBERS} select max(x) from n"),
    ):
        pass
    timer.join()


def test_cancelled_between_batches(source: Warehouse):
    """A query that is cancelled between two batches gives no more."""
    with source.query("select * from accounts") as result:
        batches = result.batches(1)
        next(batches)
        result.cancel()
        with pytest.raises(SourceError, match="cancelled"):
            next(batches)


def test_cancel_nothing(source: Warehouse):
    """Cancelling when nothing runs, or no longer, does nothing."""
    source.cancel()
    with source.query("select 1") as result:
        pass
    result.cancel()
    assert read(source, "select 1") == [[(1,)]]


@pytest.mark.parametrize(
    ("name", "rows"),
    [("accounts", 3), ("main.accounts", 3), ('"odd.name"', 1), ('main."odd.name"', 1)],
)
def test_table(source: Warehouse, name: str, rows: int):
    """A table is read whole, whatever its name."""
    [batch] = read(source, source.table(name))
    assert rows == len(batch)


@pytest.mark.parametrize(
    ("name", "sql"),
    [
        ("accounts", "SELECT * FROM accounts"),
        ("analytics.accounts", "SELECT * FROM analytics.accounts"),
        ("Analytics.select", 'SELECT * FROM "Analytics"."select"'),
        ("a; drop table b", 'SELECT * FROM "a; drop table b"'),
        ('"say ""hi"""', 'SELECT * FROM "say ""hi"""'),
    ],
)
def test_table_text(source: Warehouse, name: str, sql: str):
    """Only names that need it are quoted, so that case means what the database means."""
    assert sql == source.table(name)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "warehouse",
        "postgresql://user:plantedQ7xV2kZ9@host:port/db",
        "://user:plantedQ7xV2kZ9@h",
    ],
)
def test_no_url(url: str):
    """What is no URL is the user's to mend; it is not repeated, for the password that may be in it."""
    with pytest.raises(ConfigError, match="not the URL of a database") as caught:
        Warehouse.open(url)
    assert "plantedQ7xV2kZ9" not in str(caught.value)


def test_unknown_dialect():
    """A database that no driver knows is told with those that are known."""
    with pytest.raises(ConfigError, match="no driver knows oracel://") as caught:
        Warehouse.open("oracel://host/db")
    [problem] = caught.value.problems
    assert "postgresql" in problem.hint


@pytest.mark.parametrize(
    ("url", "module", "extra"),
    [
        ("mysql://host/db", "pymysql", "mysql"),
        ("postgres://host/db", "psycopg", "postgres"),
        ("mssql://host/db", "pymssql", "mssql"),
    ],
)
def test_missing_driver(monkeypatch: pytest.MonkeyPatch, url: str, module: str, extra: str):
    """A driver that is not installed is told with the command that installs it."""
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ConfigError, match="is not installed") as caught:
        Warehouse.open(url)
    [problem] = caught.value.problems
    assert f"pip install 'chartmogul-sync[{extra}]'" == problem.hint


def _load_nothing(name: str) -> None:
    raise NoSuchModuleError(name)


@pytest.mark.parametrize(
    ("url", "extra"), [("snowflake://user@account/db", "snowflake"), ("trino://h/db", "trino")]
)
def test_missing_dialect(monkeypatch: pytest.MonkeyPatch, url: str, extra: str):
    """The same where SQLAlchemy does not even know the dialect without its package."""
    monkeypatch.setattr(registry, "load", _load_nothing)
    with pytest.raises(ConfigError, match="is not installed") as caught:
        Warehouse.open(url)
    [problem] = caught.value.problems
    assert f"pip install 'chartmogul-sync[{extra}]'" == problem.hint


def test_unreachable():
    """A warehouse that is down is told with its address and the driver's words, not the password."""
    source = Warehouse.open(
        "postgresql://reader:plantedQ7xV2kZ9@127.0.0.1:1/shop?sslkey=plantedQ7xV2kZ9-too"
    )
    with pytest.raises(SourceError, match="refused") as caught:
        read(source, "select 1")
    assert "reader:***@127.0.0.1:1/shop" in caught.value.message
    assert "hidden" not in caught.value.message
    assert "check the URL" in caught.value.hint


def test_wrong_option():
    """An option that the driver does not know is told without the password."""
    source = Warehouse.open("postgresql://reader:plantedQ7xV2kZ9@127.0.0.1:1/shop?colour=blue")
    with pytest.raises(SourceError, match="colour") as caught:
        read(source, "select 1")
    assert "plantedQ7xV2kZ9" not in caught.value.message


def test_url_options(path: Path):
    """Options of the URL reach the driver."""
    source = Warehouse.open(f"sqlite:///{path}?detect_types={sqlite3.PARSE_COLNAMES}&timeout=1")
    sqlite3.register_converter("moment", lambda raw: datetime.fromisoformat(raw.decode()))
    [[(moment,)]] = read(source, "select '2026-01-31T10:00:00+00:00' as \"x [moment]\"")
    assert datetime(2026, 1, 31, 10, tzinfo=UTC) == moment


def test_a_silent_postgresql_is_given_up():
    """libpq's own waits are hours long; what the URL says counts."""
    url = urls.parse("postgresql://u:p@127.0.0.1:1/db?connect_timeout=7")
    assert engines.patience(url.query)["keepalives_idle"] == 30
    assert "connect_timeout" not in engines.patience(url.query)
    _, arguments = engines.connect(url).dialect.create_connect_args(url)
    assert arguments["connect_timeout"] == "7"


def test_text_of_row_hashes(source: Warehouse):
    """Users' states hold hashes of rows that this text is part of: it stays what it is."""
    with source.query("select id, name as \"a.b\", x'00' as raw from accounts") as result:
        assert result.manner == "sqlite3"
        assert repr(result.columns) == (
            "(Column(name='id', type=None, unsendable=None),"
            " Column(name='a.b', type=None, unsendable=None),"
            " Column(name='raw', type=None, unsendable=None))"
        )
