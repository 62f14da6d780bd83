"""Fingerprints by a real PostgreSQL."""

import pytest
from sqlalchemy import make_url

from sync.domain.buckets import Reading
from sync.errors import BrokenOff, SourceError, Unreachable
from sync.warehouse.dialects.postgresql_hashing import PostgreSQLHashing
from sync.warehouse.fingerprints import ask
from sync.warehouse.warehouse import Warehouse
from tests.support import fingerprinting
from tests.support.fingerprinting import SALT, asked, hashed, refused, values, whole
from tests.support.postgres import prepare

PEOPLE = "select i as id, 'x' || i as name from generate_series(1, 900) i"
#: By type, values that reach the worker as different ones, and some that do not.
VALUES = {
    "boolean": ["true", "false", "null::boolean"],
    "smallint": ["0::int2", "1::int2", "-1::int2", "(-32768)::int2", "256::int2", "null::int2"],
    "integer": ["0", "1", "-1", "-2147483648", "2147483647", "65536", "null::int4"],
    "bigint": [
        "0::int8", "1::int8", "-1::int8", "4294967296", "4294967295", "-4294967296", "4294967297",
        "9223372036854775807", "-9223372036854775808", "null::int8",
    ],
    "numeric": [
        "0::numeric", "1::numeric", "-1::numeric", "1.0::numeric", "1.00", "0.1", "-0.1", "1e20::numeric",
        "'NaN'::numeric", "'Infinity'::numeric", "'-Infinity'::numeric", "10000::numeric", "1e-20", "null::numeric",
        "123456789012345678901234567890.123456789", "123456789012345678901234567890.123456788",
    ],
    "numeric(12, 2)": ["100::numeric(12, 2)", "-100::numeric(12, 2)", "0::numeric(12, 2)", "null::numeric(12, 2)"],
    "real": ["0.1::real", "0.2::real", "-0.1::real", "'NaN'::real", "'Infinity'::real", "1e-45::real", "null::real"],
    "double precision": [
        "0.1::float8", "0.10000000000000002::float8", "-0.1::float8", "0::float8", "'-0'::float8", "5e-324::float8",
        "'NaN'::float8", "'Infinity'::float8", "'-Infinity'::float8", "1e308::float8", "null::float8",
    ],
    "text": [
        "'a'", "'A'", "'a '", "' a'", "''", "'NULL'", "'á'", "'a' || chr(769)", "E'a\\n'", "E'a\\r'", "chr(1)",
        "repeat('a', 5000)", "repeat('a', 5001)", "'0123456701234567'", "'0123456801234568'", "null::text",
    ],
    "character varying": ["'a'::varchar(5)", "'A'::varchar(5)", "'a '::varchar(5)", "''::varchar", "null::varchar"],
    "character": ["'a'::char(3)", "'b'::char(3)", "''::char(3)", "null::char(3)"],
    '"char"': ["'a'::\"char\"", "'b'::\"char\"", "null::\"char\""],
    "name": ["'a'::name", "'A'::name", "null::name"],
    "date": [
        "'2026-01-31'::date", "'2026-02-01'::date", "'0044-03-15 BC'::date", "'0044-03-15'::date", "'infinity'::date",
        "'-infinity'::date", "'5874897-12-31'::date", "null::date",
    ],
    "time": ["'00:00'::time", "'23:59:59.999999'::time", "'00:00:00.000001'::time", "null::time"],
    "timestamp": [
        "'2026-01-31'::timestamp", "'2026-01-31 00:00:00.000001'::timestamp", "'2026-01-31 01:11:34.967296'::timestamp",
        "'0044-03-15 BC'::timestamp", "'0044-03-15'::timestamp", "'infinity'::timestamp", "'-infinity'::timestamp",
        "null::timestamp",
    ],
    "timestamptz": [
        "'2026-10-25 02:30+02'::timestamptz", "'2026-10-25 02:30+01'::timestamptz", "'infinity'::timestamptz",
        "'-infinity'::timestamptz", "'0044-03-15 00:00Z BC'::timestamptz", "'2026-10-25 00:30:00.000001Z'::timestamptz",
        "null::timestamptz",
    ],
    "uuid": [
        "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid", "'bb6d6bb9-bd38-0a11-a0ee-bc999c0b4ef8'::uuid",
        "'00000000-0000-0000-0000-000000000000'::uuid", "null::uuid",
    ],
    "bytea": ["''::bytea", "'\\x00'::bytea", "'\\x0000'::bytea", "'\\xff'::bytea", "null::bytea"],
    "mood": ["'new'::mood", "'old'::mood", "'New'::mood", "null::mood"],
    "positive": ["1::positive", "2::positive", "null::positive"],
}  # fmt: skip
#: Settings under which PostgreSQL writes these values as other texts.
OTHER_SESSION = (
    "-c datestyle=German,DMY -c timezone=Asia/Tokyo -c intervalstyle=iso_8601 -c extra_float_digits=-15"
    " -c bytea_output=escape -c xmlbinary=hex -c array_nulls=off -c standard_conforming_strings=on"
)


