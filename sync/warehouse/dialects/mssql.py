"""SQL Server by pymssql: the few types that it tells, and messages without what stands around them.

pymssql says of numbers that they are numbers, and no more, so the values tell. SQL Server has no transactions that only
read: only the user's rights, and the look at the statement, keep a query from writing.
"""

import re
from collections import abc
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import URL, Connection

from sync.database import engines
from sync.domain.record import AttributeType
from sync.warehouse.dialects.dialect import Kind
from sync.warehouse.dialects.general import General

#: Type codes of pymssql; 3 are whole numbers, floats and bits, 5 are decimals.
_KINDS: dict[int, Kind] = {1: AttributeType.STRING, 2: "binary", 4: AttributeType.TIMESTAMP}
#: What the library below adds to every message, and begins its own with.
_ADDED = re.compile(r"DB-Lib error message \d+, severity \d+:\s*")


@dataclass(frozen=True, slots=True)
class SQLServer(General):
    """SQL Server by pymssql."""

    as_text: ClassVar[str] = "cast({} as nvarchar(255))"
    bytes_as_text: ClassVar[str] = "convert(varchar(255), {}, 2)"
    grammar: ClassVar[str] = "tsql"

    def kinds(self, connection: Connection, cursor: Any) -> abc.Sequence[Kind]:
        """Text, bytes and times; of numbers the values tell."""
        return [_KINDS.get(column[1]) for column in cursor.description]

    def words(self, error: BaseException, url: URL, *, detail: bool) -> str:
        """The server's message, which comes as bytes, once."""
        original = getattr(error, "orig", None) or error
        found = next((text for text in _texts(original.args) if text.strip()), None)
        if found is None:
            return engines.words(error, url, detail=detail)
        said = next(part for part in _ADDED.split(found) if part.strip())
        return engines.words(Exception(said), url, detail=detail)


def _texts(arguments: object) -> abc.Iterator[str]:
    match arguments:
        case bytes():
            yield arguments.decode("utf-8", "replace")
        case str():
            yield arguments
        case tuple():
            for argument in arguments:
                yield from _texts(argument)
