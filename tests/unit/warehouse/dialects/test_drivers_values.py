"""Dates and times at the ends of the calendar and beyond, read by the drivers' own classes; see `make drivers`."""

from collections import abc
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import make_url
from sqlalchemy.exc import InterfaceError

from sync.domain.record import AttributeType
from sync.warehouse.dialects.snowflake import Snowflake
from sync.warehouse.warehouse import Warehouse
from tests.support.databricks import Cluster, databricks
from tests.support.needed import driver
from tests.support.queries import read

FIRST, LAST = -719162, 2932896  # 0001-01-01 and 9999-12-31, in days
SECONDS, MICRO = 86400, 1_000_000
URL = make_url("snowflake://u@account/db")


def days(*values: int | None) -> Any:
    """A column of dates."""
    arrow = driver("pyarrow")
    return arrow.array(values, arrow.int32()).cast(arrow.date32())


def moments(zone: str | None, *seconds: int) -> Any:
    """A column of times."""
    arrow = driver("pyarrow")
    whole = arrow.array([second * MICRO for second in seconds], arrow.int64())
    return whole.cast(arrow.timestamp("us", zone))


@pytest.fixture
def cluster() -> abc.Iterator[tuple[Cluster, Warehouse]]:
    """A Databricks, and what reads it."""
    driver("databricks.sqlalchemy")
    cluster = Cluster()
    with databricks(cluster) as (url, options):
        yield cluster, Warehouse.open(url, options)


def test_databricks_dates(cluster: tuple[Cluster, Warehouse]):
    """A date that Python does not know is text, which rejects its own row; all the others come as they are."""
    answer, source = cluster
    column = days(LAST, LAST + 1, FIRST, FIRST - 1, None, 2**31 - 1)
    answer.table = driver("pyarrow").table({"seen": column})
    answer.types = ("DATE_TYPE",)
    [rows] = read(source, "select seen from accounts")
    assert rows == [
        (date(9999, 12, 31),),
        ("10000-01-01",),
        (date(1, 1, 1),),
        ("0000-12-31",),
        (None,),
        ("<value out of range: 2147483647>",),
    ]


@pytest.mark.parametrize(
    ("zone", "first", "late"),
    [
        (None, datetime(1, 1, 1), "10000-01-01 00:00:00.000000"),
        ("UTC", datetime(1, 1, 1, tzinfo=UTC), "10000-01-01 00:00:00.000000Z"),
        ("Etc/GMT+5", "0000-12-31 19:00:00.000000-0500", "9999-12-31 19:00:00.000000-0500"),
    ],
)
def test_databricks_times(cluster: tuple[Cluster, Warehouse], zone, first, late):
    """So is a time, in the session's zone, which may be what takes it out of the calendar."""
    answer, source = cluster
    column = moments(zone, FIRST * SECONDS, (LAST + 1) * SECONDS)
    answer.table, answer.types = driver("pyarrow").table({"seen": column}), ("TIMESTAMP_TYPE",)
    [rows] = read(source, "select seen from accounts")
    assert [_local(value) for (value,) in rows] == [_local(first), _local(late)]


def _local(value: Any) -> Any:
    """A time as its zone's clock has it; a text as it is."""
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


def test_databricks_values(cluster: tuple[Cluster, Warehouse]):
    """NaN stays what it is, which the driver's own rows have as null; decimals are exact, singles are known as such."""
    arrow = driver("pyarrow")
    answer, source = cluster
    answer.table = arrow.table(
        {
            "id": arrow.array([1, None]),
            "rate": arrow.array([float("nan"), 0.1], arrow.float32()),
            "mrr": arrow.array([Decimal("12.50"), None], arrow.decimal128(10, 2)),
        }
    )
    answer.types = ("BIGINT_TYPE", "FLOAT_TYPE", "DECIMAL_TYPE")
    with source.query("select * from accounts") as result:
        assert [column.type for column in result.columns] == [
            AttributeType.INTEGER,
            AttributeType.DECIMAL,
            AttributeType.DECIMAL,
        ]
        [[first, second]] = result.batches()
    assert repr(first) == "(1, nan, Decimal('12.50'))"
    assert str(second[1]) == "0.1"
    assert second[::2] == (None, None)


