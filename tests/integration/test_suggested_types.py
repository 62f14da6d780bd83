"""Types of extra columns in whole runs over real databases: those that the database tells, and TINYINT(1)."""

import pytest

from sync.sandbox.running import RunningSandbox
from sync.sandbox.sandbox import Sandbox
from tests.support.mariadb import PASSWORD, connected, mariadb_port
from tests.support.needed import needed
from tests.support.postgres import connected as to_postgres
from tests.support.postgres import database, postgres_url
from tests.support.runner import Place

__all__ = ["database", "mariadb_port", "postgres_url"]
MAPPING = """\
version: 1
source: {query: "select * from accounts"}
destination: {object: customer}
fields: {external_id: id}
"""
TOLD = {"seats": "Integer", "fee": "Decimal", "active": "Boolean", "plan": "String", "since": "Timestamp"}  # fmt: skip


@pytest.fixture
def place(tmp_path):
    """A ChartMogul, and a mapping that declares no type."""
    with RunningSandbox(Sandbox()) as sandbox:
        place = Place(tmp_path, sandbox, "")
        place.write("customers", MAPPING)
        yield place


def types(place):
    """The types that ChartMogul has locked."""
    return place.sandbox.sandbox.world.types


def test_postgresql_tells(place, database):
    """Of whole numbers in a numeric column, too."""
    with to_postgres(database) as connection:
        connection.execute(
            "create table accounts (id text, seats int, fee numeric(10,2), active boolean, plan text, since date)"
        )
        connection.execute("insert into accounts values ('c1', 1, 10, true, 'Pro', '2026-01-01')")
        connection.commit()
    place.warehouse = database
    assert (place.run().exit_code, types(place)) == (0, TOLD)


def test_duckdb_tells(place, tmp_path):
    """So does DuckDB."""
    duckdb = needed("duckdb")
    needed("duckdb_engine")
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as connection:
        connection.execute(
            "create table accounts as select 'c1' as id, 1 as seats, 10::decimal(10,2) as fee, true as active,"
            " 'Pro' as plan, date '2026-01-01' as since"
        )
    place.warehouse = f"duckdb:///{tmp_path / 'shop.duckdb'}"
    assert (place.run().exit_code, types(place)) == (0, TOLD)


@pytest.fixture
def shop(place, mariadb_port):
    """Runs statements in a MariaDB that is the place's warehouse; `accounts` goes again."""
    place.warehouse = f"mariadb://writer:{PASSWORD}@127.0.0.1:{mariadb_port}/shop"
    with connected(
        user="writer", password=PASSWORD, host="127.0.0.1", port=mariadb_port, database="shop"
    ) as connection:

        def execute(*statements):
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
            connection.commit()

        yield execute
        execute("drop table if exists accounts")


def flags(shop, kind, *values):
    """The accounts, each with a number in a column of this type."""
    rows = ", ".join(f"('c{n}', {value})" for n, value in enumerate(values))
    shop(
        "drop table if exists accounts",
        f"create table accounts (id varchar(20), level {kind})",
        f"insert into accounts values {rows}",
    )


@pytest.mark.parametrize(
    ("values", "suggested"), [((0, 1), "Boolean"), ((1, 3), "Integer"), ((2, 3), "Integer")]
)
def test_a_small_number_locks_nothing(place, shop, values, suggested):
    """TINYINT(1) is what BOOLEAN is there, and what many take for a small number: the mapping has to say."""
    flags(shop, "tinyint(1)", *values)
    run = place.run()
    (mapping,) = run.mappings
    lines = f"attributes:\n  level: {{column: level, type: {suggested}}}"
    assert (run.exit_code, mapping.error.partition("\n\n")[2]) == (2, lines)
    assert (types(place), place.writes()) == ({}, [])

    place.write("customers", f"{MAPPING}{lines}\n")
    assert (place.run().exit_code, types(place)) == (0, {"level": suggested})


@pytest.mark.parametrize(
    ("kind", "values", "later", "expected"),
    [("Integer", (1, 2), (2, 3), [2, 3]), ("Boolean", (0, 1), (1, 0), [True, False])],
)
def test_a_small_number_that_is_known(place, shop, kind, values, later, expected):
    """The state's type decides what 0, 1 and 2 are."""
    flags(shop, "tinyint(1)", *values)
    place.write("customers", f"{MAPPING}attributes: {{level: {{column: level, type: {kind}}}}}\n")
    assert place.run().exit_code == 0
    place.write("customers", MAPPING)
    flags(shop, "tinyint(1)", *later)
    assert place.run().exit_code == 0
    found = place.customers()
    assert [found[key]["attributes"]["custom"]["level"] for key in ("c0", "c1")] == expected


def test_a_small_number_that_does_not_fit(place, shop):
    """A 2 is none of a Boolean that is in use: nothing is sent."""
    flags(shop, "boolean", 0, 1)
    place.write("customers", f"{MAPPING}attributes: {{level: {{column: level, type: Boolean}}}}\n")
    assert place.run().exit_code == 0
    place.write("customers", MAPPING)
    flags(shop, "tinyint(1)", 0, 2)
    place.forget()
    run = place.run()
    assert (run.exit_code, place.writes()) == (2, [])
    assert "but it is Boolean in this account" in (run.mappings[0].error or "")


def test_a_small_number_of_a_contact(place, shop):
    """ChartMogul has the definitions of contacts' attributes: there it is a Boolean, as it always was."""
    flags(shop, "tinyint(1)", 0, 1)
    place.write("customers", MAPPING + "extra_columns: ignore\n")
    place.write(
        "people",
        'version: 1\nsource: {query: "select id, id as account, level from accounts"}\n'
        "destination: {object: contact}\nfields: {customer_external_id: account, external_id: id}\n",
    )
    assert place.run().exit_code == 0
