"""Fingerprints of rows by ClickHouse: its keyed SipHash of one text of all columns.

Columns are written as `hex` writes them, which is their memory, or as the numbers behind them: no setting of output
changes these, as some do change what `toString` makes of decimals, booleans and times. Its hashes of several columns
would not do: they are null where one of them is.
"""

import re
from collections import abc
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from sqlalchemy import Connection

from sync.domain.buckets import BUCKETS
from sync.warehouse.dialects.hashing import Salt, Shape, bitmap
from sync.warehouse.frame import Frame
from sync.warehouse.statement import sets

#: What stands around a type and says nothing of its values.
_AROUND = re.compile(r"(?:Nullable|LowCardinality)\((.*)\)\Z")
_WHOLE = [f"{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64, 128, 256)]
#: By types without what is in brackets; none of these texts has a semicolon, or is N.
_MADE = {
    **dict.fromkeys(
        (*_WHOLE, "Bool", "Float32", "Float64", "Decimal", "Date", "DateTime"), "hex({0})"
    ),
    **dict.fromkeys(("UUID", "IPv4", "IPv6", "FixedString"), "hex({0})"),
    "Date32": "toString(toInt32({0}))",
    "DateTime64": "toString(reinterpretAsInt64({0}))",
}
#: Text of whatever bytes; an enum is its label.
_TEXT = frozenset({"String", "Enum8", "Enum16"})
_NULL = frozenset({"Nothing"})


@dataclass(frozen=True, slots=True)
class ClickHouseHashing:
    """See `hashing.Hashing`."""

    def outline(self) -> Frame:
        """A limit of no rows is known before anything runs."""
        return Frame("select * from (", ") limit 0")

    def shape(self, connection: Connection, cursor: Any, sql: str) -> Shape:
        """Types as they are written; the server's zone is what those are in that name none."""
        names = tuple(str(column[0]) for column in cursor.description)
        types = tuple(str(column[1]) for column in cursor.description)
        driver: Any = connection.connection.driver_connection
        client = driver.client
        unproven = tuple(i for i, type_ in enumerate(types) if not _is_proven(type_))
        told = f"ClickHouse {client.server_version}, {client.server_tz}, {_driver()}"
        return Shape(names, types, types, told, unproven, _set_for_itself(sql))

    def whole(self, shape: Shape, salt: Salt) -> Frame:
        """The sum of UInt64 would be cut to 64 bits."""
        return Frame(f"select count(), {_sum(shape, salt)} from (", ")")

    def buckets(self, shape: Shape, key: abc.Sequence[int], salt: Salt) -> Frame:
        """Grouped in one pass, by the expression itself: a name might be that of a column."""
        bucket = _bucket(shape, key, salt)
        before = f"select {bucket}, count(), {_sum(shape, salt)} from ("
        return Frame(before, f") group by {bucket}")

    def rows(
        self, shape: Shape, key: abc.Sequence[int], salt: Salt, wanted: abc.Collection[int]
    ) -> Frame:
        """A text of bits stays far below the longest statement that a server takes; a list may not."""
        bucket = _bucket(shape, key, salt)
        byte = f"substring(unhex('{bitmap(wanted).hex()}'), intDiv({bucket}, 8) + 1, 1)"
        return Frame(
            f"select *, {_row(shape, salt)}, {bucket} from (",
            f") where bitTest(reinterpretAsUInt8({byte}), {bucket} % 8) = 1",
        )


def _set_for_itself(sql: str) -> str:
    """Why a query is none that means the same within another: what it sets at its end would hold for a part only."""
    if not sets(sql, "clickhouse", "settings"):
        return ""
    return "SETTINGS at the end of the query would mean something else within another"


def _sum(shape: Shape, salt: Salt) -> str:
    return f"sum(toUInt128({_row(shape, salt)}))"


def _row(shape: Shape, salt: Salt) -> str:
    return _hash(shape, range(len(shape.names)), salt.row)


def _bucket(shape: Shape, key: abc.Sequence[int], salt: Salt) -> str:
    return f"toUInt16({_hash(shape, key, salt.bucket)} % {BUCKETS})"


def _hash(shape: Shape, places: abc.Iterable[int], salt: bytes) -> str:
    """First all that is short, with the lengths of texts, then the texts."""
    keys = ", ".join(
        f"toUInt64({int.from_bytes(salt[i : i + 8], byteorder='big')})" for i in (0, 8)
    )
    short, texts = list[str](), list[str]()
    for place in places:
        column, kind = _quoted(shape.names[place]), _bare(shape.types[place])
        if kind in _TEXT:
            text = f"toString({column})"
            short.append(f"ifNull(toString(length({text})), 'N')")
            texts.append(f"ifNull({text}, '')")
        else:
            made = _MADE.get(kind, "toString({0})").format(column)
            short.append(f"ifNull({made}, 'N')")
    parts = [part for text in short for part in (text, "';'")]
    return f"sipHash64Keyed(({keys}), concat('', {', '.join(parts + texts)}))"


def _quoted(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace("`", "\\`")
    return f"`{escaped}`"


def _bare(written: str) -> str:
    while found := _AROUND.match(written):
        written = found[1]
    return written.partition("(")[0]


def _is_proven(written: str) -> bool:
    return _bare(written) in _MADE.keys() | _TEXT | _NULL


def _driver() -> str:
    return f"clickhouse-connect {version('clickhouse-connect')}"
