"""PostgreSQL: types by their object ids, values that are read late, and errors that know their place."""

from collections import abc
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import URL, Connection, Engine, event

from sync.domain.numbers import Rounded, SixDigits, single
from sync.domain.record import AttributeType
from sync.warehouse.dialects import late
from sync.warehouse.dialects.dialect import Kind, Late
from sync.warehouse.dialects.general import General
from sync.warehouse.dialects.hashing import Hashing
from sync.warehouse.dialects.postgresql_hashing import PostgreSQLHashing, extra_float_digits

INTEGER, DECIMAL = AttributeType.INTEGER, AttributeType.DECIMAL
STRING, TIMESTAMP, BOOLEAN = AttributeType.STRING, AttributeType.TIMESTAMP, AttributeType.BOOLEAN

#: The object ids of built-in types never change: postgresql.org/docs/current/catalog-pg-type.html.
KINDS: dict[int, Kind] = {
    16: BOOLEAN,
    17: "binary",
    18: STRING,  # "char"
    19: STRING,  # name
    20: INTEGER,
    21: INTEGER,
    23: INTEGER,
    25: STRING,
    114: "json",
    700: DECIMAL,
    701: DECIMAL,
    650: STRING,  # cidr
    869: STRING,  # inet
    790: "money",
    1042: STRING,
    1043: STRING,
    1082: TIMESTAMP,
    1114: TIMESTAMP,
    1184: TIMESTAMP,
    2950: STRING,  # uuid
    3802: "json",
}
_NUMERIC = 1700
#: infinity, years before 1 and after 9999: PostgreSQL has them, Python's dates do not.
_DATES = ("date", "timestamp", "timestamptz", "interval")
#: Read late, so that rows that nobody looks into cost less.
_LATE = (*_DATES, "numeric", "uuid")
#: Times of day; the server has one more than Python, 24:00.
_TIMES = ("time", "timetz")
#: Types that psycopg has objects for, which are text for us.
_AS_TEXT = ("inet", "cidr")
#: Types whose values are mended: char(n) is filled up with blanks, float4 has fewer digits than a double.
_MENDED: dict[int, abc.Callable[[Any], Any]] = {700: single, 1042: late.unpadded}
_TIMESTAMPTZ = 1184
#: What floating point is where it comes with six or 15 digits.
_ROUNDED: dict[int, late.Load] = {700: lambda value: SixDigits(single(value)), 701: Rounded}
#: Settings that say how PostgreSQL writes what is read late.
_SETTINGS = ("DateStyle", "IntervalStyle", "TimeZone")
#: How many characters of the statement stand before the query.
_PREFIX = "sync_prefix"


@dataclass(frozen=True, slots=True)
class Libpq(General):
    """Errors as libpq tells them to psycopg 3 and psycopg2, on whatever speaks PostgreSQL's protocol."""

    def watch(self, engine: Engine) -> None:
        """A server-side cursor puts words of its own before the query."""
        event.listen(engine, "before_cursor_execute", _note_prefix)

    def position(self, error: BaseException, connection: Connection) -> int | None:
        """Where the server points, in the query as it was written."""
        told = int(getattr(_diagnosis(error), "statement_position", None) or 0)
        if not told or connection.invalidated:  # a lost connection has no info either
            return None
        return told - 1 - int(connection.info.get(_PREFIX, 0))

    def hint(self, error: BaseException) -> str:
        """What the server says under HINT."""
        return getattr(_diagnosis(error), "message_hint", None) or ""


@dataclass(frozen=True, slots=True)
class AnyPostgreSQL(Libpq):
    """PostgreSQL by whatever driver."""

    bytes_as_text: ClassVar[str] = "encode({}, 'hex')"
    grammar: ClassVar[str] = "postgres"
    guards: ClassVar[bool] = True

    def begin(self, connection: Connection) -> None:
        """SQLAlchemy makes the transaction read-only when it begins it."""
        connection.execution_options(postgresql_readonly=True)

    def kinds(self, connection: Connection, cursor: Any) -> abc.Sequence[Kind]:
        """PostgreSQL shows a domain as the type under it; enums, citext and arrays are looked up."""
        described = cursor.description
        unknown = {c[1] for c in described if c[1] not in KINDS and c[1] != _NUMERIC}
        known = KINDS | (_looked_up(connection, unknown) if unknown else {})
        return [_numeric(c) if c[1] == _NUMERIC else known.get(c[1]) for c in described]


