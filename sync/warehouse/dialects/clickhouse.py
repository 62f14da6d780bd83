"""ClickHouse by clickhouse-connect: a setting that only reads, results that are streamed, types as it writes them."""

import re
from collections import abc
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, ClassVar

from sqlalchemy import URL, Connection, Engine, event

from sync.database import engines
from sync.domain.numbers import single
from sync.domain.record import AttributeType
from sync.warehouse.dialects import clickhouse_sockets, late
from sync.warehouse.dialects.clickhouse_hashing import ClickHouseHashing
from sync.warehouse.dialects.dialect import Kind, Late
from sync.warehouse.dialects.general import General
from sync.warehouse.dialects.hashing import Hashing

INTEGER, DECIMAL = AttributeType.INTEGER, AttributeType.DECIMAL
STRING, TIMESTAMP, BOOLEAN = AttributeType.STRING, AttributeType.TIMESTAMP, AttributeType.BOOLEAN

#: What stands around a type and says nothing of its values.
_AROUND = re.compile(r"(?:Nullable|LowCardinality|SimpleAggregateFunction)\((?:\w+, )?(.*)\)\Z")
#: clickhouse.com/docs/sql-reference/data-types, without what is in brackets.
_KINDS: dict[str, Kind] = {
    "Bool": BOOLEAN,
    **{f"{sign}Int{bits}": INTEGER for sign in ("", "U") for bits in (8, 16, 32, 64, 128, 256)},
    **dict.fromkeys(("Float32", "Float64", "BFloat16"), DECIMAL),
    **dict.fromkeys(
        ("String", "FixedString", "UUID", "Enum8", "Enum16", "Enum", "IPv4", "IPv6"), STRING
    ),
    **dict.fromkeys(("Date", "Date32", "DateTime", "DateTime64"), TIMESTAMP),
    **dict.fromkeys(("JSON", "Object", "Map", "Tuple", "Nested", "Variant", "Dynamic"), "json"),
    "Array": "array",
    **dict.fromkeys(
        (
            "Point",
            "Ring",
            "LineString",
            "MultiLineString",
            "Polygon",
            "MultiPolygon",
            "Geometry",
            "QBit",
        ),
        "array",
    ),
    "AggregateFunction": "binary",
}
#: Text comes as bytes, to be read by us: of what is no UTF-8 the driver would make the text of its hexadecimal digits.
_FORMATS = {"String": "bytes"}
#: What the driver puts around the server's words.
_AROUND_WORDS = re.compile(
    r"(?:HTTP driver received HTTP status \d+, server response: )?(?:Code: \d+\. DB::Exception: )?(.*?)"
    r"(?: \(version [^()]*(?:\([^()]*\))?\))?(?: \(for url [^()]*\))?\Z",
    re.S,
)


@dataclass(frozen=True, slots=True)
class ClickHouse(General):
    """ClickHouse over HTTP."""

    as_text: ClassVar[str] = "toString({})"
    bytes_as_text: ClassVar[str] = "hex({})"
    grammar: ClassVar[str] = "clickhouse"
    guards: ClassVar[bool] = True
    hashing: ClassVar[Hashing | None] = ClickHouseHashing()

    def reading(self, url: URL) -> URL:
        """Nothing is written; what the user says of it counts, such as 1, in which no setting can be changed either."""
        return url if "readonly" in url.query else url.update_query_dict({"readonly": "2"})

    def watch(self, engine: Engine) -> None:
        """A source query is told from what else is asked of the server."""
        event.listen(engine, "before_cursor_execute", _note_query)

    def prepare(self, driver: Any) -> None:
        """Cursors hand rows over block by block; the driver's own read the whole result first."""
        clickhouse_sockets.hold(driver.client)
        plain = driver.cursor
        driver.cursor = lambda: Streamed(plain(), driver.client)

    def kinds(self, connection: Connection, cursor: Any) -> abc.Sequence[Kind]:
        """By the written types."""
        return [kind(str(column[1])) for column in cursor.description]

    def late(self, driver: Any, description: abc.Sequence[Any]) -> Late:
        """Text, addresses, spans, numbers of single precision, and times, which are moments in every type."""
        written = (_bare(str(column[1])) for column in description)
        names = (name.partition("(")[0] for name in written)
        return late.by_type(_MENDED, ("Interval" if _is_span(name) else name for name in names))

    def words(self, error: BaseException, url: URL, *, detail: bool) -> str:
        """The server's message, without what the driver says around it."""
        said = engines.words(error, url, detail=detail)
        found = _AROUND_WORDS.match(said)
        return found[1] if found else said

    def cancel(self, driver: Any) -> None:
        """Hang up: the server ends a reading query whose client has left."""
        clickhouse_sockets.hang_up(driver.client)
        driver.client.close()


