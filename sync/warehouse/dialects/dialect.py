"""The questions that databases answer differently; who reads a warehouse asks these, and nothing of a database itself.

To add a dialect: a file beside this one with a subclass of `general.General` that answers what differs,
and its line in `dialects/__init__`.
"""

from collections import abc
from typing import Any, ClassVar, Protocol

from sqlalchemy import URL, Connection, Engine

from sync.domain.record import AttributeType
from sync.warehouse.dialects.hashing import Hashing
from sync.warehouse.relation import Relation

#: An attribute type; or what cannot be sent: `json`, `array`, `binary`, `bits`, `geometry` or `money`; None where
#: nobody tells.
Kind = AttributeType | str | None
#: A column's place, and what reads its values from the text in which they came.
Late = tuple[tuple[int, abc.Callable[[Any], Any]], ...]
#: What to check where a database is a file and cannot be opened.
MISSING_FILE = (
    "the file has to exist and be readable; a relative path counts from the working folder"
)


class Dialect(Protocol):
    """One database by one driver; it keeps nothing, what it is asked about is handed in.

    `connection` is SQLAlchemy's, `driver` the DB-API connection under it.
    """

    #: What to check where nothing can be connected.
    unreachable: ClassVar[str]
    #: SQL that makes a column text; `{}` stands for its name.
    as_text: ClassVar[str]
    #: The same for a single value, such as a time of day, where that is other SQL than for JSON and lists; else empty.
    plain_as_text: ClassVar[str]
    #: The same for bytes.
    bytes_as_text: ClassVar[str]

    #: SQL that makes null of a date or time that Python does not know, before year 1 or after 9999.
    in_range: ClassVar[str]

    #: What the parser of statements calls this dialect of SQL; empty: as SQLAlchemy does.
    grammar: ClassVar[str]
    #: Whether the server keeps a query from writing, or says beforehand that it would; else only the user's rights do.
    guards: ClassVar[bool]

    #: Types that this database calls by a name that it has for something else, too: they only suggest what is meant.
    doubtful: ClassVar[abc.Set[AttributeType]]

    #: Whether names without quotes mean the same in either case, and the driver shows them in lower case.
    folds: ClassVar[bool]

    #: How it counts and hashes the rows of a query itself; None where that was not tried yet.
    hashing: ClassVar[Hashing | None]

    def reading(self, url: URL) -> URL:
        """The URL that opens the database for reading only, as far as a URL can say so."""

    def arguments(self, url: URL) -> dict[str, Any]:
        """What the driver is handed on connecting, besides the URL; what the user says comes before it."""

    def limited(self, options: abc.Mapping[str, Any], seconds: float) -> dict[str, Any]:
        """These options for the driver, so that the server itself ends a query after so many seconds, if it can."""

    def watch(self, engine: Engine) -> None:
        """Listen to a new engine for what another question needs to know, such as the cursor that runs."""

    def prepare(self, driver: Any) -> None:
        """Make a new connection read-only, and its values exact; one that cannot be read comes as it is."""

    def begin(self, connection: Connection) -> None:
        """Begin a transaction that only reads, where the database has one."""

    def writes(self, driver: Any, sql: str) -> bool:
        """Whether the database says, without running it, that a statement does something else than read."""

    def options(self) -> abc.Mapping[str, Any]:
        """SQLAlchemy's execution options, by which a query runs as it is written and is streamed."""

    def kinds(self, connection: Connection, cursor: Any) -> abc.Sequence[Kind]:
        """What each column of a running query is, before its first row."""

    def late(self, driver: Any, description: abc.Sequence[Any]) -> Late:
        """The columns whose values are read, or mended, when a row is looked into; hashes of rows are of what came."""

    def manner(self, driver: Any) -> str:
        """What values depend on besides themselves; part of the hashes of rows, so its text must stay."""

    def cancel(self, driver: Any) -> None:
        """Break off what runs, from another thread; whatever this raises is of no interest."""

    def leave(self, driver: Any) -> bool:
        """Whether a connection is to be thrown away, since closing it would wait for rows that nobody reads."""

    def words(self, error: BaseException, url: URL, *, detail: bool) -> str:
        """The database's own message on one line, without the password; `detail` may quote values of a row."""

    def position(self, error: BaseException, connection: Connection) -> int | None:
        """The character of the query, from 0, at which the database points."""

    def line(self, error: BaseException) -> int | None:
        """The line of the query, from 1, where the database tells no more than that."""

    def unreadable(self, error: BaseException) -> bool:
        """Whether the driver could not read a value of a row: neither connection nor query is at fault."""

    def hint(self, error: BaseException) -> str:
        """What the database itself advises."""

    def relations(self, connection: Connection) -> abc.Sequence[Relation]:
        """All tables and views that the user may see, without the database's own."""

    def primary_key(self, connection: Connection, relation: Relation) -> abc.Sequence[str]:
        """The columns of a table's primary key; none where there is none, or nobody tells."""

    def declared(self, connection: Connection, relation: Relation) -> abc.Mapping[str, Kind]:
        """What a table's columns are declared as, for those of which a query tells nothing."""
