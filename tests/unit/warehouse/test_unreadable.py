from collections import abc
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Connection

from sync.domain.record import AttributeType
from sync.errors import SourceError
from sync.warehouse.dialects.dialect import Kind
from sync.warehouse.dialects.sqlite import SQLite
from sync.warehouse.warehouse import Warehouse
from tests.support.queries import read


@dataclass(frozen=True, slots=True)
class Strict(SQLite):
    """A dialect whose driver raises an error of Python at a text."""

    error: Exception
    told: tuple[Kind, ...]

    def begin(self, connection: Connection) -> None:
        """Text is read by what raises."""

        def refuse(_: bytes) -> str:
            raise self.error

        driver: Any = connection.connection.driver_connection
        driver.text_factory = refuse

    def kinds(self, connection: Connection, cursor: Any) -> abc.Sequence[Kind]:
        """As the test says."""
        return self.told


DATE = AttributeType.TIMESTAMP
YEAR = ValueError("year 10000 is out of range")


def said(source: Warehouse, error: Exception, *told: Kind) -> SourceError:
    """What a query of two columns ends with, after a row that could be read."""
    strict = Warehouse(source.engine, Strict(error, told))
    with pytest.raises(SourceError) as caught:
        read(strict, "select 1 as id, null as seen union all select 2, 'x'")
    return caught.value


def test_one_column(source: Warehouse):
    """The one column that can be meant is named, with SQL by which the other rows come through."""
    error = said(source, YEAR, AttributeType.INTEGER, DATE)
    assert error.message == (
        "the driver cannot read a date or time of seen: year 10000 is out of range"
    )
    assert error.hint == (
        "it knows the years 1 to 9999; to send none for others,"
        " write case when seen between '0001-01-01' and '9999-12-31' then seen end as seen"
    )


def test_several_columns(source: Warehouse):
    """Where several can be meant, all are named."""
    error = said(source, YEAR, DATE, DATE)
    assert error.message == (
        "the driver cannot read a date or time of one of id, seen: year 10000 is out of range"
    )


def test_no_column(source: Warehouse):
    """Where no column is told to hold times, the driver's words stand alone."""
    error = said(source, YEAR, None, None)
    assert error.message == (
        "the driver cannot read a value of this query: year 10000 is out of range"
    )


def test_other_errors(source: Warehouse):
    """What is no matter of numbers and times is said as it is."""
    wrong = UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")
    assert not said(source, wrong, DATE, DATE).message.startswith("the driver")