@pytest.fixture
def source(database: str) -> Warehouse:
    return Warehouse.open(database)


def test_one_number_for_all(source: Warehouse):
    """The same rows, in whatever order, have the same reading; a value, a row or a salt that differs has another."""
    another = PEOPLE.replace("'x'", "case i when 7 then 'y' else 'x' end")
    fingerprinting.check_one_number(source, PEOPLE, another, PEOPLE + " where i < 900")


def test_exact_sums(source: Warehouse):
    """Sums go beyond 64 bits: of a million equal rows it is a million times that of one."""
    many = fingerprinting.check_exact_sum(source, "generate_series(1, 1000000)")
    assert abs(many.total) > 2**64


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
        "'ab', 'c'",
        "'a', 'bc'",
        "'', 'abc'",
        "'abc', ''",
        "null, 'abc'",
        "'abc', null",
        "null, ''",
    ]
    fingerprinting.check_all_differ(source, pairs)


@pytest.mark.parametrize("sort", VALUES)
def test_values(source: Warehouse, database: str, sort: str):
    """Values that the worker gets as different ones have different hashes, and the same ones in any session."""
    prepare(
        database,
        "create type mood as enum ('new', 'old', 'New')",
        "create domain positive as integer check (value > 0)",
    )
    sql = values(VALUES[sort])
    rows = hashed(source, sql)
    assert len(rows) == len(VALUES[sort])
    fingerprinting.check_told_apart(rows)
    other = Warehouse.open(database, {"options": OTHER_SESSION})
    assert [told[1:] for told in hashed(other, sql)] == [told[1:] for told in rows]


def test_collations(source: Warehouse, database: str):
    """Texts that a collation takes for the same are two, though their keys may be in one bucket."""
    import psycopg

    try:
        prepare(
            database,
            "create collation any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
        )
    except psycopg.errors.FeatureNotSupported:
        pytest.skip("this PostgreSQL has no ICU")
    rows = hashed(source, values(["'a' collate any_case", "'A' collate any_case"]))
    fingerprinting.check_told_apart(rows)


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
        ("select $$;$$ as x;", (0,)),
        ("select 1 as x where false", (0,)),
        ("select 1::numeric(12, 2), 'a'::char(5), now()::date, '{}'::text, null", (2, 3)),
        ("select '2026-01-31'::timestamptz as b, 1.5 as h, 1 as s, 2 as q", (0, 1)),
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


def test_volatile_values(source: Warehouse, database: str):
    """What differs each time it is computed is hashed as it is handed over, also of a function that denies it."""
    prepare(
        database,
        "create function chance() returns text immutable language sql as 'select random()::text'",
    )
    for chance in ("random()::text", "chance()"):
        sql = f"select i as id, {chance} as chance from generate_series(1, 3) i"
        for row, row_hash, _ in hashed(source, sql):
            number, text = row.strip("()").split(", ")
            assert whole(source, f"select {number} as id, {text}::text as chance").total == row_hash


