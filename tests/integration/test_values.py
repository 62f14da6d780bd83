"""What becomes of values, by warehouse: the tables of docs/warehouses.md, played against every one that is here."""

from collections import abc
from pathlib import Path

import pytest
from sqlalchemy import URL

from sync.warehouse.warehouse import Warehouse
from tests.support import exactness
from tests.support.bigquery import Key, bigquery
from tests.support.clickhouse import clickhouse
from tests.support.databricks import Cluster, column, databricks
from tests.support.exactness import CASES, Case, Given
from tests.support.fakesnow import fakesnow
from tests.support.mariadb import PASSWORD, connected, mariadb_port
from tests.support.needed import driver, needed
from tests.support.postgres import connected as to_postgres
from tests.support.redshift import reader, redshift
from tests.support.sql_server import Server, sql_server
from tests.support.trino import Coordinator, trino

__all__ = ["mariadb_port"]
#: Stand-ins that do not know the SQL of what they stand for.
SILENT = ("trino", "redshift", "databricks", "bigquery", "mssql")


def of(warehouse: str) -> pytest.MarkDecorator:
    """The cases of a warehouse."""
    cases = [case for case in CASES if warehouse in case.given]
    return pytest.mark.parametrize("case", cases, ids=lambda case: f"{case.at}: {case.what}")


def play(folder: Path, case: Case, source: Warehouse, sql: str) -> str:
    """What arrives of a value; where nothing does, the SQL that is told makes something of it that does."""
    outcome = exactness.arrives(folder, source, sql, case.at)
    word, _, way_out = outcome.partition(": ")
    if word == exactness.REFUSED and source.engine.name not in SILENT:
        mended = f"select id, {way_out} as x from ({sql}) as refused"
        again = exactness.arrives(folder, source, mended, case.at)
        assert not again.startswith((exactness.REFUSED, exactness.REJECTED))
    return outcome


def query(given: Given) -> str:
    """A query of one expression, or of the column that was made for the value."""
    return f"select 'k' as id, {given if isinstance(given, str) else 'x'} as x"


@of(exactness.POSTGRESQL)
def test_postgresql(tmp_path: Path, postgres: str, case: Case):
    """In PostgreSQL."""
    sql = query(case.given[exactness.POSTGRESQL])
    assert play(tmp_path, case, Warehouse.open(postgres), sql) == case.expected(
        exactness.POSTGRESQL
    )


@pytest.fixture(scope="module")
def postgres(postgres_url: URL) -> str:
    """A server with an enum and a domain."""
    with to_postgres(postgres_url) as connection:
        connection.execute("create type mood as enum ('happy', 'sad')")
        connection.execute("create domain euros as numeric(10,2)")
    return postgres_url.render_as_string(hide_password=False)


@of(exactness.REDSHIFT)
def test_redshift(tmp_path: Path, cluster: Warehouse, case: Case):
    """By Redshift's driver, of a PostgreSQL."""
    sql = query(case.given[exactness.REDSHIFT])
    assert play(tmp_path, case, cluster, sql) == case.expected(exactness.REDSHIFT)


@pytest.fixture(scope="module")
def cluster(postgres_url: URL) -> abc.Iterator[Warehouse]:
    """A stand-in of Redshift."""
    for name in ("redshift_connector", "sqlalchemy_redshift"):
        driver(name)
    reader(postgres_url)
    with redshift(postgres_url.host or "", postgres_url.port or 0) as port:
        url = URL.create("redshift", "reader", "any", "127.0.0.1", port, "postgres")
        plain = url.render_as_string(hide_password=False)
        yield Warehouse.open(plain, {"ssl": False, "sslmode": "disable"})


