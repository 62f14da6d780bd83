"""One record on its way: looked up, decided about, sent, and its answer held against what was sent.

Only this module sends writes. What became of a record is one value, a `Delivery`; nothing is counted or written down
here, and a plan is made without sending anything.

One module because an answer may call for another decision at any step.
"""

from collections import abc
from dataclasses import dataclass, replace

from sync.chartmogul.client import Written
from sync.destination.interface import SAME_RECORD, Destination, LeftAlone, Unresolved
from sync.domain.overwrite import Edits
from sync.domain.own import Own
from sync.domain.plan import (
    Absent,
    Changes,
    Create,
    Keep,
    Known,
    Met,
    Operation,
    Policy,
    Reject,
    Seen,
    Skip,
    ToCome,
    Update,
    decide,
)
from sync.domain.record import Record
from sync.domain.results import Delivered, Outcome
from sync.domain.tags import TAGS, added, texts
from sync.engine.context import Lease
from sync.engine.plan_file import MappingPlan
from sync.engine.write import content
from sync.engine.write.asked import AskedValues
from sync.engine.write.common import CommonRecords
from sync.engine.write.delivery import (
    Delivery,
    Job,
    Planned,
    ended,
    ended_late,
    half_way,
    left_alone,
    uuid_of,
)
from sync.engine.write.drops import Drops
from sync.engine.write.edits import warnings_of
from sync.engine.write.ownership import Ownership, Shown, added_by, shown_after
from sync.engine.write.pins import Pins
from sync.engine.write.tag_notes import Tagged, TagNotes
from sync.errors import AlreadyExists, Detached, NotFound, Refused, SyncError, Unavailable
from sync.state.memory import OwnNote

#: Where ChartMogul says that an external id exists, and none is found: by whether it takes one of each only.
_TAKEN = {
    True: "it may differ in case only, or the customer was merged a moment ago: the next run tries again",
    False: "a contact of another data source, or of nobody, may have it: look for it in ChartMogul",
}
#: How the way of a record ends early.
_ENDS = (LeftAlone, Unresolved, Refused, Unavailable)


