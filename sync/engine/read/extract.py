"""The read phase's thread: a query drained into records, while the event loop stays free to interrupt it."""

import asyncio
from collections import abc
from dataclasses import dataclass, field
from typing import Any

from sync.domain import objects
from sync.domain.background import Backgrounds, Past
from sync.domain.events import MappingReporter
from sync.domain.fingerprint import RULES, Hasher
from sync.domain.policy import Mode
from sync.domain.row_hash import Row, RowHasher
from sync.engine.context import RunContext
from sync.engine.plan_file import MappingPlan
from sync.engine.read.changes import ChangeDetector
from sync.engine.read.decision import LostParents, Marks, StateDecision, UndoneMarks
from sync.engine.read.planned import PlannedMemories
from sync.engine.read.query import MappingQuery
from sync.engine.read.reader import Reader
from sync.engine.read.retrials import Retrials
from sync.engine.read.thread import OneThread
from sync.engine.read.witnessed import Witness, WitnessedBuilder
from sync.engine.spool import Spool
from sync.errors import Interrupted, SourceError
from sync.mapping.loader import LoadedMapping
from sync.state.mapping_state import MappingState
from sync.state.memory import KnownDrops, Scope
from sync.transform.bind import bind
from sync.transform.contract import TypesOf, nowhere
from sync.transform.ignored import idle
from sync.transform.versions import versions
from sync.warehouse.result import Result

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
    _result: Result | None = field(default=None, init=False)
    _left: bool = field(default=False, init=False)

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
        while not work.done():  # the query may only just begin, or not have come to its first row
            if loop.time() > deadline:
                self._leave(work)
                raise Interrupted(
                    "interrupted while reading; the warehouse did not let go of the query"
                )
            self.query.warehouse.cancel()
            if self._result is not None:
                self._result.cancel()
            await asyncio.wait({work}, timeout=_AGAIN)
        try:
            return await work
        except SourceError:
            if self.context.stop.requested():
                raise Interrupted("interrupted while reading") from None
            raise

    async def _listen(self, work: "asyncio.Future[Reader]", stop: asyncio.Future[Any]) -> None:
        """Until the thread is done or the run is to end; a minute without a row is said, and a time-out holds."""
        loop, run = asyncio.get_running_loop(), self.reporter.run
        began, limit = loop.time(), self.query.warehouse.timeout
        while True:
            read, wait = run.rows.read, self.patience.said
            if limit is not None:
                wait = min(wait, max(0.0, began + limit + self.patience.given_up - loop.time()))
            waiting: set[asyncio.Future[Any]] = {work, stop}
            done, _ = await asyncio.wait(waiting, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
            if done:
                return
            passed = loop.time() - began
            if limit is not None and passed >= limit + self.patience.given_up:
                self._leave(work)
                raise SourceError(
                    f"the query was given up after {passed:.0f} seconds, as source.timeout says",
                    "the driver does not end queries; see on the server whether this one still runs",
                )
            if run.rows.read == read:
                self.reporter.stalled(passed)

    def _leave(self, work: "asyncio.Future[Reader]") -> None:
        """Wait no more; the thread ends at its next batch, if one ever comes."""
        self._left = True
        work.add_done_callback(_forget)

    def _is_over(self) -> bool:
        return self._left or self.context.stop.requested()

    def _drain(self, types_of: TypesOf) -> Reader:
        with self.query.execute() as result:
            self._result = result
            reader = self._reader(result, types_of)
            reader.read(_Watched(result, self._is_over))
            return reader

    def _reader(self, result: Result, types_of: TypesOf) -> Reader:
        loaded, context = self.query.loaded, self.context
        hasher = Hasher(self.state.store.salt)
        edition = hasher.mark(loaded.digest, b"rules %d" % RULES)
        started, full = context.started_at, context.selection.full
        run, state = self.reporter.run, self.state
        lost = LostParents(state.lost_parents(run.file, run.query), state.stored)
        backgrounds = Backgrounds(self.past, started, objects.of(loaded.mapping.destination.object))
        builder = bind(loaded, result.columns, started, context.clock.now, types_of)
        if self.witness is not None:
            builder = WitnessedBuilder.of(builder, result.columns, self.witness)
        mode, marks = loaded.mapping.mode, Marks(hasher, edition, loaded.mapping.overwrites.terms)
        resend = context.selection.retry is not None
        undone = UndoneMarks({} if full or resend else state.undone(), loaded.digest)
        for warning in idle(loaded.mapping.ignore_columns, result.columns):
            self.reporter.warned(warning)
        return Reader(
            builder,
            StateDecision(mode, marks, started, full, lost, backgrounds, undone, resend),
            state if self._plan is None else PlannedMemories(state, self._plan),
            self.spool,
            self.reporter,
            context.selection,
            self._changes(result, builder.contract.edition(), lost),
            self._retrials(hasher),
        )

    @property
    def _plan(self) -> MappingPlan | None:
        """The plan that is applied, if one is."""
        return self.context.selection.planned(self.reporter.run.mapping)

    def _retrials(self, hasher: Hasher) -> Retrials | None:
        """None where all are tried again (`full`), or none is: mode insert leaves what exists, a plan has its list."""
        if self._plan is not None:
            return None
        if self.context.selection.full or self.query.loaded.mapping.mode is Mode.INSERT:
            return None
        return Retrials(self.drops, hasher)

    def _changes(self, result: Result, types: str, lost: LostParents) -> ChangeDetector:
        state, selection = self.state, self.context.selection
        hasher = row_hasher(self.query.loaded, result, state.scope, state.store.salt, types)
        if selection.full or not selection.whole or self._plan is not None:
            # For few rows it would not pay, and which of them a plan lists, only their keys tell.
            return ChangeDetector(hasher, None)
        if lost.found:  # only a row that is built tells whom it belongs to
            return ChangeDetector(hasher, state)
        return ChangeDetector(hasher, state, state.known_rows(self.drops))


def _forget(work: "asyncio.Future[Reader]") -> None:
    """Take what comes of a thread that nobody waits for; it does nothing more, since the run was asked to end."""
    if not work.cancelled():
        work.exception()


@dataclass(frozen=True, slots=True)
class _Watched:
    """A running query that ends between two batches where the run was asked to end."""

    result: Result
    is_over: abc.Callable[[], bool]

    def raw(self) -> abc.Iterator[Any]:
        for batch in self.result.raw():
            if self.is_over():
                raise Interrupted("interrupted while reading")
            yield batch

    def complete(self, row: Row) -> Row:
        return self.result.complete(row)


def row_hasher(
    loaded: LoadedMapping, result: Result, scope: Scope, salt: bytes, types: str = ""
) -> RowHasher:
    """Makes the hashes of a mapping's rows: all that decides what they become is part of them.

    `types` are those that attributes have elsewhere, if any decides what a value becomes.
    """
    told = [repr(result.columns), result.manner, repr(scope), versions(loaded.mapping)]
    told += [types] if types else []
    return RowHasher(salt, loaded.digest, *(part.encode() for part in told))
