"""The rows of one mapping in an audit: each is looked for among the records, decided about, and counted."""

import asyncio
from collections import abc
from dataclasses import dataclass, field

from sync.domain import objects
from sync.domain.audited import Audited
from sync.domain.events import MappingReporter
from sync.domain.plan import (
    Absent,
    Create,
    Keep,
    Known,
    Policy,
    Reject,
    Seen,
    Skip,
    Update,
)
from sync.domain.policy import Mode, OnAbsent
from sync.domain.record import Record, Rejected, Stage
from sync.domain.results import Delivered, Outcome, Result, count
from sync.engine.audit.differences import Differences
from sync.engine.read.decision import UndoneMarks
from sync.engine.spool import Spool
from sync.engine.write.assemble import WriterAssembly
from sync.engine.write.content import all_of
from sync.engine.write.deliver import Deliver
from sync.engine.write.delivery import Delivery, Job, Planned
from sync.engine.write.lookups import Lookups, known_by
from sync.state.mapping_state import call

#: A contact whose customer is missing is missing as well.
_OF_NOBODY = "customer_not_found"
#: So many records that a listing did not show are looked for one by one: if one of them is there, so are others.
_SAMPLE = 3


@dataclass(slots=True)
class Side:
    """One mapping's rows. `absent` says how a row without a record counts where the mode alone would not create it."""

    spool: Spool
    lookups: Lookups
    deliver: Deliver
    reporter: MappingReporter
    audited: Audited
    differences: Differences
    leaves_absent: bool
    #: The uuids of the records that its rows have met.
    met: set[str] = field(default_factory=set, init=False)
    #: Those of its rows whose records had other keys before, by the keys that they have now.
    renamed: dict[str, Seen] = field(default_factory=dict, init=False)
    _looked_for: int = field(default=0, init=False)
    _moving: bool = field(default=False, init=False)

    async def meet(self, shown: abc.Mapping[str, Seen]) -> None:
        """Compare the rows of these keys with what a page shows."""
        jobs = await self.lookups.recall(self.spool.take(list(shown)))
        self.lookups.keep(shown)
        await self._compare([known_by(job, shown) for job in jobs])

    async def finish(self, *, listed_by_key: bool) -> None:
        """Compare what no page has told: all rows, where records are not told by their keys alone."""
        for entries in self.spool.entries():
            jobs = await self.lookups.recall(entries)
            if listed_by_key:
                for job in jobs:
                    await self._look_for(self.lookups.by_either(job))
            else:
                await self._compare(jobs)

    def known(self, keys: abc.Sequence[str]) -> set[str]:
        """Those of these keys that a row has, or had before, be it rejected or not."""
        return self.spool.known(keys)

    async def _look_for(self, job: Job) -> None:
        """A row that no page showed. A record may move while pages are read: some are looked for to tell."""
        if job.known is not None:
            await self._compare([job])
            return
        if self._moving or self._looked_for < _SAMPLE:
            self._looked_for += 1
            [found] = await self._compare([job])
            self._moving = self._moving or not _is_missing(found)
            return
        await self._compare([job.knowing(Absent(deleted=job.uuid is not None))])

    async def _compare(self, jobs: abc.Sequence[Job]) -> list[Result]:
        results = [self._result(one) for one in await self._plan(jobs)]
        for result in results:
            count(self.reporter.run, result)
        if results:
            self.reporter.rows(results)
        return results

    async def _plan(self, jobs: abc.Sequence[Job]) -> abc.Iterable[Planned | Delivery]:
        """Decide about rows: side by side where some of them wait for look-ups."""
        if all(job.known is not None for job in jobs):
            return [await self.deliver.plan(job) for job in jobs]
        planned = await asyncio.gather(*map(self.deliver.plan, jobs), return_exceptions=True)
        return _sound(planned)

    def _result(self, found: Planned | Delivery) -> Result:
        """What the audit says of a row, as a dry run would."""
        if isinstance(found, Delivery):
            return self._without_customer(found)
        self._note(found.job.record, found.known)
        match found.operation:
            case Create():
                return self._missing(found.job, found.known)
            case Update() as update:
                return self._different(found, update)
            case Keep(record, uuid, reason):
                return Delivered(record.row, record.key, Outcome.UNCHANGED, reason, uuid)
            case Skip(record, skipped, reason):
                return Delivered(record.row, record.key, Outcome.SKIPPED, reason, skipped)
            case Reject(record, problem):
                return Rejected(record.row, record.key, Stage.PLAN, (problem,))

    def _different(self, found: Planned, update: Update) -> Delivered:
        assert isinstance(found.known, Seen)  # an audit trusts no state
        record, told = update.record, self.differences.of(found.job, found.known, update)
        if not told:
            reason = "equal in ChartMogul, but for what it does not take"
            return Delivered(record.row, record.key, Outcome.UNCHANGED, reason, update.uuid)
        for name, example in told.items():
            self.audited.differs(name, example)
        changes = {name: update.changes[name] for name in told}
        reason = f"differs in ChartMogul: {', '.join(changes)}"
        return Delivered(
            record.row, record.key, Outcome.UPDATED, reason, update.uuid, True, changes
        )

    def _note(self, record: Record, known: Known) -> None:
        if isinstance(known, Seen):
            self.met.add(known.uuid)
            if record.was is not None:
                self.renamed[record.key] = known

    def _without_customer(self, found: Delivery) -> Result:
        """A row that the look-up has ended: rejected, left alone, or of a customer that is missing."""
        result = found.result
        if isinstance(result, Rejected) and result.problems[0].code == _OF_NOBODY:
            job = Job(found.entry)
            return self._missing(job, Absent(), "its customer is not in ChartMogul")
        return result

    def _missing(self, job: Job, known: Known, reason: str = "not in ChartMogul") -> Delivered:
        record = job.record
        if self.leaves_absent:
            return Delivered(record.row, record.key, Outcome.SKIPPED, reason)
        deleted = isinstance(known, Absent) and known.deleted
        self.audited.deleted += deleted
        why = "deleted in ChartMogul" if deleted else reason
        changes = all_of(record)
        return Delivered(record.row, record.key, Outcome.CREATED, why, None, True, changes)


def _sound(
    planned: abc.Iterable[Planned | Delivery | BaseException],
) -> abc.Iterator[Planned | Delivery]:
    """What was planned; the first error, once nothing is under way any more."""
    for one in planned:
        if isinstance(one, BaseException):
            raise one
        yield one


def _is_missing(result: Result) -> bool:
    return isinstance(result, Delivered) and result.uuid is None


async def side_of(assembly: WriterAssembly, audited: Audited, digest: bytes) -> Side:
    """The rows of a mapping that is read, with what they are compared by; `digest` is that of its file.

    A row differs whatever the mode would do about it; but what the mode leaves alone is not missing.
    """
    mapping, findings = assembly.mapping, assembly.findings
    destination = assembly.destination()
    policy = Policy(
        Mode.INSERT if mapping.mode is Mode.INSERT else Mode.UPSERT,
        OnAbsent.REJECT,
        findings.hasher,
        objects.of(mapping.destination.object),
        {key: typed.type for key, typed in findings.types.items()},
        mapping.deleted,
        tags=mapping.tag_terms,
    )
    leaves_absent = mapping.mode is Mode.UPDATE and mapping.absent is OnAbsent.SKIP
    undone = UndoneMarks(await call(assembly.state.undone), digest)
    return Side(
        findings.spool,
        await assembly.lookups(destination),
        Deliver(destination, policy, None),
        assembly.reporter,
        audited,
        Differences(policy, mapping.overwrites, undone, findings.edition),
        leaves_absent,
    )
