"""What became of rows, written down: into the state first, then the tally and the reports."""

import asyncio
from collections import abc
from dataclasses import dataclass, field
from datetime import datetime

from sync.domain.fingerprint import Hasher, join
from sync.domain.plan import Known, Seen
from sync.domain.record import ATTRIBUTE, Fields, Rejected
from sync.domain.results import Delivered, MappingRun, PartlyWritten, Result, count
from sync.engine.limits import RunLimits
from sync.engine.spool import Entry
from sync.errors import AlreadyExists, Refused, Unavailable
from sync.state.memory import Confirmed, Held, Item, Observed, RejectedRow

#: A crash loses the record of at most this many rows, or of this many seconds; they are looked up again, see
#: `MappingState.begin`.
_ROWS = 100
_SECONDS = 0.5
#: A refusal of the row itself; it will be refused again while nothing changes.
_FOR_GOOD = (400, 422)


@dataclass(slots=True)
class Recorder:
    """Collects results of one mapping and writes them in batches, in the order state, tally, reports.

    `remember` writes to the state (None in a dry run); `report` passes results on to the reporters.
    """

    run: MappingRun
    hasher: Hasher
    edition: bytes
    remember: abc.Callable[[list[Item], frozenset[str]], abc.Awaitable[None]] | None
    report: abc.Callable[[list[Result]], None]
    clock: abc.Callable[[], datetime]
    monotonic: abc.Callable[[], float]
    rails: RunLimits
    #: Requests that the real run would send for what a dry run found.
    cost: int = 0
    _results: list[Result] = field(default_factory=list, init=False)
    _items: list[Item] = field(default_factory=list, init=False)
    _attributes: set[str] = field(default_factory=set, init=False)
    _pending_rejections: int = field(default=0, init=False)
    _flushed: float = field(default=0.0, init=False)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    def delivered(
        self, entry: Entry, result: Delivered, known: Known | None, dropped: frozenset[bytes]
    ) -> None:
        """ChartMogul holds the record, but for what it `dropped`."""
        fields = entry.record.fields
        hashes = self.hasher.fields(fields)
        pairs = len(known.pairs) if isinstance(known, Seen) else None
        assert result.uuid is not None
        self._items.append(
            Confirmed(
                entry.record.key,
                result.uuid,
                pairs,
                entry.fingerprint,
                join(hashes),
                join(dropped & hashes),
                result.outcome,
                entry.imprint,
            )
        )
        self._attributes.update(
            name.removeprefix(ATTRIBUTE)
            for name in _attributes_in(fields)
            if not dropped or self.hasher.field(name, fields[name]) not in dropped
        )
        self._results.append(result)

    def skipped(self, entry: Entry, result: Delivered, known: Known) -> None:
        """The mode left the record alone: its uuid is kept without a fingerprint, for a change of mode."""
        pairs = len(known.pairs) if isinstance(known, Seen) else None
        self._items.append(Observed(entry.record.key, result.uuid, pairs, result.outcome))
        self._results.append(result)

    def rejected(
        self,
        entry: Entry,
        result: Rejected | PartlyWritten,
        error: Refused | Unavailable | None,
        uuid: str | None = None,
    ) -> None:
        """The record did not arrive, or only in part.

        Raises:
            RailError: more rows are rejected than `max_rejected` allows.
        """
        rejected = result.rejected if isinstance(result, PartlyWritten) else result
        if isinstance(result, PartlyWritten):
            after = {name: change[1] for name, change in result.changes.items()}
            self._attributes.update(n.removeprefix(ATTRIBUTE) for n in _attributes_in(after))
        self._items.append(
            RejectedRow(
                entry.record.key,
                rejected.problems[0].code,
                uuid=uuid,
                # What a failed request left behind is unknown: only a look-up may call this row unchanged.
                uncertain=error is not None,
                held=self._held(entry, rejected, error),
            )
        )
        self._results.append(result)
        self._pending_rejections += 1
        self.rails.judge_rejected(self.run.rows.rejected + self._pending_rejections)

    def _held(self, entry: Entry, rejected: Rejected, error: Exception | None) -> Held | None:
        if not isinstance(error, Refused) or rejected.http_status not in _FOR_GOOD:
            return None
        if error.answered.garbled:
            return None  # a proxy's page, or half an answer: nobody knows what ChartMogul has against it
        if isinstance(error, AlreadyExists):
            return None  # a matter of moments: the next look-up may find it
        mark = self.hasher.mark(entry.fingerprint, self.edition)
        return Held(mark, self.clock(), rejected.http_status, rejected.problems[0].field)

    def would(self, result: Delivered, requests: int) -> None:
        """What a dry run found; nothing is written anywhere but in its report."""
        self.cost += requests
        self._results.append(result)

    async def breathe(self) -> None:
        """Write down what there is, if it is enough or has waited long enough."""
        if self._results and (
            len(self._results) >= _ROWS or self.monotonic() - self._flushed >= _SECONDS
        ):
            await asyncio.shield(self.flush())  # a cut-off worker must not lose what others did

    async def flush(self) -> None:
        """Write down everything; what happened is reported even if the state cannot be written.

        Raises:
            StateError: the state cannot be written.
        """
        async with self._lock:
            results, self._results = self._results, []
            items, self._items = self._items, []
            attributes, self._attributes = frozenset(self._attributes), set()
            self._flushed = self.monotonic()
            try:
                if self.remember is not None and items:
                    await self.remember(items, attributes)
            finally:
                self._tell(results)

    def _tell(self, results: list[Result]) -> None:
        for result in results:
            count(self.run, result)
            self._pending_rejections -= not isinstance(result, Delivered)
        if results:
            self.report(results)


def _attributes_in(fields: Fields) -> abc.Iterator[str]:
    """The attributes that get a value here."""
    return (n for n, value in fields.items() if n.startswith(ATTRIBUTE) and value is not None)
