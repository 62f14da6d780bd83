"""`init` on real databases: the same shop makes the same mapping in each, and it can be previewed."""

import sqlite3
from collections import abc
from contextlib import closing
from pathlib import Path

import pytest

from sync.mapping.loader import load
from tests.support import shop
from tests.support.mariadb import PASSWORD, connected, mariadb_port
from tests.support.needed import needed
from tests.support.postgres import connected as connected_to_postgres
from tests.support.program import Desk

__all__ = ["mariadb_port"]


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    """The shop in SQLite."""
    with closing(sqlite3.connect(tmp_path / "shop.db")) as connection, connection:
        for statement in shop.statements():
            connection.execute(statement)
    return f"sqlite:///{tmp_path}/shop.db"


@pytest.fixture
def duckdb(tmp_path: Path) -> str:
    """The shop in DuckDB."""
    driver = needed("duckdb")
    needed("duckdb_engine")
    with driver.connect(str(tmp_path / "shop.duckdb")) as connection:
        for statement in shop.statements():
            connection.execute(statement)
        connection.execute("create schema other")
        connection.execute("create table other.accounts (id integer)")
    return f"duckdb:///{tmp_path}/shop.duckdb"


@pytest.fixture
def postgresql(database: str) -> str:
    """The shop in PostgreSQL, and a table of the same name in another schema."""
    with connected_to_postgres(database) as connection:
        for statement in (
            *shop.statements(),
            "create schema other",
            "create table other.accounts (id int)",
        ):
            connection.execute(statement.encode())
    return database


@pytest.fixture
def mariadb(mariadb_port: int) -> abc.Iterator[str]:
    """The shop in MariaDB, where it goes again."""
    place = {"host": "127.0.0.1", "port": mariadb_port, "database": "shop"}
    with connected(user="writer", password=PASSWORD, **place) as connection:
        cursor = connection.cursor()
        for statement in shop.statements(time="datetime", flag="tinyint(1)"):
            cursor.execute(statement)
        yield f"mariadb://writer:{PASSWORD}@127.0.0.1:{mariadb_port}/shop"
        cursor.execute("drop view partners")
        cursor.execute("drop table accounts, users")


@pytest.fixture(params=["sqlite", "duckdb", "postgresql", "mariadb"])
def url(request: pytest.FixtureRequest) -> str:
    """The shop, in one database after the other."""
    return str(request.getfixturevalue(request.param))


def test_init(desk: Desk, url: str):
    """Tables and views are listed; what is printed is sound, fits the table and can be previewed."""
    listed = desk("init", WAREHOUSE_URL=url)
    assert listed.code == 0
    assert {"accounts", "users", "partners  (view)"} <= set(listed.out.splitlines())

    printed = desk("init", "accounts", WAREHOUSE_URL=url)
    assert printed.out.splitlines()[0] == "# mappings/accounts.yml"
    file = desk.place.folder / "accounts.yml"
    file.write_text(printed.out)
    (loaded,) = load([file], {"CHARTMOGUL_DATA_SOURCE": "ds_1"}, frozenset())
    mapping = loaded.mapping
    assert {name: spec.column for name, spec in mapping.fields.items()} == shop.FIELDS
    assert {key: spec.type for key, spec in mapping.attributes.items()} == shop.ATTRIBUTES
    assert mapping.ignore_columns == ("password_hash",)
    assert desk("preview", "accounts.yml", WAREHOUSE_URL=url).code == 0


def test_init_of_contacts_and_views(desk: Desk, url: str):
    """A composite key is no external id; a view has columns, and no key that anybody tells."""
    contacts = desk("init", "users", "--object", "contact", WAREHOUSE_URL=url).out
    assert "  customer_external_id: account_id\n  email: email\n" in contacts
    view = desk("init", "partners", WAREHOUSE_URL=url).out
    assert "tells no primary key" in view
    assert "double_seats: {column: double_seats, type: Integer}" in view


@pytest.mark.parametrize("name", ["duckdb", "postgresql"])
def test_init_of_a_table_in_another_schema(desk: Desk, name: str, request: pytest.FixtureRequest):
    """A table of the default schema needs no schema, one of another has it before its name."""
    url = str(request.getfixturevalue(name))
    assert "other.accounts" in desk("init", WAREHOUSE_URL=url).out.splitlines()
    printed = desk("init", "accounts", "other.accounts", WAREHOUSE_URL=url).out
    assert [line for line in printed.splitlines() if line.startswith(("  table:", "# mapp"))] == [
        "# mappings/accounts.yml",
        "  table: accounts",
        "# mappings/other_accounts.yml",
        "  table: other.accounts",
    ]
