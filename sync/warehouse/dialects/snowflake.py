"""Snowflake by its own connector: types by their codes, queries cancelled by their sessions, names in either case.

Nothing keeps a query from writing but the user's rights and the look at the statement. A date that Python does not
know ends a query: the connector reads rows in compiled code, which neither hands such a value over nor passes over it.
"""

import logging
import re
from collections import abc
from contextlib import closing
from dataclasses import dataclass
from math import ceil
from typing import Any, ClassVar

from sqlalchemy import URL, Connection, Engine

from sync.database import engines
from sync.domain.record import AttributeType
from sync.warehouse.dialects.dialect import Kind
from sync.warehouse.dialects.general import General

INTEGER, DECIMAL = AttributeType.INTEGER, AttributeType.DECIMAL
STRING, TIMESTAMP, BOOLEAN = AttributeType.STRING, AttributeType.TIMESTAMP, AttributeType.BOOLEAN

_FIXED = 0
#: The connector's error where it cannot make Python's values of a row.
_UNREADABLE = 252005
#: Seconds for a login and for a connection to come about, of which the connector would take 120 and 60. What is left
#: open when the process ends is open because the server does not answer: nobody waits for it to be closed then.
_PATIENCE = {"login_timeout": 45, "connect_timeout": 15, "auto_cleanup": False}
#: docs.snowflake.com/en/sql-reference/parameters: seconds, of which 0 means the most.
_LIMIT = "STATEMENT_TIMEOUT_IN_SECONDS"
#: By the server's number, what the URL lacks; a name that it does not know may be one that the role may not see.
_HINTS = {
    606: "name a warehouse that the role may use in the URL: ?warehouse=NAME",
    2003: "see that the URL names the database, the schema and the role (?role=NAME), and that this role may read it",
    90105: "name the database and the schema in the URL: …@ACCOUNT/DATABASE/SCHEMA",
}
#: What the connector puts around the server's words for a login that it refuses.
_REFUSED = re.compile(r"Failed to login: Login error: (.+?)(?:, code: \d+)?", re.S)
#: docs.snowflake.com/en/developer-guide/python-connector/python-connector-api, type codes.
_KINDS: dict[int, Kind] = {
    1: DECIMAL,
    2: STRING,
    **dict.fromkeys((3, 4, 6, 7, 8), TIMESTAMP),  # date, timestamp and its three kinds
    **dict.fromkeys((5, 9, 17, 18), "json"),  # variant, object, map, file
    **dict.fromkeys((10, 16), "array"),  # array, vector
    **dict.fromkeys((11, 14, 15), "binary"),  # binary, geography, geometry
    13: BOOLEAN,
}


@dataclass(frozen=True, slots=True)
class Snowflake(General):
    """Snowflake."""

    unreachable: ClassVar[str] = (
        "check the URL and the account's name in it, the user's key, password or token, and that the account's network"
        " policy lets this machine in"
    )
    as_text: ClassVar[str] = "{}::string"
    bytes_as_text: ClassVar[str] = "hex_encode({})"
    in_range: ClassVar[str] = "iff(year({0}) between 1 and 9999, {0}, null) as {0}"
    grammar: ClassVar[str] = "snowflake"
    folds: ClassVar[bool] = True

    def arguments(self, url: URL) -> dict[str, Any]:
        """How long to wait for a server that is silent, where the URL does not say so itself."""
        return {name: value for name, value in _PATIENCE.items() if name not in url.query}

    def limited(self, options: abc.Mapping[str, Any], seconds: float) -> dict[str, Any]:
        """By the session's own time-out: the server ends the query even where nobody is left who could cancel it."""
        given = options.get("session_parameters") or {}
        if any(str(name).upper() == _LIMIT for name in given):
            return dict(options)
        return {**options, "session_parameters": {_LIMIT: max(1, ceil(seconds)), **given}}

    def kinds(self, connection: Connection, cursor: Any) -> abc.Sequence[Kind]:
        """By the types' codes, and the scale of numbers."""
        return [kind(column[1], column[5]) for column in cursor.description]

    def cancel(self, driver: Any) -> None:
        """By the session, which has no other query; the connector tells a query's own id only when it is done."""
        with closing(driver.cursor()) as cursor:
            cursor.execute(f"select system$cancel_all_queries({int(driver.session_id)})")

    def watch(self, engine: Engine) -> None:
        """The connector logs what it raises as well, and that this is no cloud of Amazon's."""
        logging.getLogger("snowflake.connector").setLevel(logging.CRITICAL)

    def unreadable(self, error: BaseException) -> bool:
        """By the connector's own number for it."""
        return _number(error) == _UNREADABLE

    def hint(self, error: BaseException) -> str:
        """What the URL may lack, as everything there is left to the user's defaults."""
        return _HINTS.get(_number(error), "")

    def words(self, error: BaseException, url: URL, *, detail: bool) -> str:
        """The server's message, without the code and the query's id around it."""
        message = getattr(getattr(error, "orig", None) or error, "raw_msg", None)
        if not isinstance(message, str) or not message:
            return engines.words(error, url, detail=detail)
        refused = _REFUSED.fullmatch(message)
        return engines.words(Exception(refused[1] if refused else message), url, detail=detail)


def _number(error: BaseException) -> int:
    number = getattr(getattr(error, "orig", None), "errno", None)
    return number if isinstance(number, int) else 0


def kind(code: int, scale: int | None) -> Kind:
    """What a column is, by the code of its type; numbers without a scale are DECFLOAT."""
    if code == _FIXED:
        return INTEGER if scale == 0 else DECIMAL
    return _KINDS.get(code)
