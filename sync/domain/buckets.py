"""The warehouse's fingerprints: its rows in buckets of the key, each known by a count and a sum of row hashes.

A sum is exact, never cut to a width and never XOR: equal rows add up, and do not cancel each other out.
"""

from array import array
from collections import abc
from dataclasses import dataclass, field
from itertools import compress

#: Into so many buckets the keys of a query fall.
BUCKETS = 65_536


@dataclass(frozen=True, slots=True)
class Reading:
    """How many rows there are, and the exact sum of their hashes."""

    count: int = 0
    total: int = 0

    def __add__(self, other: "Reading") -> "Reading":
        """Both together."""
        return Reading(self.count + other.count, self.total + other.total)


@dataclass(frozen=True, slots=True)
class Bucket:
    """What was read of a bucket, and whether that need not be done again while it stays so.

    `settled`: all its rows arrived and have a record. Then so many of them count as `unchanged`, and so many as
    `skipped`, when it is not read.
    """

    reading: Reading
    settled: bool = False
    unchanged: int = 0
    skipped: int = 0


_CUT = 2**64


def _counters(kind: str) -> "array[int]":
    return array(kind, bytes(8 * BUCKETS))


@dataclass(slots=True, eq=False)
class Readings(abc.Mapping[int, Reading]):
    """The readings of buckets: 24 bytes for each that there could be. One without rows is none of them."""

    counts: "array[int]" = field(default_factory=lambda: _counters("q"))
    #: A sum is `_low`, and 2^64 times `_high`, which is below zero where the sum is.
    _low: "array[int]" = field(default_factory=lambda: _counters("Q"))
    _high: "array[int]" = field(default_factory=lambda: _counters("q"))

    @classmethod
    def of(cls, readings: abc.Iterable[tuple[int, Reading]]) -> "Readings":
        """Those of these buckets."""
        found = cls()
        for bucket, reading in readings:
            found[bucket] = reading
        return found

    def __getitem__(self, bucket: int) -> Reading:
        if not self.counts[bucket]:
            raise KeyError(bucket)
        return Reading(self.counts[bucket], self._low[bucket] + self._high[bucket] * _CUT)

    def __setitem__(self, bucket: int, reading: Reading) -> None:
        self.counts[bucket] = reading.count
        self._high[bucket], self._low[bucket] = divmod(reading.total, _CUT)

    def __iter__(self) -> abc.Iterator[int]:
        return compress(range(BUCKETS), self.counts)

    def __len__(self) -> int:
        return BUCKETS - self.counts.count(0)

    def add(self, buckets: abc.Iterable[int], hashes: abc.Iterable[int]) -> None:
        """Add rows, each with its bucket and its hash."""
        counts, low, high = self.counts, self._low, self._high
        for bucket, row_hash in zip(buckets, hashes, strict=True):
            counts[bucket] += 1
            total = low[bucket] + row_hash
            if 0 <= total < _CUT:
                low[bucket] = total
            else:
                more, low[bucket] = divmod(total, _CUT)
                high[bucket] += more

    @property
    def total(self) -> Reading:
        """All together."""
        return Reading(sum(self.counts), sum(self._low) + sum(self._high) * _CUT)

    def differing(self, other: "Readings") -> set[int]:
        """The buckets whose readings differ, or that only one of both has."""
        mine = zip(self.counts, self._low, self._high, strict=True)
        others = zip(other.counts, other._low, other._high, strict=True)
        both = enumerate(zip(mine, others, strict=True))
        return {bucket for bucket, (one, another) in both if one != another}


@dataclass(slots=True, eq=False)
class Buckets(abc.Mapping[int, Bucket]):
    """What was read of buckets, and which are settled: some 40 bytes for each that there could be."""

    readings: Readings = field(default_factory=Readings)
    _settled: bytearray = field(default_factory=lambda: bytearray(BUCKETS))
    _unchanged: "array[int]" = field(default_factory=lambda: _counters("q"))
    _skipped: "array[int]" = field(default_factory=lambda: _counters("q"))

    @classmethod
    def of(cls, buckets: abc.Iterable[tuple[int, Bucket]]) -> "Buckets":
        """These."""
        found = cls()
        for number, bucket in buckets:
            found[number] = bucket
        return found

    def __getitem__(self, number: int) -> Bucket:
        told = bool(self._settled[number]), self._unchanged[number], self._skipped[number]
        return Bucket(self.readings[number], *told)

    def __setitem__(self, number: int, bucket: Bucket) -> None:
        self.readings[number] = bucket.reading
        self._settled[number] = bucket.settled
        self._unchanged[number], self._skipped[number] = bucket.unchanged, bucket.skipped

    def __iter__(self) -> abc.Iterator[int]:
        return iter(self.readings)

    def __len__(self) -> int:
        return len(self.readings)

    @property
    def unsettled(self) -> set[int]:
        """The numbers of those that have to be read again, whatever the warehouse says of them."""
        return {number for number in self.readings if not self._settled[number]}

    def without(self, numbers: abc.Set[int]) -> Bucket:
        """All others together, as settled as each; without the sum of their hashes."""
        left = [number for number in self.readings if number not in numbers]
        return Bucket(
            Reading(sum(self.readings.counts[number] for number in left)),
            settled=True,
            unchanged=sum(self._unchanged[number] for number in left),
            skipped=sum(self._skipped[number] for number in left),
        )
