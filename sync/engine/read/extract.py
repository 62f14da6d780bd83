"""The read phase's thread: a query drained into records, while the event loop stays free to interrupt it."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from sync.domain.background import Past
from sync.domain.events import MappingReporter
from sync.engine.context import RunContext
from sync.engine.read.assembly import ReaderAssembly
from sync.engine.read.compared import Compared
from sync.engine.read.query import MappingQuery
from sync.engine.read.reader import Reader
from sync.engine.read.surroundings import Cancellable
from sync.engine.read.thread import OneThread
from sync.engine.read.watched import Watched
from sync.engine.read.witnessed import Witness
from sync.engine.spool import Spool
from sync.errors import Interrupted, SourceError
from sync.state.bucket_members import Members
from sync.state.mapping_state import MappingState
from sync.state.memory import KnownDrops
from sync.transform.contract import TypesOf, nowhere

#: Seconds after which a query that was cancelled, and goes on, is cancelled again.
_AGAIN = 0.2


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds to wait for a warehouse."""

    #: Nobody waits longer for a query that cannot be cancelled: some drivers listen to the server for ever.
    given_up: float = 5.0
    #: Without a row for so long, it is said that there is still none.
    said: float = 60.0


@dataclass(slots=True)
class Extract:
    """Reads one mapping's query once."""

    query: MappingQuery
    state: MappingState
    reporter: MappingReporter
    context: RunContext
    spool: Spool
    drops: KnownDrops = field(default_factory=KnownDrops)
    past: Past = field(default_factory=Past)
    patience: Patience = field(default_factory=Patience)
    #: Who is shown each row that is built; None: nobody asks.
    witness: Witness | None = field(default=None, init=False)
    #: Whether the warehouse is asked to compare before rows are read.
    by_fingerprints: bool = field(default=False, init=False)
    #: The records of the buckets that were read, where not all were; None: all rows were.
    members: list[Members] | None = field(default=None, init=False)
    _result: Cancellable | None = field(default=None, init=False)
    _left: bool = field(default=False, init=False)
    #: How many statements have begun, beside the first.
    _statements: int = field(default=0, init=False)

    async def drain(self, types_of: TypesOf = nowhere) -> Reader:
        """Wait for the reading thread; the reader then knows all that was found. An interruption cancels the query.

        `types_of` tells the types that attributes have elsewhere; what it raises comes out before any row is read.

        Raises:
            SourceError: the warehouse refused or broke off.
            ConfigError: the columns do not fit.
            Interrupted: the run was asked to end.
        """
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(OneThread(), self._drain, types_of)
        stop = asyncio.ensure_future(self.context.stop.event.wait())
        try:
            await self._listen(work, stop)
        finally:
            stop.cancel()
        deadline = loop.time() + self.patience.given_up
        asking: asyncio.Future[None] | None = None
        while not work.done():  # the query may only just begin, or not have come to its first row
            if loop.time() > deadline:
                self._leave(work)
                raise Interrupted(
                    "interrupted while reading; the warehouse did not let go of the query"
                )
            if asking is None or asking.done():  # a server that is gone holds up nobody
                asking = loop.run_in_executor(OneThread("cancel"), self._break_off)
                asking.add_done_callback(_forget)
            await asyncio.wait({work}, timeout=_AGAIN)
        try:
            return await work
        except SourceError:
            if self.context.stop.requested():
                raise Interrupted("interrupted while reading") from None
            raise

    async def _listen(self, work: "asyncio.Future[Reader]", stop: asyncio.Future[Any]) -> None:
        """Until the thread is done or the run is to end; a minute without a row is said, and a time-out holds.

        It is that of one statement: what the warehouse is asked besides its rows has a time of its own.
        """
        loop, run = asyncio.get_running_loop(), self.reporter.run
        began, limit, statement = loop.time(), self.query.warehouse.timeout, self._statements
        while True:
            if statement != self._statements:
                began, statement = loop.time(), self._statements
            read, wait = run.rows.read, self.patience.said
            if limit is not None:
                wait = min(wait, max(0.0, began + limit + self.patience.given_up - loop.time()))
            waiting: set[asyncio.Future[Any]] = {work, stop}
            done, _ = await asyncio.wait(waiting, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
            if done:
                return
            if statement != self._statements:
                continue
            passed = loop.time() - began
            if limit is not None and passed >= limit + self.patience.given_up:
                self._leave(work)
                raise SourceError(
                    f"the query was given up after {passed:.0f} seconds, as source.timeout says",
                    "the driver does not end queries; see on the server whether this one still runs",
                )
            if run.rows.read == read:
                self.reporter.stalled(passed)

    def _break_off(self) -> None:
        self.query.warehouse.cancel()
        if self._result is not None:
            self._result.cancel()

    def _leave(self, work: "asyncio.Future[Reader]") -> None:
        """Wait no more; the thread ends at its next batch, if one ever comes."""
        self._left = True
        work.add_done_callback(_forget)

    def _is_over(self) -> bool:
        return self._left or self.context.stop.requested()

    def _drain(self, types_of: TypesOf) -> Reader:
        made = self._assembly
        if self.by_fingerprints:
            compared = Compared(made, self._is_over, self._begin)
            reader = compared.read(types_of)
            self.members = compared.members
            if reader is not None:
                return reader
        with self.query.execute() as result:
            self._result = result
            reader = made.reader(result, types_of)
            reader.changes = made.changes(result, reader)
            made.warn_of_idle(result)
            reader.read(Watched(result, self._is_over))
            return reader

    @property
    def _assembly(self) -> ReaderAssembly:
        told = (self.query, self.state, self.reporter, self.context, self.spool)
        return ReaderAssembly(*told, self.drops, self.past, self.witness)

    def _begin(self, running: Cancellable | None) -> None:
        """A statement more begins; None: one that only the warehouse itself can cancel."""
        self._result = running
        self._statements += 1


def _forget(work: "asyncio.Future[Any]") -> None:
    """Take what comes of a thread that nobody waits for; it does nothing more, since the run was asked to end."""
    if not work.cancelled():
        work.exception()