@dataclass(frozen=True, slots=True)
class Deliver:
    """Delivers records of one mapping. Without a lease nothing can be sent: a dry run has none.

    `applied` is a plan: nothing happens that it does not list.
    """

    destination: Destination
    policy: Policy
    lease: Lease | None
    #: Where what is asked for is noted before it is sent; None where nothing is sent.
    asked: AskedValues | None = None
    #: Tells which values were not taken because they are pinned; None where nobody asks.
    pins: Pins | None = None
    applied: MappingPlan | None = None
    #: In a dry run: what mappings before this one would leave; None where no other has the same records.
    common: CommonRecords | None = None

    @property
    def _drops(self) -> Drops:
        return Drops(self.policy, self.destination.advice)

    @property
    def _ownership(self) -> Ownership:
        return Ownership(self.policy, self.asked)

    async def deliver(self, job: Job) -> Delivery:
        """Bring ChartMogul to what the record says.

        Raises:
            SyncError: what no row can survive.
        """
        planned: Planned | None = None
        try:
            async with self.destination.turn(job.record):
                planned = await self._plan(job)
                delivery = await self._carry_out(planned)
        except _ENDS as error:
            delivery = ended(job, error)
        return _looked_at(delivery, job, planned)

    async def plan(self, job: Job) -> Planned | Delivery:
        """Look and decide, but do nothing; a row that the look-up rejects already is delivered with that."""
        try:
            async with self.destination.turn(job.record):
                return await self._plan(job)
        except _ENDS as error:
            return ended(job, error)

    def settled(self, planned: Planned) -> Delivery | None:
        """What became of a record, where a second pass could tell nothing else of it; None: it is decided about anew.

        A look-up has shown that nothing is to be sent. What becomes of other rows makes no difference to a record that
        is told by its key, unless it had another one before: rows may still ask for it by that. In a dry run mappings
        that come after this one may have to know of it.
        """
        if not self._is_told_by_key(planned) or not isinstance(planned.operation, Keep):
            return None
        if not isinstance(planned.known, Seen):
            return None
        left = _looked_at(self._left_alone(planned), planned.job, planned)
        told = self.common is not None and self.common.is_told(planned.operation, left.own)
        return None if told else left

    async def foretold(self, planned: Planned) -> Delivery | None:
        """What a dry run tells of a record, where a second pass could tell nothing else of it; None: it is told then.

        What is left for mappings that come after this one is told only once everything is judged.
        """
        if not self._is_told_by_key(planned) or isinstance(planned.operation, Reject):
            return None
        return None if self.common is not None else await self._foretell(planned)

    def _is_told_by_key(self, planned: Planned) -> bool:
        return self.destination.listing is not None and planned.job.record.was is None

    def requests(self, planned: Planned) -> abc.Sequence[str]:
        """The requests that a plan will take, without those of later look-ups, by method and path."""
        match planned.operation:
            case Create(record):
                return self.destination.requests(Outcome.CREATED, content.all_of(record))
            case Update(uuid=uuid, changes=changes):
                asked = self.destination.requests(Outcome.UPDATED, changes)
                return tuple(one.replace("{uuid}", uuid) for one in asked)
            case _:
                return ()

    async def foretell(self, job: Job) -> Delivery:
        """What `deliver` would do, with the requests that it would take; later rows see it as done."""
        try:
            async with self.destination.turn(job.record):
                return await self._foretell(await self._plan(job))
        except _ENDS as error:
            return ended(job, error)

    async def _plan(self, job: Job) -> Planned:
        """What is known of a record, from a listing, the state or a look-up, and what follows."""
        known = job.known
        # A page tells nothing of a record that had another key, and whose uuid is known only by then.
        unseen = known is None or job.record.was is not None
        if self.common is not None and unseen and job.uuid is None:
            known = self.common.remembered(job.record.key) or known
        if known is None:
            known = await self.destination.find(job.record, job.uuid)
        return self._decide(job, known)

    def _decide(self, job: Job, known: Known) -> Planned:
        """What is to be done, with the rule that two keys never write one record."""
        rival = None
        if isinstance(known, Absent) and job.memory is not None:
            known = Absent(known.deleted or job.memory.deleted)
        if self.common is not None:
            known = self.common.by_then(job.record.key, known)
        if isinstance(known, Seen):
            rival = self.destination.claim(job.record, known, job.uuid)
        if rival is not None:
            return Planned(job, known, Reject(job.record, rival))
        settled = self._drops.settled(job)
        # What was sent to the record before says nothing of one that is to come.
        own = Own() if isinstance(known, ToCome) else job.own
        operation = decide(job.record, known, self.policy, settled, own)
        if self.applied is not None:
            operation = self.applied.allowed(operation, known, self.policy)
        return Planned(job, known, operation)

    async def _foretell(self, planned: Planned) -> Delivery:
        delivery, memory = await self._foretell_alone(planned), planned.job.memory
        # A record that the state does not know loses no tags in this run.
        if self.common is not None and memory is not None:
            self.common.note_tags(memory.record, self._tags_to_come(planned, delivery))
        return delivery

    def _tags_to_come(self, planned: Planned, foretold: Delivery) -> OwnNote | None:
        """What the run would note of the tags of a record; None: nothing that is not noted."""
        match planned.operation, planned.known:
            case Create(record), _:
                tags = texts(record.fields.get(TAGS))
                uuid, tagged = "", Tagged(tags, tags)
            case Update(uuid=uuid, changes=changes), Seen(fields=fields):
                change = changes.get(TAGS, (fields.get(TAGS), fields.get(TAGS)))
                tagged = Tagged(texts(change[1]), added(change))
            case Update(uuid=uuid), _:
                tagged = Tagged()
            case _:
                return foretold.own
        return TagNotes(self.policy).note(None, planned.job, uuid, tagged)

    async def _foretell_alone(self, planned: Planned) -> Delivery:
        operation = content.with_what_goes(planned.operation, planned.known, self.policy.descriptor)
        if self.common is not None:
            self.common.leave(planned.known, operation)
        match operation:
            case Create(record, reason):
                changes = content.all_of(record)
                result = Delivered(
                    record.row, record.key, Outcome.CREATED, reason, None, True, changes
                )
                await self.destination.foresee(record, None, changes)
            case Update(record, uuid, changes, before_known, reason, edits):
                told = (uuid_of(planned, uuid), before_known, changes, warnings_of(edits))
                result = Delivered(record.row, record.key, Outcome.UPDATED, reason, *told)
                await self.destination.foresee(record, uuid, changes)
            case _:
                return self._left_alone(planned)
        cost = self.destination.cost(result.outcome, changes)
        return Delivery(planned.job.entry, result, planned.known, cost=cost, mrr=_mrr(planned))

    async def _carry_out(self, planned: Planned, *, again: bool = False) -> Delivery:
        try:
            return await self._carry_through(planned, again=again)
        except _ENDS as error:
            delivery = ended_late(planned, error)
            return self._ownership.failed(delivery, planned.job, error, {})

    async def _carry_through(self, planned: Planned, *, again: bool) -> Delivery:
        match planned.operation:
            case Create() as create:
                return await self._create(planned.job, create, again=again)
            case Update() as update:
                try:
                    return await self._update(planned, update)
                except NotFound as error:
                    # Merged or deleted since it was last seen: look up by key and decide again, once.
                    if again:
                        raise
                    found = await self.destination.find(planned.job.record, None)
                    if isinstance(found, Absent):
                        found = Absent(deleted=not isinstance(error, Detached))
                    return await self._decide_again(planned.job, found, again=True)
            case _:
                return self._left_alone(planned)

    async def _create(self, job: Job, operation: Create, *, again: bool) -> Delivery:
        record, changes = operation.record, content.all_of(operation.record)
        self._claim_lease()
        job = await self._ownership.ask(job, changes)
        try:
            seen = await self.destination.create(record)
        except AlreadyExists as error:
            return await self._exists_after_all(job, error, again=again)
        met = self._decide(job, seen) if isinstance(seen, Met) else None
        if met is None and len(seen.pairs) > 1:  # ChartMogul may merge whom it makes at once
            rival = self.destination.claim(record, seen, None)
            met = Planned(job, seen, Reject(record, rival)) if rival else None
        if met is not None and isinstance(met.operation, Reject):
            return self._left_alone(met)  # merged with a row that comes first, or edited
        edits = content.edits_of(met.operation) if met else Edits()
        changes = {name: change for name, change in changes.items() if name not in edits.stay}
        written = await self._completed(job, seen, met.operation if met else None)
        after = {**seen.fields, **(written.seen if written else {})}
        sent = content.changes_of(met.operation) if met else changes
        shown = Shown(after, None, sent, added=self._added(sent, written, met))
        stuck, dropped = self._drops.split(changes, after)
        if met is not None and isinstance(met.operation, Skip):
            dropped = {}  # nobody was asked a second time
        if written and written.failed:
            failed = half_way(
                job, written.failed, seen.uuid, stuck, before_known=True, created=True
            )
            return self._ownership.failed(failed, job, written.failed, stuck, shown)
        result = Delivered(
            record.row,
            record.key,
            Outcome.CREATED,
            operation.reason,
            seen.uuid,
            True,
            stuck,
            self._drops.warnings(job, dropped) + warnings_of(edits),
        )
        hashes, tried = self._drops.hashes(record, dropped), frozenset(dropped)
        delivery = Delivery(job.entry, result, seen, hashes, tried)
        shown = replace(shown, stuck=stuck.keys())
        return self._ownership.written(delivery, job, shown, edits)

    def _added(
        self, sent: Changes, written: Written | None, met: Planned | None
    ) -> tuple[str, ...]:
        """The tags of a new record that answered requests added; what a lost one asked for may be anybody's."""
        if met is None:
            return added(sent[TAGS]) if TAGS in sent else ()
        return added_by(written, sent) if written is not None else ()

    async def _completed(self, job: Job, seen: Seen, met: Operation | None) -> Written | None:
        """As `_complete`; the record is there, and is told, whatever befell what it lacks."""
        try:
            return await self._complete(job, seen, met)
        except SyncError as error:
            return Written.nothing(error)

    async def _complete(self, job: Job, seen: Seen, met: Operation | None) -> Written | None:
        """Send what the record lacks after its create; `met` is what a look-up in place of an answer calls for.

        Only the answer to a request tells what ChartMogul dropped of it. What a look-up shows may be somebody's
        change, made in between: differences are sent, once.
        """
        if met is None:
            return await self.destination.complete(job.record, seen)
        if not isinstance(met, Update):
            return None
        kept = content.staying(job.record, seen, met.edits).without(met.unsent)
        return await self._send(seen.uuid, met.changes, kept)

    async def _send(self, uuid: str, changes: Changes, record: Record) -> Written:
        """Write these changes; `record` has what is sent along with them."""
        off = content.tags_off(changes)
        return await self.destination.update(uuid, content.to_send(changes), record, off)

    async def _exists_after_all(self, job: Job, error: AlreadyExists, *, again: bool) -> Delivery:
        found = await self.destination.find(job.record, None)
        if isinstance(found, Absent):
            raise AlreadyExists(
                "ChartMogul says that this external id exists, but no look-up finds it",
                error.answered,
                _TAKEN[self.policy.descriptor.unique_keys],
            )
        return await self._decide_again(job, found, again=again)

    async def _decide_again(self, job: Job, found: Known, *, again: bool) -> Delivery:
        """Carry out what follows from a second look."""
        planned = self._decide(job, found)
        return _looked_at(await self._carry_out(planned, again=again), job, planned)

    async def _update(self, planned: Planned, operation: Update) -> Delivery:
        record, changes, known = operation.record, operation.changes, operation.before_known
        self._claim_lease()
        job = await self._ownership.ask(planned.job, changes, operation.uuid)
        kept = content.staying(record, planned.known, operation.edits).without(operation.unsent)
        written = await self._send(operation.uuid, changes, kept)
        stuck, dropped = self._drops.split(changes, written.seen)
        stuck = {name: change for name, change in stuck.items() if name not in written.unmodified}
        parts = (planned.known, (stuck, dropped), written)
        along = content.taken_along(*parts, self.policy.shape)
        if written.failed:
            # What was never sent is not missing in ChartMogul because it stuck.
            stuck = {name: change for name, change in stuck.items() if name in written.confirmed}
            stuck |= content.tags_half_way(changes, written)
            told = stuck | along
            failed = half_way(job, written.failed, operation.uuid, told, before_known=known)
            shown = Shown(written.seen, written.confirmed, added=added_by(written, changes))
            return self._ownership.failed(failed, job, written.failed, stuck, shown)
        pinned = await self._pinned(operation.uuid, self._drops.new(job, dropped), written)
        result = Delivered(
            record.row,
            record.key,
            Outcome.UPDATED if stuck | along else Outcome.UNCHANGED,
            operation.reason if stuck | along else content.nothing_done(dropped),
            operation.uuid,
            known,
            stuck | along,
            self._drops.warnings(job, dropped, pinned)
            + tuple(map(content.lost, written.lost))
            + warnings_of(operation.edits),
        )
        untouched = frozenset() if known else job.dropped - self._drops.hashes(record, changes)
        delivery = Delivery(
            job.entry,
            result,
            dropped=untouched | self._drops.hashes(record, dropped),
            tried=frozenset(dropped),
            unsent=operation.unsent,
            stuck=frozenset(n for n in stuck if self._drops.hashes(record, [n]) <= job.dropped),
        )
        before = content.but_for(planned.known, along)
        shown = shown_after(before, written, changes, stuck.keys())
        return self._ownership.written(delivery, job, shown, operation.edits)

    async def _pinned(self, uuid: str, new: abc.Sequence[str], written: Written) -> frozenset[str]:
        """Which of these values, that ChartMogul did not take, are pinned."""
        if self.pins is None or not new:
            return frozenset()
        return await self.pins.among(uuid, frozenset(new), written)

    def _left_alone(self, planned: Planned) -> Delivery:
        """The delivery of a record for which nothing is sent; what a look-up shows is dropped no longer."""
        delivery, known = left_alone(planned), planned.known
        if isinstance(known, Seen) and delivery.dropped:
            record = planned.job.record
            wanted: Changes = {name: (None, value) for name, value in record.fields.items()}
            there, _ = self._drops.split(wanted, known.fields)
            left = delivery.dropped - self._drops.hashes(record, there)
            delivery = replace(delivery, dropped=left)
        match planned.operation:
            case Keep(edits=edits):
                return self._ownership.kept(delivery, planned.job, known, edits)
            case Reject(problem=problem) if problem.code != SAME_RECORD and isinstance(known, Seen):
                return self._ownership.rejected(delivery, planned.job, known)
        return delivery

    def _claim_lease(self) -> None:
        """Raise LockedError where the lease would not outlast another write; nothing is sent without one.

        Nothing is begun in vain then. What counts is the client's own test, when the request is sent.
        """
        if self.lease is None:
            raise RuntimeError("a dry run is about to write")
        self.lease.require()


def _looked_at(delivery: Delivery, job: Job, planned: Planned | None) -> Delivery:
    """A delivery with what was known before: by the last look, where there were two."""
    if delivery.looked is not None:
        return delivery
    looked = planned.known if planned and isinstance(planned.known, Seen) else None
    return replace(delivery, had_drops=bool(job.dropped), mrr=_mrr(planned), looked=looked)


def _mrr(planned: Planned | None) -> int | None:
    """The MRR that the look-up has shown."""
    return planned.known.mrr if planned and isinstance(planned.known, Seen) else None
