"""Fingerprints by a real PostgreSQL."""

import pytest

from sync.domain.buckets import Reading
from sync.errors import SourceError
from sync.warehouse.fingerprints import Fingerprints, NoFingerprints, ask
from sync.warehouse.warehouse import Warehouse
from tests.support.postgres import connected
from tests.support.queries import read

SALT = b"of sixteen bytes"
PEOPLE = "select i as id, 'x' || i as name from generate_series(1, 900) i"


@pytest.fixture
def source(database: str) -> Warehouse:
    return Warehouse.open(database)


def prepare(url: str, *statements: str) -> None:
    with connected(url) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def asked(source: Warehouse, sql: str) -> Fingerprints:
    found = ask(source, sql)
    assert isinstance(found, Fingerprints), found
    return found


def whole(source: Warehouse, sql: str, salt: bytes = SALT) -> Reading:
    return asked(source, sql).whole(salt)


def refused(source: Warehouse, sql: str) -> str:
    found = ask(source, sql)
    assert isinstance(found, NoFingerprints), found
    return found.problem


def summed(source: Warehouse, sql: str, key: tuple[int, ...] = (0,)) -> Reading:
    """All rows of all buckets, by the hashes beside them."""
    found = asked(source, sql)
    buckets = dict(found.buckets(SALT, key))
    with found.rows(SALT, key, buckets) as result:
        batches = list(result.raw(100))
    rows = [row for batch in batches for row in batch.rows]
    expected = [row for batch in read(source, sql) for row in batch]
    assert sorted(map(repr, expected)) == sorted(repr(result.complete(row)) for row in rows)
    counted = Reading(len(rows), sum(sum(batch.hashes) for batch in batches))
    assert counted == sum(buckets.values(), Reading())
    return counted


def test_one_number_for_all(source: Warehouse):
    """The same rows, in whatever order, have the same reading; a value, a row or a salt that differs has another."""
    first = whole(source, PEOPLE)
    assert first == whole(source, PEOPLE + " order by 1 desc")
    assert first.count == 900
    others = [
        whole(source, PEOPLE.replace("'x'", "case i when 7 then 'y' else 'x' end")),
        whole(source, PEOPLE + " where i < 900"),
        whole(source, PEOPLE, b"another one here"),
    ]
    assert len({first, *others}) == 4


def test_exact_sums(source: Warehouse):
    """Sums go beyond 64 bits: of a million equal rows it is a million times that of one."""
    one = whole(source, "select 1 as id, 'x' as name")
    many = whole(source, "select 1 as id, 'x' as name from generate_series(1, 1000000)")
    assert many == Reading(1_000_000, one.total * 1_000_000)
    assert abs(many.total) > 2**64


def test_exchanged_values(source: Warehouse):
    """Two rows that exchange a value are not what they were; a sum of the columns' own hashes would be."""
    rows = "select * from (values (1, 'a', 5), (2, 'b', 7)) as t(id, plan, seats)"
    exchanged = [
        "select * from (values (1, 'b', 5), (2, 'a', 7)) as t(id, plan, seats)",
        "select * from (values (1, 'a', 7), (2, 'b', 5)) as t(id, plan, seats)",
        "select * from (values (2, 'a', 5), (1, 'b', 7)) as t(id, plan, seats)",
    ]
    assert len({whole(source, sql) for sql in (rows, *exchanged)}) == 4


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
    ],
)
def test_buckets(source: Warehouse, sql: str, key: tuple[int, ...]):
    """The rows of all buckets are those of the query, whatever it looks like, and add up to what was said of them."""
    assert summed(source, sql, key) == whole(source, sql)


def test_some_buckets(source: Warehouse):
    """Only rows of the buckets that are asked for come; the same key is in the same one."""
    found = asked(source, PEOPLE)
    chosen = dict(list(found.buckets(SALT, [0]))[:20])
    with found.rows(SALT, [0], chosen) as result:
        batches = list(result.raw())
    assert {bucket for batch in batches for bucket in batch.buckets} == set(chosen)
    assert sum(len(batch.rows) for batch in batches) == sum(r.count for r in chosen.values())


def test_volatile_values(source: Warehouse):
    """A value that differs each time it is computed is hashed as it is handed over."""
    sql = "select 1 as id, random()::text as chance from generate_series(1, 3)"
    found = asked(source, sql)
    with found.rows(SALT, [0], range(65_536)) as result:
        [batch] = list(result.raw())
    for row, hash_ in zip(batch.rows, batch.hashes, strict=True):
        assert whole(source, f"select 1 as id, '{row[1]}'::text as chance").total == hash_


def test_no_fingerprints(source: Warehouse, database: str):
    """What cannot be told apart for sure is said, with its column."""
    prepare(database, "create type pair as (a int, b int)")
    for sort in ("json", "jsonb", "int[]", "interval", "money", "inet", "xml"):
        written = "null::" + sort
        name = {"int[]": "integer[]"}.get(sort, sort)
        assert f"column x is of type {name}," in refused(source, f"select 1 as id, {written} as x")
    assert "column x is of type pair," in refused(source, "select (1, 2)::pair as x")
    assert "no_such" in refused(source, "select no_such")


def test_places(source: Warehouse):
    """An error that only running shows points into the query as it was written."""
    with pytest.raises(SourceError, match="division by zero"):
        whole(source, "select 1 / x as y from generate_series(0, 1) x")
    assert "(line 2, column 3 of the query)" in refused(source, "select\n  nope")
