"""The tags of a row: those of every row, and those that its columns bring."""

from datetime import date
from decimal import Decimal

import pytest

from sync.domain.record import Record, Rejected
from tests.support import bench
from tests.support.bench import customer

BY_COMMA = {"column": "segments", "separator": ","}


def built(folder, items, *values):
    """What a mapping with these tags makes of a row."""
    names = ("id", "segments", "plan")[: len(values) + 1]
    return bench.builder(folder, customer(tags=items), *names).build(1, ("c", *values))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("b2b,eu", ("b2b", "eu")),
        (" b2b , ,eu,", ("b2b", "eu")),
        ("B2B,b2b , B2b", ("B2B",)),
        ("\u200bb2b,eu\n", ("b2b", "eu")),
        (None, ()),
        ("  ", ()),
        (",,", ()),
        (5, ("5",)),
        (Decimal("1.50"), ("1.5",)),
        (True, ("true",)),
        (date(2026, 1, 31), ("2026-01-31",)),
    ],
)
def test_taken_apart(tmp_path, value, expected):
    """Parts are trimmed, blank ones and repeated ones left out; null is a row without tags of its own."""
    record = built(tmp_path, [BY_COMMA], value)
    assert isinstance(record, Record)
    assert expected == record.fields["tags"]


def test_a_whole_value(tmp_path):
    """Without a separator a value is one tag."""
    record = built(tmp_path, [{"column": "segments"}], " Berlin, DE ")
    assert isinstance(record, Record)
    assert record.fields["tags"] == ("Berlin, DE",)


def test_together(tmp_path):
    """The tags of every row come first; one that a column repeats is that one."""
    items = [BY_COMMA, "Warehouse", {"column": "plan"}]
    record = built(tmp_path, items, "eu,warehouse", "EU")
    assert isinstance(record, Record)
    assert record.fields["tags"] == ("Warehouse", "eu")


def test_what_cannot_be_sent(tmp_path):
    """A tag with a character that nobody can be sent rejects its row, and says which field and value it is."""
    rejected = built(tmp_path, [BY_COMMA], "eu,b\x002b")
    assert isinstance(rejected, Rejected)
    assert [(p.code, p.field, p.value) for p in rejected.problems] == [
        ("invalid_text", "tags", "eu,b\x002b")
    ]
