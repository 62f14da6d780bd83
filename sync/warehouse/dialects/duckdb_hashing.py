"""Fingerprints of rows by DuckDB: the upper half of the MD5 of a salted text of all columns.

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

#: Exact as text, in few characters, and none of them is a semicolon or begins with N.
_PLAIN = frozenset(
    {
        '"NULL"', "BOOLEAN", "DECIMAL", "UUID", "DATE", "TIME",
        *(f"{sign}{size}INT" for sign in ("", "U") for size in ("TINY", "SMALL", "BIG", "HUGE")),
        "INTEGER", "UINTEGER", "BIGNUM",
        "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS",
    }
)  # fmt: skip
#: Text of whatever characters; an enum is its label.
_TEXT = frozenset({"VARCHAR", "ENUM"})
#: What is made of others: 17 digits tell all doubles apart, and a moment is told as local time where the zone says so.
_MADE = {
    "FLOAT": "coalesce(printf('%.17g', {0}::double), 'N')",
    "DOUBLE": "coalesce(printf('%.17g', {0}), 'N')",
    "TIMESTAMP WITH TIME ZONE": "coalesce(epoch_us({0})::varchar, {0}::varchar, 'N')",
    "BLOB": "coalesce(hex({0}), 'N')",
}
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
        return Shape(names, types, types, f"{_version()}, {zone}", unproven)

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
    """First all that is short, with the lengths of texts, then the texts; nulls among them are left out."""
    kinds = [_bare(type_) for type_ in shape.types]
    texts = [f"c{i}::varchar" for i, kind in enumerate(kinds) if kind in _TEXT]
    parts = [f"'{salt.row.hex()}'"]
    parts += [_made(i, kind) for i, kind in enumerate(kinds) if kind not in _TEXT]
    parts += [f"coalesce(strlen({text}), -1)" for text in texts]
    return f"(md5_number(concat_ws(';', {', '.join(parts + texts)})) >> 64)::ubigint"


def _made(place: int, kind: str) -> str:
    return _MADE.get(kind, "coalesce({0}::varchar, 'N')").format(f"c{place}")


def _bucket(key: abc.Sequence[int], salt: Salt) -> str:
    columns = ", ".join(f"c{place}" for place in key)
    return f"(hash('{salt.bucket.hex()}', {columns}) & {BUCKETS - 1})::integer"


def _bare(written: str) -> str:
    """A type without what is in brackets: `DECIMAL(18,2)`, `ENUM('a', 'b')`; an array stays one."""
    return written if written.endswith("]") else written.partition("(")[0]


def _is_proven(written: str) -> bool:
    return _bare(written) in _PLAIN | _TEXT | _MADE.keys()


def _version() -> str:
    import duckdb

    return f"DuckDB {duckdb.__version__}"
