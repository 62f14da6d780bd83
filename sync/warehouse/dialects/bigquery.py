"""BigQuery by sqlalchemy-bigquery: types by name, and a dry run that says what a statement would do.

A query that was sent runs to its end on the server: the driver waits for it without telling the job's id.
"""

from collections import abc
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, ClassVar

from sqlalchemy import URL, Connection

from sync.database import engines
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
#: Seconds in which an account's key is exchanged, and BigQuery answers.
_PATIENCE = 30


@dataclass(frozen=True, slots=True)
class BigQuery(General):
    """BigQuery."""

    unreachable: ClassVar[str] = (
        "check the account's key, the URL, and that Google can be reached from this machine"
    )
    as_text: ClassVar[str] = "to_json_string({})"
    plain_as_text: ClassVar[str] = "cast({} as string)"
    bytes_as_text: ClassVar[str] = "to_hex({})"
    grammar: ClassVar[str] = "bigquery"
    guards: ClassVar[bool] = True

    def arguments(self, url: URL) -> dict[str, Any]:
        """The driver looks for a package that reads faster, and warns where it is not."""
        return {} if _reads_faster() else {"prefer_bqstorage_client": False}

    def prepare(self, driver: Any) -> None:
        """Ask for something small, once: of a query the driver asks for ten minutes, also where nobody answers."""
        from google.api_core.exceptions import GoogleAPICallError

        # Of an error somebody answered, and what the query may do is another question.
        with suppress(GoogleAPICallError):
            found = driver._client.list_datasets(max_results=1, retry=None, timeout=_PATIENCE)
            next(iter(found), None)

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

    def words(self, error: BaseException, url: URL, *, detail: bool) -> str:
        """The server's message, which has line and column in it, without the request around it."""
        found = next((one for one in _causes(error) if getattr(one, "errors", None)), None)
        message = found.errors[0].get("message") if found else None
        if not isinstance(message, str):
            return engines.words(error, url, detail=detail)
        return engines.words(Exception(message), url, detail=detail)


def _reads_faster() -> bool:
    with suppress(ModuleNotFoundError):
        return find_spec("google.cloud.bigquery_storage") is not None
    return False


def _causes(error: Any) -> abc.Iterator[Any]:
    """The driver's error, and the one of Google's client that it holds."""
    original = getattr(error, "orig", None) or error
    return iter((original, *original.args))


def kind(name: str, mode: str | None) -> Kind:
    """What a column is, by its type and whether it is repeated."""
    return "array" if mode == "REPEATED" else _KINDS.get(name)
