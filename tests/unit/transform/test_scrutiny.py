"""What is noticed of values, each by itself."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from sync.domain.record import AttributeType
from sync.transform.scrutiny import Concern, Scrutiny, fold
from tests.support import bench

LONG, DIGITS, FLOAT, ZONE, UNSEEN = (
    Concern.TOO_LONG, Concern.LOSES_DIGITS, Concern.FLOAT, Concern.NO_ZONE, Concern.UNSEEN,
)  # fmt: skip


def found(folder, mapping, *row):
    """The concerns of one row, by column."""
    names = ("id", "x", "y")[: len(row)]
    types = (
        {"x": AttributeType(mapping["attributes"]["x"]["type"])} if "attributes" in mapping else {}
    )
    scrutiny = Scrutiny.of(bench.builder(folder, mapping, *names), types)
    scrutiny.look(row)
    return {pair: tally.count for pair, tally in scrutiny.found.items()}


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("x" * 255, "String", []),
        ("x" * 256, "String", [LONG]),
        ("x" * 255 + " ", "String", [UNSEEN]),
        ("a\u200bb", "String", [UNSEEN]),
        (2**53, "Integer", []),
        (2**53 + 1, "Integer", [DIGITS]),
        (Decimal("0.1"), "Decimal", []),
        (Decimal("0.12345678901234567891"), "Decimal", [DIGITS]),
        (0.5, "Decimal", [FLOAT]),
        (1e17, "Decimal", [DIGITS, FLOAT]),
        (True, "Boolean", []),
        (datetime(2026, 1, 1), "Timestamp", [ZONE]),
        (datetime(2026, 1, 1, tzinfo=UTC), "Timestamp", []),
        (date(2026, 1, 1), "Timestamp", []),
        ("2026-01-01 10:00", "Timestamp", [ZONE]),
        ("2026-01-01 10:00", "String", []),
        ("2026-01-01T10:00Z", "Timestamp", []),
        (None, "String", []),
    ],
)
def test_values(tmp_path, value, kind, expected):
    """Each concern by its bounds."""
    mapping = bench.customer(attributes={"x": {"column": "x", "type": kind}})
    assert found(tmp_path, mapping, "c1", value) == dict.fromkeys(
        (("x", one) for one in expected), 1
    )


@pytest.mark.parametrize(
    ("country", "state", "expected"),
    [
        ("DE", "Bayern", []),
        ("US", "New York", []),
        ("US", "Bayern", [("y", Concern.UNKNOWN_STATE)]),
        ("Germany", "Bayern", [("x", Concern.UNKNOWN_COUNTRY)]),
        ("UK", None, []),
        (None, "Bayern", []),
    ],
)
def test_places(tmp_path, country, state, expected):
    """A value map counts; states are those of the US, and asked of it alone."""
    mapping = bench.customer({"country": {"column": "x", "map": {"UK": "GB"}}, "state": "y"})
    assert list(found(tmp_path, mapping, "c1", country, state)) == expected


def test_folded_keys():
    """Case, white space and invisible characters tell nobody anything."""
    assert fold(" Acme\u200b 1") == fold("ACME1") != fold("acme2")
