"""What needs no server; the rest is in tests/integration/test_postgresql.py."""

from types import SimpleNamespace
from typing import Any

import pytest

from sync.domain.record import AttributeType
from sync.errors import SourceError
from sync.warehouse.dialects.postgresql import PostgreSQL
from sync.warehouse.warehouse import Warehouse
from tests.support.needed import needed
from tests.support.queries import read


@pytest.fixture
def _driver() -> None:
    needed("psycopg")


@pytest.mark.usefixtures("_driver")
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


@pytest.mark.usefixtures("_driver")
def test_wrong_option():
    """An option that the driver does not know is told without the password."""
    source = Warehouse.open("postgresql://reader:plantedQ7xV2kZ9@127.0.0.1:1/shop?colour=blue")
    with pytest.raises(SourceError, match="colour") as caught:
        read(source, "select 1")
    assert "plantedQ7xV2kZ9" not in caught.value.message


def test_built_in_types():
    """The types that PostgreSQL comes with are known without asking it."""
    described = [(name, oid, None, 4, p, s) for name, oid, p, s in (
        ("a", 23, None, None), ("b", 1700, None, None), ("c", 1700, 10, 0), ("d", 3802, None, None),
    )]  # fmt: skip
    nobody: Any = None
    found = PostgreSQL().kinds(nobody, SimpleNamespace(description=described))
    assert found == [AttributeType.INTEGER, AttributeType.DECIMAL, AttributeType.INTEGER, "json"]


@pytest.mark.parametrize(
    ("position", "invalidated", "expected"),
    [("36", False, 14), (None, False, None), ("36", True, None)],
)
def test_position(position: str | None, invalidated: bool, expected: int | None):
    """The server counts from 1 and with the words before the query; a lost connection knows no place."""
    info = {"sync_prefix": len('DECLARE "c" CURSOR FOR ') - 2}
    connection: Any = SimpleNamespace(info=info, invalidated=invalidated)
    error: Any = SimpleNamespace(
        orig=SimpleNamespace(diag=SimpleNamespace(statement_position=position))
    )
    assert PostgreSQL().position(error, connection) == expected


def test_a_cursor_of_the_client(source: Warehouse):
    """Only a cursor of the server, which has a name, puts words before the query."""
    PostgreSQL().watch(source.engine)
    with source.engine.connect() as connection:
        connection.exec_driver_sql("select 1").close()
        assert "sync_prefix" not in connection.info


def test_errors_without_a_diagnosis():
    """Not every driver, and not every error, has one."""
    connection: Any = SimpleNamespace(info={}, invalidated=False)
    assert PostgreSQL().position(ValueError("no"), connection) is None
    assert PostgreSQL().hint(ValueError("no")) == ""
