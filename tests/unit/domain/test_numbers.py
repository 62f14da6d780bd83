"""Numbers of floating point: what of them is sent, and what they are one with."""

import math
import struct
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.domain import codec, numbers
from sync.domain.numbers import Approximate, ApproximateSingle, Single
from sync.domain.record import Value
from sync.domain.spelling import same_number


def narrow(value: float) -> float:
    return float(struct.unpack("f", struct.pack("f", value))[0])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.10000000149011612, 0.1),
        (0.1, 0.1),
        (16777216.0, 16777216.0),
        (3.4028234663852886e38, 3.4028235e38),
        (1.401298464324817e-45, 1e-45),
        (0.30000001192092896, 0.3),
        (-2.5, -2.5),
        (0.0, 0.0),
        (math.inf, math.inf),
    ],
)
def test_single(value, expected):
    """Single precision is its shortest text, not what a double makes of it."""
    assert (Single, expected) == (type(numbers.single(value)), numbers.single(value))


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_every_single(value):
    """No single becomes another."""
    assert narrow(value) == narrow(numbers.single(value))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.1 + 0.2, "0.3"),
        (2.9999999999999996, "3"),
        (1234567890123.4567, "1234567890123.46"),
        (1234567890123456.0, "1234567890123456"),
        (-1e-7, "-0.0000001"),
        (5.0, "5"),
        (1e300, "1" + "0" * 300),
    ],
)
def test_near(value, expected):
    """A fraction is sent with 15 significant digits, whole numbers as they are."""
    assert numbers.plain(numbers.near(value)) == expected


@pytest.mark.parametrize(
    ("wanted", "seen", "expected"),
    [
        (Approximate("0.3"), Decimal("0.30000000000000004"), True),
        (Approximate("0.333333333333333"), Decimal("0.333333333333334"), True),
        (Approximate("0.333333333333333"), Decimal("0.333333333333335"), False),
        (Approximate("1"), Decimal("0.99999999999999"), True),
        (Approximate("1234567890123.46"), Decimal("1234567890123.45"), True),
        (Approximate("1234567890123.46"), Decimal("1234567890123.5"), False),
        (Approximate("3"), 3, True),
        (Approximate("0"), Decimal("0.0000000000000001"), False),
        (Decimal("0.333333333333333"), Decimal("0.333333333333334"), False),
        (ApproximateSingle("0.1"), Decimal("0.10000000149011612"), True),
        (ApproximateSingle("0.1"), Decimal("0.1000001"), False),
        (ApproximateSingle("0.1"), Decimal("1e999"), False),
        (ApproximateSingle("0.1"), 10**400, False),
        (Approximate("0.1"), Decimal("0.10000000149011612"), False),
        (Decimal("0.1"), Decimal("0.10000000149011612"), False),
    ],
)
def test_same(wanted, seen, expected):
    """Floating point is one with what differs in its last digit alone, singles with what is the same single."""
    assert expected is same_number(wanted, seen)


def test_sums_in_another_order():
    """The same numbers added up in another order are one value."""
    parts = [0.1 * n for n in range(1, 300)]
    sums = {numbers.near(sum(parts)), numbers.near(sum(reversed(parts)))}
    assert all(same_number(one, other) for one in sums for other in sums)


def test_spooled():
    """Numbers are what they were after a way through the spool."""
    fields: dict[str, Value] = {
        "attributes.a": Approximate("0.3"),
        "attributes.b": ApproximateSingle("0.1"),
        "attributes.c": Decimal("0.30"),
        "attributes.d": 5,
        "tags": ("a", "b"),
        "name": None,
    }
    loaded = codec.load(codec.dump(fields))
    assert fields == loaded
    assert [type(value) for value in fields.values()] == [type(value) for value in loaded.values()]
