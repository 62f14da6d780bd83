"""SQL Server by pymssql: types as the server describes them, and its messages without what stands around them.

SQL Server has no transactions that only read. A query runs in one that is never committed, so what it wrote would be
undone; that it writes nothing is kept by the user's rights and the look at the statement.
"""

import re
from collections import abc
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import URL, Connection, Engine, event

from sync.database import engines
from sync.domain.numbers import single
from sync.domain.record import AttributeType
from sync.warehouse.dialects import late, mssql_session
from sync.warehouse.dialects.dialect import Kind, Late
from sync.warehouse.dialects.general import General
from sync.warehouse.dialects.mssql_session import Session

INTEGER, DECIMAL = AttributeType.INTEGER, AttributeType.DECIMAL
STRING, TIMESTAMP, BOOLEAN = AttributeType.STRING, AttributeType.TIMESTAMP, AttributeType.BOOLEAN

#: As SQL Server writes its types, without what is in brackets; where it describes nothing, the driver's numbers, of
#: which 2 is said of bytes, dates and UUIDs alike, 3 of whole numbers, floats and bits, 5 of decimals:
#: learn.microsoft.com/sql/t-sql/data-types/data-types-transact-sql
_KINDS: dict[Any, Kind] = {
    "bit": BOOLEAN,
    **dict.fromkeys(("tinyint", "smallint", "int", "bigint"), INTEGER),
    **dict.fromkeys(("money", "smallmoney", "real", "float"), DECIMAL),
    **dict.fromkeys(("char", "varchar", "text", "nchar", "nvarchar", "ntext", "sysname"), STRING),
    **dict.fromkeys(("uniqueidentifier", "xml"), STRING),
    **dict.fromkeys(
        ("date", "smalldatetime", "datetime", "datetime2", "datetimeoffset"), TIMESTAMP
    ),
    **dict.fromkeys(("binary", "varbinary", "image", "timestamp", "rowversion"), "binary"),
    **dict.fromkeys(("geometry", "geography"), "geometry"),
    **dict.fromkeys(("sql_variant", "hierarchyid"), "sql_variant"),
    "json": "json",
    "vector": "array",
    1: STRING,
    4: TIMESTAMP,
}
_MENDED: dict[str, late.Load] = {
    "real": single,
    **dict.fromkeys(("char", "nchar"), late.unpadded),
}
#: Seconds for a connection to come about: the driver asks in several versions of the protocol, one after the other.
_PATIENCE = 15
#: What the library below adds to every message, and begins its own with.
_ADDED = re.compile(r"DB-Lib error message \d+, severity \d+:\s*")
#: What it keeps of an earlier connection that broke, and puts before what it says of the next one.
_LEFT = "DBPROCESS is dead or not enabled"


@dataclass(frozen=True, slots=True)
class SQLServer(General):
    """SQL Server by pymssql."""

    as_text: ClassVar[str] = "cast({} as nvarchar(255))"
    bytes_as_text: ClassVar[str] = "convert(varchar(255), {}, 2)"
    grammar: ClassVar[str] = "tsql"

    def arguments(self, url: URL) -> dict[str, Any]:
        """A server that says nothing is given up after about half a minute."""
        return {} if "login_timeout" in url.query else {"login_timeout": _PATIENCE}

    def watch(self, engine: Engine) -> None:
        """Let connections be of the kind that can be ended."""
        mssql_session.listen(engine.dialect.dbapi)
        event.listen(engine, "do_connect", _connect)
        event.listen(engine, "before_cursor_execute", _type)

    def kinds(self, connection: Connection, cursor: Any) -> abc.Sequence[Kind]:
        """By the types' names."""
        return [kind(column[1]) for column in cursor.description]

    def late(self, driver: Any, description: abc.Sequence[Any]) -> Late:
        """Text of fixed width, and numbers of single precision."""
        return late.by_type(_MENDED, (_name(column[1]) for column in description))

    def manner(self, driver: Any) -> str:
        """The driver's module, which its rows were hashed with before there were sessions."""
        return "pymssql._pymssql"

    def words(self, error: BaseException, url: URL, *, detail: bool) -> str:
        """The server's message, which comes as bytes, once."""
        original = getattr(error, "orig", None) or error
        found = next((text for text in _texts(original.args) if text.strip()), None)
        if found is None:
            return engines.words(error, url, detail=detail)
        parts = [part for part in _ADDED.split(found) if part.strip()]
        said = next((part for part in parts if part.strip() != _LEFT), _LEFT)
        return engines.words(Exception(said), url, detail=detail)

    def line(self, error: BaseException) -> int | None:
        """What the driver's own error knows of a message of the server, below the one that it raises."""
        told = getattr(getattr(error, "orig", None), "__context__", None)
        line = getattr(told, "line", None)
        return line if isinstance(line, int) and line > 0 else None


def _connect(dialect: Any, _: object, given: list[Any], named: dict[str, Any]) -> Session:
    return Session(dialect.connect(*given, **named))


def _type(
    connection: Connection, cursor: Any, sql: str, given: object, context: Any, many: bool
) -> None:
    """Ask for the types of our own queries; those of SQLAlchemy's and of a catalog's need none."""
    cursor.typed = bool(context.execution_options.get("no_parameters"))


def kind(written: object) -> Kind:
    """What a type is: `decimal(18,2)`, `nvarchar(max)`, or the driver's number where the server told nothing."""
    name = _name(written)
    if name in ("decimal", "numeric"):
        return INTEGER if str(written).endswith(",0)") else DECIMAL
    return _KINDS.get(name)


def _name(written: object) -> Any:
    return written.partition("(")[0] if isinstance(written, str) else written


def _texts(arguments: object) -> abc.Iterator[str]:
    match arguments:
        case bytes():
            yield arguments.decode("utf-8", "replace")
        case str():
            yield arguments
        case tuple():
            for argument in arguments:
                yield from _texts(argument)
