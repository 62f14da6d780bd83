"""What became of rows, written down: into the state first, then the tally and the reports.

One module because a row is counted, remembered and reported as one thing, in one order.
"""

import asyncio
from collections import abc
from dataclasses import dataclass, field, replace
from typing import Protocol

from sync.domain import objects
from sync.domain.background import Backgrounds
from sync.domain.clock import Clock
from sync.domain.events import MappingReporter
from sync.domain.fingerprint import Hasher, join
from sync.domain.money import Revenue
from sync.domain.plan import Absent, Seen
from sync.domain.planned import CONFLICT
from sync.domain.record import ATTRIBUTE, Fields, Rejected
from sync.domain.results import TOUCHED, Delivered, Outcome, PartlyWritten, Result, count
from sync.domain.sameness import same
from sync.domain.typed import Typed
from sync.engine.limits import RunLimits
from sync.engine.spool import Entry
from sync.engine.write.aside import Prepared
from sync.engine.write.delivery import Delivery
from sync.engine.write.rejections import memorable
from sync.engine.write.same_refusals import SameRefusals
from sync.errors import AlreadyExists, NotFound, Refused
from sync.state.keys import Keys
from sync.state.memory import Confirmed, Drop, Held, Item, Observed, RejectedRow

#: A crash loses the record of at most this many rows, or of this many seconds; they are looked up again, see
#: `MappingState.announce`.
_ROWS = 100
_SECONDS = 0.5
#: A refusal of the row itself; it will be refused again while nothing changes.
_FOR_GOOD = (400, 422)


def _in_none(row: int) -> int | None:
    return None


class ResultStore(Protocol):
    """Where what became of rows is kept for later runs."""

    async def remember(
        self, items: list[Item], attributes: frozenset[str], types: abc.Mapping[str, Typed]
    ) -> None:
        """Write down what became of rows, and the types that their attributes have fixed by now."""
        ...


