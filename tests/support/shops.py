"""A warehouse with a table `accounts` of one row, `1` and `Acme`, for each kind that is here, as fixtures.

Each gives the URL, and what the driver is told besides.
"""

import sqlite3
from collections import abc
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from sqlalchemy import URL

from tests.support.clickhouse import clickhouse
from tests.support.fakesnow import fakesnow
from tests.support.mariadb import PASSWORD, connected, mariadb_port
from tests.support.needed import driver, needed
from tests.support.postgres import connected as to_postgres
from tests.support.redshift import reader, redshift

__all__ = [
    "mariadb_port",
    "of_clickhouse",
    "of_duckdb",
    "of_mariadb",
    "of_postgresql",
    "of_redshift",
    "of_snowflake",
    "of_sqlite",
]
ACCOUNTS = "create table accounts as select 1 as id, 'Acme' as company"
Shop = tuple[str, dict[str, Any]]


@pytest.fixture
def of_postgresql(database: str) -> Shop:
    """A database of this test's own."""
    with to_postgres(database) as connection:
        connection.execute(ACCOUNTS.encode())
    return database, {}


@pytest.fixture
def of_redshift(postgres_url: URL) -> abc.Iterator[Shop]:
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
def of_mariadb(mariadb_port: int) -> Shop:
    """A database whose table is made anew."""
    place = {"host": "127.0.0.1", "port": mariadb_port, "database": "shop"}
    with (
        connected(user="writer", password=PASSWORD, **place) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(ACCOUNTS.replace("create", "create or replace"))
    return f"mariadb://writer:{PASSWORD}@127.0.0.1:{mariadb_port}/shop", {}


@pytest.fixture
def of_sqlite(tmp_path: Path) -> Shop:
    """A file."""
    with closing(sqlite3.connect(tmp_path / "shop.db")) as connection:
        connection.execute(ACCOUNTS)
    return f"sqlite:///{tmp_path / 'shop.db'}", {}


@pytest.fixture
def of_duckdb(tmp_path: Path) -> Shop:
    """A file."""
    duckdb = needed("duckdb")
    needed("duckdb_engine")
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as connection:
        connection.execute(ACCOUNTS)
    return f"duckdb:///{tmp_path / 'shop.duckdb'}", {}


@pytest.fixture
def of_clickhouse() -> abc.Iterator[Shop]:
    """An engine of this test's own: it takes one query at a time."""
    with clickhouse() as port:
        made = ACCOUNTS.replace(" as select", " engine = MergeTree order by id as select")
        urlopen(f"http://127.0.0.1:{port}/", data=made.encode()).close()
        yield f"clickhouse://default@127.0.0.1:{port}/default", {}


@pytest.fixture
def of_snowflake() -> abc.Iterator[Shop]:
    """An engine of this test's own."""
    with fakesnow(ACCOUNTS) as reached:
        yield reached
