"""What needs no DuckDB; the rest is in tests/integration/test_duckdb.py."""

import pytest
from sqlalchemy import make_url

from sync.domain.record import AttributeType
from sync.warehouse.dialects.duckdb import DuckDB, kind


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("BIGINT", AttributeType.INTEGER),
        ("DECIMAL(18,0)", AttributeType.INTEGER),
        ("DECIMAL(18,2)", AttributeType.DECIMAL),
        ("ENUM('a', 'b')", AttributeType.STRING),
        ("TIMESTAMP WITH TIME ZONE", AttributeType.TIMESTAMP),
        ("INTEGER[]", "array"),
        ("DECIMAL(18,0)[3]", "array"),
        ("STRUCT(a INTEGER)", "json"),
        ("BLOB", "binary"),
        ("INTERVAL", None),
    ],
)
def test_kinds(written: str, expected: object):
    """A type is told by its name, whatever is in brackets."""
    assert kind(written) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("duckdb:///shop.duckdb", {"read_only": True}),
        ("duckdb:///md:shop", {"read_only": True}),
        ("duckdb:///:memory:", {}),
        ("duckdb://", {}),
    ],
)
def test_arguments(url: str, expected: dict[str, object]):
    """A file is opened for reading alone; without one other files are read."""
    assert DuckDB().arguments(make_url(url)) == expected
