"""Fingerprints by DuckDB."""

from typing import Any

import pytest
from sqlalchemy import event

from sync.errors import SourceError
from sync.warehouse.dialects.duckdb_hashing import outdated
from sync.warehouse.warehouse import Warehouse
from tests.support import fingerprinting
from tests.support.fingerprinting import SALT, asked, hashed, refused, values, whole
from tests.support.needed import needed

needed("duckdb")
needed("duckdb_engine")
PEOPLE = "select i as id, 'x' || i as name from range(900) t(i)"
_SIGNED = {"TINYINT": 8, "SMALLINT": 16, "INTEGER": 32, "BIGINT": 64, "HUGEINT": 128}
#: By type, values that reach the worker as different ones, and some that do not.
VALUES = {
    **{
        sort: [f"({number})::{sort}" for number in (0, 1, -1, 2 ** (bits - 1) - 1, -(2 ** (bits - 1)))]
        + [f"null::{sort}"]
        for sort, bits in _SIGNED.items()
    },
    **{
        f"U{sort}": [f"({number})::U{sort}" for number in (0, 1, 2**bits - 1, 2 ** (bits // 2))]
        for sort, bits in _SIGNED.items()
    },
    "HUGEINT halves": ["1::hugeint", "18446744073709551616::hugeint", "18446744073709551617::hugeint"],
    "BIGNUM": ["1::bignum", "-1::bignum", "123456789012345678901234567890123456789012345::bignum", "null::bignum"],
    "BOOLEAN": ["true", "false", "null::boolean"],
    "DECIMAL": ["1.50::decimal(12, 2)", "-1.50::decimal(12, 2)", "0::decimal(12, 2)", "null::decimal(12, 2)"],
    "DECIMAL(38, 10)": ["1e-10::decimal(38, 10)", "12345678901234567890.0000000001::decimal(38, 10)"],
    "DOUBLE": [
        "0.1::double", "0.10000000000000002::double", "-0.1::double", "0::double", "'-0'::double", "5e-324::double",
        "'nan'::double", "'inf'::double", "'-inf'::double", "1e308::double", "9007199254740993::double",
        "9007199254740992::double", "null::double",
    ],
    "FLOAT": ["0.1::float", "0.10000001::float", "-0.1::float", "'nan'::float", "'inf'::float", "null::float"],
    "VARCHAR": [
        "'a'", "'A'", "'a '", "' a'", "''", "'NULL'", "'N'", "'-1'", "'á'", "'a' || chr(769)", "'a' || chr(0)",
        "chr(0)",
        "repeat('a', 5000)", "repeat('a', 5001)", "'49159491574634138700'", "'49159498574634148700'", "null::varchar",
    ],
    "VARCHAR, without case": ["'a' collate nocase", "'A' collate nocase", "'á' collate nocase.noaccent"],
    "ENUM": ["'a;b'::enum('a;b', 'N', '')", "'N'::enum('a;b', 'N', '')", "''::enum('a;b', 'N', '')"],
    "DATE": [
        "date '2026-01-31'", "date '2026-02-01'", "'0044-03-15 (BC)'::date", "date '0044-03-15'", "'infinity'::date",
        "'-infinity'::date", "null::date",
    ],
    "TIME": ["time '00:00'", "time '23:59:59.999999'", "time '00:00:00.000001'", "null::time"],
    "TIMESTAMP": [
        "timestamp '2026-01-31'", "timestamp '2026-01-31 00:00:00.000001'", "'infinity'::timestamp",
        "'-infinity'::timestamp", "'0044-03-15 (BC) 01:02:03'::timestamp", "timestamp '0044-03-15 01:02:03'",
        "null::timestamp",
    ],
    "TIMESTAMP_NS": ["'2026-01-31 00:00:00.000000001'::timestamp_ns", "'2026-01-31'::timestamp_ns"],
    "TIMESTAMP_MS": ["'2026-01-31 00:00:00.001'::timestamp_ms", "'2026-01-31'::timestamp_ms", "null::timestamp_ms"],
    "TIMESTAMP_S": ["'2026-01-31 00:00:01'::timestamp_s", "'2026-01-31'::timestamp_s", "null::timestamp_s"],
    "TIMESTAMP WITH TIME ZONE": [
        "'2026-10-25 02:30+02'::timestamptz", "'2026-10-25 02:30+01'::timestamptz", "'infinity'::timestamptz",
        "'-infinity'::timestamptz", "'2026-10-25 00:30:00.000001Z'::timestamptz", "null::timestamptz",
    ],
    "UUID": [
        "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid", "'bb6d6bb9-bd38-0a11-a0ee-bc999c0b4ef8'::uuid",
        "'00000000-0000-0000-0000-000000000000'::uuid", "null::uuid",
    ],
    "BLOB": ["''::blob", "'\\x00'::blob", "'\\x00\\x00'::blob", "'\\xFF'::blob", "null::blob"],
    "NULL": ["null", "null"],
}  # fmt: skip


@pytest.fixture
def source() -> Warehouse:
    return Warehouse.open("duckdb://")


def in_zone(zone: str) -> Warehouse:
    """A warehouse whose sessions are in this time zone."""
    source = Warehouse.open("duckdb://")

    @event.listens_for(source.engine, "connect")
    def set_zone(driver: Any, _: object) -> None:
        driver.cursor().execute(f"set TimeZone = '{zone}'")

    return source


@pytest.mark.parametrize("sort", VALUES)
def test_values(source: Warehouse, sort: str):
    """Values that the worker gets as different ones have different hashes, and the same ones in any session."""
    sql = values(VALUES[sort])
    rows = hashed(source, sql)
    assert len(rows) == len(VALUES[sort])
    fingerprinting.check_told_apart(rows)
    other = in_zone("Europe/Berlin")
    assert [told[1:] for told in hashed(other, sql)] == [told[1:] for told in rows]


def test_moments_that_one_zone_shows_as_one(source: Warehouse):
    """Hours that come twice when clocks are set back are two, in whatever zone the session is."""
    berlin = in_zone("Europe/Berlin")
    rows = hashed(berlin, values(VALUES["TIMESTAMP WITH TIME ZONE"]))
    assert len({row_hash for _, row_hash, _ in rows}) == len(rows)


def test_one_number_for_all(source: Warehouse):
    """The same rows, in whatever order, have the same reading; a value, a row or a salt that differs has another."""
    another = PEOPLE.replace("'x'", "case i when 7 then 'y' else 'x' end")
    fingerprinting.check_one_number(source, PEOPLE, another, PEOPLE + " where i < 899")


def test_exact_sums(source: Warehouse):
    """Sums go beyond 64 bits: of a million equal rows it is a million times that of one."""
    many = fingerprinting.check_exact_sum(source, "range(1000000)")
    assert many.total > 2**64


@pytest.mark.parametrize(
    "exchanged",
    ["(1, 'b', 5), (2, 'a', 7)", "(1, 'a', 7), (2, 'b', 5)", "(2, 'a', 5), (1, 'b', 7)"],
)
def test_exchanged_values(source: Warehouse, exchanged: str):
    """Two rows that exchange a value are not what they were: adding up what columns hash to would not show it."""
    rows = "select * from (values {}) as t(id, plan, seats)"
    before = whole(source, rows.format("(1, 'a', 5), (2, 'b', 7)"))
    assert before != whole(source, rows.format(exchanged))


def test_no_column_runs_into_the_next(source: Warehouse):
    """Where a text ends belongs to it, and null is no text."""
    pairs = [
        "'ab', 'c'", "'a', 'bc'", "'', 'abc'", "'abc', ''", "null::text, 'abc'", "'abc', null::text",
        "null::text, ''", "'a;', 'c'", "'a', ';c'", "'N', ''", "'1;N', ''",
    ]  # fmt: skip
    fingerprinting.check_all_differ(source, pairs)


@pytest.mark.parametrize(
    ("sql", "key"),
    [
        (PEOPLE, (0,)),
        (PEOPLE, (1,)),
        (PEOPLE, (0, 1)),
        (PEOPLE + " order by name limit 100; -- and ; no more\n;", (0,)),
        ('with a as (select 1 as x, \'á%s:name\' as "a ""b""") select * from a -- it\'s', (0,)),
        ("select 1 as id, 2 as id, '100%' as \"%\" /* ; */", (1,)),
        ("values (1, 'a'), (2, null), (null, ''), (null, '')", (0, 1)),
        ("(select 1 as x) union all select 2", (0,)),
        ("from range(3)", (0,)),
        ("select $$;$$ as x;", (0,)),
        ("select 1 as x where false", (0,)),
        ("select 1 as b, 2 as q, 3 as c0", (2,)),
    ],
)
def test_buckets(source: Warehouse, sql: str, key: tuple[int, ...]):
    """The rows of all buckets are those of the query, whatever it looks like, and add up to what was said of them."""
    fingerprinting.check_buckets(source, sql, key)


def test_some_buckets(source: Warehouse):
    """Only rows of the buckets that are asked for come, in the query's order; one key is always in the same."""
    chosen = dict(list(asked(source, PEOPLE).buckets(SALT, [0]))[:20])
    rows = hashed(source, PEOPLE + " order by i desc", chosen)
    assert {bucket for _, _, bucket in rows} == set(chosen)
    assert len(rows) == sum(reading.count for reading in chosen.values())
    numbers = [int(row[1:].partition(",")[0]) for row, _, _ in rows]
    assert numbers == sorted(numbers, reverse=True)
    assert hashed(source, PEOPLE, ()) == []


def test_volatile_values(source: Warehouse):
    """What differs each time it is computed is hashed as it is handed over."""
    for row, row_hash, _ in hashed(
        source, "select i as id, random()::text as chance from range(3) t(i)"
    ):
        number, text = row.strip("()").split(", ")
        assert whole(source, f"select {number}::bigint as id, {text} as chance").total == row_hash


@pytest.mark.parametrize(
    "sort", ["JSON", "INTEGER[]", "STRUCT(a INTEGER)", "MAP(VARCHAR, INTEGER)", "INTERVAL", "BIT"]
)
def test_no_fingerprints(source: Warehouse, sort: str):
    """What cannot be told apart for sure is said, with its column and type."""
    assert f"column x is of type {sort}," in refused(source, f"select 1 as id, null::{sort} as x")


def test_older_versions():
    """What these statements were not tried on makes no fingerprints."""
    told = [outdated(version) for version in ("1.1.0", "1.2.2", "1.3.0", "1.10.0.dev4", "2.0.1")]
    older = [f"DuckDB {version} is older than 1.3" for version in ("1.1.0", "1.2.2")]
    assert told == [*older, "", "", ""]


def test_what_is_no_part(source: Warehouse):
    """A query that cannot stand within another statement has no fingerprints."""
    for sql in ("create table t (x int)", "select 1; select 2", "select (1", "select nope"):
        assert "stand within another" in refused(source, sql)


def test_errors(source: Warehouse):
    """What only running shows is the database's own message, and a query that takes too long is ended."""
    with pytest.raises(SourceError, match="Could not convert string 'a'"):
        whole(source, "select x::int as y from (values ('1'), ('a')) t(x)")
    slow = Warehouse(source.engine, source.dialect, 0.2)
    with pytest.raises(SourceError, match="as source"):
        whole(
            slow, "select sum(a.range) as x from range(100000) a, range(100000) b, range(100000) c"
        )


def test_editions(source: Warehouse):
    """What hashes or values depend on is part of the edition: types, names, zone, and nothing of the rows."""
    edition = asked(source, "select 1 as x").edition
    assert edition == asked(source, "select 2 as x").edition
    tokyo = in_zone("Asia/Tokyo")
    others = [
        "select 1::bigint as x",
        "select 1 as y",
        "select 1::decimal(5, 2) as x",
        "select 1::decimal(5, 3) as x",
    ]
    found = {
        edition,
        asked(tokyo, "select 1 as x").edition,
        *(asked(source, sql).edition for sql in others),
    }
    assert len(found) == 6
