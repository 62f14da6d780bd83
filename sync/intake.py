"""The read phase's thread: a query drained into records, while the event loop stays free to interrupt it."""

import asyncio
from collections import abc
from dataclasses import dataclass, field
from typing import Any

from sync import __version__
from sync.errors import Interrupted, SourceError
from sync.feed import Feed
from sync.fingerprint import Hasher
from sync.fitting import fit
from sync.loader import Loaded
from sync.notebook import Notebook
from sync.outcome import MappingRun
from sync.read import Reader
from sync.report.reporter import Reporter
from sync.rules import rules
from sync.sight import Imprinter, Sight
from sync.source import Result
from sync.spool import Spool
from sync.state.values import Scope
from sync.terms import Terms

#: Seconds after which a query that was cancelled, and goes on, is cancelled again.
_PATIENCE = 0.2


@dataclass(slots=True)
class Intake:
    """Reads one mapping's query once; afterwards `reader` knows all that was found."""

    feed: Feed
    notebook: Notebook
    run: MappingRun
    reporter: Reporter
    terms: Terms
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
        stop = asyncio.ensure_future(self.terms.stopping.wait())
        await asyncio.wait({work, stop}, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        while not work.done():  # the query may only just begin, or not have come to its first row
            self.feed.source.cancel()
            if self._result is not None:
                self._result.cancel()
            await asyncio.wait({work}, timeout=_PATIENCE)
        try:
            return await work
        except SourceError:
            if self.terms.stopping.is_set():
                raise Interrupted("interrupted while reading") from None
            raise

    def _drain(self) -> Reader:
        with self.feed.query() as result:
            self._result = result
            self.reader = self._open_reader(result)
            self.reader.read(self._watched(result.raw()))
            return self.reader

    def _open_reader(self, result: Result) -> Reader:
        loaded, hasher = self.feed.loaded, Hasher(self.notebook.store.salt)
        return Reader(
            fit(loaded, result.columns, self.terms.started_at),
            hasher,
            loaded.mapping.mode,
            hasher.mark(loaded.digest, __version__.encode()),
            self.notebook.recall,
            self.spool,
            self.run,
            lambda results: self.reporter.rows(self.run, results),
            self.terms.started_at,
            self.terms.selection,
            remember=None if self.terms.dry_run else self.notebook.note,
            stored=self.notebook.store.stored,
            sight=self._sight(result),
            complete=result.complete,
        )

    def _sight(self, result: Result) -> Sight:
        notebook, selection = self.notebook, self.terms.selection
        imprinter = imprinter_of(self.feed.loaded, result, notebook.scope, notebook.store.salt)
        if selection.full or not selection.whole:  # for few rows it would not pay
            return Sight(imprinter)
        learn = None if self.terms.dry_run else notebook.learn
        return Sight(imprinter, notebook.familiar(), learn)

    def _watched(self, batches: abc.Iterable[Any]) -> abc.Iterator[Any]:
        for batch in batches:
            if self.terms.stopping.is_set():
                raise Interrupted("interrupted while reading")
            yield batch


def imprinter_of(loaded: Loaded, result: Result, scope: Scope, salt: bytes) -> Imprinter:
    """Makes the imprints of a mapping's rows: all that decides what they become is part of them."""
    told = (repr(result.columns), result.manner, repr(scope), rules(loaded.mapping))
    return Imprinter(salt, loaded.digest, *(part.encode() for part in told))
