import sqlite3
import sys
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.dialects import registry
from sqlalchemy.exc import NoSuchModuleError

from sync.errors import ConfigError, SourceError
from sync.warehouse.dialects.sqlite import SQLite
from sync.warehouse.warehouse import Warehouse
from tests.support.queries import read

NUMBERS = "with recursive n(x) as (select 1 union all select x + 1 from n)"


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


def test_url_options(path: Path):
    """Options of the URL reach the driver."""
    source = Warehouse.open(f"sqlite:///{path}?detect_types={sqlite3.PARSE_COLNAMES}&timeout=1")
    sqlite3.register_converter("moment", lambda raw: datetime.fromisoformat(raw.decode()))
    [[(moment,)]] = read(source, "select '2026-01-31T10:00:00+00:00' as \"x [moment]\"")
    assert datetime(2026, 1, 31, 10, tzinfo=UTC) == moment


FOR_EVER = "with recursive c(x) as (select 1 union all select x + 1 from c) select count(*) from c"


def test_timeout(path: Path):
    """A query that takes longer than it may is ended, and the message says by what."""
    source = Warehouse.open(f"sqlite:///{path}", timeout=0.1)
    with pytest.raises(SourceError) as caught:
        source.columns(FOR_EVER)
    assert caught.value.message.endswith("seconds, as source.timeout says")
    assert caught.value.hint == "raise source.timeout, or let the query do less"


@dataclass(frozen=True, slots=True)
class ByLines(SQLite):
    """A database that tells the line of what is wrong, and no more."""

    def line(self, error: BaseException) -> int | None:
        """Always the second."""
        return 2


@pytest.mark.parametrize(
    ("sql", "place"), [("select 1,\n  nope", " (line 2 of the query)"), ("select nope", "")]
)
def test_the_line_alone(path: Path, sql: str, place: str):
    """It is said where the query has such a line, and a query of one line has no need of it."""
    source = Warehouse(Warehouse.open(f"sqlite:///{path}").engine, ByLines())
    with pytest.raises(SourceError) as caught:
        read(source, sql)
    assert caught.value.message == f"no such column: nope{place}"


@dataclass(frozen=True, slots=True)
class Deaf(SQLite):
    """A database that ends no query."""

    def cancel(self, driver: Any) -> None:
        """Nothing."""


@pytest.mark.parametrize("what", ["x", "max(x)"])
def test_timeout_of_the_deaf(path: Path, what: str):
    """Where a query cannot be ended, the rows that come after its time are left, many or one."""
    sql = f"{NUMBERS} select {what} from (select x from n limit 200000)"
    source = Warehouse(Warehouse.open(f"sqlite:///{path}").engine, Deaf(), timeout=0.001)
    with pytest.raises(SourceError, match=r"seconds, as source\.timeout says$"):
        read(source, sql, 10)


def test_within_its_time(path: Path):
    """One that does not is left alone, whatever goes wrong in it."""
    source = Warehouse.open(f"sqlite:///{path}", timeout=3600)
    assert len(source.columns("select id, name from accounts")) == 2
    with pytest.raises(SourceError, match="no such column: nope"):
        source.columns("select nope from accounts")


def test_options(path: Path):
    """Options reach the driver; one that it does not know is told, and no secret is."""
    assert Warehouse.open(f"sqlite:///{path}", {"timeout": 5.0}).columns("select 1 as x")
    wrong = Warehouse.open(f"sqlite:///{path}", {"planted_Q7xV": 1}, secrets=("planted_Q7xV",))
    with pytest.raises(SourceError, match="cannot connect to") as caught:
        wrong.columns("select 1 as x")
    assert "***" in caught.value.message
    assert "planted_Q7xV" not in caught.value.message
