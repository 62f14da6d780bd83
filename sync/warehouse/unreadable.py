"""A value that the driver itself cannot make into one of Python's, which ends the query."""

from collections import abc

from sync.domain.record import AttributeType
from sync.errors import SourceError
from sync.warehouse.column import Column


def refusal(words: str, columns: abc.Sequence[Column], in_range: str) -> SourceError:
    """What is said of it: the columns that can be meant, and SQL by which the other rows come through.

    `words` are the driver's, `in_range` is SQL for dates and times that Python knows.
    """
    names = [column.name for column in columns if column.type is AttributeType.TIMESTAMP]
    if not names:
        return SourceError(f"the driver cannot read a value of this query: {words}")
    where = names[0] if len(names) == 1 else f"one of {', '.join(names)}"
    instead = ", ".join(in_range.format(name) for name in names)
    return SourceError(
        f"the driver cannot read a date or time of {where}: {words}",
        f"it knows the years 1 to 9999; to send none for others, write {instead}",
    )
