"""Any database by any driver: what SQLAlchemy and the DB-API promise of all of them, and no more.

So is read whatever else SQLAlchemy has a dialect for. What this does not do:

- read only: the transaction is never committed, but only the user's rights keep a query from writing
  where the database commits by itself, or where a statement (such as DDL) is no part of a transaction;
- types: none is taken from the cursor, the values suggest them, so JSON, arrays and bytes show with the rows;
- streaming: it is asked for, and it is the driver's affair whether it reads the whole result first;
- cancelling: only where the connection has a method for it; else a query ends with the next batch that comes;
- leaving a result early: some drivers read it to its end first;
- time-outs: what the URL says;
- errors: the last text of the driver's error, whatever it is, without the place in the query.
"""

from collections import abc
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import URL, Connection, Engine

from sync.database import engines
from sync.domain.record import AttributeType
from sync.warehouse.column import AS_TEXT
from sync.warehouse.dialects import reflection
from sync.warehouse.dialects.dialect import Kind, Late
from sync.warehouse.dialects.hashing import Hashing
from sync.warehouse.relation import Relation


@dataclass(frozen=True, slots=True)
class General:
    """See `dialect.Dialect`, of which this is the answer that holds for everybody."""

    unreachable: ClassVar[str] = (
        "check the URL, and that the database takes connections from this machine"
    )
    as_text: ClassVar[str] = AS_TEXT
    plain_as_text: ClassVar[str] = ""
    bytes_as_text: ClassVar[str] = AS_TEXT
    in_range: ClassVar[str] = (
        "case when {0} between '0001-01-01' and '9999-12-31' then {0} end as {0}"
    )
    grammar: ClassVar[str] = ""
    guards: ClassVar[bool] = False
    doubtful: ClassVar[abc.Set[AttributeType]] = frozenset()
    folds: ClassVar[bool] = False
    hashing: ClassVar[Hashing | None] = None

    def reading(self, url: URL) -> URL:
        """As it is: few databases have a URL that only reads."""
        return url

    def arguments(self, url: URL) -> dict[str, Any]:
        """None."""
        return {}

    def limited(self, options: abc.Mapping[str, Any], seconds: float) -> dict[str, Any]:
        """As they are: queries are cancelled when their time is up."""
        return dict(options)

    def watch(self, engine: Engine) -> None:
        """There is nothing to note."""

    def prepare(self, driver: Any) -> None:
        """Connections stay as they are."""

    def begin(self, connection: Connection) -> None:
        """SQLAlchemy begins one by itself, which may write."""

    def writes(self, driver: Any, sql: str) -> bool:
        """Nobody says so."""
        return False

    def options(self) -> abc.Mapping[str, Any]:
        """No parameters, else some drivers take % for a placeholder; a server-side cursor where there is one."""
        return {"no_parameters": True, "stream_results": True}

    def kinds(self, connection: Connection, cursor: Any) -> abc.Sequence[Kind]:
        """Unknown."""
        return [None] * len(cursor.description)

    def late(self, driver: Any, description: abc.Sequence[Any]) -> Late:
        """None: values come as the driver reads them."""
        return ()

    def manner(self, driver: Any) -> str:
        """The driver."""
        return type(driver).__module__

    def cancel(self, driver: Any) -> None:
        """By the method that the connection has for it."""
        for name in ("cancel_safe", "interrupt", "cancel"):
            if hasattr(driver, name):
                getattr(driver, name)()
                return

    def leave(self, driver: Any) -> bool:
        """No: nobody knows."""
        return False

    def words(self, error: BaseException, url: URL, *, detail: bool) -> str:
        """The last text of the error."""
        return engines.words(error, url, detail=detail)

    def position(self, error: BaseException, connection: Connection) -> int | None:
        """Untold."""
        return None

    def line(self, error: BaseException) -> int | None:
        """Untold."""
        return None

    def unreadable(self, error: BaseException) -> bool:
        """By Python's own errors for numbers and times, of which a database raises none."""
        mine = isinstance(error, (ValueError, ArithmeticError))
        return mine and not isinstance(error, UnicodeError)

    def hint(self, error: BaseException) -> str:
        """None."""
        return ""

    def relations(self, connection: Connection) -> abc.Sequence[Relation]:
        """By SQLAlchemy's inspector."""
        return reflection.relations(connection)

    def primary_key(self, connection: Connection, relation: Relation) -> abc.Sequence[str]:
        """By SQLAlchemy's inspector."""
        return reflection.primary_key(connection, relation)

    def declared(self, connection: Connection, relation: Relation) -> abc.Mapping[str, Kind]:
        """By SQLAlchemy's inspector."""
        return reflection.declared(connection, relation)
