"""Rows as a driver gives them: SQLAlchemy's own around each takes longer to make than a row takes to fetch."""

from collections import abc
from typing import Any

from sqlalchemy import CursorResult


def batches(result: CursorResult[Any], size: int) -> abc.Iterator[list[tuple[Any, ...]]]:
    """The rows in lists of `size`, the last is shorter; values have passed through no type of SQLAlchemy's.

    Errors are SQLAlchemy's, as its own fetching raises them.
    """
    fetched: Any = result
    # After the last row the strategy is another one, which has no cursor and no rows.
    while rows := fetched.cursor_strategy.fetchmany(fetched, fetched.cursor, size):
        yield list(rows) if type(rows[0]) is tuple else [tuple(row) for row in rows]
