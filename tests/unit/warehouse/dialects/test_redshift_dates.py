"""Dates and times as Redshift sends them, in binary and as text."""

from collections import deque
from datetime import UTC, date, datetime
from struct import pack
from types import SimpleNamespace

import pytest

from sync.warehouse.dialects import redshift_dates

DATE, TIMESTAMP, TIMESTAMPTZ = 1082, 1114, 1184
DAY = 86_400 * 10**6


def driver(*, binary: bool, style: bytes = b"ISO, MDY") -> SimpleNamespace:
    """A connection of the driver whose types are read by us."""
    types = {oid: (int(binary or oid != DATE), None) for oid in (DATE, TIMESTAMP, TIMESTAMPTZ)}
    told = deque([(b"DateStyle", b"ISO, MDY"), (b"DateStyle", style)])
    made = SimpleNamespace(redshift_types=types, parameter_statuses=told)
    redshift_dates.install(made)
    return made


def read(made: SimpleNamespace, oid: int, data: bytes) -> object:
    """A value that stands behind something else."""
    return made.redshift_types[oid][1](b"xyz" + data, 3, len(data))


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (0, date(2000, 1, 1)),
        (9527, date(2026, 1, 31)),
        (-182_619, date(1500, 1, 3)),
        (2_921_939, date(9999, 12, 31)),
        (2_921_940, "10000-01-01"),
        (-730_119, date(1, 1, 1)),
        (-730_120, "0001-12-31 BC"),
        (-746_117, "0044-03-15 BC"),
        (2**31 - 1, "infinity"),
        (-(2**31), "-infinity"),
    ],
)
def test_days(days: int, expected: object):
    """A day is that many days from 2000, in the calendar of the server, and text where Python has none."""
    assert read(driver(binary=True), DATE, pack("!i", days)) == expected


@pytest.mark.parametrize(
    ("microseconds", "expected"),
    [
        (1_500_000, datetime(2000, 1, 1, 0, 0, 1, 500_000)),
        (2_921_940 * DAY - 1, datetime.max),
        (2_921_940 * DAY + 1_500_000, "10000-01-01 00:00:01.500000"),
        (-746_117 * DAY, "0044-03-15 00:00:00 BC"),
        (2**63 - 1, "infinity"),
        (-(2**63), "-infinity"),
    ],
)
def test_times(microseconds: int, expected: object):
    """So is a time, with its zone where the type has one."""
    data, made = pack("!q", microseconds), driver(binary=True)
    assert read(made, TIMESTAMP, data) == expected
    aware = expected.replace(tzinfo=UTC) if isinstance(expected, datetime) else expected
    assert read(made, TIMESTAMPTZ, data) == aware


@pytest.mark.parametrize(
    ("style", "text", "expected"),
    [
        (b"ISO, DMY", b"2026-02-03", date(2026, 2, 3)),
        (b"SQL, DMY", b"03/02/2026", date(2026, 2, 3)),
        (b"SQL, MDY", b"02/03/2026", date(2026, 2, 3)),
        (b"Postgres, DMY", b"03-02-2026", date(2026, 2, 3)),
        (b"Postgres, MDY", b"02-03-2026", date(2026, 2, 3)),
        (b"German, MDY", b"03.02.2026", date(2026, 2, 3)),
        (b"ISO, MDY", b"infinity", "infinity"),
        (b"ISO, MDY", b"0044-03-15 BC", "0044-03-15 BC"),
        (b"ISO, MDY", b"10000-01-01", "10000-01-01"),
    ],
)
def test_text(style: bytes, text: bytes, expected: object):
    """A day that comes as text is read as the session writes it; no other day is ever made of it."""
    assert read(driver(binary=False, style=style), DATE, text) == expected
