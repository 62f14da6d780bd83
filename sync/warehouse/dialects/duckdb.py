"""DuckDB: a file that is opened for reading only, or other files, such as Parquet, without one."""

import re
from collections import abc
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, ClassVar

from sqlalchemy import URL, Connection

from sync.database import engines
from sync.domain.numbers import single
from sync.domain.record import AttributeType
from sync.warehouse.dialects import late
from sync.warehouse.dialects.dialect import MISSING_FILE, Kind, Late
from sync.warehouse.dialects.duckdb_hashing import DuckDBHashing
from sync.warehouse.dialects.general import General
from sync.warehouse.dialects.hashing import Hashing
from sync.warehouse.relation import Relation

#: What SQLAlchemy's inspector asks is PostgreSQL's own, of which DuckDB has only parts.
_RELATIONS = """
select nullif(schema_name, current_schema()) as of_schema, name, is_view from (
  select schema_name, table_name as name, false as is_view from duckdb_tables()
  where not internal and database_name = current_database()
  union all select schema_name, view_name, true from duckdb_views()
  where not internal and database_name = current_database()
) as known order by of_schema nulls first, is_view, name
"""
_PRIMARY_KEY = """
select unnest(constraint_column_names) from duckdb_constraints()
where constraint_type = 'PRIMARY KEY' and database_name = current_database()
  and schema_name = coalesce(?, current_schema()) and table_name = ?
"""

INTEGER, DECIMAL = AttributeType.INTEGER, AttributeType.DECIMAL
STRING, TIMESTAMP, BOOLEAN = AttributeType.STRING, AttributeType.TIMESTAMP, AttributeType.BOOLEAN

#: As DuckDB writes its types, without what is in brackets: duckdb.org/docs/stable/sql/data_types.
_KINDS: dict[str, Kind] = {
    "BOOLEAN": BOOLEAN,
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "BIGNUM"), INTEGER),
    **dict.fromkeys(("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"), INTEGER),
    "FLOAT": DECIMAL,
    "DOUBLE": DECIMAL,
    "VARCHAR": STRING,
    "UUID": STRING,
    "ENUM": STRING,
    "DATE": TIMESTAMP,
    **dict.fromkeys(("Date", "DATETIME"), TIMESTAMP),  # all that older drivers tell
    "BLOB": "binary",
    "BIT": "bits",  # hex() takes neither
    "GEOMETRY": "geometry",
    **dict.fromkeys(("JSON", "STRUCT", "MAP", "UNION", "VARIANT"), "json"),
}


#: A line of the query, or a piece of it, and under it the mark.
_EXCERPT = re.compile(r"\s*\nLINE (\d+): ([^\n]*)\n( *)\^+\s*\Z")
#: What DuckDB's parser calls statements that read; MULTI is a PIVOT.
_READING = frozenset({"SELECT", "MULTI"})


@dataclass(frozen=True, slots=True)
class DuckDB(General):
    """DuckDB; all of its SQLAlchemy dialects have the same driver."""

    unreachable: ClassVar[str] = MISSING_FILE
    as_text: ClassVar[str] = "cast({} as varchar)"
    bytes_as_text: ClassVar[str] = "hex({})"
    grammar: ClassVar[str] = "duckdb"
    guards: ClassVar[bool] = True
    hashing: ClassVar[Hashing | None] = DuckDBHashing()

    def arguments(self, url: URL) -> dict[str, Any]:
        """A file is opened read-only; without one there is nothing that could be written."""
        return {} if url.database in (None, "", ":memory:") else {"read_only": True}

    def kinds(self, connection: Connection, cursor: Any) -> abc.Sequence[Kind]:
        """By the written types."""
        return [kind(str(column[1])) for column in cursor.description]

    def late(self, driver: Any, description: abc.Sequence[Any]) -> Late:
        """Singles, which the driver widens, and infinite dates, which it moves to the ends of the calendar."""
        told = ((i, str(column[1])) for i, column in enumerate(description))
        return tuple((i, load) for i, written in told if (load := _load(written)))

    def writes(self, driver: Any, sql: str) -> bool:
        """By DuckDB's own parser: ATTACH and COPY write though the file is opened for reading."""
        kinds = [statement.type.name for statement in driver.extract_statements(sql)]
        return len(kinds) != 1 or kinds[0] not in _READING

    def cancel(self, driver: Any) -> None:
        """The query ends at its next vector of rows."""
        driver.interrupt()

    def words(self, error: BaseException, url: URL, *, detail: bool) -> str:
        """DuckDB's message, without the piece of the query that it shows."""
        plain = _EXCERPT.sub("", str(getattr(error, "orig", None) or error))
        return engines.words(Exception(plain), url, detail=detail)

    def position(self, error: BaseException, connection: Connection) -> int | None:
        """Where the piece of the query that it shows is marked."""
        found = _EXCERPT.search(str(getattr(error, "orig", "")))
        return _place(found, getattr(error, "statement", None) or "") if found else None

    def relations(self, connection: Connection) -> abc.Sequence[Relation]:
        """By DuckDB's own functions."""
        return [Relation(*row) for row in connection.exec_driver_sql(_RELATIONS)]

    def primary_key(self, connection: Connection, relation: Relation) -> abc.Sequence[str]:
        """By DuckDB's own functions."""
        place = (relation.schema, relation.name)
        return [name for (name,) in connection.exec_driver_sql(_PRIMARY_KEY, place)]

    def declared(self, connection: Connection, relation: Relation) -> abc.Mapping[str, Kind]:
        """Every query tells its types already."""
        return {}


def _place(excerpt: re.Match[str], sql: str) -> int | None:
    """The character of a statement that an excerpt points to; a long line is cut at both ends."""
    number, shown, mark = int(excerpt[1]), excerpt[2], excerpt[3]
    lines = sql.split("\n")
    if number > len(lines):
        return None
    cut = 3 if shown.startswith("...") else 0
    begin = lines[number - 1].find(shown[cut:].removesuffix("..."))
    if begin < 0:
        return None
    column = len(mark) - len(f"LINE {number}: ") - cut + begin
    return sum(len(line) + 1 for line in lines[: number - 1]) + column


def kind(written: str) -> Kind:
    """What a type is: `DECIMAL(18,0)`, `ENUM('a', 'b')`, `INTEGER[]`, `STRUCT(a INTEGER)`."""
    if written.endswith("]"):
        return "array"
    name, _, rest = written.partition("(")
    if name == "DECIMAL":
        return INTEGER if rest.endswith(",0)") else DECIMAL
    # TIMESTAMP_NS, TIMESTAMP WITH TIME ZONE and what there will be besides.
    return TIMESTAMP if name.startswith("TIMESTAMP") else _KINDS.get(name)


def _load(written: str) -> late.Load | None:
    if written == "FLOAT":
        return single
    if kind(written) is not TIMESTAMP:
        return None
    return late.ending if _tells_infinity() else late.outermost


@lru_cache
def _tells_infinity() -> bool:
    """Whether this driver gives the ends of Python's calendar for infinity alone."""
    import duckdb

    with duckdb.connect() as connection:
        asked = "select 'infinity'::date, '-infinity'::date, 'infinity'::timestamp, '-infinity'::timestamp"
        infinite = connection.execute(asked).fetchall()[0]
        last = connection.execute("select date '9999-12-31'").fetchall()[0][0]
    ends = (date.max, date.min, datetime.max, datetime.min)
    return last is not date.max and all(a is b for a, b in zip(infinite, ends, strict=True))
