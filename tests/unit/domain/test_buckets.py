"""Readings and buckets by number, in arrays, are what dictionaries of them would be."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.domain.buckets import BUCKETS, Bucket, Buckets, Reading, Readings

numbers = st.integers(0, BUCKETS - 1) | st.sampled_from([0, 1, 2, BUCKETS - 1])
hashes = st.sampled_from([0, 1, -1, 2**63 - 1, -(2**63), 2**64 - 1]) | st.integers(-(2**63), 2**64)
rows = st.lists(st.tuples(numbers, hashes), max_size=30)


def added(rows: list[tuple[int, int]]) -> Readings:
    """The readings of rows, each with its bucket and its hash."""
    readings = Readings()
    readings.add([bucket for bucket, _ in rows], [row_hash for _, row_hash in rows])
    return readings


def told(rows: list[tuple[int, int]]) -> dict[int, Reading]:
    """The same as a dictionary."""
    found: dict[int, Reading] = {}
    for bucket, row_hash in rows:
        found[bucket] = found.get(bucket, Reading()) + Reading(1, row_hash)
    return found


@given(rows)
def test_added(rows):
    """Counts and sums are exact, whatever their sign and however large; buckets come in the order of their numbers."""
    readings, expected = added(rows), told(rows)

    assert readings == expected
    assert list(readings) == sorted(expected)
    assert len(readings) == len(expected)
    assert readings.total == sum(expected.values(), Reading())
    assert Readings.of(expected.items()) == expected


@given(rows, rows)
def test_differing(rows, others):
    """Buckets differ where count or sum does, or where one of both has none."""
    one, other = told(rows), told(others)
    expected = {n for n in one.keys() | other.keys() if one.get(n) != other.get(n)}

    assert added(rows).differing(added(others)) == expected


def test_beyond_64_bits():
    """Sums that are equal but for a multiple of 2^64 are two."""
    many = added([(7, 2**64 - 1)] * 3)

    assert many[7] == Reading(3, 3 * (2**64 - 1))
    other = Readings.of([(7, Reading(3, 2**64 - 3))])
    assert many.differing(other) == {7}


def test_without_rows():
    """A bucket without rows is none of them."""
    with pytest.raises(KeyError):
        Readings()[7]


def test_buckets():
    """Of buckets that are not read the counts are added up; of which it has to be looked again is told."""
    kept = {
        1: Bucket(Reading(2, 5), settled=True, unchanged=2),
        2: Bucket(Reading(3, 5), settled=True, skipped=3),
        3: Bucket(Reading(4, 5)),
    }
    buckets = Buckets.of(kept.items())

    assert buckets == kept
    assert len(buckets) == 3
    assert buckets.unsettled == {3}
    assert buckets.without({3}) == Bucket(Reading(5), settled=True, unchanged=2, skipped=3)
    assert buckets.without({1, 2, 3}) == Bucket(Reading(), settled=True)
    assert Counter(one.settled for one in buckets.values()) == {True: 2, False: 1}
