"""What tests of fingerprints ask of a warehouse."""

from collections import abc
from itertools import combinations

from sync.domain.buckets import BUCKETS, Reading
from sync.warehouse.fingerprints import Fingerprints, NoFingerprints, ask
from sync.warehouse.warehouse import Warehouse
from tests.support.queries import read

SALT = b"of sixteen bytes"


def asked(source: Warehouse, sql: str) -> Fingerprints:
    """The fingerprints of a query, of which there must be some."""
    found = ask(source, sql)
    assert isinstance(found, Fingerprints), found
    return found


def refused(source: Warehouse, sql: str) -> str:
    """Why a query has no fingerprints."""
    found = ask(source, sql)
    assert isinstance(found, NoFingerprints), found
    return found.problem


def whole(source: Warehouse, sql: str, salt: bytes = SALT) -> Reading:
    """Count and sum of all rows."""
    return asked(source, sql).whole(salt)


def hashed(
    source: Warehouse,
    sql: str,
    buckets: abc.Collection[int] = range(BUCKETS),
    key: abc.Sequence[int] = (0,),
) -> list[tuple[str, int, int]]:
    """Each row of some buckets as the worker looks into it, written out; its hash; its bucket."""
    found = asked(source, sql)
    with found.rows(SALT, key, buckets) as result:
        assert result.columns == found.columns
        return [
            (repr(result.complete(row)), row_hash, bucket)
            for batch in result.raw(100)
            for row, row_hash, bucket in zip(batch.rows, batch.hashes, batch.buckets, strict=True)
        ]


def check_buckets(source: Warehouse, sql: str, key: abc.Sequence[int]) -> None:
    """The rows of all buckets are those of the query, and add up to what was said of each bucket, and of all."""
    found = asked(source, sql)
    with source.query(sql) as result:
        assert result.columns == found.columns
        assert result.manner == found.manner
    rows = hashed(source, sql, key=key)
    assert sorted(row for row, _, _ in rows) == sorted(
        repr(row) for batch in read(source, sql) for row in batch
    )
    added: dict[int, Reading] = {}
    for _, row_hash, bucket in rows:
        added[bucket] = added.get(bucket, Reading()) + Reading(1, row_hash)
    assert added == dict(found.buckets(SALT, key))
    assert sum(added.values(), Reading()) == found.whole(SALT)
    _check_another_salt(found, key, added)


def _check_another_salt(
    found: Fingerprints, key: abc.Sequence[int], added: abc.Mapping[int, Reading]
) -> None:
    """Under another salt rows have other hashes, and stay in their buckets."""
    salted = dict(found.buckets(b"another one here", key))
    assert {bucket: one.count for bucket, one in salted.items()} == {
        bucket: one.count for bucket, one in added.items()
    }
    assert all(salted[bucket].total != one.total for bucket, one in added.items())


def check_one_number(source: Warehouse, people: str, another: str, fewer: str) -> None:
    """Only the rows count, whatever their order; those of `another` and `fewer` differ in a value, and in a row."""
    first = whole(source, people)
    assert first == whole(source, people + " order by 1 desc")
    assert first.count == 900
    others = [
        whole(source, another),
        whole(source, fewer),
        whole(source, people, b"another one here"),
    ]
    assert len({first, *others}) == 4


def check_exact_sum(source: Warehouse, million: str) -> Reading:
    """A million equal rows add up to a million times one of them; `million` is what a query has them from."""
    one = whole(source, "select 1 as id, 'x' as name")
    many = whole(source, f"select 1 as id, 'x' as name from {million}")
    assert many == Reading(1_000_000, one.total * 1_000_000)
    return many


def check_all_differ(source: Warehouse, pairs: abc.Sequence[str]) -> None:
    """Each of these rows of two columns has a hash of its own."""
    assert len({whole(source, f"select {pair}").total for pair in pairs}) == len(pairs)


def check_told_apart(rows: abc.Sequence[tuple[str, int, int]]) -> None:
    """Rows that differ as the worker gets them have different hashes."""
    for (one, one_hash, _), (other, other_hash, _) in combinations(rows, 2):
        assert one == other or one_hash != other_hash, (one, other)


def values(expressions: abc.Iterable[str]) -> str:
    """A query of one column with these values."""
    return "select " + " as x union all select ".join(expressions) + " as x"
