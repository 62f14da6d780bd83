"""Values out of the JSON that Trino sends."""

import math
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest

from sync.domain.numbers import Single
from sync.transform.kind import kind
from sync.warehouse.dialects.trino import Trino

NUMBER = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"


@pytest.mark.parametrize(
    ("type", "sent", "expected"),
    [
        ("real", 0.1, Single(0.1)),
        ("double", "NaN", None),
        ("double", "-Infinity", -math.inf),
        ("decimal(38,2)", "1.50", Decimal("1.50")),
        ("char(5)", "a    ", "a"),
        ("uuid", NUMBER, UUID(NUMBER)),
        ("date", "2026-01-31", date(2026, 1, 31)),
        ("date", "10000-01-01", "10000-01-01"),
        ("timestamp(0)", "2026-01-31 10:00:00", datetime(2026, 1, 31, 10)),
        ("timestamp(12)", "2026-01-31 10:00:00.123456789012", datetime(2026, 1, 31, 10, 0, 0, 123456)),
        ("timestamp(3) with time zone", "2026-01-31 10:00:00.500 UTC", datetime(2026, 1, 31, 10, 0, 0, 500000, UTC)),
        ("timestamp(3) with time zone", "2026-01-31 10:00:00.500 -03:30",
         datetime(2026, 1, 31, 10, 0, 0, 500000, timezone(-timedelta(hours=3.5)))),
        ("timestamp(3) with time zone", "2026-01-31 10:00:00.500 Mars/Olympus", "2026-01-31 10:00:00.500 Mars/Olympus"),
        ("time(3)", "10:00:00.123", time(10, 0, 0, 123000)),
        ("date", date(2026, 1, 31), date(2026, 1, 31)),
    ],
)  # fmt: skip
def test_values(type: str, sent: object, expected: object):
    """Each type is read exactly; what cannot be read stays text, and what the driver has read stays as it is."""
    [(_, load)] = Trino().late(None, [("x", type)])
    value = load(sent)
    assert value == expected or (expected is None and math.isnan(value))


def test_spans():
    """A span of time is known as one, and shown as it was written."""
    [(_, load)] = Trino().late(None, [("x", "interval year to month")])
    assert (str(load("1-2")), kind(load("1-2"))) == ("1-2", "a span of time")
