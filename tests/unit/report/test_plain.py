"""Any value becomes JSON that every reader takes."""

import json
import math
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.report.plain import dumps, indented, loads, plain


class Broken:
    """A foreign type that cannot be printed."""

    def __str__(self):
        raise RuntimeError("no text")


class Colour(Enum):
    """A driver's own type."""

    RED = 1


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "null"),
        (True, "true"),
        (7, "7"),
        (Decimal("5.50"), "5.50"),
        (Decimal("1E+2"), "1E+2"),
        (0.1, "0.1"),
        (1e300, "1E+300"),
        (Decimal("1E+400"), '"1E+400"'),
        (Decimal("NaN"), '"NaN"'),
        (Decimal("sNaN"), '"sNaN"'),
        (math.inf, '"Infinity"'),
        ("ü\n", '"ü\\n"'),
        ("\ud800", '"\\\\ud800"'),
        ("a\u2028b\x85c", '"a\\u2028b\\u0085c"'),
        (b"\x00\xff", '"00ff"'),
        (bytearray(b"\x01"), '"01"'),
        (memoryview(b"\x02"), '"02"'),
        (date(2026, 1, 31), '"2026-01-31"'),
        (time(10, 0), '"10:00:00"'),
        (
            datetime(2026, 1, 31, 10, tzinfo=timezone(timedelta(hours=1))),
            '"2026-01-31T10:00:00+01:00"',
        ),
        (timedelta(hours=1), '"1:00:00"'),
        (UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
        (("a", 1, None), '["a", 1, null]'),
        ([["deep"]], "[\"['deep']\"]"),
        ({"a": 1}, "\"{'a': 1}\""),
        (Colour.RED, '"Colour.RED"'),
        (Broken(), '"<Broken>"'),
    ],
)
def test_values(value, expected):
    """Numbers stay exact, and what JSON has no word for becomes readable text."""
    assert expected == dumps(plain(value))


def test_long_text_is_cut():
    """Text is cut at 1,000 characters, an ellipsis among them."""
    assert plain("x" * 1_001) == "x" * 999 + "…"
    assert plain("x" * 1_000) == "x" * 1_000


def test_uncut():
    """Who asks for it gets the whole text."""
    assert plain("x" * 5_000, None) == "x" * 5_000


def test_huge_integers():
    """An integer beyond the digits that Python prints becomes hexadecimal text."""
    assert plain(1 << 20_000) == "0x1" + "0" * 996 + "…"


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.decimals()
    | st.text(st.characters(codec=None, exclude_categories=()))
    | st.binary()
    | st.datetimes()
    | st.dates()
    | st.times()
    | st.timedeltas()
    | st.uuids()
)


@given(st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_every_value_is_safe(value):
    """Whatever a database returns is one line of strict JSON in UTF-8, the same when read back."""
    safe = plain(value)
    line = dumps(safe)
    assert [line] == line.splitlines()
    json.loads(line.encode("utf-8"), parse_constant=pytest.fail)
    assert line == dumps(loads(line))


@given(st.decimals(allow_nan=False, allow_infinity=False, places=12))
def test_decimals_are_exact(value):
    """Decimals never pass through a float."""
    assert value == loads(dumps(plain(value)))


def test_indented():
    """Documents for people have a line for each key."""
    assert indented({"a": Decimal("1.10")}) == '{\n  "a": 1.10\n}'
