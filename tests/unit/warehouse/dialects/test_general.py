"""A database that has no file here: one that SQLAlchemy knows, and we do not."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from sync.errors import SourceError
from sync.warehouse.column import Column
from sync.warehouse.dialects.general import General
from sync.warehouse.warehouse import Warehouse
from tests.support.queries import read


class Elsewhere(SQLiteDialect_pysqlite):
    """SQLite under a name that nobody knows."""

    name = "elsewhere"
    driver = "unheard_of"
    supports_statement_cache = True


@pytest.fixture
def elsewhere(path: Path, monkeypatch: pytest.MonkeyPatch) -> Warehouse:
    monkeypatch.setitem(registry.impls, "elsewhere", lambda: Elsewhere)
    return Warehouse.open(f"elsewhere:///{path}")


def test_rows(elsewhere: Warehouse):
    """Rows come as the driver reads them, and the text is run as it is written."""
    assert elsewhere.dialect == General()
    sql = "select id, name, '100%', ':x' from accounts order by id ;"
    assert read(elsewhere, sql, 2) == [
        [(1, "Acme", "100%", ":x"), (2, "Bolt", "100%", ":x")],
        [(3, "Cord", "100%", ":x")],
    ]


def test_text_of_row_hashes(elsewhere: Warehouse):
    """No types, and the driver's module; it is part of hashes in users' states and stays what it is."""
    with elsewhere.query("select 1 as id, x'00' as raw") as result:
        assert result.manner == "sqlite3"
        assert result.columns == (Column("id"), Column("raw"))


def test_nothing_is_committed(elsewhere: Warehouse, path: Path):
    """It cannot keep a query from writing, but the transaction ends without a commit."""
    sql = "insert into accounts values (4, 'Dent', null) returning id"
    assert read(elsewhere, sql) == [[(4,)]]
    with sqlite3.connect(path) as connection:
        assert connection.execute("select count(*) from accounts").fetchone() == (3,)
    connection.close()


def test_errors(elsewhere: Warehouse, tmp_path: Path):
    """The driver's words, without a place; where nothing can be connected, what to check."""
    with pytest.raises(SourceError) as caught:
        read(elsewhere, "select nope from accounts")
    assert (caught.value.message, caught.value.hint) == ("no such column: nope", "")
    with pytest.raises(SourceError, match="cannot connect to elsewhere:") as caught:
        read(Warehouse.open(f"elsewhere:///{tmp_path}/no/such.db"), "select 1")
    assert caught.value.hint.startswith("check the URL")


class Connection:
    """A connection that notes what was asked of it."""

    def __init__(self, *methods: str) -> None:
        self.asked: list[str] = []
        for name in methods:
            setattr(self, name, lambda name=name: self.asked.append(name))


@pytest.mark.parametrize(
    ("methods", "expected"),
    [
        (("cancel", "cancel_safe"), ["cancel_safe"]),
        (("interrupt",), ["interrupt"]),
        (("cancel",), ["cancel"]),
        ((), []),
    ],
)
def test_cancel(methods: tuple[str, ...], expected: list[str]):
    """By the connection's own method, where it has one."""
    connection = Connection(*methods)
    General().cancel(connection)
    assert connection.asked == expected
