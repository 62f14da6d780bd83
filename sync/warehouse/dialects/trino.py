"""Trino by its own driver: types as it writes them, the server's words, queries cancelled by their cursors.

Read-only transactions are not asked for: many connectors have none. Only the user's rights, and the look at the
statement, keep a query from writing.
"""

from collections import abc
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import URL, Connection

from sync.database import engines, urls
from sync.domain.numbers import single
from sync.domain.record import AttributeType
from sync.warehouse.dialects import late, trino_values
from sync.warehouse.dialects.by_cursor import ByCursor
from sync.warehouse.dialects.dialect import Kind, Late

INTEGER, DECIMAL = AttributeType.INTEGER, AttributeType.DECIMAL
STRING, TIMESTAMP, BOOLEAN = AttributeType.STRING, AttributeType.TIMESTAMP, AttributeType.BOOLEAN

#: The driver's name for values that it leaves alone.
_AS_SENT = "legacy_primitive_types"
#: As Trino writes its types, without what is in brackets: trino.io/docs/current/language/types.html.
_KINDS: dict[str, Kind] = {
    "boolean": BOOLEAN,
    **dict.fromkeys(("tinyint", "smallint", "integer", "bigint"), INTEGER),
    **dict.fromkeys(("real", "double", "number"), DECIMAL),
    **dict.fromkeys(("varchar", "char", "uuid"), STRING),
    **dict.fromkeys(("date", "timestamp"), TIMESTAMP),
    **dict.fromkeys(("json", "map", "row"), "json"),
    "array": "array",
    **dict.fromkeys(
        ("varbinary", "hyperloglog", "p4hyperloglog", "setdigest", "qdigest", "tdigest"), "binary"
    ),
}
#: What reads the JSON that the server sends; the driver's own way ends a whole query at one value that it cannot read.
_LOADS: dict[str, late.Load] = {
    "real": lambda value: single(float(value)),
    "double": float,
    **dict.fromkeys(("decimal", "number"), trino_values.decimal),
    "char": late.unpadded,
    "uuid": trino_values.uuid,
    "date": trino_values.day,
    "timestamp": trino_values.moment,
    "time": trino_values.time_of_day,
    "interval": trino_values.span,
}


@dataclass(frozen=True, slots=True)
class Trino(ByCursor):
    """Trino, and its relatives that speak its protocol."""

    as_text: ClassVar[str] = "json_format(cast({} as json))"
    plain_as_text: ClassVar[str] = "cast({} as varchar)"
    bytes_as_text: ClassVar[str] = "to_hex({})"
    grammar: ClassVar[str] = "trino"

    def arguments(self, url: URL) -> dict[str, Any]:
        """Values come as the server writes them."""
        return {} if _AS_SENT in url.query else {_AS_SENT: True}

    def kinds(self, connection: Connection, cursor: Any) -> abc.Sequence[Kind]:
        """By the written types."""
        return [kind(str(column[1])) for column in cursor.description]

    def late(self, driver: Any, description: abc.Sequence[Any]) -> Late:
        """All that is no number, text or Boolean of JSON, text of fixed width, and numbers of single precision."""
        return late.by_type(_LOADS, (_name(str(column[1])) for column in description))

    def words(self, error: BaseException, url: URL, *, detail: bool) -> str:
        """The server's message, which has line and column in it; the driver's own text is the query's id.

        It connects with the first statement, so where nobody answers that is said here.
        """
        if _is_nobody(error):
            said = engines.words(error, url, detail=detail)
            return f"cannot connect to {urls.mask(url)}: {said}"
        message = getattr(getattr(error, "orig", None), "message", None)
        if not isinstance(message, str):
            return engines.words(error, url, detail=detail)
        return engines.words(Exception(message), url, detail=detail)

    def hint(self, error: BaseException) -> str:
        """Where to look if nobody answers: the driver connects with the first statement."""
        return self.unreachable if _is_nobody(error) else ""


def _is_nobody(error: BaseException) -> bool:
    return type(getattr(error, "orig", None)).__name__ == "TrinoConnectionError"


def kind(written: str) -> Kind:
    """What a type is: `decimal(18,2)`, `timestamp(3) with time zone`, `row(a integer)`."""
    name, rest = _name(written), written.partition("(")[2]
    if name == "decimal":
        return INTEGER if rest.replace(" ", "").endswith(",0)") else DECIMAL
    return _KINDS.get(name)


def _name(written: str) -> str:
    return written.partition("(")[0].partition(" ")[0].lower()
