"""Values as databases' drivers give them, the odd ones first."""

import math
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from ipaddress import ip_address
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

#: Control characters, half pairs, marks that turn the direction, what some take for a line's end.
ODD_CHARACTERS = (
    "\0\x01\x07\x08\t\n\r\x1b\x7f\x85\x9b\xad\ud800\udfff\u061c\u200e\u202e\u2028\u2066\ufeff\uffff"
)
ODD_TEXTS = (
    "", " ", "\t", "\x1b[31mred\x1b[0m", "\x1b]8;;https://example.com\x07link\x1b]8;;\x07", "a\r\nb",
    "=1+1", "+1", "-1", "@x", "null", "NaN", "1e999", "0x1F", "١٢", "½", "ß", "de", "DE", "a@b.example",
    "a@b.example ", "2024-02-30", "2024-01-01T00:00:00+23:59", "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00", "12:30", "true", "T", "Lead", "ds_1", "${X}", "x" * 256, "é" * 255,
    "𝔘" * 255, "9" * 401,
)  # fmt: skip
ZONES = (
    UTC, timezone(timedelta(hours=23, minutes=59)), timezone(-timedelta(hours=23, minutes=59, seconds=59)),
    timezone(timedelta(microseconds=1)), ZoneInfo("Pacific/Apia"), ZoneInfo("Africa/Monrovia"),
)  # fmt: skip
ODD_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**53, 2**53 + 1, -(2**63), 10**400, 0.0, -0.0, 0.1, 1e308,
    5e-324, math.nan, math.inf, -math.inf, Decimal("NaN"), Decimal("sNaN"), Decimal("-Infinity"),
    Decimal("1E+131071"), Decimal("1E-16383"), Decimal("-0"), Decimal("42.0"), Decimal("1E+999999"),
    b"", b"\xff", bytearray(b"x"), memoryview(b"\x00"), [], [1, None], (), {"a": [1]}, {1}, date.min,
    date.max, datetime.min, datetime.max, time(1, 2), timedelta.max, timedelta(-1), UUID(int=0),
    ip_address("::1"), object(), type, ..., 1j,
)  # fmt: skip

characters = st.characters(codec=None, exclude_categories=()) | st.sampled_from(ODD_CHARACTERS)
texts = st.sampled_from(ODD_TEXTS) | st.text(characters, max_size=12)
moments = st.datetimes(timezones=st.none() | st.sampled_from(ZONES), allow_imaginary=True)
numbers = st.integers() | st.floats() | st.decimals() | st.decimals(places=9)
#: Python prints no number of more than 4,300 digits, not even here.
huge = st.sampled_from([5_000, 140_000]).map(lambda digits: 10**digits)
flat = (
    st.sampled_from(ODD_VALUES)
    | huge
    | texts
    | numbers
    | moments
    | st.dates()
    | st.times()
    | st.timedeltas()
    | st.uuids()
    | st.binary(max_size=4)
)
values = flat | st.recursive(flat, st.lists, max_leaves=4)
