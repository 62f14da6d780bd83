"""The wire of SQL Server, as MS-TDS describes its versions 7.3 and 7.4: packets, tokens, and values in them.

Written from the protocol's description, learn.microsoft.com/openspecs/windows_protocols/ms-tds, and never held
against a server. What is not here: bulk loads, MARS, parameters of remote calls.
"""

import re
import struct
from collections import abc
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

BATCH, CALL, ANSWER, ATTENTION, LOGIN, PRELOGIN = 1, 3, 4, 6, 0x10, 0x12
#: Bits of DONE.
MORE, FAILED, COUNTED, ATTENDED = 1, 2, 0x10, 0x20
_DONE, _DONE_OF_CALL, _DONE_IN_CALL = 0xFD, 0xFE, 0xFF
_ERROR, _INFO = 0xAA, 0xAB
_PACKET, _HEADER = 4096, 8
#: So many bytes of a message are in a packet.
ROOM = _PACKET - _HEADER
#: The sort orders of text: Latin, as servers have it unless told otherwise, Cyrillic, and UTF-8.
_LATIN, _CYRILLIC, _UTF8 = b"\x09\x04\xd0\x00\x34", b"\x19\x04\xd0\x00\x00", b"\x09\x04\xd0\x24\x00"
_FIRST = date(1, 1, 1).toordinal()
_OF_DATETIME = datetime(1900, 1, 1)
_NO_CHUNKS = b"\xff" * 8


def packets(kind: int, body: bytes, first: int = 1) -> abc.Iterator[bytes]:
    """A message in packets, or its end, from a packet of this number on."""
    parts = [body[at : at + ROOM] for at in range(0, len(body), ROOM)]
    for number, part in enumerate(parts, first):
        yield packet(kind, part, number, last=part is parts[-1])


def packet(kind: int, part: bytes, number: int = 1, *, last: bool) -> bytes:
    """One packet of a message."""
    return struct.pack(">BBHHBB", kind, last, len(part) + _HEADER, 51, number % 256, 0) + part


def header(head: bytes) -> tuple[int, bool, int]:
    """Of a packet its kind, whether it is the last of its message, and how many bytes follow."""
    kind, status, size = struct.unpack(">BBH4x", head)
    return kind, bool(status & 1), size - _HEADER


def prelogin(*, encrypted: bool) -> bytes:
    """The answer to who asks what the server can do: version 16, and no encryption at all or one that it requires."""
    mode = b"\x03" if encrypted else b"\x02"
    options = ((0, b"\x10\x00\x03\xe8\x00\x00"), (1, mode), (2, b"\x00"), (3, b""), (4, b"\x00"))
    head, body = b"", b""
    start = 5 * len(options) + 1
    for option, value in options:
        head += struct.pack(">BHH", option, start + len(body), len(value))
        body += value
    return head + b"\xff" + body


@dataclass(frozen=True, slots=True)
class Login:
    """Who logs in, and to which database."""

    user: str
    password: str
    database: str


def login(body: bytes) -> Login:
    """What a client says of itself; the password is only disguised."""

    def text(at: int) -> bytes:
        start, size = struct.unpack_from("<HH", body, at)
        return body[start : start + 2 * size]

    password = bytes((b ^ 0xA5) >> 4 | ((b ^ 0xA5) & 15) << 4 for b in text(44))
    return Login(*(one.decode("utf-16-le") for one in (text(40), password, text(68))))


def batch(body: bytes) -> str:
    """The statements of a batch, behind the headers that stand before them."""
    (headers,) = struct.unpack_from("<I", body)
    return body[headers:].decode("utf-16-le")


def welcome(asked: Login) -> bytes:
    """A login that was taken: the database, sort order and size of packets that hold from now on."""
    name = _short("Microsoft SQL Server")
    body = b"\x01" + struct.pack(">I", 0x74000004)
    body += name + b"\x10\x00\x03\xe8"
    database = asked.database or "master"
    return (
        changed(1, _short(database), _short("master"))
        + said(5701, f"Changed database context to '{database}'.", kind=0)
        + changed(7, b"\x05" + _LATIN, b"\x00")
        + b"\xad"
        + struct.pack("<H", len(body))
        + body
        + changed(4, _short(str(_PACKET)), _short(str(_PACKET)))
        + done()
    )


def changed(kind: int, new: bytes, old: bytes) -> bytes:
    """Something of the session that is another now."""
    return struct.pack("<BHB", 0xE3, len(new) + len(old) + 1, kind) + new + old


def said(number: int, text: str, kind: int = 16, line: int = 1) -> bytes:
    """What the server says: from 11 on an error."""
    body = struct.pack("<iBB", number, 1, kind)
    body += struct.pack("<H", len(text)) + text.encode("utf-16-le")
    body += _short("STANDIN") + _short("") + struct.pack("<i", line)
    return struct.pack("<BH", _ERROR if kind > 10 else _INFO, len(body)) + body


def done(status: int = 0, rows: int = 0) -> bytes:
    """The end of a statement."""
    return struct.pack("<BHHQ", _DONE, status, 0xC1, rows)


