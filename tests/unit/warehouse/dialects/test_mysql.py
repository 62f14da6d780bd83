"""What needs no server; the rest is in tests/integration/test_mariadb.py."""

from types import SimpleNamespace
from typing import Any

import pytest

from sync.domain.record import AttributeType
from sync.warehouse.dialects.mysql import AnyMySQL, MySQL, kind

STRING, INTEGER, BOOLEAN = AttributeType.STRING, AttributeType.INTEGER, AttributeType.BOOLEAN
TEXT, BYTES = 45, 63


@pytest.mark.parametrize(
    ("code", "width", "scale", "charset", "expected"),
    [
        (1, 1, 0, BYTES, BOOLEAN),
        (1, 4, 0, BYTES, INTEGER),
        (246, 10, 0, BYTES, INTEGER),
        (246, 10, 2, BYTES, AttributeType.DECIMAL),
        (253, 80, 0, TEXT, STRING),
        (253, 80, 0, BYTES, "binary"),
        (253, 80, 0, None, None),
        (245, 80, 0, BYTES, "json"),
        (11, 8, 0, BYTES, None),
    ],
)
def test_kinds(code: int, width: int, scale: int, charset: int | None, expected: object):
    """A column's number tells its type, with its width, its scale or its character set."""
    assert kind(("x", code, None, width, None, scale), charset) == expected


def test_other_drivers():
    """Others than PyMySQL tell no character set: text and bytes are left to the values."""
    described = [("a", 3, None, 11, None, 0), ("b", 253, None, 80, None, 0)]
    nobody: Any = None
    found = AnyMySQL().kinds(nobody, SimpleNamespace(description=described))
    assert found == [INTEGER, None]


def test_leaving():
    """A connection is thrown away where rows are on their way, and then waits for them no more."""
    running = SimpleNamespace(unbuffered_active=True)
    assert MySQL().leave(SimpleNamespace(_result=running)) is True
    assert MySQL().leave(SimpleNamespace(_result=running)) is False
    assert MySQL().leave(SimpleNamespace(_result=None)) is False


def test_cancel_a_closed_connection():
    """There is nothing to hang up."""
    MySQL().cancel(SimpleNamespace(_sock=None))
