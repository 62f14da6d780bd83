"""What the write phase needs of an object in ChartMogul, and what an object needs of the run that writes it."""

from collections import abc
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

from sync.chartmogul.client import Client, Page, Written
from sync.destination.foretold import ForetoldRecords
from sync.destination.recent import RecentRecords
from sync.domain.clock import Clock
from sync.domain.parent import Parent
from sync.domain.plan import Absent, Changes, Seen
from sync.domain.record import Fields, Problem, Record
from sync.domain.results import Outcome
from sync.domain.typed import Typed
from sync.state.mapping_state import MappingState

#: The code of a row that stands for the same record as an earlier one.
SAME_RECORD = "same_record"
#: In place of the number of a row that is in the query and was not read, since the warehouse says that nothing near it
#: changed. It counts as an earlier one; the next run reads it, and knows.
UNREAD = -1
#: In place of the number of a row that may be in the query, and was not asked for, or not given today. It counts as a
#: later one: it may be gone as well.
ELSEWHERE = 2**63 - 1


class Unresolved(Exception):
    """A row that cannot be told to be one record, or to belong to one: it is rejected with this problem.

    `uuid` is the record that it has come to all the same.
    """

    def __init__(self, problem: Problem, uuid: str | None = None) -> None:
        super().__init__(problem.code)
        self.problem = problem
        self.uuid = uuid


class LeftAlone(Exception):
    """A row that is skipped for this reason: what its record belongs to was deleted in ChartMogul, and is left so."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Outlook(Protocol):
    """The records that wait for a look-up, in numbers."""

    @property
    def remembered(self) -> int:
        """How many records of this kind in the data source the state knows."""
        ...

    def waiting(self) -> int:
        """How many they are."""
        ...

    def unknown(self) -> int:
        """How many of them have no uuid that anybody remembers."""
        ...

    def one_by_one(self) -> int:
        """The requests that it takes to look them up parent by parent, and known ones by their uuid."""
        ...

    def parents(self) -> int:
        """How many parents they belong to."""
        ...

    def parents_of_one(self) -> abc.Set[str]:
        """The parents of whom a single record waits whose uuid nobody remembers."""
        ...

    def warn_of_lost_state(self, entries: int, pages: int | None) -> None:
        """Say loudly that ChartMogul is filled though the state is empty."""
        ...


@dataclass(frozen=True, slots=True)
class Rival:
    """The number of a row that may stand for the same record, UNREAD or ELSEWHERE; 0: the query has it no more.

    `yields`: it was last rejected for being another one's record. `its_id`: the key of its record in ChartMogul, where
    its row has another one.
    """

    row: int
    yields: bool
    its_id: str | None = None


class QueryRows(Protocol):
    """Which rows of the query of this run stand for a record."""

    def of_keys(self, keys: abc.Sequence[str]) -> abc.Sequence[Rival]:
        """The rows of these keys; 0, or none, for a key that the query does not have."""
        ...

    def yields(self, row: int) -> bool:
        """Whether a row was last rejected for being another one's record."""
        ...

    def of_uuid(self, uuid: str) -> abc.Sequence[int]:
        """The rows whose keys are remembered with this uuid, or UNREAD; 0 for keys that the query does not have."""
        ...

    def renamed(self, uuid: str) -> abc.Sequence[Rival]:
        """Those of them whose record has another key in ChartMogul."""
        ...


def row_named(row: int) -> str:
    """A row of the query in words."""
    return "a row that was not read in this run" if row in (UNREAD, ELSEWHERE) else f"row {row}"


class Foreseen(Protocol):
    """What mappings that are written before this one create, as far as that is known before: in a dry run."""

    def creates(self, key: str) -> bool:
        """Whether a record with this key would be created."""
        ...

    def leaves(self, key: str) -> bool:
        """Whether the record with this key was found deleted in ChartMogul, and would be left so."""
        ...

    def leaves_deleted(self) -> bool:
        """Whether one of them leaves what was deleted in ChartMogul."""
        ...

    def met(self, key: str) -> str | None:
        """The uuid of the record that one of them would go on with under this new key: in a dry run."""
        ...

    def rejection(self, key: str) -> str | None:
        """Why one of them rejected the row with this key, in words; None: none did."""
        ...


