"""A query whose warehouse hashes its rows: what a database would compute, computed here from the rows of the moment."""

from collections import abc
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from sync.domain.buckets import BUCKETS, Reading
from sync.warehouse.column import Column

Row = tuple[Any, ...]
#: The rows of the moment: asked anew by each statement.
Rows = abc.Callable[[], abc.Sequence[Row]]


@dataclass(frozen=True, slots=True)
class Hashed:
    """Some rows, their hashes and their buckets."""

    rows: list[Row]
    hashes: list[int]
    buckets: list[int]


@dataclass(slots=True)
class HashedResult:
    """The rows of some buckets, a few at a time."""

    hashed: list[tuple[Row, int, int]]
    size: int
    before: abc.Callable[[], None]

    def raw(self) -> abc.Iterator[Hashed]:
        """The rows with hash and bucket."""
        for start in range(0, len(self.hashed), self.size):
            self.before()
            rows, hashes, buckets = zip(*self.hashed[start : start + self.size], strict=True)
            yield Hashed(list(rows), list(hashes), list(buckets))
        self.before()

    def complete(self, row: Row) -> Row:
        """Nothing is left unread."""
        return row

    def cancel(self) -> None:
        """Nothing takes long."""


def _nothing() -> None:
    return None


@dataclass(slots=True)
class HashedQuery:
    """Stands in for `sync.warehouse.fingerprints.Fingerprints`; `asked` tells which questions were put to it.

    `modulus`: into so many buckets keys fall, so that in small worlds some share one.
    """

    columns: tuple[Column, ...]
    rows_now: Rows
    edition: str = "simulated 1"
    manner: str = "simulated"
    modulus: int = BUCKETS
    size: int = 1000
    before: abc.Callable[[], None] = _nothing
    asked: list[str] = field(default_factory=list)
    fetched: int = 0

    def whole(self, salt: bytes) -> Reading:
        """All rows together."""
        self.asked.append("whole")
        self.before()
        return sum((Reading(1, _hash(salt, row)) for row in self.rows_now()), Reading())

    def buckets(self, salt: bytes, key: abc.Sequence[int]) -> abc.Iterator[tuple[int, Reading]]:
        """The rows of each bucket that has any."""
        self.asked.append("buckets")
        self.before()
        found: dict[int, Reading] = {}
        for row in self.rows_now():
            bucket = self.bucket(row, key)
            found[bucket] = found.get(bucket, Reading()) + Reading(1, _hash(salt, row))
        yield from found.items()

    @contextmanager
    def rows(
        self, salt: bytes, key: abc.Sequence[int], buckets: abc.Collection[int]
    ) -> abc.Iterator[HashedResult]:
        """The rows of these buckets."""
        self.asked.append("rows" if len(buckets) < BUCKETS else "all rows")
        told = [(row, _hash(salt, row), self.bucket(row, key)) for row in self.rows_now()]
        found = [one for one in told if one[2] in buckets]
        self.fetched += len(found)
        yield HashedResult(found, self.size, self.before)

    def bucket(self, row: Row, key: abc.Sequence[int]) -> int:
        """The bucket of a row: not salted, so that tests can tell it."""
        spelled = repr([row[place] for place in key]).encode("utf-8", "surrogatepass")
        return int.from_bytes(blake2b(spelled, digest_size=4).digest()) % self.modulus


def _hash(salt: bytes, row: Row) -> int:
    spelled = repr(row).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(spelled, key=salt, digest_size=8).digest())
