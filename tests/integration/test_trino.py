"""The warehouse on Trino's protocol, by the real driver."""

import threading
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from sync.domain.numbers import Single
from sync.domain.record import AttributeType
from sync.errors import SourceError
from sync.warehouse.warehouse import Warehouse
from tests.support.needed import driver
from tests.support.queries import read
from tests.support.trino import Coordinator, trino

driver("trino")
STRING, INTEGER, DECIMAL = AttributeType.STRING, AttributeType.INTEGER, AttributeType.DECIMAL


def test_types_and_values():
    """Columns tell their types before the first row; text of fixed width and singles are mended."""
    columns = [
        ("id", "bigint"),
        ("name", "char(10)"),
        ("price", "decimal(18,2)"),
        ("share", "real"),
        ("doc", "json"),
    ]
    pages: list[list[list[Any]]] = [
        [[1, "Acme      ", "1.50", 0.1, "{}"]],
        [[2, None, None, None, None]],
    ]
    with trino(Coordinator(columns, pages)) as url, Warehouse.open(url).query("select 1") as result:
        rows = [row for batch in result.batches() for row in batch]
        kinds = [column.type or column.unsendable for column in result.columns]
    assert kinds == [INTEGER, STRING, DECIMAL, DECIMAL, "json"]
    assert [str(value) for value in rows[0]] == ["1", "Acme", "1.50", "0.1", "{}"]
    assert type(rows[0][3]) is Single
    assert rows[1] == (2, None, None, None, None)


def test_values_beyond():
    """A value that Python has nothing for is text, to be rejected with its row, and ends no query."""
    columns = [
        ("x", "date"),
        ("y", "timestamp(9)"),
        ("z", "timestamp(3) with time zone"),
        ("n", "decimal(38,0)"),
    ]
    zone, number = "2026-07-31 10:00:00.123 Europe/Berlin", "12345678901234567890123456789012345678"
    pages: list[list[list[Any]]] = [
        [["-0043-03-15", "+10000-01-01 10:00:00.000", zone, number]],
        [["9999-12-31", "2026-01-31 10:00:00.999999999", "2026-01-31 10:00:00.000 +05:30", "1"]],
    ]
    with trino(Coordinator(columns, pages)) as url:
        [[first, second]] = read(Warehouse.open(url), "select 1")
    berlin = datetime(2026, 7, 31, 8, 0, 0, 123000, tzinfo=UTC)
    assert first == ("-0043-03-15", "+10000-01-01 10:00:00.000", berlin, Decimal(number))
    assert second == (
        date(9999, 12, 31),
        datetime(2026, 1, 31, 10, 0, 0, 999999),
        datetime(2026, 1, 31, 4, 30, tzinfo=UTC),
        Decimal(1),
    )


def test_words():
    """The server's own words, with line and column."""
    message = "line 1:8: Column 'nope' cannot be resolved"
    error = {
        "message": message,
        "errorCode": 47,
        "errorName": "COLUMN_NOT_FOUND",
        "errorType": "USER_ERROR",
        "errorLocation": {"lineNumber": 1, "columnNumber": 8},
    }
    with trino(Coordinator(error=error)) as url, pytest.raises(SourceError) as caught:
        read(Warehouse.open(url), "select nope")
    assert caught.value.message == message


def test_nobody_answers():
    """Why, and where to look, although the driver connects with the first statement only."""
    with pytest.raises(
        SourceError, match=r"^cannot connect to .*: Failed to establish a new connection"
    ) as caught:
        read(Warehouse.open("trino://tester@127.0.0.1:1/memory"), "select 1")
    assert caught.value.hint.startswith("check the URL")


def test_cancel():
    """A query that has not come to its first row is broken off, on the server as well."""
    coordinator = Coordinator(silent=True)
    with trino(coordinator) as url:
        source = Warehouse.open(url)
        timer = threading.Timer(0.5, source.cancel)
        timer.start()
        with pytest.raises(SourceError):
            read(source, "select 1")
        timer.join()
    assert coordinator.cancelled.is_set()
