"""Fingerprints by ClickHouse's engine, by the real driver."""

from collections import abc
from typing import Any

import pytest

from sync.domain.buckets import Reading
from sync.warehouse.warehouse import Warehouse
from tests.support import fingerprinting
from tests.support.clickhouse import clickhouse
from tests.support.fingerprinting import SALT, asked, hashed, refused, values, whole

PEOPLE = "select number as id, 'x' || toString(number) as name from numbers(900)"
_BITS = (8, 16, 32, 64, 128, 256)
#: By type, values that reach the worker as different ones, and some that do not.
VALUES = {
    **{f"Int{bits}": [f"toInt{bits}({number})" for number in (0, 1, -1, 100, -128)] for bits in _BITS},
    **{f"UInt{bits}": [f"toUInt{bits}({number})" for number in (0, 1, 16, 255)] for bits in _BITS},
    "Int128 halves": ["toInt128('1')", "toInt128('18446744073709551616')", "toInt128('18446744073709551617')"],
    "Bool": ["true", "false", "cast(null as Nullable(Bool))"],
    "Float64": ["0.1", "0.10000000000000002", "-0.1", "toFloat64(0)", "-0.0", "5e-324", "nan", "inf", "-inf"],
    "Float32": ["toFloat32(0.1)", "toFloat32(0.2)", "toFloat32(-0.1)", "cast(null as Nullable(Float32))"],
    "Decimal": ["toDecimal64(1.5, 2)", "toDecimal64(-1.5, 2)", "toDecimal64(0, 2)", "toDecimal64(15, 2)"],
    "Decimal(76, 10)": ["toDecimal256('1e-10', 10)", "toDecimal256('12345678901234567890.0000000001', 10)"],
    "String": [
        "'a'", "'A'", "'a '", "' a'", "''", "'NULL'", "'N'", "'á'", "'a\\0'", "'\\0'", "repeat('a', 5000)",
        "repeat('a', 5001)", "'0123456701234567'", "'0123456801234568'", "cast(null as Nullable(String))",
    ],
    "LowCardinality": [
        "toLowCardinality('a')", "toLowCardinality('')", "cast(null as LowCardinality(Nullable(String)))",
    ],
    "FixedString": ["toFixedString('a', 3)", "toFixedString('a\\0b', 3)", "toFixedString('', 3)"],
    "Enum8": ["cast('a;b' as Enum8('a;b' = 1, 'N' = 2))", "cast('N' as Enum8('a;b' = 1, 'N' = 2))"],
    "Date": ["toDate('2026-01-31')", "toDate('2026-02-01')", "cast(null as Nullable(Date))"],
    "Date32": ["toDate32('1901-01-31')", "toDate32('1901-02-01')", "toDate32('2026-01-31')"],
    "DateTime": [
        "toDateTime('2026-10-25 00:30:00', 'UTC')", "toDateTime('2026-10-25 01:30:00', 'UTC')",
        "cast(null as Nullable(DateTime('UTC')))",
    ],
    "DateTime in a zone": [
        "toDateTime('2026-10-25 00:30:00', 'UTC')::DateTime('Europe/Berlin')",
        "toDateTime('2026-10-25 01:30:00', 'UTC')::DateTime('Europe/Berlin')",
    ],
    "DateTime64": [
        "toDateTime64('2026-01-31 00:00:00.000001', 6, 'UTC')", "toDateTime64('2026-01-31 00:00:00', 6, 'UTC')",
        "toDateTime64('1901-01-31 00:00:00.5', 6, 'UTC')",
    ],
    "UUID": [
        "toUUID('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11')", "toUUID('bb6d6bb9-bd38-0a11-a0ee-bc999c0b4ef8')",
        "cast(null as Nullable(UUID))",
    ],
    "IPv4": ["toIPv4('1.2.3.4')", "toIPv4('4.3.2.1')"],
    "IPv6": ["toIPv6('::1')", "toIPv6('1::')"],
    "Nothing": ["null", "null"],
}  # fmt: skip
#: Settings under which ClickHouse writes these values as other texts.
OTHER_SESSION = {
    "output_format_decimal_trailing_zeros": "1",
    "bool_true_representation": "'ja'",
    "date_time_output_format": "'unix_timestamp'",
}


@pytest.fixture(scope="module")
def source() -> abc.Iterator[Warehouse]:
    """Of a server that stays for all tests."""
    with clickhouse() as port:
        yield Warehouse.open(f"clickhouse://default@127.0.0.1:{port}/default")


def set_all(source: Warehouse, settings: abc.Mapping[str, str]) -> None:
    """Change the one session that the server has."""
    with source.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        for name, value in settings.items():
            driver.client.command(f"set {name} = {value}")


@pytest.fixture
def other_session(source: Warehouse) -> abc.Iterator[abc.Callable[[], None]]:
    yield lambda: set_all(source, OTHER_SESSION)
    set_all(source, dict.fromkeys(OTHER_SESSION, "default"))