@dataclass(frozen=True, slots=True)
class Site:
    """What a destination is built from: where its records are, and what this run knows of them.

    `fields` are the names of all that the mapping sends.
    """

    client: Client
    data_source: str
    types: abc.Mapping[str, Typed]
    fields: frozenset[str]
    state: MappingState
    rows: QueryRows
    foreseen: Foreseen
    clock: Clock
    #: Whether records that ChartMogul does not have are created.
    creates: bool = True
    #: Whether what was deleted in ChartMogul is left so.
    leave_deleted: bool = False
    #: What the mappings of a dry run would have left by now of records that are told by more than their keys.
    foretold: ForetoldRecords = field(default_factory=ForetoldRecords)
    #: What the mappings of a real run have just created of them.
    recent: RecentRecords = field(default_factory=RecentRecords)


class KeyListing(Protocol):
    """Lists records that are told by their keys alone: each page speaks for itself."""

    def pages(self) -> abc.AsyncGenerator[Page]:
        """All records of the data source, page by page."""
        ...

    def keys(self, seen: Seen) -> list[str]:
        """The keys that a record stands for in this data source."""
        ...


class Inventory(Protocol):
    """All records of a data source, page by page: what an audit holds rows against."""

    def pages(self, *, with_pins: bool = False) -> abc.AsyncGenerator[Page]:
        """All of them, page by page, and perhaps which of their values are pinned."""
        ...

    def names(self, seen: Seen) -> list[str]:
        """The keys by which a row may name a record; none where it is nobody's, or of another data source."""
        ...

    def take_in(self, page: Page) -> None:
        """Know a page that is read for several mappings; after the last one nothing of its kind is asked for again."""
        ...

    async def know_parents(self, found: abc.Mapping[str, Parent] | None) -> None:
        """Know all customers by their external ids; None: they are listed. Nothing, where no parents are needed."""
        ...


class Destination(Protocol):
    """Finds, creates and updates records of one kind in one data source."""

    @property
    def inventory(self) -> "Inventory":
        """All records of the data source, listed."""
        ...

    @property
    def listing(self) -> "KeyListing | None":
        """How records are listed by their keys; None where a record is not told by its key alone."""
        ...

    async def find(self, record: Record, uuid: str | None) -> Seen | Absent:
        """The record in ChartMogul, by the remembered uuid first; raises Unresolved and LeftAlone."""
        ...

    async def show(self, uuid: str) -> Seen:
        """A record as ChartMogul shows it in this moment; raises NotFound."""
        ...

    async def create(self, record: Record) -> Seen:
        """Create the record, once; Met where a look-up shows it instead of an answer.

        Raises AlreadyExists and Unresolved.
        """
        ...

    async def complete(self, record: Record, seen: Seen) -> Written | None:
        """Send what the answer to a create lacks, where that may help."""
        ...

    async def update(
        self, uuid: str, fields: Fields, record: Record, removed_tags: tuple[str, ...] = ()
    ) -> Written:
        """Write these fields of a record, and take tags off."""
        ...

    async def pins(self, uuid: str) -> frozenset[str]:
        """The fields of a record whose values are pinned in ChartMogul."""
        ...

    def advice(self, name: str) -> str:
        """What a user can do about a field that ChartMogul dropped in silence; empty where nothing is known."""
        ...

    async def foresee(self, record: Record, uuid: str | None, changes: Changes) -> None:
        """In a dry run: this record would be created now, or so changed under its uuid, as later rows would find it."""
        ...

    def claim(self, record: Record, seen: Seen, remembered: str | None) -> Problem | None:
        """Why another row of this query is the one to write what was seen, if one is."""
        ...

    def turn(self, record: Record) -> AbstractAsyncContextManager[None]:
        """Held while a record is delivered, where others must not be delivered at the same time."""
        ...

    def requests(self, outcome: Outcome, changes: Changes) -> abc.Sequence[str]:
        """The requests that a create or an update takes, by method and path; `{uuid}` stands for the record's."""
        ...

    def cost(self, outcome: Outcome, changes: Changes) -> int:
        """The requests that a create or an update takes."""
        ...

    async def survey(self, outlook: Outlook) -> None:
        """Where there is no `listing`: list all candidates, if that costs fewer requests than to look one by one."""
        ...

    async def prefetch(self, records: abc.Sequence[Record]) -> None:
        """Recall at once what the state knows beside the records themselves."""
        ...
