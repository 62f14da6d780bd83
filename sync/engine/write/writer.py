"""Phase two: what the spool holds is looked up, decided, sent and recorded, without waiting for one another."""

import asyncio
from collections import Counter, abc
from contextlib import aclosing
from dataclasses import dataclass, field

from sync.domain.events import Phase
from sync.domain.plan import Absent, Create, Remembered, Seen, Update
from sync.domain.record import Rejected
from sync.domain.results import TOUCHED, Delivered, Outcome, PartlyWritten, Result
from sync.engine.context import Stop
from sync.engine.spool import Entry, Spool
from sync.engine.write.aside import Aside
from sync.engine.write.canary import Canary, judge
from sync.engine.write.content import cleared
from sync.engine.write.costs import Costs
from sync.engine.write.deliver import Deliver
from sync.engine.write.delivery import Delivery, Job, Planned
from sync.engine.write.lookups import Lookups
from sync.engine.write.plan_marks import PlanMarks
from sync.engine.write.recorder import Recorder
from sync.errors import CutShort, SyncError

#: Jobs that may wait for a free connection: one page of a listing, and some.
_WAITING = 256
#: Workers beyond the connections: some write down, or wait for another row, while the connections are in use.
_SPARE = 4
#: What look-ups found is kept for the second pass so many at a time: each time is a transaction.
_TOGETHER = 100
#: Seconds for requests under way when the run is asked to end; supervisors kill after ten.
GRACE = 8.0

_CarryOut = abc.Callable[[Job], abc.Awaitable[None]]


