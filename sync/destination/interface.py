"""What the write phase needs of an object in ChartMogul: customers and contacts both do it."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from sync.chartmogul.client import Written
from sync.domain.plan import Absent, Changes, Seen
from sync.domain.record import Fields, Problem, Record
from sync.domain.results import Outcome
from sync.engine.spool import Entry


class Unresolved(Exception):
    """A row that cannot be told to be one record, or to belong to one: it is rejected with this problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


#: The code of a row that stands for the same record as an earlier one.
SAME_RECORD = "same_record"


class Destination(Protocol):
    """Finds, creates and updates records of one kind in one data source."""

    async def find(self, entry: Entry, uuid: str | None) -> Seen | Absent:
        """The record in ChartMogul, by the remembered uuid first; raises Unresolved."""
        ...

    async def create(self, record: Record) -> Seen:
        """Create the record, once; Met where a look-up shows it instead of an answer.

        Raises AlreadyExists and Unresolved.
        """
        ...

    async def complete(self, record: Record, seen: Seen) -> Written | None:
        """Send what the answer to a create lacks, where that may help."""
        ...

    async def update(self, uuid: str, fields: Fields, record: Record) -> Written:
        """Write these fields of a record."""
        ...

    def advice(self, name: str) -> str:
        """What a user can do about a field that ChartMogul dropped in silence; empty where nothing is known."""
        ...

    async def foresee(self, record: Record, uuid: str | None) -> None:
        """In a dry run: this record would be created now, or updated under its uuid, as later rows would find it."""
        ...

    def rival(self, record: Record, seen: Seen, remembered: str | None) -> Problem | None:
        """Why another row of this query is the one to write what was seen, if one is."""
        ...

    def turn(self, record: Record) -> AbstractAsyncContextManager[None]:
        """Held while a record is delivered, where others must not be delivered at the same time."""
        ...

    def cost(self, outcome: Outcome, changes: Changes) -> int:
        """The requests that a create or an update takes."""
        ...