def done_in_call(rows: int) -> bytes:
    """The end of a statement of a procedure, and of the procedure."""
    return (
        struct.pack("<BHHQ", _DONE_IN_CALL, MORE | COUNTED, 0xC1, rows)
        + struct.pack("<Bi", 0x79, 0)
        + struct.pack("<BHHQ", _DONE_OF_CALL, 0, 0xE0, 0)
    )


def columns(described: abc.Sequence[tuple[str, str]]) -> bytes:
    """The columns of a result by their names and types, as SQL Server writes these: `decimal(18,2)`, `int not null`."""
    made = b"\x81" + struct.pack("<H", len(described))
    for name, written in described:
        nullable = not written.endswith(" not null")
        made += struct.pack("<IH", 0, 8 | nullable) + of(written).told + _short(name)
    return made


def row(types: abc.Sequence[str], values: abc.Sequence[Any]) -> bytes:
    """A row, each value where it belongs."""
    return b"\xd1" + b"".join(of(t).sent(v) for t, v in zip(types, values, strict=True))


def sparse(types: abc.Sequence[str], values: abc.Sequence[Any]) -> bytes:
    """A row as servers send it where much of it is null: bits tell what is, and nothing stands for it."""
    bits = sum(1 << place for place, value in enumerate(values) if value is None)
    there = [(t, v) for t, v in zip(types, values, strict=True) if v is not None]
    marks = bits.to_bytes((len(values) + 7) // 8, "little")
    return b"\xd2" + marks + b"".join(of(t).sent(v) for t, v in there)


@dataclass(frozen=True, slots=True)
class Type:
    """A type: what is told of it before the rows, and how a value of it is sent."""

    told: bytes
    write: abc.Callable[[Any], bytes]
    null: bytes = b"\x00"

    def sent(self, value: Any) -> bytes:
        """A value; None is null."""
        return self.null if value is None else self.write(value)


@cache
def of(written: str) -> Type:
    """The type that SQL Server writes so; of text a sort order may stand behind it."""
    plain = written.removesuffix(" not null")
    name, _, rest = plain.partition("(")
    name, _, order = name.partition(" collate ")
    inside, _, behind = rest.partition(")")
    numbers = [int(part) for part in re.findall(r"\d+", inside)]
    if written != plain:
        return _fixed(name)
    if name in _TEXTS:
        return _text(name, inside, (order or behind).removeprefix(" collate "))
    if name in ("decimal", "numeric"):
        return _decimal(name, *numbers)
    if name in _TIMES:
        return _timed(name, *numbers)
    return _OTHERS[name]


def _short(text: str) -> bytes:
    return bytes([len(text)]) + text.encode("utf-16-le")


def _sized(write: abc.Callable[[Any], bytes]) -> abc.Callable[[Any], bytes]:
    """A value behind its length in a byte."""

    def made(value: Any) -> bytes:
        written = write(value)
        return bytes([len(written)]) + written

    return made


def _packed(form: str) -> abc.Callable[[Any], bytes]:
    return lambda value: struct.pack(form, value)


def _money(value: Any) -> bytes:
    units = int(Decimal(value).scaleb(4))
    return struct.pack("<iI", units >> 32, units & 0xFFFFFFFF)


def _datetime(value: datetime) -> bytes:
    passed = value - _OF_DATETIME
    return struct.pack(
        "<iI", passed.days, round((passed.seconds + passed.microseconds / 1e6) * 300)
    )


def _small_datetime(value: datetime) -> bytes:
    passed = value - _OF_DATETIME
    return struct.pack("<HH", passed.days, passed.seconds // 60)


_NUMBERS: dict[str, tuple[int, int, abc.Callable[[Any], bytes]]] = {
    "tinyint": (0x26, 0x30, _packed("<B")),
    "smallint": (0x26, 0x34, _packed("<h")),
    "int": (0x26, 0x38, _packed("<i")),
    "bigint": (0x26, 0x7F, _packed("<q")),
    "bit": (0x68, 0x32, _packed("<B")),
    "real": (0x6D, 0x3B, _packed("<f")),
    "float": (0x6D, 0x3E, _packed("<d")),
    "money": (0x6E, 0x3C, _money),
    "smallmoney": (0x6E, 0x7A, lambda value: struct.pack("<i", int(Decimal(value).scaleb(4)))),
    "datetime": (0x6F, 0x3D, _datetime),
    "smalldatetime": (0x6F, 0x3A, _small_datetime),
}
_SIZES = {
    "tinyint": 1,
    "smallint": 2,
    "int": 4,
    "bit": 1,
    "real": 4,
    "smallmoney": 4,
    "smalldatetime": 4,
}
_TEXTS = {
    "char": 0xAF,
    "varchar": 0xA7,
    "nchar": 0xEF,
    "nvarchar": 0xE7,
    "sysname": 0xE7,
    "binary": 0xAD,
    "varbinary": 0xA5,
}
_TIMES = {"time": 0x29, "datetime2": 0x2A, "datetimeoffset": 0x2B}


def _fixed(name: str) -> Type:
    """Numbers and times that are never null have types of their own, without a length."""
    _, code, write = _NUMBERS[name]
    return Type(bytes([code]), write)


def _decimal(name: str, precision: int = 18, scale: int = 0) -> Type:
    size = 5 if precision < 10 else 9 if precision < 20 else 13 if precision < 29 else 17

    def write(value: Any) -> bytes:
        exact = Decimal(value)
        number = int("".join(f"{exact:.{scale}f}".split(".")).lstrip("-"))
        return bytes([size, not exact.is_signed()]) + number.to_bytes(size - 1, "little")

    return Type(bytes([0x6A if name == "decimal" else 0x6C, size, precision, scale]), write)


def _timed(name: str, scale: int = 7) -> Type:
    size = 3 if scale < 3 else 4 if scale < 5 else 5

    def clock(at: datetime, tenths: int) -> bytes:
        units = ((at.hour * 60 + at.minute) * 60 + at.second) * 10**7 + at.microsecond * 10 + tenths
        unit: int = 10 ** (7 - scale)
        return (units // unit).to_bytes(size, "little")

    def write(value: Any) -> bytes:
        at, tenths = _precise(value)
        if name == "time":
            return clock(at, tenths)
        if name == "datetime2":
            return clock(at, tenths) + _day(at)
        minutes = int((at.utcoffset() or timedelta()).total_seconds()) // 60
        at = at.astimezone(UTC)
        return clock(at, tenths) + _day(at) + struct.pack("<h", minutes)

    return Type(bytes([_TIMES[name], scale]), _sized(write))


def _precise(value: Any) -> tuple[datetime, int]:
    """A time, and its seventh digit, which only text has."""
    if isinstance(value, str):
        return datetime.fromisoformat(value[:26]), int(value[26])
    return value, 0


def _day(value: date) -> bytes:
    return (value.toordinal() - _FIRST).to_bytes(3, "little")


def _text(name: str, inside: str, order: str) -> Type:
    wide, binary = name.startswith("n") or name == "sysname", "binary" in name
    size = {"max": 0xFFFF, "": 256 if wide else 30}.get(inside) or int(inside) * (2 if wide else 1)
    collation = {"": _LATIN, "Cyrillic_General_CI_AS": _CYRILLIC}.get(order, _UTF8)
    pages = {_LATIN: "cp1252", _CYRILLIC: "cp1251", _UTF8: "utf-8"}

    def encoded(value: str | bytes) -> bytes:
        if isinstance(value, bytes):
            return value
        filled = value.ljust(int(inside)) if name in ("char", "nchar") else value
        return filled.encode("utf-16-le" if wide else pages[collation])

    def write(value: Any) -> bytes:
        sent = encoded(value)
        return _chunks(sent) if inside == "max" else struct.pack("<H", len(sent)) + sent

    told = struct.pack("<BH", _TEXTS[name], size) + (b"" if binary else collation)
    return Type(told, write, _NO_CHUNKS if inside == "max" else b"\xff\xff")


def _chunks(sent: bytes) -> bytes:
    """What may be long, in one part; nothing at all is no part."""
    part = struct.pack("<I", len(sent)) + sent if sent else b""
    return struct.pack("<Q", len(sent)) + part + bytes(4)


def _pointed(sent: bytes) -> bytes:
    """What older types are sent behind: a pointer and a time that mean nothing to a client."""
    return b"\x10" + b"p" * 16 + b"t" * 8 + struct.pack("<I", len(sent)) + sent


def _variant(value: Any) -> bytes:
    """A value with a type of its own: a whole number or text."""
    if isinstance(value, int):
        made = b"\x38\x00" + struct.pack("<i", value)
    else:
        made = b"\xe7\x07" + _LATIN + b"\x40\x1f" + value.encode("utf-16-le")
    return struct.pack("<I", len(made)) + made


_TABLE = b"\x01" + struct.pack("<H", 8) + "accounts".encode("utf-16-le")
_SPATIAL = _short("") + _short("sys") + _short("geography") + struct.pack("<H", 0)
_OTHERS: dict[str, Type] = {
    **{
        name: Type(bytes([code, _SIZES.get(name, 8)]), _sized(write))
        for name, (code, _, write) in _NUMBERS.items()
    },
    "date": Type(b"\x28", _sized(_day)),
    "uniqueidentifier": Type(b"\x24\x10", _sized(lambda value: UUID(value).bytes_le)),
    "text": Type(
        b"\x23\xff\xff\xff\x7f" + _LATIN + _TABLE, lambda value: _pointed(value.encode("cp1252"))
    ),
    "ntext": Type(
        b"\x63\xfe\xff\xff\x7f" + _LATIN + _TABLE,
        lambda value: _pointed(value.encode("utf-16-le")),
    ),
    "image": Type(b"\x22\xff\xff\xff\x7f" + _TABLE, _pointed),
    "xml": Type(b"\xf1\x00", lambda value: _chunks(value.encode("utf-16-le")), _NO_CHUNKS),
    "sql_variant": Type(b"\x62\x49\x1f\x00\x00", _variant, bytes(4)),
    "geography": Type(b"\xf0\xff\xff" + _SPATIAL, _chunks, _NO_CHUNKS),
}