@pytest.mark.parametrize("size", [1, 2, 1000])
def test_databricks_batches(cluster: tuple[Cluster, Warehouse], size: int):
    """Rows come in batches of the size that is asked for, whatever the server's are."""
    arrow = driver("pyarrow")
    answer, source = cluster
    answer.table = arrow.concat_tables([arrow.table({"id": [1, 2]}), arrow.table({"id": [3]})])
    answer.types = ("BIGINT_TYPE",)
    batches = read(source, "select id from accounts", size)
    assert [row for batch in batches for row in batch] == [(1,), (2,), (3,)]
    assert {len(batch) for batch in batches[:-1]} <= {size}


@pytest.mark.parametrize(
    ("kind", "number", "why"),
    [
        ("DATE", LAST + 1, "year 10000 is out of range"),
        ("DATE", FIRST - 1, "ordinal must be >= 1"),
        ("TIMESTAMP_NTZ", (LAST + 1) * SECONDS, "year 10000 is out of range"),
        ("TIMESTAMP_LTZ", FIRST * SECONDS - 1, "year 0 is out of range"),
    ],
)
def test_snowflake(kind: str, number: int, why: str):
    """The connector's own reader ends with an error that is known for what it is."""
    with pytest.raises(driver("snowflake.connector").errors.InterfaceError) as caught:
        snowflake_rows(kind, number)
    error = InterfaceError("select 1", None, caught.value)
    assert Snowflake().unreadable(error)
    assert Snowflake().words(error, URL, detail=True) == f"Failed to convert rows, cause: {why}"


@pytest.mark.parametrize("number", [FIRST, LAST])
def test_snowflake_ends(number: int):
    """The first and the last day that Python knows are read."""
    [(found,)] = snowflake_rows("DATE", number)
    assert found in (date(1, 1, 1), date(9999, 12, 31))


def snowflake_rows(kind: str, number: int) -> list[Any]:
    """What Snowflake's connector makes of one value: days or seconds, by the type."""
    arrow = driver("pyarrow")
    internal = "snowflake.connector._internal"
    context = driver(f"{internal}.arrow_context").ArrowConverterContext()
    reader = driver(f"{internal}.arrow_stream_iterator").ArrowStreamIterator
    ffi = driver("pyarrow.cffi").ffi
    column = days(number) if kind == "DATE" else arrow.array([number], arrow.int64())
    told = {"logicalType": kind, "scale": "0", "precision": "38"}
    schema = arrow.schema([arrow.field("seen", column.type, metadata=told)])
    stream = ffi.new("struct ArrowArrayStream*")
    place = int(ffi.cast("uintptr_t", stream))
    batches = arrow.table([column], schema=schema).to_batches()
    arrow.RecordBatchReader.from_batches(schema, batches)._export_to_c(place)
    rows: list[Any] = reader(place, context).fetch_many(5)
    return rows


@pytest.mark.parametrize(
    ("kind", "sent", "expected"),
    [
        ("DATE", "0001-01-01", date(1, 1, 1)),
        ("DATE", "9999-12-31", date(9999, 12, 31)),
        ("DATETIME", "9999-12-31T23:59:59.999999", datetime(9999, 12, 31, 23, 59, 59, 999999)),
        ("TIMESTAMP", str(FIRST * SECONDS * MICRO), datetime(1, 1, 1, tzinfo=UTC)),
        (
            "TIMESTAMP",
            str((LAST + 1) * SECONDS * MICRO - 1),
            datetime(9999, 12, 31, 23, 59, 59, 999999, UTC),
        ),
        ("FLOAT", "Infinity", float("inf")),
        ("BIGNUMERIC", "0." + "1" * 38, Decimal("0." + "1" * 38)),
    ],
)
def test_bigquery(kind: str, sent: str, expected: object):
    """BigQuery's types hold no year but 1 to 9999, and its client reads all of them."""
    driver("google.cloud.bigquery")
    from google.cloud.bigquery import SchemaField
    from google.cloud.bigquery._helpers import CellDataParser

    assert CellDataParser().to_py(sent, SchemaField("x", kind)) == expected