class Streamed:
    """A cursor of the driver that gets the rows of a source query in blocks, of which one at a time is there."""

    def __init__(self, plain: Any, client: Any) -> None:
        self._plain, self.client = plain, client
        #: Whether a source query comes next, and not a question of SQLAlchemy's, such as for the names of tables.
        self.streams = False
        self.arraysize = 1
        self.rowcount = -1
        self.description: list[tuple[Any, ...]] = []
        self._stream: Any = None
        self._rows: abc.Iterator[tuple[Any, ...]] = iter(())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plain, name)

    def execute(self, operation: str, parameters: Any = None, **options: Any) -> None:
        """Send a query as it is written; its first block is read for the columns."""
        if not self.streams:
            self._plain.execute(operation, parameters, **options)
            self.description = self._plain.description
            self._rows = iter(self._plain.fetchall() if self.description else ())
            return
        told = {"settings": options.get("settings"), "query_formats": _FORMATS}
        self._stream = self.client.query_row_block_stream(operation, parameters or None, **told)
        source = self._stream.__enter__().source
        if not source.column_names:  # not even an empty block came
            source = self.client.query(f"SELECT * FROM ({operation}\n) LIMIT 0", **told)
        self.description = [
            (name, found.name, None, None, None, None, None)
            for name, found in zip(source.column_names, source.column_types, strict=True)
        ]
        self._rows = (tuple(row) for block in self._stream for row in block)

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """Up to so many rows; fewer only at the end."""
        return list(islice(self._rows, size or self.arraysize))

    def fetchone(self) -> Any:
        """The next row; None at the end."""
        return next(self._rows, None)

    def fetchall(self) -> list[Any]:
        """All rows that are left."""
        return list(self._rows)

    def close(self) -> None:
        """Let go of what was not read."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.__exit__(None, None, None)


def _note_query(
    connection: Connection, cursor: Any, sql: str, given: object, context: Any, *_: object
) -> None:
    if context is not None and context.execution_options.get("stream_results"):
        cursor.streams = True


def kind(written: str) -> Kind:
    """What a type is: `Nullable(Decimal(18, 2))`, `LowCardinality(String)`, `Enum8('a' = 1)`."""
    name, _, rest = _bare(written).partition("(")
    if name.startswith("Decimal"):
        return INTEGER if re.search(r"(?:\A|, )0\)\Z", rest) else DECIMAL
    return _KINDS.get(name)


def _bare(written: str) -> str:
    while found := _AROUND.match(written):
        written = found[1]
    return written


def _is_span(name: str) -> bool:
    return name.startswith("Interval")


def _text(value: Any) -> Any:
    """Text that came as bytes; what is no UTF-8 stays so, to be rejected with its row."""
    if not isinstance(value, bytes):
        return value
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value


def _fixed(value: Any) -> Any:
    """FixedString is filled up with NUL characters."""
    return late.unpadded(_text(value))


def _moment(value: Any) -> Any:
    """A time; the driver leaves the zone away where it is UTC."""
    return (
        value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value
    )


_MENDED: dict[str, late.Load] = {
    "Float32": single,
    "String": _text,
    "FixedString": _fixed,
    **dict.fromkeys(("IPv4", "IPv6"), str),
    **dict.fromkeys(("DateTime", "DateTime64"), _moment),
    "Interval": late.Span,
}