@pytest.mark.parametrize("sort", VALUES)
def test_values(source: Warehouse, other_session: abc.Callable[[], None], sort: str):
    """Values that the worker gets as different ones have different hashes, and the same ones in any session."""
    sql = values(VALUES[sort])
    rows = sorted(hashed(source, sql))
    assert len(rows) == len(VALUES[sort])
    fingerprinting.check_told_apart(rows)
    other_session()
    assert sorted(told[1:] for told in hashed(source, sql)) == sorted(told[1:] for told in rows)


def test_one_number_for_all(source: Warehouse):
    """The same rows, in whatever order, have the same reading; a value, a row or a salt that differs has another."""
    another = PEOPLE.replace("'x'", "if(number = 7, 'y', 'x')")
    fingerprinting.check_one_number(source, PEOPLE, another, PEOPLE + " where id < 899")


def test_exact_sums(source: Warehouse):
    """Sums go beyond 64 bits: of a million equal rows it is a million times that of one."""
    many = fingerprinting.check_exact_sum(source, "numbers(1000000)")
    assert many.total > 2**64


@pytest.mark.parametrize("exchanged", ["'b', 5", "'a', 7"])
def test_exchanged_values(source: Warehouse, exchanged: str):
    """Two rows that exchange a value are not what they were: adding up what columns hash to would not show it."""
    other = {"'b', 5": "'a', 7", "'a', 7": "'b', 5"}[exchanged]
    before = whole(source, "select 1, 'a', 5 union all select 2, 'b', 7")
    assert before != whole(source, f"select 1, {exchanged} union all select 2, {other}")


def test_no_column_runs_into_the_next(source: Warehouse):
    """Where a text ends belongs to it, and null is no text."""
    null = "cast(null as Nullable(String))"
    pairs = [
        "'ab', 'c'", "'a', 'bc'", "'', 'abc'", "'abc', ''", f"{null}, 'abc'", f"'abc', {null}", f"{null}, ''",
        "'a;', 'c'", "'a', ';c'", "'N', ''", "'1;N', ''",
    ]  # fmt: skip
    fingerprinting.check_all_differ(source, pairs)


@pytest.mark.parametrize(
    ("sql", "key"),
    [
        (PEOPLE, (0,)),
        (PEOPLE, (1,)),
        (PEOPLE, (0, 1)),
        (PEOPLE + " order by name limit 100; -- and ; no more\n;", (0,)),
        ("with a as (select 1 as x, 'á%s:name' as `a \\`b\"`) select * from a -- it's", (0,)),
        ("select 1 as id, '100%' as `%`, 2 as `count()` /* ; */", (1,)),
        ("select null as a, 'b' as b union all select null, ''", (0, 1)),
        ("select ';' as x;", (0,)),
        ("select 1 as x where 1 = 0", (0,)),
    ],
)
def test_buckets(source: Warehouse, sql: str, key: tuple[int, ...]):
    """The rows of all buckets are those of the query, whatever it looks like, and add up to what was said of them."""
    fingerprinting.check_buckets(source, sql, key)


def test_some_buckets(source: Warehouse):
    """Only rows of the buckets that are asked for come; one key is always in the same."""
    chosen = dict(list(asked(source, PEOPLE).buckets(SALT, [0]))[:20])
    rows = hashed(source, PEOPLE, chosen)
    assert {bucket for _, _, bucket in rows} == set(chosen)
    assert len(rows) == sum(reading.count for reading in chosen.values())
    assert hashed(source, PEOPLE, ()) == []


def test_volatile_values(source: Warehouse):
    """What differs each time it is computed is hashed as it is handed over."""
    for row, row_hash, _ in hashed(
        source, "select number as id, toString(rand64()) as chance from numbers(3)"
    ):
        number, text = row.strip("()").split(", ")
        assert whole(source, f"select toUInt64({number}) as id, {text} as chance").total == row_hash


@pytest.mark.parametrize(
    ("expression", "sort"),
    [
        ("[1]", "Array(UInt8)"),
        ("map('a', 1)", "Map(String, UInt8)"),
        ("tuple(1, 'a')", "Tuple(UInt8, String)"),
        ("toIntervalDay(1)", "IntervalDay"),
    ],
)
def test_no_fingerprints(source: Warehouse, expression: str, sort: str):
    """What cannot be told apart for sure is said, with its column and type."""
    assert f"column x is of type {sort}," in refused(source, f"select 1 as id, {expression} as x")


def test_what_is_no_part(source: Warehouse):
    """A query that cannot stand within another statement has no fingerprints."""
    for sql in (
        "create table t (x Int8) engine = Memory",
        "select 1; select 2",
        "select nope",
        "select 1 format CSV",
    ):
        assert "stand within another" in refused(source, sql)


def test_settings_of_a_query(source: Warehouse):
    """Within another statement they would hold for a part of it only: times, say, would have another zone."""
    assert "SETTINGS" in refused(source, "select 1 as id settings session_timezone = 'Asia/Tokyo'")
    whole(source, "select id from (select 1 as id settings max_threads = 1)")


def test_no_rows_counted_as_nothing(source: Warehouse):
    """A server may be set to give no row where an aggregate has none."""
    set_all(source, {"empty_result_for_aggregation_by_empty_set": "1"})
    try:
        assert whole(source, "select number as id from numbers(0)") == Reading()
    finally:
        set_all(source, {"empty_result_for_aggregation_by_empty_set": "default"})
