"""What is said of wrong tables and columns, of servers that are not there, and of queries that take too long."""

import sqlite3
import time
from collections import abc
from contextlib import closing
from pathlib import Path
from urllib.request import urlopen

import pytest
from sqlalchemy import URL

from sync.warehouse.warehouse import Warehouse
from tests.support.clickhouse import clickhouse
from tests.support.exactness import (
    CLICKHOUSE,
    DATABRICKS,
    DUCKDB,
    MARIADB,
    POSTGRESQL,
    REDSHIFT,
    SNOWFLAKE,
    SQL_SERVER,
    SQLITE,
    TRINO,
)
from tests.support.fakesnow import fakesnow
from tests.support.mariadb import PASSWORD, connected, mariadb_port
from tests.support.needed import driver, needed
from tests.support.postgres import connected as to_postgres
from tests.support.redshift import reader, redshift
from tests.support.sql_server import Server, sql_server
from tests.support.trino import Coordinator, trino
from tests.support.troubles import BESIDES, COLUMN, NOBODY, NOWHERE, QUERIES, TABLE, WORDS, said

__all__ = ["mariadb_port"]
ACCOUNTS = "create table accounts as select 1 as id, 'Acme' as company"
LONG = {
    POSTGRESQL: "select pg_sleep(20)",
    REDSHIFT: "select pg_sleep(20)",
    MARIADB: "select sleep(20)",
    SQLITE: "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n",
    DUCKDB: "select sum(a.range * b.range % 7) from range(1000000) a, range(1000000) b",
    CLICKHOUSE: "select sleepEachRow(1) from numbers(20) settings max_block_size = 1",
}
SLOW = "the query was ended after 1 seconds, as source.timeout says"


@pytest.fixture(params=[*LONG, SNOWFLAKE])
def place(request: pytest.FixtureRequest) -> tuple[str, str, dict[str, object]]:
    """A warehouse with a table: its name, its URL, and what its driver is told besides."""
    name = request.param
    url, options = request.getfixturevalue(f"of_{name.lower()}")
    return name, url, options


@pytest.fixture
def of_postgresql(database: str) -> tuple[str, dict[str, object]]:
    """A database of this test's own."""
    with to_postgres(database) as connection:
        connection.execute(ACCOUNTS.encode())
    return database, {}


@pytest.fixture
def of_redshift(postgres_url: URL) -> abc.Iterator[tuple[str, dict[str, object]]]:
    """A PostgreSQL, by Redshift's driver."""
    for name in ("redshift_connector", "sqlalchemy_redshift"):
        driver(name)
    reader(postgres_url)
    with to_postgres(postgres_url) as connection:
        connection.execute(b"drop table if exists accounts")
        connection.execute(ACCOUNTS.encode())
    with redshift(postgres_url.host or "", postgres_url.port or 0) as port:
        yield (
            f"redshift://reader:any@127.0.0.1:{port}/{postgres_url.database}",
            {"ssl": False, "sslmode": "disable"},
        )


@pytest.fixture
def of_mariadb(mariadb_port: int) -> tuple[str, dict[str, object]]:
    """A database whose table is made anew."""
    place = {"host": "127.0.0.1", "port": mariadb_port, "database": "shop"}
    with (
        connected(user="writer", password=PASSWORD, **place) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(ACCOUNTS.replace("create", "create or replace"))
    return f"mariadb://writer:{PASSWORD}@127.0.0.1:{mariadb_port}/shop", {}


@pytest.fixture
def of_sqlite(tmp_path: Path) -> tuple[str, dict[str, object]]:
    """A file."""
    with closing(sqlite3.connect(tmp_path / "shop.db")) as connection:
        connection.execute(ACCOUNTS)
    return f"sqlite:///{tmp_path / 'shop.db'}", {}


@pytest.fixture
def of_duckdb(tmp_path: Path) -> tuple[str, dict[str, object]]:
    """A file."""
    duckdb = needed("duckdb")
    needed("duckdb_engine")
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as connection:
        connection.execute(ACCOUNTS)
    return f"duckdb:///{tmp_path / 'shop.duckdb'}", {}


@pytest.fixture
def of_clickhouse() -> abc.Iterator[tuple[str, dict[str, object]]]:
    """An engine of this test's own: it takes one query at a time."""
    with clickhouse() as port:
        made = ACCOUNTS.replace(" as select", " engine = MergeTree order by id as select")
        urlopen(f"http://127.0.0.1:{port}/", data=made.encode()).close()
        yield f"clickhouse://default@127.0.0.1:{port}/default", {}


@pytest.fixture
def of_snowflake() -> abc.Iterator[tuple[str, dict[str, object]]]:
    """An engine of this test's own."""
    with fakesnow(ACCOUNTS) as reached:
        yield reached


def test_words(place: tuple[str, str, dict[str, object]]):
    """The words of the database, with the place in the query where it tells it."""
    name, url, options = place
    source = Warehouse.open(url, options)
    for trouble in (TABLE, COLUMN):
        assert said(source, QUERIES[trouble]).message.startswith(WORDS[name][trouble])


@pytest.mark.parametrize(
    ("trouble", "error"),
    [
        (TABLE, (208, "Invalid object name 'nowhere'.", 1)),
        (COLUMN, (207, "Invalid column name 'compny'.", 2)),
    ],
)
def test_words_of_sql_server(trouble: str, error: tuple[int, str, int]):
    """The server's words as it sends them, with the line that it tells."""
    driver("pymssql")
    with sql_server(Server(error=error)) as url:
        found = said(Warehouse.open(url), QUERIES[trouble])
    assert found.message == WORDS[SQL_SERVER][trouble]


@pytest.mark.parametrize("place", LONG, indirect=True)
def test_too_long(place: tuple[str, str, dict[str, object]]):
    """`source.timeout` ends a query, and the message says so."""
    name, url, options = place
    began = time.monotonic()
    assert said(Warehouse.open(url, options, timeout=0.6), LONG[name]).message == SLOW
    assert time.monotonic() - began < 15


def test_too_long_for_trino():
    """It ends a query on the server, too."""
    driver("trino")
    coordinator = Coordinator(silent=True)
    with trino(coordinator) as url:
        assert said(Warehouse.open(url, timeout=0.6), "select 1").message == SLOW
    assert coordinator.cancelled.is_set()


@pytest.mark.parametrize("name", NOWHERE)
def test_nobody(name: str, monkeypatch: pytest.MonkeyPatch):
    """Where nobody is, it is said who was looked for, why that failed, and where to look."""
    for variable in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(variable, raising=False)
        monkeypatch.delenv(variable.upper(), raising=False)
    for module in {
        REDSHIFT: ("redshift_connector", "sqlalchemy_redshift"),
        CLICKHOUSE: ("clickhouse_connect",),
        TRINO: ("trino",),
        DATABRICKS: ("databricks.sqlalchemy",),
        SNOWFLAKE: ("snowflake.sqlalchemy",),
        SQL_SERVER: ("pymssql",),
    }.get(name, ()):
        driver(module)
    error = said(Warehouse.open(NOWHERE[name], BESIDES.get(name)), "select 1")
    assert error.message.startswith(WORDS[name][NOBODY])
    assert error.hint.startswith(("check the URL", "the file has to exist"))