@of(exactness.MARIADB)
def test_mariadb(tmp_path: Path, mariadb_port: int, case: Case):
    """In MariaDB, whose zone is +05:00."""
    given, place = case.given[exactness.MARIADB], f"127.0.0.1:{mariadb_port}/shop"
    table = ""
    if not isinstance(given, str):
        table = " from typed"
        with (
            connected(
                host="127.0.0.1",
                port=mariadb_port,
                user="writer",
                password=PASSWORD,
                database="shop",
            ) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute("set sql_mode = ''")
            cursor.execute(f"create or replace table typed (x {given[0]})")
            cursor.execute(f"insert into typed values ({given[1]})")
    source = Warehouse.open(f"mariadb://writer:{PASSWORD}@{place}")
    assert play(tmp_path, case, source, query(given) + table) == case.expected(exactness.MARIADB)


@of(exactness.SQLITE)
def test_sqlite(tmp_path: Path, case: Case):
    """In SQLite."""
    import sqlite3

    given, file, table = case.given[exactness.SQLITE], tmp_path / "shop.db", ""
    with sqlite3.connect(file) as connection:
        connection.execute("create table other (y text)")
        if not isinstance(given, str):
            table = " from typed"
            connection.execute(f"create table typed (x {given[0]})")
            connection.execute(f"insert into typed values ({given[1]})")
    connection.close()
    source = Warehouse.open(f"sqlite:///{file}")
    assert play(tmp_path, case, source, query(given) + table) == case.expected(exactness.SQLITE)


@of(exactness.DUCKDB)
def test_duckdb(tmp_path: Path, case: Case):
    """In DuckDB."""
    needed("duckdb_engine")
    sql = query(case.given[exactness.DUCKDB])
    source = Warehouse.open("duckdb://")
    assert play(tmp_path, case, source, sql) == case.expected(exactness.DUCKDB)


@of(exactness.PARQUET)
def test_parquet(tmp_path: Path, case: Case):
    """In a Parquet file, which DuckDB reads."""
    duckdb, file = needed("duckdb"), tmp_path / "x.parquet"
    needed("duckdb_engine")
    with duckdb.connect() as connection:
        connection.execute(f"copy ({query(case.given[exactness.PARQUET])}) to '{file}'")
    source = Warehouse.open("duckdb://")
    assert play(tmp_path, case, source, f"select * from '{file}'") == case.expected(
        exactness.PARQUET
    )


@of(exactness.CSV)
def test_csv(tmp_path: Path, case: Case):
    """In a CSV file, which DuckDB reads."""
    needed("duckdb_engine")
    file = tmp_path / "x.csv"
    file.write_text(f"id,x\nk,{case.given[exactness.CSV]}\n", encoding="utf-8")
    source = Warehouse.open("duckdb://")
    assert play(tmp_path, case, source, f"select * from '{file}'") == case.expected(exactness.CSV)


@of(exactness.CLICKHOUSE)
def test_clickhouse(tmp_path: Path, engine: Warehouse, case: Case):
    """In ClickHouse's engine."""
    sql = query(case.given[exactness.CLICKHOUSE])
    assert play(tmp_path, case, engine, sql) == case.expected(exactness.CLICKHOUSE)


@pytest.fixture(scope="module")
def engine() -> abc.Iterator[Warehouse]:
    """ClickHouse's engine, by its driver."""
    with clickhouse() as port:
        yield Warehouse.open(f"clickhouse://default@127.0.0.1:{port}/default")


@of(exactness.TRINO)
def test_trino(tmp_path: Path, case: Case):
    """By Trino's driver, of a server that sends what Trino sends."""
    driver("trino")
    kind, sent = case.sent(exactness.TRINO)
    with trino(Coordinator([("id", "varchar"), ("x", kind)], [[["k", sent]]])) as url:
        source = Warehouse.open(url)
        assert play(tmp_path, case, source, "select 1") == case.expected(exactness.TRINO)


@of(exactness.DATABRICKS)
def test_databricks(tmp_path: Path, case: Case):
    """By Databricks' connector, of a server that sends what Databricks sends."""
    arrow = driver("pyarrow")
    driver("databricks.sqlalchemy")
    kind, values = column(*case.sent(exactness.DATABRICKS))
    table = arrow.table({"id": ["k"], "x": values})
    with databricks(Cluster(table, ("STRING_TYPE", kind))) as (url, options):
        source = Warehouse.open(url, options)
        assert play(tmp_path, case, source, "select 1") == case.expected(exactness.DATABRICKS)


@of(exactness.BIGQUERY)
def test_bigquery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: Key, case: Case):
    """By BigQuery's client, of a server that sends what BigQuery sends."""
    kind, sent = case.sent(exactness.BIGQUERY)
    key.project.columns = [("id", "STRING"), ("x", *kind.split(" "))]
    key.project.pages = [[["k", sent]]]
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", key.host)
    source = Warehouse.open(key.url)
    assert play(tmp_path, case, source, "select 1") == case.expected(exactness.BIGQUERY)


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> abc.Iterator[Key]:
    """A BigQuery, and the key of an account there."""
    driver("sqlalchemy_bigquery")
    with bigquery(tmp_path_factory.mktemp("key")) as key:
        yield key


@of(exactness.SNOWFLAKE)
def test_snowflake(tmp_path: Path, account: Warehouse, case: Case):
    """By Snowflake's connector, of fakesnow's engine."""
    sql = query(case.given[exactness.SNOWFLAKE])
    assert play(tmp_path, case, account, sql) == case.expected(exactness.SNOWFLAKE)


@pytest.fixture(scope="module")
def account() -> abc.Iterator[Warehouse]:
    """A stand-in of Snowflake."""
    with fakesnow() as (url, options):
        yield Warehouse.open(url, options)


@of(exactness.SQL_SERVER)
def test_sql_server(tmp_path: Path, case: Case):
    """By SQL Server's driver, of a stand-in that sends what SQL Server sends."""
    driver("pymssql")
    kind, sent = case.sent(exactness.SQL_SERVER)
    with sql_server(Server([("id", "varchar(10)"), ("x", kind)], [["k", sent]])) as url:
        source = Warehouse.open(url)
        assert play(tmp_path, case, source, "select 1") == case.expected(exactness.SQL_SERVER)


def test_the_page():
    """Every case is for a warehouse of the page, with a place of its own."""
    assert {one for case in CASES for one in case.given} == set(exactness.WAREHOUSES)
    assert {one for case in CASES for one in case.other} <= set(exactness.WAREHOUSES)
    assert len({(case.at, case.what) for case in CASES}) == len(CASES)
