"""BigQuery by sqlalchemy-bigquery: types by name, and a dry run that says what a statement would do.

A query that was sent runs to its end on the server: the driver waits for it without telling the job's id.
"""

from collections import abc
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import Connection

from sync.domain.record import AttributeType
from sync.warehouse.dialects.dialect import Kind
from sync.warehouse.dialects.general import General

INTEGER, DECIMAL = AttributeType.INTEGER, AttributeType.DECIMAL
STRING, TIMESTAMP, BOOLEAN = AttributeType.STRING, AttributeType.TIMESTAMP, AttributeType.BOOLEAN

#: cloud.google.com/bigquery/docs/reference/rest/v2/tables#TableFieldSchema: old names and new ones.
_KINDS: dict[str, Kind] = {
    **dict.fromkeys(("INTEGER", "INT64"), INTEGER),
    **dict.fromkeys(("FLOAT", "FLOAT64", "NUMERIC", "BIGNUMERIC"), DECIMAL),
    **dict.fromkeys(("BOOLEAN", "BOOL"), BOOLEAN),
    "STRING": STRING,
    **dict.fromkeys(("DATE", "DATETIME", "TIMESTAMP"), TIMESTAMP),
    **dict.fromkeys(("RECORD", "STRUCT", "JSON"), "json"),
    **dict.fromkeys(("BYTES", "GEOGRAPHY"), "binary"),
}
_SELECT = "SELECT"


@dataclass(frozen=True, slots=True)
class BigQuery(General):
    """BigQuery."""

    as_text: ClassVar[str] = "to_json_string({})"
    plain_as_text: ClassVar[str] = "cast({} as string)"
    bytes_as_text: ClassVar[str] = "to_hex({})"
    grammar: ClassVar[str] = "bigquery"
    guards: ClassVar[bool] = True

    def kinds(self, connection: Connection, cursor: Any) -> abc.Sequence[Kind]:
        """By the types' names; that a column holds lists only the schema tells."""
        schema = getattr(getattr(cursor, "_query_rows", None), "schema", None)
        modes = [field.mode for field in schema] if schema else [None] * len(cursor.description)
        return [
            kind(column[1], mode) for column, mode in zip(cursor.description, modes, strict=True)
        ]

    def writes(self, driver: Any, sql: str) -> bool:
        """By a dry run, which costs nothing."""
        from google.cloud.bigquery import QueryJobConfig

        job = driver._client.query(
            sql, job_config=QueryJobConfig(dry_run=True, use_query_cache=False)
        )
        return bool(job.statement_type != _SELECT)


def kind(name: str, mode: str | None) -> Kind:
    """What a column is, by its type and whether it is repeated."""
    return "array" if mode == "REPEATED" else _KINDS.get(name)
