"""Rows out of Arrow's tables, as a driver hands them over; what Python has no date for stays text, to be rejected."""

from collections import abc
from typing import Any


def rows(table: Any) -> list[tuple[Any, ...]]:
    """The rows of a table of pyarrow."""
    return list(zip(*(_values(column) for column in table.itercolumns()), strict=True))


def _values(column: Any) -> abc.Sequence[Any]:
    try:
        values: list[Any] = column.to_pylist()
    except (ValueError, OverflowError):
        return [_value(one) for one in column]
    return values


def _value(scalar: Any) -> Any:
    try:
        return scalar.as_py()
    except (ValueError, OverflowError):
        return scalar.cast("string").as_py()