@pytest.mark.parametrize(
    "sort", ["json", "jsonb", "integer[]", "interval", "money", "inet", "xml", "pair", "oid"]
)
def test_no_fingerprints(source: Warehouse, database: str, sort: str):
    """What cannot be told apart for sure is said, with its column and type."""
    prepare(database, "create type pair as (a int, b int)")
    assert f"column x is of type {sort}," in refused(source, f"select 1 as id, null::{sort} as x")


def test_what_is_no_part(source: Warehouse, database: str):
    """A query that cannot stand within another statement has no fingerprints, and nothing it asks for is done."""
    prepare(database, "create table t (x int)")
    for sql in (
        "show timezone",
        "insert into t values (1) returning x",
        "select 1; select 2",
        "select (1",
    ):
        assert "stand within another" in refused(source, sql)
    assert "(line 2, column 3 of the query)" in refused(source, "select\n  nope")
    assert whole(source, "select * from t") == Reading()


def test_errors(source: Warehouse):
    """What only running shows is the database's own message; who cannot be reached is no reason to read rows."""
    with pytest.raises(SourceError, match="division by zero"):
        whole(source, "select 1 / x as y from generate_series(0, 1) x")
    with pytest.raises(SourceError, match="as source"):
        whole(Warehouse(source.engine, source.dialect, 0.2), "select pg_sleep(30)::text as x")
    nobody = make_url("postgresql://a@127.0.0.1:1/x").render_as_string()
    with pytest.raises(Unreachable):
        ask(Warehouse.open(nobody), "select 1")


def test_editions(source: Warehouse, database: str):
    """What hashes or values depend on is part of the edition: types, names, settings, and nothing of the rows."""
    edition = asked(source, "select 1 as x").edition
    assert edition == asked(source, "select 2 as x").edition
    others = [
        asked(source, "select 1::int8 as x").edition,
        asked(source, "select 1 as y").edition,
        asked(source, "select 1::numeric(5, 2) as x").edition,
        asked(source, "select 1::numeric(5, 3) as x").edition,
        *(
            asked(Warehouse.open(database, {"options": f"-c {one}"}), "select 1 as x").edition
            for one in ("timezone=Asia/Tokyo", "extra_float_digits=0", "extra_float_digits=-3")
        ),
    ]
    assert len({edition, *others}) == 8
    assert "PostgreSQL" in edition


def test_what_a_backslash_means(database: str):
    """Which rows are wanted does not depend on how the session reads literals."""
    told = {"options": "-c standard_conforming_strings=off"}
    source = Warehouse.open(database, told)
    fingerprinting.check_buckets(source, PEOPLE, [0])


def test_a_connection_that_breaks_off_while_the_query_is_asked_about(
    source: Warehouse, monkeypatch: pytest.MonkeyPatch
):
    """It is told as what it is, of this query, and not as one that has no fingerprints or other columns by now."""
    found = asked(source, PEOPLE)
    shape = PostgreSQLHashing.shape

    def cut(self, connection, cursor, sql):
        pid = connection.exec_driver_sql("select pg_backend_pid()").scalar_one()
        with source.engine.connect() as other:
            other.exec_driver_sql(f"select pg_terminate_backend({pid})")
        return shape(self, connection, cursor, sql)

    monkeypatch.setattr(PostgreSQLHashing, "shape", cut)
    with pytest.raises(BrokenOff, match="terminating connection"):
        ask(source, PEOPLE)
    with (
        pytest.raises(BrokenOff, match="terminating connection"),
        found.rows(SALT, [0], range(7)) as rows,
    ):
        list(rows.raw())


def test_columns_that_change_meanwhile(source: Warehouse, database: str):
    """A table whose columns change between two statements ends the reading: no value comes under another's name."""
    prepare(database, "create table people (id int, a text, b text)")
    prepare(database, "insert into people values (1, 'of a', 'of b')")
    found = asked(source, "select * from people")
    prepare(database, "alter table people drop column a", "alter table people add column c text")
    with (
        pytest.raises(SourceError, match="changed while it was read"),
        found.rows(SALT, [0], range(65_536)) as rows,
    ):
        list(rows.raw())
