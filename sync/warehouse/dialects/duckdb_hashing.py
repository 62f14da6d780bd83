"""Fingerprints of rows by DuckDB: the upper half of the MD5 of a salted key by which it would sort rows.

`create_sort_key` writes each column as a mark, of null or of a value, and the value's own bytes in an order that
compares; bytes end with a zero, which is none of theirs. DuckDB reads values back from such keys (`min`,
`arg_max`, sorted lists), so they hold all of them; but that 0.0 and -0.0 sort as one, and an enum by its place.

Its own `hash` would be faster and does not do: of two texts that differ in their 8th and in their 16th byte only, one
in some hundreds of pairs has the same; 1 and 2^64 as HUGEINT have the same; and it takes what a collation says for the
value. It is good enough for buckets, where rows that fall together are only read together.
"""

from collections import abc
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from sync.domain.buckets import BUCKETS
from sync.warehouse.dialects.hashing import Salt, Shape, alias, named
from sync.warehouse.frame import Frame

#: Whole numbers of so many bytes, whatever they stand for; or bytes of any number.
_PLAIN = frozenset(
    {
        "BOOLEAN", "DECIMAL", "UUID", "DATE", "TIME", "BLOB",
        *(f"{sign}{size}INT" for sign in ("", "U") for size in ("TINY", "SMALL", "BIG", "HUGE")),
        "INTEGER", "UINTEGER",
        "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE",
    }
)  # fmt: skip
#: As the bytes of their text, which have no collation, whose key would be sorted by instead; an enum is its label.
_TEXT = frozenset({"VARCHAR", "ENUM", "BIGNUM", '"NULL"'})
_FLOATS = frozenset({"FLOAT", "DOUBLE"})
_ORDER = "'ASC NULLS FIRST'"
_OLDEST = (1, 3)
_ZONE = "select value from duckdb_settings() where name = 'TimeZone'"


@dataclass(frozen=True, slots=True)
class DuckDBHashing:
    """See `hashing.Hashing`."""

    def outline(self) -> Frame:
        """A limit of no rows is known before anything runs."""
        return Frame("select * from (", ") as q limit 0")

    def shape(self, connection: Connection, cursor: Any, sql: str) -> Shape:
        """Types as they are written; the zone is what moments are handed over in.

        Within another statement a name that comes twice is changed, so the query is described as it is.
        """
        described = connection.exec_driver_sql(f"describe {sql}").fetchall()
        names = tuple(str(column[0]) for column in described)
        types = tuple(str(column[1]) for column in described)
        unproven = tuple(i for i, type_ in enumerate(types) if not _is_proven(type_))
        zone = connection.exec_driver_sql(_ZONE).scalar()
        return Shape(
            names, types, types, f"DuckDB {_version()}, {zone}", unproven, outdated(_version())
        )

    def whole(self, shape: Shape, salt: Salt) -> Frame:
        """An unsigned BIGINT is added up as HUGEINT; the sum of wider ones would be a double."""
        return Frame(
            f"select count(*), sum({_row(shape, salt)}) from (", f") as {alias('q', shape)}"
        )

    def buckets(self, shape: Shape, key: abc.Sequence[int], salt: Salt) -> Frame:
        """Grouped in one pass."""
        before = f"select {_bucket(key, salt)} as b, count(*), sum({_row(shape, salt)}) from ("
        return Frame(before, f") as {alias('q', shape)} group by b")

    def rows(
        self, shape: Shape, key: abc.Sequence[int], salt: Salt, wanted: abc.Collection[int]
    ) -> Frame:
        """A text of bits is quicker than a list, which is joined."""
        bucket, bits = _bucket(key, salt), bytearray(b"0" * BUCKETS)
        for number in wanted:
            bits[number] = ord("1")
        return Frame(
            f"select {named(shape)}, {_row(shape, salt)}, {bucket} from (",
            f") as {alias('q', shape)} where get_bit('{bits.decode()}'::bit, {bucket}) = 1",
        )


def _row(shape: Shape, salt: Salt) -> str:
    parts = [f"unhex('{salt.row.hex()}')"]
    for place, type_ in enumerate(shape.types):
        parts += _parts(f"c{place}", _bare(type_))
    key = ", ".join(f"{part}, {_ORDER}" for part in parts)
    return f"(md5_number(create_sort_key({key})) >> 64)::ubigint"


def _parts(column: str, kind: str) -> list[str]:
    """What a column is sorted by; of a floating-point number its sign as well."""
    if kind in _TEXT:
        return [f"encode({column}::varchar)"]
    return [column, f"signbit({column})"] if kind in _FLOATS else [column]


def _bucket(key: abc.Sequence[int], salt: Salt) -> str:
    columns = ", ".join(f"c{place}" for place in key)
    return f"(hash('{salt.bucket.hex()}', {columns}) & {BUCKETS - 1})::integer"


def _bare(written: str) -> str:
    """A type without what is in brackets: `DECIMAL(18,2)`, `ENUM('a', 'b')`; an array stays one."""
    return written if written.endswith("]") else written.partition("(")[0]


def _is_proven(written: str) -> bool:
    return _bare(written) in _PLAIN | _TEXT | _FLOATS


def outdated(version: str) -> str:
    """Why this DuckDB makes no fingerprints: in older ones the number of an MD5 was signed; "" if it does."""
    numbers = tuple(int(part) for part in version.split(".")[:2])
    oldest = ".".join(map(str, _OLDEST))
    return "" if numbers >= _OLDEST else f"DuckDB {version} is older than {oldest}"


def _version() -> str:
    import duckdb

    return duckdb.__version__
