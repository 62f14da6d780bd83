"""Which dialect a database is read by."""

import pytest

from sync.warehouse import dialects
from sync.warehouse.dialects.bigquery import BigQuery
from sync.warehouse.dialects.clickhouse import ClickHouse
from sync.warehouse.dialects.databricks import Databricks
from sync.warehouse.dialects.duckdb import DuckDB
from sync.warehouse.dialects.general import General
from sync.warehouse.dialects.mssql import SQLServer
from sync.warehouse.dialects.mysql import AnyMySQL, MySQL, PyMySQL
from sync.warehouse.dialects.postgresql import AnyPostgreSQL, Libpq, PostgreSQL, Psycopg
from sync.warehouse.dialects.redshift import Redshift
from sync.warehouse.dialects.snowflake import Snowflake
from sync.warehouse.dialects.sqlite import AnySQLite, SQLite
from sync.warehouse.dialects.trino import Trino


@pytest.mark.parametrize(
    ("database", "driver", "expected"),
    [
        ("postgresql", "psycopg", PostgreSQL()),
        ("mysql", "pymysql", MySQL()),
        ("mariadb", "pymysql", MySQL()),
        ("duckdb", "duckdb_engine", DuckDB()),
        ("sqlite", "pysqlite", SQLite()),
        ("redshift", "redshift_connector", Redshift()),
        ("snowflake", "snowflake", Snowflake()),
        ("bigquery", "bigquery", BigQuery()),
        ("databricks", "databricks-sql-python", Databricks()),
        ("mssql", "pymssql", SQLServer()),
        ("clickhousedb", "connect", ClickHouse()),
        ("trino", "rest", Trino()),
    ],
)
def test_by_our_drivers(database: str, driver: str, expected: object):
    """A database that has a file is read by it."""
    assert dialects.choose(database, driver) == expected


@pytest.mark.parametrize(
    ("database", "driver", "expected"),
    [
        ("postgresql", "psycopg2", AnyPostgreSQL()),
        ("postgresql", "pg8000", AnyPostgreSQL()),
        ("mysql", "mysqldb", AnyMySQL()),
        ("mariadb", "mariadbconnector", AnyMySQL()),
        ("sqlite", "pysqlcipher", AnySQLite()),
    ],
)
def test_by_other_drivers(database: str, driver: str, expected: object):
    """By another driver than ours it is the same database, of which less is known."""
    assert dialects.choose(database, driver) == expected


@pytest.mark.parametrize(
    ("database", "driver", "expected"),
    [
        ("cockroachdb", "psycopg", Psycopg()),
        ("redshift", "psycopg2", Libpq()),
        ("starrocks", "pymysql", PyMySQL()),
    ],
)
def test_relatives(database: str, driver: str, expected: object):
    """A relative of one that has a file, by the same driver: its connections are as well prepared."""
    assert dialects.choose(database, driver) == expected


@pytest.mark.parametrize(
    ("database", "driver"),
    [
        ("mssql", "pyodbc"),
        ("oracle", "oracledb"),
        ("unheard_of", ""),
    ],
)
def test_all_others(database: str, driver: str):
    """Who has no file is read in the general way."""
    assert dialects.choose(database, driver) == General()