@dataclass(frozen=True, slots=True)
class Psycopg(Libpq):
    """The driver psycopg 3, on whatever speaks PostgreSQL's protocol."""

    def arguments(self, url: URL) -> dict[str, Any]:
        """Text comes as UTF-8: of a database that knows no encoding (SQL_ASCII) it would come as bytes."""
        return {} if "client_encoding" in url.query else {"client_encoding": "utf8"}

    def prepare(self, driver: Any) -> None:
        """What `late` reads comes as text."""
        from psycopg.pq import Format

        adapters = driver.adapters
        as_text = adapters.get_loader(adapters.types["text"].oid, Format.TEXT)
        for name in (*_LATE, *_AS_TEXT):
            adapters.register_loader(adapters.types[name].oid, as_text)
        for name in _TIMES:
            adapters.register_loader(adapters.types[name].oid, _lenient(adapters, name))

    def late(self, driver: Any, description: abc.Sequence[Any]) -> Late:
        """Dates, decimals and UUIDs; what Python has no date for stays text, to be rejected with its row."""
        return late.by_type(_loads(driver), (column[1] for column in description))

    def manner(self, driver: Any) -> str:
        """The settings by which the server writes what is read late."""
        return repr([driver.info.parameter_status(name) for name in _SETTINGS])

    def cancel(self, driver: Any) -> None:
        """The server is asked by a connection of its own."""
        driver.cancel_safe()


@dataclass(frozen=True, slots=True)
class PostgreSQL(Psycopg, AnyPostgreSQL):
    """PostgreSQL by psycopg 3."""

    def late(self, driver: Any, description: abc.Sequence[Any]) -> Late:
        """Besides, floating point of which the session's `extra_float_digits` leaves digits out is known as such."""
        loads = dict(Psycopg.late(self, driver, description))
        floats = [(i, column[1]) for i, column in enumerate(description) if column[1] in _ROUNDED]
        if floats and _leaves_out_digits(driver):
            loads.update({i: _ROUNDED[oid] for i, oid in floats})
        return tuple(loads.items())

    hashing: ClassVar[Hashing | None] = PostgreSQLHashing()


def _leaves_out_digits(driver: Any) -> bool:
    """Whether floating point comes shorter than it is: until PostgreSQL 12, in Redshift, and where a role has it so."""
    return extra_float_digits(driver) < 1


def _note_prefix(connection: Connection, cursor: Any, *_: object) -> None:
    if name := getattr(cursor, "name", None):
        connection.info[_PREFIX] = len(f'DECLARE "{name}" CURSOR FOR ')


def _diagnosis(error: BaseException) -> Any:
    return getattr(getattr(error, "orig", None), "diag", None)


def _numeric(column: abc.Sequence[Any]) -> AttributeType:
    """numeric(p, 0) holds whole numbers; a bare numeric has no scale and may hold anything."""
    precision, scale = column[4], column[5]
    return INTEGER if precision is not None and scale == 0 else DECIMAL


def _looked_up(connection: Connection, oids: abc.Set[int]) -> dict[int, Kind]:
    listed = ",".join(str(int(oid)) for oid in sorted(oids))
    rows = connection.exec_driver_sql(
        f"select oid::bigint, typtype::text, typcategory::text from pg_type where oid in ({listed})"
    )
    return {oid: _own_kind(sort, category) for oid, sort, category in rows}


def _own_kind(sort: str, category: str) -> Kind:
    match sort, category:
        case _, "A":
            return "array"
        case ("e", _) | (_, "S"):
            return STRING
        case _:
            return None


def _loads(driver: Any) -> dict[int, late.Load]:
    """What reads values late, by the object ids of their types."""
    from psycopg import adapters

    loads = dict(_MENDED)
    for name in _LATE:
        oid = adapters.types[name].oid
        load = _loader(oid, driver)
        if oid == _TIMESTAMPTZ and not _style(driver).startswith("ISO"):
            local = _loader(adapters.types["timestamp"].oid, driver)
            load = late.zoned(local, driver.info.parameter_status("TimeZone") or "UTC")
        loads[oid] = late.written(load)
    return loads


def _lenient(adapters: Any, name: str) -> Any:
    """What reads times of day as the driver does, but ends no query at one that Python lacks."""
    from psycopg import DataError
    from psycopg.adapt import Loader
    from psycopg.pq import Format

    found = adapters.get_loader(adapters.types[name].oid, Format.TEXT)

    class Lenient(Loader):
        """One of a connection, as psycopg wants it."""

        def __init__(self, oid: int, context: Any = None) -> None:
            super().__init__(oid, context)
            self._plain = found(oid, context)

        def load(self, data: Any) -> Any:
            """A time of day, or what nobody can be sent."""
            try:
                return self._plain.load(data)
            except DataError:
                return late.Span(bytes(data).decode())

    return Lenient


def _loader(oid: int, driver: Any) -> late.Load:
    from psycopg import adapters
    from psycopg.pq import Format

    found = adapters.get_loader(oid, Format.TEXT)
    assert found is not None, oid  # only types that psycopg knows are asked for
    return found(oid, driver).load


def _style(driver: Any) -> str:
    return driver.info.parameter_status("DateStyle") or "ISO"
