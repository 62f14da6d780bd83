"""Redshift by redshift_connector: rows fetched through a cursor of the server, the types of PostgreSQL it came from."""

import socket
from collections import abc
from dataclasses import dataclass
from itertools import islice
from typing import Any, ClassVar

from sqlalchemy import URL, Connection

from sync.database import engines
from sync.domain.numbers import single
from sync.domain.record import AttributeType
from sync.warehouse import statement
from sync.warehouse.dialects import late, postgresql, redshift_dates
from sync.warehouse.dialects.dialect import Kind, Late
from sync.warehouse.dialects.general import General

#: docs.aws.amazon.com/redshift/latest/dg/c_Supported_data_types.html, beside those of PostgreSQL.
_KINDS: dict[int, Kind] = {
    **postgresql.KINDS,
    3000: "binary",  # geometry
    3001: "binary",  # geography
    4000: "json",  # super
    6551: "binary",  # varbyte
}
_NUMERIC = 1700
_MENDED: dict[int, late.Load] = {
    700: single,
    1042: late.unpadded,
    **dict.fromkeys((1082, 1114, 1184), late.endless),
}
#: So many rows a single node hands over at once.
_ROWS = 1000
_DECLARE, _FETCH, _CLOSE = (
    "declare sync_rows cursor for ",
    f"fetch forward {_ROWS} from sync_rows",
    "close sync_rows",
)


@dataclass(frozen=True, slots=True)
class Redshift(General):
    """Redshift by its own driver; by psycopg it is one of PostgreSQL's relatives."""

    as_text: ClassVar[str] = "json_serialize({})"
    plain_as_text: ClassVar[str] = "cast({} as varchar)"
    bytes_as_text: ClassVar[str] = "to_hex({})"
    grammar: ClassVar[str] = "redshift"
    guards: ClassVar[bool] = True

    def prepare(self, driver: Any) -> None:
        """Cursors fetch through one of the server: the driver's own read the whole result first. Dates are exact."""
        redshift_dates.install(driver)
        plain = driver.cursor
        driver.cursor = lambda: Fetched(plain())

    def begin(self, connection: Connection) -> None:
        """Said, since the driver begins with another statement unless it is told that it need not."""
        driver: Any = connection.connection.driver_connection
        driver.rollback()
        driver.autocommit = True
        driver.cursor().execute("start transaction read only")

    def kinds(self, connection: Connection, cursor: Any) -> abc.Sequence[Kind]:
        """By the types' object ids; the scale of numbers is in what the driver knows of a column besides."""
        return [kind(oid, modifier) for oid, modifier in cursor.types()]

    def late(self, driver: Any, description: abc.Sequence[Any]) -> Late:
        """Text of fixed width, numbers of single precision, and infinite dates."""
        return late.by_type(_MENDED, (column[1] for column in description))

    def cancel(self, driver: Any) -> None:
        """Hang up: there is no other way."""
        driver._usock.shutdown(socket.SHUT_RDWR)

    def words(self, error: BaseException, url: URL, *, detail: bool) -> str:
        """What the server says under M."""
        message = _told(error).get("M")
        if not message:
            return engines.words(error, url, detail=detail)
        return engines.words(Exception(str(message)), url, detail=detail)

    def position(self, error: BaseException, connection: Connection) -> int | None:
        """What the server says under P, without the words that stand before the query."""
        told = str(_told(error).get("P") or "")
        return int(told) - 1 - len(_DECLARE) if told.isdecimal() else None

    def hint(self, error: BaseException) -> str:
        """What the server says under H."""
        return str(_told(error).get("H") or "")


class Fetched:
    """A cursor of the driver that gets the rows of a query by and by."""

    def __init__(self, plain: Any) -> None:
        self._plain = plain
        self._open = False
        self._rows: abc.Iterator[Any] = iter(())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plain, name)

    def execute(self, operation: str, *arguments: Any) -> None:
        """Run a statement; a query is declared, and its first rows are fetched."""
        if arguments or not statement.begins_to_read(operation):
            self._plain.execute(operation, *arguments)
            self._rows = iter(self._plain.fetchall() if self._plain.description else ())
            return
        self._plain.execute(_DECLARE + operation)
        self._open = True
        self._plain.execute(_FETCH)
        self._rows = self._fetched()

    def _fetched(self) -> abc.Iterator[Any]:
        while rows := self._plain.fetchall():
            yield from rows
            if len(rows) < _ROWS:
                return
            self._plain.execute(_FETCH)

    def types(self) -> list[tuple[int, int]]:
        """Of each column the object id of its type, and its modifier."""
        return [
            (column["type_oid"], column["type_modifier"]) for column in self._plain.ps["row_desc"]
        ]

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """Up to so many rows; fewer only at the end."""
        return list(islice(self._rows, size or 1))

    def fetchone(self) -> Any:
        """The next row; None at the end."""
        return next(self._rows, None)

    def fetchall(self) -> list[Any]:
        """All rows that are left."""
        return list(self._rows)

    def close(self) -> None:
        """Let go of the rows that are left."""
        if self._open:
            self._open = False
            self._plain.execute(_CLOSE)
        self._plain.close()


def kind(oid: int, modifier: int) -> Kind:
    """What a column is; the scale of a number is in the lower half of its modifier, as PostgreSQL keeps it."""
    if oid == _NUMERIC:
        whole = modifier >= 4 and (modifier - 4) & 0xFFFF == 0
        return AttributeType.INTEGER if whole else AttributeType.DECIMAL
    return _KINDS.get(oid)


def _told(error: BaseException) -> dict[str, Any]:
    original = getattr(error, "orig", None) or error
    told = original.args[0] if original.args else None
    return told if isinstance(told, dict) else {}
