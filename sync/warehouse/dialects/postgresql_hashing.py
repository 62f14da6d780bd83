"""Fingerprints of rows by PostgreSQL: the bytes in which it sends a row in binary, hashed by its own 64-bit hash.

`record_send` writes each column as the number of its type, then -1 for null, else its length and bytes. These bytes
are what PostgreSQL reads the value back from (`COPY … BINARY`), and no setting of a session changes them but the
client's encoding, in which text also reaches the driver. `hash_array_extended` of one `bytea` is Jenkins' lookup3
over all the bytes, seeded. The hashes that types bring themselves would not do: that of `numeric` forgets the sign,
those of `bigint` and `timestamp` fold 64 bits to 32.
"""

import re
from collections import abc
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from sync.domain.buckets import BUCKETS
from sync.warehouse.dialects.hashing import Salt, Shape, alias, bitmap, named
from sync.warehouse.frame import Frame

#: By object ids: postgresql.org/docs/current/catalog-pg-type.html.
_PROVEN = {
    16: "boolean",
    17: "bytea",
    18: '"char"',
    19: "name",
    20: "bigint",
    21: "smallint",
    23: "integer",
    25: "text",
    700: "real",
    701: "double precision",
    1042: "character",
    1043: "character varying",
    1082: "date",
    1083: "time without time zone",
    1114: "timestamp without time zone",
    1184: "timestamp with time zone",
    1700: "numeric",
    2950: "uuid",
}
_WHOLE, _TEXT = frozenset({20, 21, 23}), frozenset({19, 25, 1042, 1043})
#: What calls itself PostgreSQL and is not.
_OTHERS = re.compile(
    r"greenplum|cloudberry|redshift|yugabyte|-YB-|cockroach|materialize|risingwave|gaussdb", re.I
)
_OLDEST = 13
#: In this transaction alone.
_SIDE_BY_SIDE = ("set local parallel_tuple_cost = 0",)


@dataclass(frozen=True, slots=True)
class PostgreSQLHashing:
    """See `hashing.Hashing`."""

    def outline(self) -> Frame:
        """A limit of no rows is known before anything runs."""
        return Frame("select sync_q.* from (", ") as sync_q limit 0", streamed=False)

    def shape(self, connection: Connection, cursor: Any, sql: str) -> Shape:
        """Types by their object ids; enums are sent as their labels."""
        described = cursor.description
        unknown = [int(column[1]) for column in described if column[1] not in _PROVEN]
        named = _looked_up(connection, unknown) if unknown else {}
        version = str(connection.exec_driver_sql("select version()").scalar_one())
        return Shape(
            tuple(str(column[0]) for column in described),
            tuple(_type(int(column[1]), named) for column in described),
            tuple(" ".join(map(str, column[1:6])) for column in described),
            _version(version, connection),
            tuple(i for i, c in enumerate(described) if not _is_proven(c[1], named)),
            _problem(version),
        )

    def whole(self, shape: Shape, salt: Salt) -> Frame:
        """Without a cursor, so that several processes may take part."""
        before = f"select count(*), sum({_row(salt)}) from ("
        return Frame(before, f") as {alias('q', shape)}", streamed=False)

    def buckets(self, shape: Shape, key: abc.Sequence[int], salt: Salt) -> Frame:
        """`offset 0` keeps hashing below grouping, else whole rows are sorted.

        What hashing takes PostgreSQL does not know, and to hand its results from process to process seems dear to it.
        """
        inner = f"select {_bucket(shape, key, salt)} as b, {_row(salt)} as h from ("
        behind = f") as {alias('q', shape)} offset 0) as s group by b"
        return Frame(f"select b, count(*), sum(h) from ({inner}", behind, False, _SIDE_BY_SIDE)

    def rows(
        self, shape: Shape, key: abc.Sequence[int], salt: Salt, wanted: abc.Collection[int]
    ) -> Frame:
        """`offset 0` has each column computed once, for the hash and for who reads it."""
        bucket = _bucket(shape, key, salt)
        # A backslash means what `standard_conforming_strings` says.
        chosen = f"get_bit(decode('{bitmap(wanted).hex()}', 'hex'), {bucket}) = 1"
        return Frame(
            f"select {named(shape)}, {_row(salt)}, {bucket} from (select * from (",
            f") as {alias('x', shape)} offset 0) as q where {chosen}",
        )


def _row(salt: Salt) -> str:
    return f"hash_array_extended(array[record_send(q)], {_seed(salt.row)})"


def _bucket(shape: Shape, key: abc.Sequence[int], salt: Salt) -> str:
    """Equal keys fall into one; that others do, too, costs no more than reading them."""
    parts = " # ".join(f"coalesce({_key(i, shape, _seed(salt.bucket, i))}, 0)" for i in key)
    return f"(({parts}) & {BUCKETS - 1})::int4"


def _key(place: int, shape: Shape, seed: str) -> str:
    oid = int(shape.codes[place].partition(" ")[0])
    if oid in _WHOLE:
        return f"hashint8extended(c{place}, {seed})"
    if oid in _TEXT:
        return f'hashtextextended(c{place}::text collate "C", {seed})'
    return f"hash_array_extended(array[record_send(row(c{place}))], {seed})"


def _seed(salt: bytes, more: int = 0) -> str:
    start = more % 8
    return f"'{int.from_bytes(salt[start : start + 8], signed=True)}'::int8"


def _looked_up(connection: Connection, oids: abc.Iterable[int]) -> dict[int, tuple[str, str]]:
    listed = ",".join(str(oid) for oid in sorted(set(oids)))
    rows = connection.exec_driver_sql(
        f"select oid::bigint, typtype::text, format_type(oid, null) from pg_type where oid in ({listed})"
    )
    return {oid: (sort, name) for oid, sort, name in rows}


def _is_proven(oid: int, named: abc.Mapping[int, tuple[str, str]]) -> bool:
    return oid in _PROVEN or named.get(oid, ("", ""))[0] == "e"


def _type(oid: int, named: abc.Mapping[int, tuple[str, str]]) -> str:
    return _PROVEN.get(oid) or named.get(oid, ("", f"with the number {oid}"))[1]


def extra_float_digits(driver: Any) -> int:
    """The session's setting; below 1 floating point comes shorter than it is."""
    return int(driver.execute("show extra_float_digits").fetchone()[0])


def _version(told: str, connection: Connection) -> str:
    """The major version: lesser ones change neither hashes nor what is sent, which indexes and files rest on.

    And how many digits of floating point the session leaves out, which the hashes have all the same.
    """
    major = re.search(r"\d+", told)
    driver: Any = connection.connection.driver_connection
    encoding = driver.info.parameter_status("client_encoding")
    digits = extra_float_digits(driver)
    less = f", extra_float_digits {digits}" if digits < 1 else ""
    return f"PostgreSQL {major[0] if major else ''}, {_driver()}, {encoding}{less}"


def _driver() -> str:
    import psycopg

    return f"psycopg {psycopg.__version__}"


def _problem(told: str) -> str:
    found = re.match(r"PostgreSQL (\d+)", told)
    if found is None or _OTHERS.search(told):
        return f"{told.partition(' on ')[0]} was not tried yet, PostgreSQL itself was"
    return "" if int(found[1]) >= _OLDEST else f"PostgreSQL {found[1]} is older than {_OLDEST}"