@dataclass(slots=True)
class Writer:
    """Delivers the records of one mapping; what became of each goes to the recorder, once.

    `look_first`: all look-ups are finished before the first write, as for a dry run, `max_creates`, `max_updates`,
    `max_requests`, or a type about to be locked. `dry_run`: what would be done is foretold instead. Once `stop` is set
    no new job starts, and those under way have `grace` seconds to finish.
    """

    connections: int
    spool: Spool
    lookups: Lookups
    deliver: Deliver
    recorder: Recorder
    stop: Stop
    dry_run: bool = False
    grace: float = GRACE
    _creates: int = field(default=0, init=False)
    _updates: int = field(default=0, init=False)
    #: In how many rows which field would lose its value.
    _clears: Counter[str] = field(default_factory=Counter, init=False)
    _costs: Costs = field(init=False)
    _failure: SyncError | None = field(default=None, init=False)
    #: The rows that go first, and are read back; None where all are alike.
    canary: Canary | None = field(default=None, init=False)
    #: Marks what is foretold for the plan that is made; None where none is.
    marks: PlanMarks | None = field(default=None, init=False)
    #: Fields of values that were known to be dropped, and have stuck now.
    _stuck: set[str] = field(default_factory=set, init=False)
    #: Records of which the first pass has shown all that there is to tell.
    _aside: Aside = field(init=False)

    #: What look-ups found, of which the spool does not know yet.
    _found: list[tuple[str, Seen | Absent]] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self._aside = Aside(self.spool)
        self._costs = Costs(self.deliver.destination.cost)

    async def write(self) -> None:
        """Deliver everything. The first error that no row can survive is raised once all under way is recorded."""
        waiting, _ = self.spool.count()
        if waiting:
            await self._write_waiting(waiting)
        if not self._over():
            await self._write_followers()

    async def _write_followers(self) -> None:
        """Rows whose dropped values are sent if others of their field stuck; the rest is as it was."""
        if self._stuck and (more := self.spool.follow(self._stuck)):
            self.recorder.limits.judge_more_updates(self._updates + more)
            self.recorder.reporter.phase(Phase.WRITE, more)
            await self._work(self.lookups.jobs(self._over), self._deliver)
        if not self._over():
            for entries in self.spool.followers():
                self.recorder.leave([unchanged(entry) for entry in entries])

    async def _write_waiting(self, waiting: int) -> None:
        phase = self.recorder.reporter.phase
        if not self.lookups.pending.look_first:
            phase(Phase.WRITE, waiting)
            await self._work(self.lookups.jobs(self._over), self._deliver)
            return
        phase(Phase.LOOK_UP, None)
        await self._work(self.lookups.jobs(self._over), self._plan)
        self._see()
        self.recorder.limits.judge_writes(self._creates, self._updates)
        self.recorder.limits.judge_clears(self._clears)
        self.recorder.limits.judge_requests(
            self.recorder.reporter.run.requests.total, self._costs.total()
        )
        self.spool.again()
        phase(Phase.WRITE, self._creates + self._updates)
        if self.canary is not None:
            await self._send_ahead(self.canary)
            if self._over():
                return
        await self._record_aside()
        await self._work(
            self._jobs(self.spool.entries()), self._foretell if self.dry_run else self._deliver
        )

    async def _deliver(self, job: Job) -> None:
        delivery = await self.deliver.deliver(job)
        self._stuck |= delivery.stuck
        self._record(delivery)

    async def _send_ahead(self, canary: Canary) -> None:
        """Deliver the rows of the canary, and read them back.

        Raises:
            RailError: one of them did not arrive as it was sent.
            Interrupted: the run was asked to end before all were read back.
        """

        async def send(job: Job) -> None:
            delivery = await self.deliver.deliver(job)
            canary.note(delivery)
            self._record(delivery)

        await self._work(self._jobs([self.spool.take(canary.keys)]), send)
        if not self._over():
            reading = canary.compared()
            compared = await self.stop.cut(reading, "interrupted before the canary was read back")
            self.recorder.reporter.run.canary = compared
            judge(compared)

    async def _record_aside(self) -> None:
        """Write down what was set aside, and remember nothing of it before all look-ups are done and judged."""
        for some in self._aside.taken_back():
            if self._over():
                return
            for prepared in some:
                self.recorder.record_prepared(prepared, self._cost(prepared.result))
            await self.recorder.breathe()

    def _cost(self, result: Result) -> int:
        """The requests of what a dry run foretells, by the types that all look-ups have shown."""
        if not isinstance(result, Delivered) or result.outcome not in TOUCHED:
            return 0
        return self.deliver.destination.cost(result.outcome, result.changes)

    async def _foretell(self, job: Job) -> None:
        self._record(self._marked(await self.deliver.foretell(job)))

    def _marked(self, delivery: Delivery) -> Delivery:
        return delivery if self.marks is None else self.marks.mark(delivery)

    def _record(self, delivery: Delivery) -> None:
        """Hand it to the recorder; who belongs to a rejected record is told why it is not there.

        Raises:
            SyncError: no row survives what befell this one half-way; it is recorded before.
        """
        match delivery.result:
            case (
                Rejected(row=row, problems=problems)
                | PartlyWritten(rejected=Rejected(row=row, problems=problems))
            ):
                self.spool.reject([(delivery.entry.record.key, row, problems[0].code)])
        self.recorder.record(delivery)
        if isinstance(delivery.error, CutShort):
            raise delivery.error.end

    async def _work(self, jobs: abc.AsyncGenerator[Job], carry_out: _CarryOut) -> None:
        """Carry out jobs with a worker for each connection, and some; a slow answer holds up nobody."""
        queue: asyncio.Queue[Job | None] = asyncio.Queue(_WAITING)
        workers = [
            asyncio.create_task(self._fill(jobs, queue)),
            *(
                asyncio.create_task(self._worker(queue, carry_out))
                for _ in range(self.connections + _SPARE)
            ),
        ]
        watch = asyncio.create_task(self._cut_short(workers))
        try:
            await asyncio.gather(*workers, return_exceptions=True)
        finally:
            watch.cancel()
            await self.recorder.flush()
        for worker in workers:
            if not worker.cancelled() and (bug := worker.exception()) is not None:
                raise bug
        if (failure := self._failure or self.stop.failure) is not None:
            raise failure

    async def _fill(self, jobs: abc.AsyncGenerator[Job], queue: asyncio.Queue[Job | None]) -> None:
        try:
            async with aclosing(jobs):
                async for job in jobs:
                    await queue.put(job)
                    if self._over():
                        break
        except SyncError as error:
            self._fail(error)
        for _ in range(self.connections + _SPARE):
            await queue.put(None)

    async def _worker(self, queue: asyncio.Queue[Job | None], carry_out: _CarryOut) -> None:
        while (job := await queue.get()) is not None:
            if self._over():
                continue  # the queue is emptied, so that whoever fills it gets on
            try:
                await carry_out(job)
                await self.recorder.breathe()
            except SyncError as error:
                self._fail(error)

    async def _cut_short(self, workers: abc.Sequence[asyncio.Task[None]]) -> None:
        """Once the run is asked to end, what is under way gets some seconds to finish, and no more.

        A request that is cut off counts as a lost answer: nothing is recorded, the next run looks.
        """
        await self.stop.event.wait()
        await asyncio.sleep(self.grace)
        for worker in workers:
            worker.cancel()

    def _over(self) -> bool:
        return (self._failure or self.stop.failure) is not None or self.stop.requested()

    def _fail(self, error: SyncError) -> None:
        """Finish what is under way, start nothing new, and raise this at the end."""
        if self._failure is None:
            self._failure = error

    # Two passes, where all look-ups come before the first write

    async def _plan(self, job: Job) -> None:
        planned = await self.deliver.plan(job)
        if isinstance(planned, Delivery):
            self.spool.drop([job.record.key])
            self._record(planned)
            return
        told = await self._told(planned)
        self._expect(planned)
        if told is not None:
            self._aside.add(self.recorder.prepare(self._marked(told)))
            return
        known = planned.known
        if not isinstance(known, Remembered):
            self._found.append((job.record.key, known))
            if len(self._found) >= _TOGETHER:
                self._see()

    def _expect(self, planned: Planned) -> None:
        """Count what would be written for the rails."""
        self._creates += isinstance(planned.operation, Create)
        self._updates += isinstance(planned.operation, Update)
        self._clears.update(cleared(planned.operation))
        self._costs.add(planned.operation)
        if self.canary is not None:
            self.canary.choose(planned)

    async def _told(self, planned: Planned) -> Delivery | None:
        """What became, or would become, of a record, where the second pass has nothing to add."""
        told = self.deliver.settled(planned)
        if told is None and self.dry_run:
            return await self.deliver.foretold(planned)
        return told

    def _see(self) -> None:
        """Keep what look-ups found."""
        found, self._found = self._found, []
        self.spool.see(found)

    async def _jobs(self, batches: abc.Iterable[list[Entry]]) -> abc.AsyncGenerator[Job]:
        for entries in batches:
            for job in await self.lookups.recall(entries, about_to_write=True):
                yield self.lookups.looked_up(job)


def unchanged(entry: Entry) -> Result:
    """What became of a row that followed others, of whom none went."""
    record = entry.record
    return Delivered(record.row, record.key, Outcome.UNCHANGED, "nothing changed", entry.uuid)
