"""The warehouse's fingerprints: its rows in buckets of the key, each known by a count and a sum of row hashes.

A sum is exact, never cut to a width and never XOR: equal rows add up, and do not cancel each other out.
"""

from dataclasses import dataclass

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
