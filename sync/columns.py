"""The columns of a query: their names, and the attribute type of each where the database tells."""

from collections import abc
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, CursorResult

from sync.record import AttributeType

INTEGER, DECIMAL = AttributeType.INTEGER, AttributeType.DECIMAL
STRING, TIMESTAMP, BOOLEAN = AttributeType.STRING, AttributeType.TIMESTAMP, AttributeType.BOOLEAN


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a result.

    `type` is None where the database does not tell (then the values do); `unsendable` says what
    makes a column impossible to send: `json`, `array` or `binary`.
    """

    name: str
    type: AttributeType | None = None
    unsendable: str | None = None


Kind = AttributeType | str | None
#: The object ids of built-in types never change: postgresql.org/docs/current/catalog-pg-type.html.
_POSTGRES: dict[int, Kind] = {
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
    1042: STRING,
    1043: STRING,
    1082: TIMESTAMP,
    1114: TIMESTAMP,
    1184: TIMESTAMP,
    2950: STRING,  # uuid
    3802: "json",
}
_NUMERIC = 1700
#: What duckdb-engine's cursor calls its types.
_DUCKDB: dict[str, Kind] = {}


def describe(connection: Connection, result: CursorResult[Any]) -> tuple[Column, ...]:
    """The columns of a result that was not read yet; repeated names are kept, to be refused."""
    names = tuple(result.keys())
    cursor = result.cursor
    if connection.dialect.name == "postgresql" and cursor is not None:
        kinds = _of_postgres(connection, cursor.description)
    else:
        kinds = [None] * len(names)
    return tuple(_column(name, kind) for name, kind in zip(names, kinds, strict=True))


def _column(name: str, kind: Kind) -> Column:
    if isinstance(kind, AttributeType):
        return Column(name, kind)
    return Column(name, unsendable=kind)


def _of_postgres(connection: Connection, description: abc.Sequence[Any]) -> list[Kind]:
    """PostgreSQL shows a domain as the type under it; enums, citext and arrays are looked up."""
    unknown = {c[1] for c in description if c[1] not in _POSTGRES and c[1] != _NUMERIC}
    own = _postgres_catalog(connection, unknown) if unknown else {}
    return [_numeric(c) if c[1] == _NUMERIC else (_POSTGRES | own).get(c[1]) for c in description]


def _numeric(column: abc.Sequence[Any]) -> AttributeType:
    """numeric(p, 0) holds whole numbers; a bare numeric has no scale and may hold anything."""
    precision, scale = column[4], column[5]
    return INTEGER if precision is not None and scale == 0 else DECIMAL


def _postgres_catalog(connection: Connection, oids: abc.Set[int]) -> dict[int, Kind]:
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
