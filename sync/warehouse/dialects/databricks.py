"""Databricks by its own connector: types by name, queries cancelled by their cursors, values out of Arrow.

Nothing keeps a query from writing but the user's rights and the look at the statement.
"""

import logging
from collections import abc
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from sqlalchemy import Connection, Engine, event

from sync.domain.numbers import single
from sync.domain.record import AttributeType
from sync.warehouse.dialects import arrow_values, late
from sync.warehouse.dialects.by_cursor import ByCursor
from sync.warehouse.dialects.dialect import Kind, Late
from sync.warehouse.dialects.knock import knock

INTEGER, DECIMAL = AttributeType.INTEGER, AttributeType.DECIMAL
STRING, TIMESTAMP, BOOLEAN = AttributeType.STRING, AttributeType.TIMESTAMP, AttributeType.BOOLEAN

#: As the connector shortens Thrift's names: docs.databricks.com/en/sql/language-manual/sql-ref-datatypes.html.
_KINDS: dict[str, Kind] = {
    "boolean": BOOLEAN,
    **dict.fromkeys(("tinyint", "smallint", "int", "bigint"), INTEGER),
    **dict.fromkeys(("float", "double"), DECIMAL),
    **dict.fromkeys(("string", "varchar", "char"), STRING),
    **dict.fromkeys(("date", "timestamp", "timestamp_ntz"), TIMESTAMP),
    **dict.fromkeys(("struct", "map", "variant", "user_defined"), "json"),
    "array": "array",
    **dict.fromkeys(("binary", "geometry", "geography"), "binary"),
}
_MENDED: dict[str, late.Load] = {"float": single, "char": late.unpadded}


@dataclass(frozen=True, slots=True)
class Databricks(ByCursor):
    """Databricks."""

    #: Seconds for each of the three steps, at most, by which a connection comes about.
    patience: float = 15.0

    as_text: ClassVar[str] = "to_json({})"
    plain_as_text: ClassVar[str] = "cast({} as string)"
    bytes_as_text: ClassVar[str] = "hex({})"
    grammar: ClassVar[str] = "databricks"

    def watch(self, engine: Engine) -> None:
        """Note which cursor runs; before that, see that anybody is there. What the driver logs it raises as well."""
        driver = logging.getLogger("databricks")
        if not driver.handlers:
            driver.addHandler(logging.NullHandler())
        ByCursor.watch(self, engine)
        event.listen(engine, "do_connect", partial(_knock, self.patience))

    def prepare(self, driver: Any) -> None:
        """We read rows out of Arrow: the driver ends a query at a date that Python lacks, and makes NaN null."""
        driver.cursor = partial(_cursor, driver.cursor)

    def kinds(self, connection: Connection, cursor: Any) -> abc.Sequence[Kind]:
        """By the types' names, and the scale of numbers."""
        return [kind(column[1], column[5]) for column in cursor.description]

    def late(self, driver: Any, description: abc.Sequence[Any]) -> Late:
        """Text of fixed width, and numbers of single precision."""
        return late.by_type(_MENDED, (column[1] for column in description))


def _knock(
    patience: float, dialect: object, record: object, given: object, named: dict[str, Any]
) -> None:
    """See that somebody is there: the driver asks for a quarter of an hour, since a warehouse may be starting."""
    place = f"https://{named.get('server_hostname')}:{named.get('_port', 443)}"
    address = named.get("_connection_uri") or place
    knock(address, patience, signs_in=named.get("_proxy_auth_method") == "negotiate")


def _cursor(plain: abc.Callable[..., Any], *given: Any, **named: Any) -> Any:
    cursor = plain(*given, **named)
    cursor.fetchmany = partial(_rows, cursor, cursor.fetchmany)
    return cursor


def _rows(cursor: Any, plain: abc.Callable[[int], list[Any]], size: int) -> list[Any]:
    """The next rows; what an old server sends in columns of its own the driver reads."""
    if type(getattr(cursor.active_result_set, "results", None)).__name__ == "ColumnQueue":
        return plain(size)
    return arrow_values.rows(cursor.fetchmany_arrow(size))


def kind(name: str, scale: int | None) -> Kind:
    """What a column is."""
    if name == "decimal":
        return INTEGER if scale == 0 else DECIMAL
    return _KINDS.get(name)
