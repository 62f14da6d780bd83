"""The warehouse by Redshift's driver, on a PostgreSQL that stands in for Redshift."""

import tracemalloc
from collections import abc
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import URL, make_url

from sync.domain.instant import Infinite
from sync.domain.record import AttributeType
from sync.errors import SourceError
from sync.warehouse.warehouse import Warehouse
from tests.support.needed import driver
from tests.support.postgres import connected
from tests.support.queries import read
from tests.support.redshift import reader, redshift

for _driver in ("redshift_connector", "sqlalchemy_redshift"):
    driver(_driver)
STRING, INTEGER, DECIMAL = AttributeType.STRING, AttributeType.INTEGER, AttributeType.DECIMAL
BOOLEAN, TIMESTAMP = AttributeType.BOOLEAN, AttributeType.TIMESTAMP


@pytest.fixture
def source(postgres_url: URL, database: str) -> abc.Iterator[Warehouse]:
    """As somebody who could write, so that it is us who do not."""
    reader(postgres_url)
    url = make_url(database)
    with redshift(url.host or "", url.port or 0) as port:
        place = url.set(
            drivername="redshift", username="reader", password="any", host="127.0.0.1", port=port
        )
        yield Warehouse.open(
            place.render_as_string(hide_password=False), {"ssl": False, "sslmode": "disable"}
        )


def test_values(source: Warehouse):
    """Values come exact and typed, nulls as None."""
    [[row]] = read(
        source,
        "select 1::int8, 123456789012345678.123456789::numeric(30, 9), true, 'é%'::text, null::int4, 'a'::char(5),"
        " 0.1::float4, '2026-01-31'::date, '2026-01-31 10:00'::timestamp, '2026-01-31 10:00Z'::timestamptz",
    )
    assert row == (
        1,
        Decimal("123456789012345678.123456789"),
        True,
        "é%",
        None,
        "a",
        0.1,
        date(2026, 1, 31),
        datetime(2026, 1, 31, 10),
        datetime(2026, 1, 31, 10, tzinfo=UTC),
    )


def test_dates_without_an_end(source: Warehouse):
    """What Python has no date for is infinite, or text; no other day is made of it, whatever the driver makes."""
    [[row]] = read(
        source,
        "select 'infinity'::date, '-infinity'::timestamp, 'infinity'::timestamptz, '0044-03-15 BC'::date,"
        " '0044-03-15 BC'::timestamptz, '10000-01-01'::date, date '9999-12-31', timestamp '1500-01-01'",
    )
    assert row == (
        "infinity",
        "-infinity",
        "infinity",
        "0044-03-15 BC",
        "0044-03-15 00:00:00 BC",
        "10000-01-01",
        date(9999, 12, 31),
        datetime(1500, 1, 1),
    )
    assert [type(value) for value in row[:3]] == [Infinite] * 3


def test_date_style(source: Warehouse, database: str):
    """A role's `datestyle` makes no other days."""
    with connected(database) as connection:
        connection.execute("alter role reader set datestyle = 'SQL, DMY'")
    assert read(source, "select date '2026-02-03'") == [[(date(2026, 2, 3),)]]


def test_types(source: Warehouse):
    """The column's own type is told, with the scale of numbers."""
    columns = source.columns(
        "select 1::int2 as a, 1::numeric(10, 0) as b, 1::numeric(10, 2) as c, ''::varchar(5) as d, true as e,"
        " now() as f, '{}'::json as g where 1 = 0"
    )
    kinds = [column.type or column.unsendable for column in columns]
    assert kinds == [INTEGER, INTEGER, DECIMAL, STRING, BOOLEAN, TIMESTAMP, "json"]


def test_streamed(source: Warehouse):
    """Rows come as they are asked for."""
    tracemalloc.start()
    with source.query("select x, repeat('x', 500) from generate_series(1, 100000) x") as result:
        rows = sum(len(batch) for batch in result.batches())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert rows == 100_000
    assert peak < 10_000_000  # all rows would take over 50 MB


@pytest.mark.parametrize(
    "sql", ["create table u (x int)", "insert into t values (2)", "select nextval('s')"]
)
def test_read_only(source: Warehouse, database: str, sql: str):
    """Whatever writes fails; nothing is written."""
    with connected(database) as connection:
        connection.execute("create table t (x int)")
        connection.execute("create sequence s")
    with pytest.raises(SourceError, match="read-only transaction"):
        read(source, sql)
    with connected(database) as connection:
        assert connection.execute("select x from t").fetchall() == []
        assert connection.execute("select to_regclass('u')").fetchone() == (None,)


def test_words(source: Warehouse):
    """The server's own words, with the place in the query."""
    with pytest.raises(SourceError) as caught:
        read(source, "select 1 as one,\n       nope")
    assert caught.value.message == 'column "nope" does not exist (line 2, column 8 of the query)'


def test_leaving_early(source: Warehouse):
    """A query that was read half way is left, and the next one starts anew."""
    with source.query("select x from generate_series(1, 100000) x") as result:
        assert len(next(result.batches(10))) == 10
    assert read(source, "select 1") == [[(1,)]]
