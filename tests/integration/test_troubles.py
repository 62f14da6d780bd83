"""What is said of wrong tables and columns, of servers that are not there, and of queries that take too long."""

import time

import pytest

from sync.warehouse.warehouse import Warehouse
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
from tests.support.needed import driver
from tests.support.sql_server import Server, sql_server
from tests.support.trino import Coordinator, trino
from tests.support.troubles import BESIDES, COLUMN, NOBODY, NOWHERE, QUERIES, TABLE, WORDS, said

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
