"""The warehouse on ClickHouse's engine, by the real driver."""

import tracemalloc
from collections import abc
from datetime import UTC, date, datetime
from decimal import Decimal
from urllib.request import urlopen

import pytest

from sync.domain.numbers import Single
from sync.domain.record import AttributeType
from sync.errors import SourceError
from sync.transform.kind import kind
from sync.warehouse.catalog import Catalog
from sync.warehouse.column import Column
from sync.warehouse.warehouse import Warehouse
from tests.support.clickhouse import clickhouse
from tests.support.queries import read

STRING, INTEGER, DECIMAL = AttributeType.STRING, AttributeType.INTEGER, AttributeType.DECIMAL
BOOLEAN, TIMESTAMP = AttributeType.BOOLEAN, AttributeType.TIMESTAMP


@pytest.fixture(scope="module")
def source() -> abc.Iterator[Warehouse]:
    """Of a server that stays for all tests."""
    with clickhouse() as port:
        yield Warehouse.open(f"clickhouse://default@127.0.0.1:{port}/default")


def test_values(source: Warehouse):
    """Values come exact and typed; what is filled up or widened is as it was."""
    [[row]] = read(
        source,
        "select toUInt64(18446744073709551615), toDecimal128('12345678901234567890.123456789', 9), 'é', '100%s',"
        " cast(null as Nullable(Int8)), toDate('2026-01-31'), toFloat32(0.1), toFixedString('ab', 5),"
        " toIPv4('1.2.3.4')",
    )
    assert row == (
        18446744073709551615,
        Decimal("12345678901234567890.123456789"),
        "é",
        "100%s",
        None,
        date(2026, 1, 31),
        0.1,
        "ab",
        "1.2.3.4",
    )
    assert type(row[6]) is Single


@pytest.mark.parametrize(
    ("expression", "type", "unsendable"),
    [
        ("toInt8(1)", INTEGER, None),
        ("toDecimal64(1, 0)", INTEGER, None),
        ("toDecimal64(1, 2)", DECIMAL, None),
        ("1.5", DECIMAL, None),
        ("true", BOOLEAN, None),
        ("toLowCardinality('x')", STRING, None),
        ("cast('a' as Enum8('a' = 1))", STRING, None),
        ("generateUUIDv4()", STRING, None),
        ("now()", TIMESTAMP, None),
        ("cast(null as Nullable(DateTime64(3)))", TIMESTAMP, None),
        ("[1, 2]", None, "array"),
        ("map('a', 1)", None, "json"),
        ("tuple(1, 'a')", None, "json"),
    ],
)
def test_types(
    source: Warehouse, expression: str, type: AttributeType | None, unsendable: str | None
):
    """The column tells its type, also of a result without rows."""
    for condition in ("", " where 1 = 0"):
        assert source.columns(f"select {expression} as x{condition}") == (
            Column("x", type, unsendable),
        )


def test_undecodable_text(source: Warehouse):
    """Text that is no UTF-8 is bytes, which reject their row, and no text of other letters."""
    sql = "select arrayJoin(['é', unhex('ff')]) as x, toNullable(x), toLowCardinality(x), toFixedString(x, 2)"
    [rows] = read(source, sql)
    assert rows == [("é",) * 4, (b"\xff",) * 3 + (b"\xff\0",)]


def test_moments(source: Warehouse):
    """A time is a moment in every type, and no zone of a mapping is laid over it."""
    [[row]] = read(
        source,
        "select toDateTime('2026-01-31 10:00:00', 'UTC'),"
        " toDateTime64('2026-01-31 10:00:00.123456789', 9, 'Asia/Kolkata'),"
        " toDateTime('2026-01-31 10:00:00', 'Europe/Berlin')",
    )
    assert row == (
        datetime(2026, 1, 31, 10, tzinfo=UTC),
        datetime(2026, 1, 31, 4, 30, 0, 123456, tzinfo=UTC),
        datetime(2026, 1, 31, 9, tzinfo=UTC),
    )


def test_spans(source: Warehouse):
    """An interval is no number."""
    [[row]] = read(source, "select toIntervalDay(2), toIntervalMonth(3)")
    assert [kind(value) for value in row] == ["a span of time"] * 2


def test_tables(source: Warehouse):
    """SQLAlchemy may ask for tables, in text: only source queries are streamed, and their texts come as bytes."""
    url = f"http://127.0.0.1:{source.engine.url.port}/"
    sql = "create table accounts (id UInt64, name String) engine = MergeTree order by id as select 1, 'Acme'"
    urlopen(url, data=sql.encode()).close()
    with source.engine.connect() as connection:
        assert connection.exec_driver_sql("show tables").fetchall() == [("accounts",)]
    assert Catalog(source).relations() == []  # the stand-in takes no parameters
    assert read(source, "select * from accounts") == [[(1, "Acme")]]


def test_streaming(source: Warehouse):
    """A result that would fill the memory is there block by block."""
    tracemalloc.start()
    with source.query("select number, repeat('x', 500) from numbers(800000)") as result:
        rows = sum(len(batch) for batch in result.batches())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert rows == 800_000
    assert peak < 250_000_000  # all rows would take twice as much


def test_leaving_early(source: Warehouse):
    """A query that was read half way is left, and the next one starts anew."""
    with source.query("select number from numbers(1000000)") as result:
        assert len(next(result.batches(10))) == 10
    assert read(source, "select 1") == [[(1,)]]


def test_read_only(source: Warehouse):
    """The session asks the server for reading alone, unless the user says how it is to be."""
    assert source.engine.url.query["readonly"] == "2"
    with pytest.raises(SourceError, match="readonly"):
        read(source, "insert into t values (1)")
    own = Warehouse.open("clickhouse://h/d?readonly=1")
    assert own.engine.url.query["readonly"] == "1"


def test_words(source: Warehouse):
    """The server's own words."""
    with pytest.raises(SourceError, match="Unknown expression identifier `nope`"):
        read(source, "select nope")
    with pytest.raises(SourceError) as caught:
        read(source, "select throwIf(1, 'no luck')")
    assert caught.value.message.startswith("no luck: ")
    assert "http" not in caught.value.message.lower()
