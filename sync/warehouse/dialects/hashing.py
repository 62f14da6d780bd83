"""How a database counts and hashes the rows of a query itself: the statements, and what differs between dialects.

Rows are hashed in a rendering of their columns that is lossless: rows that differ in what a driver hands over differ
in it, whatever the session's settings are. A type is taken only where that is shown by tests on the real engine.
The salted hash has 64 bits; it need not hold against whoever wants two rows to be one. Hashes of rows are added up, so
no hash may be a sum of what its columns are: two rows that exchange a value would then add up to the same.
"""

from collections import abc
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Protocol

from sqlalchemy import Connection

from sync.domain.buckets import BUCKETS
from sync.warehouse.frame import Frame


@dataclass(frozen=True, slots=True)
class Shape:
    """What a database says of a query before it runs: its columns, and what hashes depend on besides the values.

    `types` are as people know them, `codes` all that the database says of them, `unproven` the places of those that
    have no lossless rendering. `version` is that of the database and its driver; `problem` says why it is none of
    those that were tried.
    """

    names: tuple[str, ...]
    types: tuple[str, ...]
    codes: tuple[str, ...]
    version: str
    unproven: tuple[int, ...] = ()
    problem: str = ""


#: Which bucket a key falls into is no secret: whoever knew it could only crowd a bucket, which is then read as a whole.
_BUCKETS = bytes.fromhex("9f1b64d0c7a3528e4d70f6b12ae8953c")


@dataclass(frozen=True, slots=True)
class Salt:
    """What hashes are made with: those of rows with random bytes, without which they say nothing.

    Those of keys, which tell buckets, are always made with the same: under whichever salt all rows are read anew, a key
    is in the bucket that the state knows already.
    """

    row: bytes
    bucket: bytes = _BUCKETS

    @classmethod
    def of(cls, salt: bytes) -> "Salt":
        """16 bytes for rows."""
        return cls(blake2b(salt, digest_size=16).digest())


class Hashing(Protocol):
    """The statements about a query, which itself stands in the midst of each."""

    def outline(self) -> Frame:
        """Its columns and none of its rows."""

    def shape(self, connection: Connection, cursor: Any, sql: str) -> Shape:
        """What the running outline of a query says, with the names that the query itself gives."""

    def whole(self, shape: Shape, salt: Salt) -> Frame:
        """One row: how many rows there are, and the sum of their hashes, null for none."""

    def buckets(self, shape: Shape, key: abc.Sequence[int], salt: Salt) -> Frame:
        """A row for each bucket that is not empty: its number, and the same two; `key` are places of columns."""

    def rows(
        self, shape: Shape, key: abc.Sequence[int], salt: Salt, wanted: abc.Collection[int]
    ) -> Frame:
        """The rows of some buckets, each with its hash and its bucket behind its columns."""


def alias(name: str, shape: Shape) -> str:
    """A name for a query, and for its columns `c0`, `c1` …, whatever they are called."""
    return f"{name}({', '.join(f'c{i}' for i in range(len(shape.names)))})"


def named(shape: Shape) -> str:
    """The columns of an `alias` under the query's own names, in double quotes."""
    escaped = (name.replace('"', '""') for name in shape.names)
    return ", ".join(f'c{i} as "{name}"' for i, name in enumerate(escaped))


def bitmap(wanted: abc.Iterable[int]) -> bytearray:
    """8 KB, a bit for each bucket: bit 0 of byte 0 is bucket 0."""
    bits = bytearray(BUCKETS // 8)
    for bucket in wanted:
        bits[bucket >> 3] |= 1 << (bucket & 7)
    return bits
