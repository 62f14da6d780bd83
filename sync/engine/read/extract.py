"""The read phase's thread: a query drained into records, while the event loop stays free to interrupt it."""

import asyncio
from collections import abc
from dataclasses import dataclass, field
from typing import Any

from sync import __version__
from sync.domain.events import Reporter
from sync.domain.fingerprint import Hasher
from sync.domain.results import MappingRun
from sync.domain.row_hash import RowHasher
from sync.engine.context import RunContext
from sync.engine.read.changes import ChangeDetector
from sync.engine.read.query import MappingQuery
from sync.engine.read.reader import Reader
from sync.engine.spool import Spool
from sync.errors import Interrupted, SourceError
from sync.mapping.loader import LoadedMapping
from sync.state.mapping_state import MappingState
from sync.state.memory import Scope
from sync.transform.bind import bind
from sync.transform.versions import versions
from sync.warehouse.warehouse import Result

#: Seconds after which a query that was cancelled, and goes on, is cancelled again.
_PATIENCE = 0.2


@dataclass(slots=True)
class Extract:
    """Reads one mapping's query once; afterwards `reader` knows all that was found."""

    query: MappingQuery
    state: MappingState
    run: MappingRun
    reporter: Reporter
    context: RunContext
    spool: Spool
    reader: Reader | None = field(default=None, init=False)
    _result: Result | None = field(default=None, init=False)

    async def drain(self) -> Reader:
        """Wait for the reading thread; an interruption cancels the query.

        Raises:
            SourceError: the warehouse refused or broke off.
            ConfigError: the columns do not fit.
            Interrupted: the run was asked to end.
        """
        work = asyncio.ensure_future(asyncio.to_thread(self._drain))
        stop = asyncio.ensure_future(self.context.stopping.wait())
        await asyncio.wait({work, stop}, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        while not work.done():  # the query may only just begin, or not have come to its first row
            self.query.source.cancel()
            if self._result is not None:
                self._result.cancel()
            await asyncio.wait({work}, timeout=_PATIENCE)
        try:
            return await work
        except SourceError:
            if self.context.stopping.is_set():
                raise Interrupted("interrupted while reading") from None
            raise

    def _drain(self) -> Reader:
        with self.query.query() as result:
            self._result = result
            self.reader = self._open_reader(result)
            self.reader.read(self._watched(result.raw()))
            return self.reader

    def _open_reader(self, result: Result) -> Reader:
        loaded, hasher = self.query.loaded, Hasher(self.state.store.salt)
        return Reader(
            bind(loaded, result.columns, self.context.started_at),
            hasher,
            loaded.mapping.mode,
            hasher.mark(loaded.digest, __version__.encode()),
            self.state.recall,
            self.spool,
            self.run,
            lambda results: self.reporter.rows(self.run, results),
            self.context.started_at,
            self.context.selection,
            remember=None if self.context.dry_run else self.state.note,
            stored=self.state.store.stored,
            changes=self._changes(result),
            complete=result.complete,
        )

    def _changes(self, result: Result) -> ChangeDetector:
        state, selection = self.state, self.context.selection
        imprinter = imprinter_of(self.query.loaded, result, state.scope, state.store.salt)
        if selection.full or not selection.whole:  # for few rows it would not pay
            return ChangeDetector(imprinter)
        learn = None if self.context.dry_run else state.learn
        return ChangeDetector(imprinter, state.familiar(), learn)

    def _watched(self, batches: abc.Iterable[Any]) -> abc.Iterator[Any]:
        for batch in batches:
            if self.context.stopping.is_set():
                raise Interrupted("interrupted while reading")
            yield batch


def imprinter_of(loaded: LoadedMapping, result: Result, scope: Scope, salt: bytes) -> RowHasher:
    """Makes the imprints of a mapping's rows: all that decides what they become is part of them."""
    told = (repr(result.columns), result.manner, repr(scope), versions(loaded.mapping))
    return RowHasher(salt, loaded.digest, *(part.encode() for part in told))
