"""What PyMySQL leaves open: column types, the time zone of timestamps, and leaving a result half-read."""

from collections import abc
from datetime import UTC, datetime
from typing import Any

from sync.domain.record import AttributeType

INTEGER, DECIMAL = AttributeType.INTEGER, AttributeType.DECIMAL
STRING, TIMESTAMP, BOOLEAN = AttributeType.STRING, AttributeType.TIMESTAMP, AttributeType.BOOLEAN

#: Said on connecting. A DDL statement ends the transaction it comes in, so a transaction alone
#: would not keep it out; and TIMESTAMP columns are shown in the zone of the session.
SESSION = ("set session transaction read only", "set session time_zone = '+00:00'")
_TINY, _TIMESTAMP = 1, 7
_DECIMALS = (0, 246)
#: dev.mysql.com/doc/dev/mysql-server/latest/field__types_8h.html
_KINDS: dict[int, AttributeType | str] = {
    2: INTEGER,  # smallint
    3: INTEGER,  # int
    4: DECIMAL,  # float
    5: DECIMAL,  # double
    7: TIMESTAMP,
    8: INTEGER,  # bigint
    9: INTEGER,  # mediumint
    10: TIMESTAMP,  # date
    12: TIMESTAMP,  # datetime
    13: INTEGER,  # year
    16: "binary",  # bit
    245: "json",  # of MySQL; MariaDB's is text
    247: STRING,  # enum
    248: STRING,  # set
    255: "binary",  # geometry
}
#: Text and bytes share these types; the character set tells which it is.
_TEXT_OR_BYTES = frozenset({15, 249, 250, 251, 252, 253, 254})
_BYTES = 63


def speaks(connection: Any) -> bool:
    """Whether a DB-API connection is PyMySQL's."""
    return type(connection).__module__.partition(".")[0] == "pymysql"


def prepare(connection: Any) -> None:
    """Make a new connection read-only, and its TIMESTAMP values exact."""
    with connection.cursor() as cursor:
        for statement in SESSION:
            cursor.execute(statement)
    inner = connection.decoders[_TIMESTAMP]
    connection.decoders = {**connection.decoders, _TIMESTAMP: lambda text: _in_utc(inner(text))}


def _in_utc(moment: Any) -> Any:
    """0000-00-00 comes as text; it stays so, to be rejected with its row."""
    return moment.replace(tzinfo=UTC) if isinstance(moment, datetime) else moment


def kinds(cursor: Any) -> list[AttributeType | str | None]:
    """What each column of a running query is; of other drivers than PyMySQL, what they tell."""
    fields = getattr(getattr(cursor, "_result", None), "fields", None)
    sets = [field.charsetnr for field in fields] if fields else [None] * len(cursor.description)
    return [_kind(*pair) for pair in zip(cursor.description, sets, strict=True)]


def _kind(column: abc.Sequence[Any], charset: int | None) -> AttributeType | str | None:
    code, width, scale = column[1], column[3], column[5]
    if code == _TINY:  # tinyint(1) is what BOOLEAN means here
        return BOOLEAN if width == 1 else INTEGER
    if code in _DECIMALS:
        return INTEGER if scale == 0 else DECIMAL
    if code in _TEXT_OR_BYTES and charset is not None:
        return "binary" if charset == _BYTES else STRING
    return _KINDS.get(code)


def is_half_read(connection: Any) -> bool:
    """Whether the server has more of a result to send. Closing it would wait for the last row.

    Afterwards the connection is of no use, and has to be thrown away.
    """
    result: Any = getattr(connection, "_result", None)
    if not speaks(connection) or not getattr(result, "unbuffered_active", False):
        return False
    result.unbuffered_active = False
    return True


def hang_up(connection: Any) -> None:
    """End whatever another thread waits for; the server breaks off when it next has a row."""
    import socket

    if connection._sock is not None:
        connection._sock.shutdown(socket.SHUT_RDWR)