@dataclass(slots=True)
class Recorder:
    """Collects deliveries of one mapping and writes them in batches, in the order state, tally, reports.

    `state` is None in a dry run, which leaves no trace there. `edition` is what must stay the same besides the row
    for a refused row to be held back.
    """

    reporter: MappingReporter
    hasher: Hasher
    edition: bytes
    state: ResultStore | None
    types: abc.Mapping[str, Typed]
    limits: RunLimits
    clock: Clock
    backgrounds: Backgrounds = field(default_factory=Backgrounds)
    #: The bucket of a row, by its number; None where rows are read unasked.
    bucket_of: abc.Callable[[int], int | None] = _in_none
    #: Requests that the real run would send for what a dry run found.
    cost: int = field(default=0, init=False)
    _results: list[Result] = field(default_factory=list, init=False)
    _items: list[Item] = field(default_factory=list, init=False)
    _attributes: set[str] = field(default_factory=set, init=False)
    _pending_rejections: int = field(default=0, init=False)
    _flushed: float = field(default=0.0, init=False)
    _same: SameRefusals = field(init=False)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    def __post_init__(self) -> None:
        # A dry run sends nothing that could be refused.
        self._same = SameRefusals(None if self.state is None else self.limits.max_same_refusals)
        object_ = self.reporter.run.object
        if object_ is not None and objects.of(object_).revenue:
            self.reporter.run.mrr = Revenue()

    def record(self, delivery: Delivery) -> None:
        """Take in what became of one record; it is written down with the next batch.

        Raises:
            RailError: more rows are rejected than `max_rejected` allows, or all that was sent for one reason.
        """
        result = self._told(delivery)
        self._count_up(delivery.entry.record.key, result, delivery.cost, delivery.mrr)
        prepared = Prepared(result, *self._for_state(delivery, result))
        self._take_in(prepared, delivery.entry.record.row)
        if not isinstance(result, Delivered):
            self._pending_rejections += 1
            rejected = self.reporter.run.rows.rejected + self._pending_rejections
            self.limits.judge_rejected(rejected, sending=True)
        self._same.note(delivery)

    def prepare(self, delivery: Delivery) -> Prepared:
        """What there is to write down of a record for which nothing is sent, for `record_prepared` later on."""
        assert isinstance(delivery.result, Delivered), (
            "a rejected row has a background, which may change"
        )
        mended, known = delivery.entry.rejected_since is not None, delivery.known
        return Prepared(
            delivery.result,
            *self._for_state(delivery, delivery.result),
            mended=mended,
            mrr=delivery.mrr,
            absent=known if isinstance(known, Absent) else None,
        )

    def record_prepared(self, prepared: Prepared, cost: int = 0) -> None:
        """Take in what was prepared, and the requests foretold; it is written down with the next batch."""
        assert isinstance(prepared.result, Delivered), "only those are prepared"
        self.reporter.run.mended += prepared.mended
        self._count_up(prepared.result.key, prepared.result, cost, prepared.mrr)
        self._take_in(prepared, prepared.result.row)

    def _for_state(self, delivery: Delivery, result: Result) -> tuple[Item | None, tuple[str, ...]]:
        """What the state has to know of a record, and the attributes that it has fixed."""
        if self.state is None:
            return None, ()
        return self._item(delivery, result), tuple(self._fixed(delivery))

    def _take_in(self, prepared: Prepared, row: int) -> None:
        self._results.append(prepared.result)
        if prepared.item is not None:
            item, bucket = prepared.item, self.bucket_of(row)
            self._items.append(item if bucket is None else replace(item, bucket=bucket))
            self._attributes.update(prepared.attributes)

    def _count_up(self, key: str, result: Result, cost: int, mrr: int | None) -> None:
        """Count the requests that are foretold, and a customer of whom something was, or would be, written."""
        self.cost += cost
        touched = isinstance(result, PartlyWritten) or (
            isinstance(result, Delivered) and result.outcome in TOUCHED
        )
        if touched and self.reporter.run.mrr is not None:
            self.reporter.run.mrr.add(Keys(self.hasher.salt).stored(key), mrr)

    def leave(self, results: list[Result]) -> None:
        """Report rows that are as the state has them."""
        self._tell(results)

    def _told(self, delivery: Delivery) -> Result:
        """What became of a record; of a rejected row with its background. A row that was rejected is mended."""
        match delivery.result:
            case Rejected() as rejected:
                return self._with_background(delivery, rejected)
            case PartlyWritten(rejected=rejected) as partly:
                return replace(partly, rejected=self._with_background(delivery, rejected))
            case result:
                self.reporter.run.mended += delivery.entry.rejected_since is not None
                return result

    def _with_background(self, delivery: Delivery, rejected: Rejected) -> Rejected:
        entry, known = delivery.entry, delivery.known
        uuid = delivery.uuid or (known.uuid if isinstance(known, Seen) else entry.uuid)
        if isinstance(known, Absent) or isinstance(delivery.error, NotFound):
            uuid = None
        return self.backgrounds.of(rejected, entry.rejected_since, uuid, entry.record.fields)

    def _item(self, delivery: Delivery, result: Result) -> Item:
        match result:
            case Delivered(outcome=Outcome.SKIPPED) as result:
                # The mode left it alone: its uuid is kept without a fingerprint, for a change of mode.
                pairs, deleted = _pairs(delivery), _deleted(delivery)
                its_id = self._other_id(delivery)
                told = (result.outcome, deleted, its_id)
                rivals = self._rivals(delivery)
                return Observed(result.key, result.uuid, pairs, *told, rivals=rivals)
            case Delivered() as result:
                return self._confirmed(delivery, result)
            case PartlyWritten(rejected=rejected) | (Rejected() as rejected):
                return self._rejected(delivery, rejected)

    def _confirmed(self, delivery: Delivery, result: Delivered) -> Confirmed:
        """ChartMogul holds the record, but for what it dropped, and what was not sent: then the next run looks."""
        entry, whole = delivery.entry, not delivery.unsent
        absent = delivery.stay | delivery.unsent
        held = {n: v for n, v in entry.record.fields.items() if n not in absent}
        fields = {self.hasher.field(n, value): n for n, value in held.items()}
        dropped = delivery.dropped & fields.keys()
        names = sorted(fields[one] for one in dropped)
        drops = tuple(Drop(name, name in delivery.tried) for name in names)
        assert result.uuid is not None
        return Confirmed(
            entry.record.key,
            result.uuid,
            _pairs(delivery),
            entry.fingerprint if whole else None,
            join(fields.keys() - dropped),
            join(dropped),
            result.outcome,
            entry.row_hash if whole else None,
            drops if drops or delivery.had_drops else None,
            delivery.own,
            self._other_id(delivery),
            rivals=self._rivals(delivery),
            sent=None if whole or result.outcome not in TOUCHED else entry.fingerprint,
        )

    def _rivals(self, delivery: Delivery) -> tuple[str, ...]:
        """The other keys for which ChartMogul has the record since a merge."""
        record, source = delivery.entry.record, self.reporter.run.data_source
        pairs = delivery.seen.pairs if delivery.seen else ()
        if len(pairs) < 2:
            return ()
        own = (record.key, record.was)
        return tuple(id_ for there, id_ in pairs if there == source and id_ not in own)

    def _other_id(self, delivery: Delivery) -> str | None:
        """The id under which ChartMogul has the record, where that was seen to be another one than its key."""
        record, known = delivery.entry.record, delivery.seen
        if record.was is None or known is None:
            return None
        source = self.reporter.run.data_source
        ids = [external_id for there, external_id in known.pairs if there == source]
        return record.was if record.was in ids and record.key not in ids else None

    def _rejected(self, delivery: Delivery, rejected: Rejected) -> RejectedRow:
        """The record did not arrive, or only in part."""
        failed = delivery.error is not None
        return RejectedRow(
            delivery.entry.record.key,
            rejected.problems[0].code,
            uuid=delivery.uuid,
            # What a failed request left behind is unknown: only a look-up may call this row unchanged.
            uncertain=failed,
            held=self._held(delivery.entry, rejected, delivery.error),
            tried=tuple(sorted(delivery.entry.tries)),
            deleted=_deleted(delivery),
            since=rejected.background.since,
            own=delivery.own,
            external_id=self._other_id(delivery),
            sent=self._mark(delivery.entry) if failed else None,
        )

    def _held(self, entry: Entry, rejected: Rejected, error: Exception | None) -> Held | None:
        if not isinstance(error, Refused) or rejected.http_status not in _FOR_GOOD:
            return None
        if error.answered.garbled:
            return None  # a proxy's page, or half an answer: nobody knows what ChartMogul has against it
        if isinstance(error, AlreadyExists):
            return None  # a matter of moments: the next look-up may find it
        first, words = rejected.problems[0], memorable(entry.record, error)
        status = rejected.http_status
        return Held(self._mark(entry), self.clock.now(), status, first.field, first.code, words)

    def _mark(self, entry: Entry) -> bytes:
        """What stands for a row and the mapping."""
        return self.hasher.mark(entry.fingerprint, self.edition)

    def _fixed(self, delivery: Delivery) -> abc.Iterator[str]:
        """The attributes whose type is fixed in ChartMogul by now: those that got a value, or had it."""
        fields, dropped = delivery.entry.record.fields, delivery.dropped
        match delivery.result:
            case Delivered(outcome=Outcome.SKIPPED):
                return
            case Delivered():
                for key in _attributes_in(fields):
                    name = ATTRIBUTE + key
                    if dropped and self.hasher.field(name, fields[name]) in dropped:
                        continue
                    if name not in delivery.unsent:
                        yield key
            case PartlyWritten(changes=changes):
                yield from _attributes_in({name: after for name, (_, after) in changes.items()})
                yield from self._shown(delivery)
            case Rejected():
                yield from self._shown(delivery)

    def _shown(self, delivery: Delivery) -> abc.Iterator[str]:
        """The attributes that a rejected row has like its record: a create whose answer was lost may have set them."""
        fields = delivery.entry.record.fields
        seen = delivery.known if isinstance(delivery.known, Seen) else delivery.looked
        if seen is None:
            return
        for key in _attributes_in(fields):
            typed, name = self.types.get(key), ATTRIBUTE + key
            if same(fields[name], seen.fields.get(name), typed.type if typed else None):
                yield key

    async def breathe(self) -> None:
        """Write down what there is, if it is enough or has waited long enough."""
        if self._results and (
            len(self._results) >= _ROWS or self.clock.monotonic() - self._flushed >= _SECONDS
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
            self._flushed = self.clock.monotonic()
            try:
                if self.state is not None and items:
                    await self.state.remember(items, attributes, self.types)
            finally:
                self._tell(results)

    def _tell(self, results: list[Result]) -> None:
        for result in results:
            count(self.reporter.run, result)
            self._pending_rejections -= not isinstance(result, Delivered)
            self.reporter.run.conflicts += _is_conflict(result)
        if results:
            self.reporter.rows(results)


def _is_conflict(result: Result) -> bool:
    """Whether a row, or its record, has moved since its plan was made."""
    return isinstance(result, Rejected) and result.problems[0].code == CONFLICT


def _pairs(delivery: Delivery) -> int | None:
    """How many (data source, external id) pairs the record was seen with; None where nobody looked."""
    return len(delivery.seen.pairs) if delivery.seen else None


def _deleted(delivery: Delivery) -> bool:
    """Whether the record was found to be deleted in ChartMogul."""
    return isinstance(delivery.known, Absent) and delivery.known.deleted


def _attributes_in(fields: Fields) -> abc.Iterator[str]:
    """The attributes that get a value here, by their bare keys."""
    return (
        name.removeprefix(ATTRIBUTE)
        for name, value in fields.items()
        if name.startswith(ATTRIBUTE) and value is not None
    )
