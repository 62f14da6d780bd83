"""Snowflake by its own connector: types by their codes, queries aborted by their ids, names in either case.

Nothing keeps a query from writing but the user's rights and the look at the statement. A date that Python does not
know ends a query: the connector reads rows in compiled code, which neither hands such a value over nor passes over it.
"""

import logging
from collections import abc
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import URL, Connection, Engine

from sync.database import engines
from sync.domain.record import AttributeType
from sync.warehouse.dialects import running
from sync.warehouse.dialects.by_cursor import ByCursor
from sync.warehouse.dialects.dialect import Kind

INTEGER, DECIMAL = AttributeType.INTEGER, AttributeType.DECIMAL
STRING, TIMESTAMP, BOOLEAN = AttributeType.STRING, AttributeType.TIMESTAMP, AttributeType.BOOLEAN

_FIXED = 0
#: The connector's error where it cannot make Python's values of a row.
_UNREADABLE = 252005
#: docs.snowflake.com/en/developer-guide/python-connector/python-connector-api, type codes.
_KINDS: dict[int, Kind] = {
    1: DECIMAL,
    2: STRING,
    **dict.fromkeys((3, 4, 6, 7, 8), TIMESTAMP),  # date, timestamp and its three kinds
    **dict.fromkeys((5, 9, 17), "json"),  # variant, object, map
    **dict.fromkeys((10, 16), "array"),  # array, vector
    **dict.fromkeys((11, 14, 15), "binary"),  # binary, geography, geometry
    13: BOOLEAN,
}


@dataclass(frozen=True, slots=True)
class Snowflake(ByCursor):
    """Snowflake."""

    as_text: ClassVar[str] = "{}::string"
    bytes_as_text: ClassVar[str] = "hex_encode({})"
    in_range: ClassVar[str] = "iff(year({0}) between 1 and 9999, {0}, null) as {0}"
    grammar: ClassVar[str] = "snowflake"
    folds: ClassVar[bool] = True

    def kinds(self, connection: Connection, cursor: Any) -> abc.Sequence[Kind]:
        """By the types' codes, and the scale of numbers."""
        return [kind(column[1], column[5]) for column in cursor.description]

    def cancel(self, driver: Any) -> None:
        """By the id of the query, as soon as it has one."""
        cursor = running.cursor_of(driver)
        if cursor is not None and cursor.sfqid:
            cursor.abort_query(cursor.sfqid)

    def watch(self, engine: Engine) -> None:
        """Note which cursor runs. The connector warns that this is no cloud of Amazon's; what fails it raises."""
        logging.getLogger("snowflake.connector").setLevel(logging.ERROR)
        ByCursor.watch(self, engine)

    def unreadable(self, error: BaseException) -> bool:
        """By the connector's own number for it."""
        return getattr(getattr(error, "orig", None), "errno", None) == _UNREADABLE

    def words(self, error: BaseException, url: URL, *, detail: bool) -> str:
        """The server's message, without the code and the query's id around it."""
        message = getattr(getattr(error, "orig", None) or error, "raw_msg", None)
        if not isinstance(message, str) or not message:
            return engines.words(error, url, detail=detail)
        return engines.words(Exception(message), url, detail=detail)


def kind(code: int, scale: int | None) -> Kind:
    """What a column is, by the code of its type; numbers without a scale are DECFLOAT."""
    if code == _FIXED:
        return INTEGER if scale == 0 else DECIMAL
    return _KINDS.get(code)
