"""MySQL and MariaDB: one protocol, one driver, the same types."""

import socket
from collections import abc
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, ClassVar

from sqlalchemy import Connection

from sync.domain.numbers import SixDigits, single
from sync.domain.record import AttributeType
from sync.warehouse.dialects import late, mysql_zone
from sync.warehouse.dialects.dialect import Kind, Late
from sync.warehouse.dialects.general import General

INTEGER, DECIMAL = AttributeType.INTEGER, AttributeType.DECIMAL
STRING, TIMESTAMP, BOOLEAN = AttributeType.STRING, AttributeType.TIMESTAMP, AttributeType.BOOLEAN

#: Said on connecting. A DDL statement ends the transaction it comes in, so a transaction alone
#: would not keep it out. Nothing else of the session is changed: a query may depend on its zone.
SESSION = ("set session transaction read only",)
_TINY, _FLOAT, _TIMESTAMP, _CHAR = 1, 4, 7, 254
_DECIMALS = (0, 246)
#: dev.mysql.com/doc/dev/mysql-server/latest/field__types_8h.html
_KINDS: dict[int, Kind] = {
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


#: The server writes a FLOAT with six digits. CHAR is filled up with blanks in the SQL mode PAD_CHAR_TO_FULL_LENGTH.
_MENDED: dict[int, late.Load] = {
    _FLOAT: lambda value: SixDigits(single(value)),
    _CHAR: late.unpadded,
}


@dataclass(frozen=True, slots=True)
class AnyMySQL(General):
    """MySQL or MariaDB by whatever driver."""

    as_text: ClassVar[str] = "cast({} as char)"
    bytes_as_text: ClassVar[str] = "hex({})"
    grammar: ClassVar[str] = "mysql"
    guards: ClassVar[bool] = True
    #: tinyint(1) is what BOOLEAN means here, and what many take for a small number.
    doubtful: ClassVar[abc.Set[AttributeType]] = frozenset({BOOLEAN})

    def begin(self, connection: Connection) -> None:
        """Said, since the drivers have no option for it."""
        connection.exec_driver_sql("start transaction read only")

    def kinds(self, connection: Connection, cursor: Any) -> abc.Sequence[Kind]:
        """By the types' numbers; drivers other than PyMySQL do not tell text from bytes."""
        fields = getattr(getattr(cursor, "_result", None), "fields", None)
        sets = [field.charsetnr for field in fields] if fields else [None] * len(cursor.description)
        return [kind(*pair) for pair in zip(cursor.description, sets, strict=True)]

    def late(self, driver: Any, description: abc.Sequence[Any]) -> Late:
        """Text of fixed width, and numbers of single precision."""
        return late.by_type(_MENDED, (column[1] for column in description))


@dataclass(frozen=True, slots=True)
class PyMySQL(General):
    """The driver PyMySQL, on whatever speaks MySQL's protocol."""

    def prepare(self, driver: Any) -> None:
        """Nothing is written, and TIMESTAMP values are exact."""
        with driver.cursor() as cursor:
            for statement in SESSION:
                cursor.execute(statement)
            to_moment = mysql_zone.of_session(partial(_row, cursor))
        inner = driver.decoders[_TIMESTAMP]

        def read(text: str) -> Any:
            """0000-00-00 comes as text; it stays so, to be rejected with its row."""
            moment = inner(text)
            return to_moment(moment) if isinstance(moment, datetime) else moment

        driver.decoders = {**driver.decoders, _TIMESTAMP: read}

    def cancel(self, driver: Any) -> None:
        """Hang up: the server breaks off when it next has a row."""
        if driver._sock is not None:
            driver._sock.shutdown(socket.SHUT_RDWR)

    def leave(self, driver: Any) -> bool:
        """Whether the server has more of a result to send; closing would wait for the last row."""
        result = driver._result
        if not getattr(result, "unbuffered_active", False):
            return False
        result.unbuffered_active = False
        return True


@dataclass(frozen=True, slots=True)
class MySQL(PyMySQL, AnyMySQL):
    """MySQL or MariaDB by PyMySQL."""


def _row(cursor: Any, sql: str) -> tuple[Any, ...]:
    cursor.execute(sql)
    row: tuple[Any, ...] = cursor.fetchone()
    return row


def kind(column: abc.Sequence[Any], charset: int | None) -> Kind:
    """What a column is, by its entry in a cursor's description and the number of its character set."""
    code, width, scale = column[1], column[3], column[5]
    if code == _TINY:  # tinyint(1) is what BOOLEAN means here
        return BOOLEAN if width == 1 else INTEGER
    if code in _DECIMALS:
        return INTEGER if scale == 0 else DECIMAL
    if code in _TEXT_OR_BYTES and charset is not None:
        return "binary" if charset == _BYTES else STRING
    return _KINDS.get(code)
