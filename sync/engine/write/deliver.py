"""One record on its way: looked up, decided about, sent, and its answer held against what was sent.

Only this module sends writes. What became of a record is one value, a `Delivery`; nothing is counted or written down
here, and a plan is made without sending anything.
"""

from dataclasses import dataclass, replace

from sync.chartmogul.client import Written
from sync.destination.interface import Destination, LeftAlone, Unresolved
from sync.domain.plan import (
    Absent,
    Changes,
    Create,
    Known,
    Met,
    Operation,
    Policy,
    Reject,
    Seen,
    Skip,
    Update,
    decide,
    missing_tags,
)
from sync.domain.record import Fields, Record, Value
from sync.domain.results import Delivered, Outcome, Warned
from sync.engine.context import Lease
from sync.engine.write.delivery import Delivery, Job, Planned, ended, half_way, left_alone
from sync.engine.write.drops import Drops
from sync.errors import AlreadyExists, Detached, NotFound, Refused, Unavailable

#: How the way of a record ends early.
_ENDS = (LeftAlone, Unresolved, Refused, Unavailable)


@dataclass(frozen=True, slots=True)
class Deliver:
    """Delivers records of one mapping. Without a lease nothing can be sent: a dry run has none."""

    destination: Destination
    policy: Policy
    lease: Lease | None

    @property
    def _drops(self) -> Drops:
        return Drops(self.policy, self.destination.advice)

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
            if planned is not None and planned.known == Absent(deleted=True):
                delivery = replace(delivery, known=planned.known)
        return replace(delivery, had_drops=bool(job.dropped))

    async def plan(self, job: Job) -> Planned | Delivery:
        """Look and decide, but do nothing; a row that the look-up rejects already is delivered with that."""
        try:
            async with self.destination.turn(job.record):
                return await self._plan(job)
        except _ENDS as error:
            return ended(job, error)

    def cost(self, planned: Planned) -> int:
        """The requests that a plan will take, without those of later look-ups."""
        match planned.operation:
            case Create(record):
                return self.destination.cost(Outcome.CREATED, _all_of(record))
            case Update(changes=changes):
                return self.destination.cost(Outcome.UPDATED, changes)
            case _:
                return 0

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
        if known is None:
            known = await self.destination.find(job.record, job.uuid)
        return self._decide(job, known)

    def _decide(self, job: Job, known: Known) -> Planned:
        """What is to be done, with the rule that two keys never write one record."""
        rival = None
        if isinstance(known, Absent) and job.memory is not None:
            known = Absent(known.deleted or job.memory.deleted)
        if isinstance(known, Seen):
            rival = self.destination.claim(job.record, known, job.uuid)
        if rival is not None:
            return Planned(job, known, Reject(job.record, rival))
        return Planned(job, known, decide(job.record, known, self.policy, self._drops.settled(job)))

    async def _foretell(self, planned: Planned) -> Delivery:
        match planned.operation:
            case Create(record, reason):
                changes = _all_of(record)
                result = Delivered(
                    record.row, record.key, Outcome.CREATED, reason, None, True, changes
                )
                await self.destination.foresee(record, None)
            case Update(record, uuid, changes, before_known, reason):
                result = Delivered(
                    record.row, record.key, Outcome.UPDATED, reason, uuid, before_known, changes
                )
                await self.destination.foresee(record, uuid)
            case _:
                return self._left_alone(planned)
        cost = self.destination.cost(result.outcome, changes)
        return Delivery(planned.job.entry, result, cost=cost)

    async def _carry_out(self, planned: Planned, *, again: bool = False) -> Delivery:
        match planned.operation:
            case Create() as create:
                return await self._create(planned.job, create, again=again)
            case Update() as update:
                try:
                    return await self._update(planned.job, update)
                except NotFound as error:
                    # Merged or deleted since it was last seen: look up by key and decide again, once.
                    if again:
                        raise
                    found = await self.destination.find(planned.job.record, None)
                    if isinstance(found, Absent):
                        found = Absent(deleted=not isinstance(error, Detached))
                    return await self._carry_out(self._decide(planned.job, found), again=True)
            case _:
                return self._left_alone(planned)

    async def _create(self, job: Job, operation: Create, *, again: bool) -> Delivery:
        record = operation.record
        self._claim_lease()
        try:
            seen = await self.destination.create(record)
        except AlreadyExists as error:
            return await self._exists_after_all(job, error, again=again)
        met = self._decide(job, seen) if isinstance(seen, Met) else None
        if met is not None and isinstance(met.operation, Reject):
            return self._left_alone(met)  # merged, since it was sent, with a row that comes first
        written = await self._complete(job, seen, met.operation if met else None)
        after = {**seen.fields, **(written.seen if written else {})}
        stuck, dropped = self._drops.split(_all_of(record), after)
        if met is not None and isinstance(met.operation, Skip):
            dropped = {}  # nobody was asked a second time
        if written and written.failed:
            return half_way(job, written.failed, seen.uuid, stuck, before_known=True)
        result = Delivered(
            record.row,
            record.key,
            Outcome.CREATED,
            operation.reason,
            seen.uuid,
            True,
            stuck,
            self._drops.warnings(job, dropped),
        )
        hashes, tried = self._drops.hashes(record, dropped), frozenset(dropped)
        return Delivery(job.entry, result, seen, hashes, tried)

    async def _complete(self, job: Job, seen: Seen, met: Operation | None) -> Written | None:
        """Send what the record lacks after its create; `met` is what a look-up in place of an answer calls for.

        Only the answer to a request tells what ChartMogul dropped of it. What a look-up shows may be somebody's
        change, made in between: differences are sent, once.
        """
        if met is None:
            return await self.destination.complete(job.record, seen)
        if not isinstance(met, Update):
            return None
        return await self.destination.update(seen.uuid, _to_send(met.changes), job.record)

    async def _exists_after_all(self, job: Job, error: AlreadyExists, *, again: bool) -> Delivery:
        found = await self.destination.find(job.record, None)
        if isinstance(found, Absent):
            raise AlreadyExists(
                "ChartMogul says that this external id exists, but no look-up finds it",
                error.answered,
                "it may differ in case only, or the customer was merged a moment ago: the next run tries again",
            )
        return await self._carry_out(self._decide(job, found), again=again)

    async def _update(self, job: Job, operation: Update) -> Delivery:
        record, changes, known = operation.record, operation.changes, operation.before_known
        self._claim_lease()
        written = await self.destination.update(operation.uuid, _to_send(changes), record)
        stuck, dropped = self._drops.split(changes, written.seen)
        stuck = {name: change for name, change in stuck.items() if name not in written.unmodified}
        if written.failed:
            # What was never sent is not missing in ChartMogul because it stuck.
            stuck = {name: change for name, change in stuck.items() if name in written.confirmed}
            return half_way(job, written.failed, operation.uuid, stuck, before_known=known)
        result = Delivered(
            record.row,
            record.key,
            Outcome.UPDATED if stuck else Outcome.UNCHANGED,
            operation.reason if stuck else _nothing_done(dropped),
            operation.uuid,
            known,
            stuck,
            self._drops.warnings(job, dropped) + tuple(map(_lost, written.lost)),
        )
        untouched = frozenset() if known else job.dropped - self._drops.hashes(record, changes)
        return Delivery(
            job.entry,
            result,
            dropped=untouched | self._drops.hashes(record, dropped),
            tried=frozenset(dropped),
            stuck=frozenset(n for n in stuck if self._drops.hashes(record, [n]) <= job.dropped),
        )

    def _left_alone(self, planned: Planned) -> Delivery:
        """The delivery of a record for which nothing is sent; what a look-up shows is dropped no longer."""
        delivery, known = left_alone(planned), planned.known
        if not isinstance(known, Seen) or not delivery.dropped:
            return delivery
        record = planned.job.record
        there, _ = self._drops.split({n: (None, v) for n, v in record.fields.items()}, known.fields)
        return replace(delivery, dropped=delivery.dropped - self._drops.hashes(record, there))

    def _claim_lease(self) -> None:
        """Raise LockedError where the lease would not outlast another write; nothing is sent without one.

        Nothing is begun in vain then. What counts is the client's own test, when the request is sent.
        """
        if self.lease is None:
            raise RuntimeError("a dry run is about to write")
        self.lease.require()


def _lost(name: str) -> Warned:
    what = f"ChartMogul no longer has {name}, which no row sends: it was there before this write"
    return Warned(name, "lost_attributes", what)


def _all_of(record: Record) -> Changes:
    """All that a create sets."""
    return {name: (None, value) for name, value in record.fields.items() if value is not None}


def _nothing_done(dropped: Changes) -> str:
    """Why an update changed nothing."""
    if dropped:
        return "ChartMogul dropped every change"
    return "ChartMogul says that this changes nothing"


def _to_send(changes: Changes) -> Fields:
    fields: dict[str, Value] = {name: after for name, (_, after) in changes.items()}
    if "tags" in changes:
        fields["tags"] = missing_tags(changes["tags"])
    return fields
