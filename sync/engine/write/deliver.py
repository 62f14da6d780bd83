"""One record on its way: looked up, decided, sent, and its answer held against what was sent."""

from collections import abc
from contextlib import contextmanager
from dataclasses import dataclass

from sync.chartmogul.client import Written
from sync.destination.interface import Destination, Unresolved
from sync.domain.fingerprint import split
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
    Update,
    decide,
    holds,
    missing_tags,
)
from sync.domain.record import Fields, Problem, Record, Rejected, Stage, Value
from sync.domain.results import Delivered, Outcome, PartlyWritten, Warned
from sync.engine.spool import Entry
from sync.engine.write.recorder import Recorder
from sync.engine.write.rejections import reject
from sync.errors import AlreadyExists, NotFound, Refused, Unavailable
from sync.state.memory import Memory


@dataclass(frozen=True, slots=True)
class Job:
    """A record to deliver, what the state remembers of its key, and what a look-up has shown."""

    entry: Entry
    memory: Memory | None = None
    known: Known | None = None

    @property
    def record(self) -> Record:
        """The desired record."""
        return self.entry.record

    @property
    def uuid(self) -> str | None:
        """The remembered uuid."""
        return self.memory.uuid if self.memory else None

    @property
    def dropped(self) -> frozenset[bytes]:
        """Hashes of values that ChartMogul is known to drop."""
        return split(self.memory.dropped) if self.memory else frozenset()


