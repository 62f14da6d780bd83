"""A query whose warehouse compares: what is asked of it, and what is read of it in one run."""

from array import array
from collections import abc
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import compress
from typing import Protocol

from sync.domain.buckets import Bucket, Reading, Readings
from sync.domain.row_hash import Row
from sync.state.buckets import Stored
from sync.state.mapping_buckets import MappingBuckets
from sync.state.memory import Memory
from sync.warehouse.column import Column


class Hashed(Protocol):
    """Some rows as `Result.raw` gives them, and of each its hash and its bucket."""

    @property
    def rows(self) -> list[Row]:
        """The rows."""
        ...

    @property
    def hashes(self) -> abc.Sequence[int]:
        """The hash of each."""
        ...

    @property
    def buckets(self) -> abc.Sequence[int]:
        """The bucket of each."""
        ...


class HashedResult(Protocol):
    """A running statement: the rows of some buckets."""

    def raw(self) -> abc.Iterator[Hashed]:
        """The rows in batches, with values that take long to read left unread."""
        ...

    def complete(self, row: Row) -> Row:
        """A row with all its values read."""
        ...

    def cancel(self) -> None:
        """Break it off, from any thread."""
        ...


class HashedQuery(Protocol):
    """A query whose warehouse hashes its rows; each question is a statement of its own.

    `columns` and `manner` are those of its result, `edition` says by what hashes are made: dialect, versions, columns
    and their types. `salt` and `key` are random bytes, and the places of the columns that make the key.
    """

    @property
    def columns(self) -> tuple[Column, ...]:
        """The query's columns."""
        ...

    @property
    def manner(self) -> str:
        """What its values depend on besides themselves."""
        ...

    @property
    def edition(self) -> str:
        """By what the hashes are made."""
        ...

    def whole(self, salt: bytes) -> Reading:
        """All rows together."""
        ...

    def buckets(self, salt: bytes, key: abc.Sequence[int]) -> abc.Iterator[tuple[int, Reading]]:
        """The rows of each bucket that has any."""
        ...

    def rows(
        self, salt: bytes, key: abc.Sequence[int], buckets: abc.Collection[int]
    ) -> AbstractContextManager[HashedResult]:
        """The rows of these buckets; their connection is closed when the block ends."""
        ...


@dataclass(slots=True)
class BucketRows:
    """What is read of the buckets of a query in one run. `whole`: all are read.

    What is kept of a bucket is what its rows add up to that were fetched, each hashed by the statement that fetched it;
    never what an earlier question was answered.
    """

    stored: Stored
    whole: bool
    salt: bytes = field(repr=False)
    edition: bytes
    #: The buckets that are read next; more join them while rows are read.
    wanted: set[int] = field(default_factory=set)
    #: Those that were read, or are being read.
    read: set[int] = field(default_factory=set, init=False)
    #: Records that are one in ChartMogul with others: theirs are read, too.
    merged: set[str] = field(default_factory=set, init=False)
    #: What the rows of each bucket add up to that were fetched.
    _sums: Readings = field(default_factory=Readings, init=False)
    #: The bucket of each row that was fetched.
    _of_rows: "array[int]" = field(default_factory=lambda: array("H"), init=False)
    #: What is read again by the next run, whatever the state says of its records.
    _open: set[int] = field(default_factory=set, init=False)

    def next(self) -> frozenset[int]:
        """The buckets that are read now."""
        numbers = frozenset(self.wanted)
        self.wanted.clear()
        self.read |= numbers
        return numbers

    def want(self, bucket: int | None) -> None:
        """Something about a bucket has to be seen: it is read, too."""
        if bucket is not None and not self.whole and bucket not in self.read:
            self.wanted.add(bucket)

    def want_all(self) -> None:
        """No bucket is left unread."""
        self.wanted |= self.stored.buckets.keys() - self.read

    def take(self, batch: Hashed) -> list[Row]:
        """Take in rows that were fetched.

        A row of a bucket that was not asked for comes of a query that is not deterministic: its bucket is read.
        """
        rows, hashes, buckets = batch.rows, batch.hashes, batch.buckets
        if not self.whole:
            self.wanted |= set(buckets) - self.read
            mine = [bucket in self.read for bucket in buckets]
            rows, hashes = list(compress(rows, mine)), list(compress(hashes, mine))
            buckets = list(compress(buckets, mine))
        self._sums.add(buckets, hashes)
        self._of_rows.extend(iter(buckets))
        return rows

    def of(self, row: int) -> int | None:
        """The bucket of the row with this number; None where there is no such row."""
        return self._of_rows[row - 1] if 0 < row <= len(self._of_rows) else None

    def meet(self, row: int, memory: Memory | None) -> None:
        """A row was read whose record the state knows: in another bucket, that is read too.

        So are those of records that are one with it in ChartMogul: which row comes first counts.
        """
        if memory is None:
            return
        if memory.bucket != self.of(row):
            self.want(memory.bucket)
        if memory.pairs > 1 and memory.uuid is not None:
            self.merged.add(memory.uuid)

    def leave_open(self, row: int) -> None:
        """The bucket of this row is read by the next run, whatever becomes of the row."""
        bucket = self.of(row)
        if bucket is not None:
            self._open.add(bucket)

    def reopen(self, bucket: int) -> None:
        """A bucket that was not read is read by the next run."""
        self._open.add(bucket)

    def has_unread(self, memory: Memory) -> bool:
        """Whether a record is one of a bucket that was not read: it is in the query, in a row that nobody has seen."""
        if self.whole or memory.left or memory.bucket is None:
            return False
        return memory.bucket not in self.read and memory.bucket in self.stored.buckets

    @property
    def unread(self) -> Bucket:
        """All buckets together that were not read."""
        if self.whole:
            return Bucket(Reading())
        return self.stored.buckets.without(self.read)

    @property
    def fetched(self) -> int:
        """How many rows were fetched."""
        return len(self._of_rows)

    def write_down(self, state: MappingBuckets, skipping: bool) -> None:
        """Keep what was read, and close the buckets of which each row has arrived; `skipping`: mode insert."""
        # Where all were read those without rows have nothing to be kept, and nothing of before to be taken away.
        readings: abc.Mapping[int, Reading] = self._sums
        if not self.whole:
            readings = {number: self._sums.get(number, Reading()) for number in self.read}
        under = (self.salt, self.edition) if self.whole else None
        counts = self._sums.counts
        may_close = {number: counts[number] for number in self._sums if number not in self._open}
        if readings:
            state.keep(readings, under, may_close, skipping=skipping)
        if doubtful := self._open - self.read:
            state.open(doubtful)
