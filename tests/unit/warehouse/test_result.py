import threading
from collections import abc
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from sqlalchemy import Connection

from sync.domain.record import AttributeType
from sync.errors import SourceError
from sync.warehouse.column import Column
from sync.warehouse.dialects.dialect import Kind, Late
from sync.warehouse.dialects.sqlite import SQLite
from sync.warehouse.warehouse import Warehouse
from tests.support.queries import read

NUMBERS = "with recursive n(x) as (select 1 union all select x + 1 from n)"


def test_rows(source: Warehouse):
    """Rows come as plain tuples, in the order of the query, with nulls as None."""
    [rows] = read(source, 'select id, name, "group" from accounts order by id')
    assert rows == [(1, "Acme", "a"), (2, "Bolt", None), (3, "Cord", "c")]
    assert {tuple} == {type(row) for row in rows}


@pytest.mark.parametrize(("size", "lengths"), [(1, [1, 1, 1]), (2, [2, 1]), (3, [3]), (1000, [3])])
def test_batches(source: Warehouse, size: int, lengths: list[int]):
    """Batches are as long as asked for; the last may be shorter."""
    assert lengths == [len(batch) for batch in read(source, "select * from accounts", size)]


def test_no_rows(source: Warehouse):
    """A query without rows has columns and no batch."""
    with source.query("select id, name from accounts where false") as result:
        assert (Column("id"), Column("name")) == result.columns
        assert list(result.batches()) == []


def test_columns(source: Warehouse):
    """SQLite tells no types: values do. Names are the query's own, dots and repeats included."""
    found = source.columns('select id, name as "a.b", id from accounts')
    assert (Column("id"), Column("a.b"), Column("id")) == found


@dataclass(frozen=True, slots=True)
class Telling(SQLite):
    """A dialect that tells the types of its columns, and leaves values for later."""

    as_text: ClassVar[str] = "to_text({})"

    def kinds(self, connection: Connection, cursor: Any) -> abc.Sequence[Kind]:
        """A number, a document, and something unknown."""
        return [AttributeType.INTEGER, "json", None]

    def late(self, driver: Any, description: abc.Sequence[Any]) -> Late:
        """The first column."""
        return ((0, lambda value: value + 100),)


@pytest.fixture
def telling(source: Warehouse) -> Warehouse:
    return Warehouse(source.engine, Telling())


def test_told_columns(telling: Warehouse):
    """What a dialect tells of a column is its type, or what makes it impossible to send and its cure."""
    found = telling.columns("select 1 as id, '{}' as doc, null as odd")
    assert found == (
        Column("id", AttributeType.INTEGER),
        Column("doc", unsendable="json"),
        Column("odd"),
    )
    assert [column.as_text for column in found] == ["to_text({})"] * 3


def test_late_values(telling: Warehouse):
    """What a dialect leaves for later is read when a row is completed, in batches always; nulls stay."""
    sql = "select 1 as id, '{}' as doc, null as odd union all select null, 'x', 2"
    with telling.query(sql) as result:
        [rows] = result.raw()
        assert [result.complete(row) for row in rows] == [(101, "{}", None), (None, "x", 2)]
    assert rows == [(1, "{}", None), (None, "x", 2)]
    assert read(telling, sql) == [[(101, "{}", None), (None, "x", 2)]]


def test_breaking_off(source: Warehouse):
    """A query that fails half-way gives the rows before, then the database's own message."""
    sql = "select abs(column1) from (values (1), (2), (3), (-9223372036854775808))"
    with source.query(sql) as result:
        batches = result.batches(1)
        assert next(batches) == [(1,)]
        with pytest.raises(SourceError, match=r"^integer overflow$"):
            list(batches)


def test_cancel(source: Warehouse):
    """A query that takes too long is broken off from another thread."""
    with source.query(f"{NUMBERS} select x from n where x < 4") as result:
        batches = result.batches(1)
        assert next(batches) == [(1,)]
        timer = threading.Timer(0.1, result.cancel)
        timer.start()
        with pytest.raises(SourceError, match="interrupted"):
            list(batches)
        timer.join()


def test_cancelled_between_batches(source: Warehouse):
    """A query that is cancelled between two batches gives no more."""
    with source.query("select * from accounts") as result:
        batches = result.batches(1)
        next(batches)
        result.cancel()
        with pytest.raises(SourceError, match="cancelled"):
            next(batches)
