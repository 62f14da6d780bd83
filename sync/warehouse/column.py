"""The columns of a query: their names, and the attribute type of each where the database tells."""

from collections import abc
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, CursorResult

from sync.domain.record import AttributeType
from sync.warehouse.dialects import mysql

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
#: As DuckDB writes its types, without what is in brackets: duckdb.org/docs/stable/sql/data_types.
_DUCKDB: dict[str, Kind] = {
    "BOOLEAN": BOOLEAN,
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "BIGNUM"), INTEGER),
    **dict.fromkeys(("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"), INTEGER),
    "FLOAT": DECIMAL,
    "DOUBLE": DECIMAL,
    "VARCHAR": STRING,
    "UUID": STRING,
    "ENUM": STRING,
    "DATE": TIMESTAMP,
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"), TIMESTAMP),
    "TIMESTAMP WITH TIME ZONE": TIMESTAMP,
    "BLOB": "binary",
    "BIT": "binary",
    "GEOMETRY": "binary",
    **dict.fromkeys(("JSON", "STRUCT", "MAP", "UNION", "VARIANT"), "json"),
}


def describe(connection: Connection, result: CursorResult[Any]) -> tuple[Column, ...]:
    """The columns of a result that was not read yet; repeated names are kept, to be refused."""
    names = tuple(result.keys())
    cursor = result.cursor
    kinds = [None] * len(names) if cursor is None else _kinds(connection, cursor)
    return tuple(_column(name, kind) for name, kind in zip(names, kinds, strict=True))


def _kinds(connection: Connection, cursor: Any) -> abc.Sequence[Kind]:
    match connection.dialect.name:
        case "postgresql":
            return _of_postgres(connection, cursor.description)
        case "duckdb":
            return [_of_duckdb(str(column[1])) for column in cursor.description]
        case "mysql" | "mariadb":
            return mysql.kinds(cursor)
        case _:
            return [None] * len(cursor.description)


def _of_duckdb(written: str) -> Kind:
    """`DECIMAL(18,0)`, `ENUM('a', 'b')`, `INTEGER[]`, `STRUCT(a INTEGER)`."""
    if written.endswith("]"):
        return "array"
    name, _, rest = written.partition("(")
    if name == "DECIMAL":
        return INTEGER if rest.endswith(",0)") else DECIMAL
    return _DUCKDB.get(name)


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