@dataclass(slots=True)
class Deliver:
    """Delivers records of one mapping; in a dry run it only says what it would do."""

    destination: Destination
    policy: Policy
    recorder: Recorder
    #: Raises LockedError where the lease would not outlast another write.
    ready: abc.Callable[[], None]
    dry_run: bool = False

    async def deliver(self, job: Job) -> None:
        """Bring ChartMogul to what the record says; whatever happens to it ends in the recorder."""
        with self._rejecting(job):
            async with self.destination.turn(job.record):
                known = await self._look(job)
                await self._carry_out(job, known, self.decide(job, known))

    async def lookups(self, job: Job) -> tuple[Known, Operation] | None:
        """Look and decide, but do nothing yet; None for a row that is rejected by the look-up already."""
        with self._rejecting(job):
            async with self.destination.turn(job.record):
                known = await self._look(job)
                return known, self.decide(job, known)
        return None

    @contextmanager
    def _rejecting(self, job: Job) -> abc.Iterator[None]:
        try:
            yield
        except Unresolved as error:
            self._reject(job, error.problem)
        except (Refused, Unavailable) as error:
            self.recorder.rejected(job.entry, reject(job.record, error), error)

    def _reject(self, job: Job, problem: Problem) -> None:
        record = job.record
        rejected = Rejected(record.row, record.key, Stage.PLAN, (problem,))
        self.recorder.rejected(job.entry, rejected, None)

    async def _look(self, job: Job) -> Known:
        """What is known of a record: from a listing, from the state, or by a look-up."""
        return (
            job.known if job.known is not None else await self.destination.find(job.entry, job.uuid)
        )

    def decide(self, job: Job, known: Known) -> Operation:
        """What is to be done, with the rule that two keys never write one customer."""
        if isinstance(known, Seen) and (
            problem := self.destination.rival(job.record, known, job.uuid)
        ):
            return Reject(job.record, problem)
        return decide(job.record, known, self.policy, job.dropped)

    async def _carry_out(
        self, job: Job, known: Known, operation: Operation, *, again: bool = False
    ) -> None:
        match operation:
            case Create():
                await self._create(job, operation)
            case Update():
                try:
                    await self._update(job, operation)
                except NotFound:
                    # Merged or deleted since it was last seen: look up by key and decide again, once.
                    if again:
                        raise
                    found = await self.destination.find(job.entry, None)
                    await self._carry_out(job, found, self.decide(job, found), again=True)
            case Keep(record, uuid, reason):
                result = Delivered(record.row, record.key, Outcome.UNCHANGED, reason, uuid)
                self.recorder.delivered(job.entry, result, known, job.dropped)
            case Skip(record, skipped, reason):
                result = Delivered(record.row, record.key, Outcome.SKIPPED, reason, skipped)
                self.recorder.skipped(job.entry, result, known)
            case Reject(_, problem):
                self._reject(job, problem)

    async def _create(self, job: Job, operation: Create) -> None:
        record = operation.record
        changes: Changes = {n: (None, v) for n, v in record.fields.items() if v is not None}
        if self.dry_run:
            self._would(job, Outcome.CREATED, operation.reason, changes, None, before_known=True)
            await self.destination.foresee(record, None)
            return
        self.ready()
        try:
            seen = await self.destination.create(record)
        except AlreadyExists as error:
            await self._exists_after_all(job, error)
            return
        met = self.decide(job, seen) if isinstance(seen, Met) else None
        if isinstance(met, Reject):
            self._reject(job, met.problem)  # merged, since it was sent, with a row that comes first
            return
        written = await self._complete(job, seen, met)
        after = {**seen.fields, **(written.seen if written else {})}
        stuck, dropped = self._split(changes, after)
        if isinstance(met, Skip):
            dropped = {}  # nobody was asked a second time
        if written and written.failed:
            self._half_way(job, written.failed, seen.uuid, stuck, before_known=True)
            return
        result = Delivered(
            record.row,
            record.key,
            Outcome.CREATED,
            operation.reason,
            seen.uuid,
            True,
            stuck,
            self._warnings(dropped),
        )
        self.recorder.delivered(job.entry, result, seen, self._hashes(record, dropped))

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

    async def _exists_after_all(self, job: Job, error: AlreadyExists) -> None:
        found = await self.destination.find(job.entry, None)
        if isinstance(found, Absent):
            raise AlreadyExists(
                "ChartMogul says that this external id exists, but no look-up finds it",
                error.answered,
                "it may differ in case only, or the customer was merged a moment ago: the next run tries again",
            )
        await self._carry_out(job, found, self.decide(job, found))

    async def _update(self, job: Job, operation: Update) -> None:
        record, changes = operation.record, operation.changes
        if self.dry_run:
            self._would(
                job,
                Outcome.UPDATED,
                operation.reason,
                changes,
                operation.uuid,
                before_known=operation.before_known,
            )
            await self.destination.foresee(record, operation.uuid)
            return
        self.ready()
        written = await self.destination.update(operation.uuid, _to_send(changes), record)
        stuck, dropped = self._split(changes, written.seen)
        if written.failed:
            # What was never sent is not missing in ChartMogul because it stuck.
            stuck = {name: change for name, change in stuck.items() if name in written.sent}
            self._half_way(
                job, written.failed, operation.uuid, stuck, before_known=operation.before_known
            )
            return
        result = Delivered(
            record.row,
            record.key,
            Outcome.UPDATED if stuck else Outcome.UNCHANGED,
            operation.reason if stuck else "ChartMogul dropped every change",
            operation.uuid,
            operation.before_known,
            stuck,
            self._warnings(dropped),
        )
        self.recorder.delivered(
            job.entry, result, None, job.dropped | self._hashes(record, dropped)
        )

    def _would(
        self,
        job: Job,
        outcome: Outcome,
        reason: str,
        changes: Changes,
        uuid: str | None,
        *,
        before_known: bool,
    ) -> None:
        record = job.record
        result = Delivered(record.row, record.key, outcome, reason, uuid, before_known, changes)
        self.recorder.would(result, self.destination.cost(outcome, changes))

    def _half_way(
        self,
        job: Job,
        failed: Refused | Unavailable,
        uuid: str,
        stuck: Changes,
        *,
        before_known: bool,
    ) -> None:
        rejected = reject(job.record, failed)
        result = PartlyWritten(rejected, uuid, before_known, stuck) if stuck else rejected
        self.recorder.rejected(job.entry, result, failed, uuid)

    def _split(self, changes: Changes, after: Fields) -> tuple[Changes, Changes]:
        """The changes that the answers show, and those that ChartMogul dropped in silence."""
        stuck: Changes = {}
        dropped: Changes = {}
        for name, (before, wanted) in changes.items():
            held = holds(name, wanted, after.get(name))
            (stuck if held else dropped)[name] = (before, wanted)
        return stuck, dropped

    def _warnings(self, dropped: Changes) -> tuple[Warned, ...]:
        return tuple(Warned(name, "dropped", self._drop(name)) for name in dropped)

    def _drop(self, name: str) -> str:
        advice = self.destination.advice(name)
        return (
            f"ChartMogul answered without an error, but did not take {name}"
            f"{': ' if advice else ''}{advice}; it is not sent again until its value changes"
        )

    def _hashes(self, record: Record, dropped: Changes) -> frozenset[bytes]:
        return frozenset(self.policy.field_hash(name, record.fields[name]) for name in dropped)


def _to_send(changes: Changes) -> Fields:
    fields: dict[str, Value] = {name: after for name, (_, after) in changes.items()}
    if "tags" in changes:
        fields["tags"] = missing_tags(changes["tags"])
    return fields
