"""DuckDB: a file that is opened for reading only, or other files, such as Parquet, without one."""

from collections import abc
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import URL, Connection

from sync.domain.record import AttributeType
from sync.warehouse.dialects.dialect import MISSING_FILE, Kind
from sync.warehouse.dialects.general import General

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
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"), TIMESTAMP),
    "TIMESTAMP WITH TIME ZONE": TIMESTAMP,
    "BLOB": "binary",
    "BIT": "binary",
    "GEOMETRY": "binary",
    **dict.fromkeys(("JSON", "STRUCT", "MAP", "UNION", "VARIANT"), "json"),
}


@dataclass(frozen=True, slots=True)
class DuckDB(General):
    """DuckDB; all of its SQLAlchemy dialects have the same driver."""

    unreachable: ClassVar[str] = MISSING_FILE

    def arguments(self, url: URL) -> dict[str, Any]:
        """A file is opened read-only; without one there is nothing that could be written."""
        return {} if url.database in (None, "", ":memory:") else {"read_only": True}

    def kinds(self, connection: Connection, cursor: Any) -> abc.Sequence[Kind]:
        """By the written types."""
        return [kind(str(column[1])) for column in cursor.description]

    def cancel(self, driver: Any) -> None:
        """The query ends at its next vector of rows."""
        driver.interrupt()


def kind(written: str) -> Kind:
    """What a type is: `DECIMAL(18,0)`, `ENUM('a', 'b')`, `INTEGER[]`, `STRUCT(a INTEGER)`."""
    if written.endswith("]"):
        return "array"
    name, _, rest = written.partition("(")
    if name == "DECIMAL":
        return INTEGER if rest.endswith(",0)") else DECIMAL
    return _KINDS.get(name)
