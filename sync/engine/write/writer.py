"""Phase two: what the spool holds is looked up, decided, sent and recorded, without waiting for one another."""

import asyncio
from collections import abc
from contextlib import aclosing
from dataclasses import dataclass, field

from sync.domain.events import Phase
from sync.domain.plan import Create, Remembered, Seen, Update
from sync.engine.limits import RunLimits
from sync.engine.spool import Spool
from sync.engine.write.deliver import Deliver, Job
from sync.engine.write.lookups import Lookups
from sync.engine.write.recorder import Recorder
from sync.errors import SyncError

#: Jobs that may wait for a free connection: one page of a listing, and some.
_WAITING = 256
#: Workers beyond the connections: some write down, or wait for another row, while the connections are in use.
_SPARE = 4
#: Seconds for requests under way when the run is asked to end; supervisors kill after ten.
_GRACE = 8.0


@dataclass(slots=True)
class Writer:
    """Delivers the records of one mapping; what became of each goes to the recorder."""

    connections: int
    #: Look-ups are finished before the first write: a dry run, `max_creates`, `max_updates`, a type about to be locked.
    look_first: bool
    spool: Spool
    lookups: Lookups
    delivery: Deliver
    recorder: Recorder
    rails: RunLimits
    #: Set when the run is being interrupted; jobs under way are finished, no new one starts.
    stopping: asyncio.Event
    #: What another mapping met that ends the whole run, once it has.
    broken: abc.Callable[[], SyncError | None]
    #: Tells which phase begins, and how many records wait in it.
    phase: abc.Callable[[Phase, int | None], None]
    creates: int = 0
    updates: int = 0
    failure: SyncError | None = field(default=None, init=False)

    async def write(self) -> None:
        """Deliver everything. The first error that no row can survive is raised once all under way is recorded."""
        waiting, _ = self.spool.count()
        if not self.look_first:
            self.phase(Phase.WRITE, waiting)
            await self._work(self.lookups.jobs(), self.delivery.deliver)
            return
        self.phase(Phase.LOOK_UP, None)
        await self._work(self.lookups.jobs(), self._scout)
        self.rails.judge_writes(self.creates, self.updates)
        self.spool.again()
        self.phase(Phase.WRITE, self.creates + self.updates)
        await self._work(self._second_pass(), self.delivery.deliver)

    async def _work(
        self, jobs: abc.AsyncGenerator[Job], carry_out: abc.Callable[[Job], abc.Awaitable[None]]
    ) -> None:
        """Carry out jobs with a worker for each connection, and some; a slow answer holds up nobody."""
        queue: asyncio.Queue[Job | None] = asyncio.Queue(_WAITING)
        workers = [
            asyncio.create_task(self._feed(jobs, queue)),
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
        if (failure := self.failure or self.broken()) is not None:
            raise failure

    async def _feed(self, jobs: abc.AsyncGenerator[Job], queue: asyncio.Queue[Job | None]) -> None:
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

    async def _worker(
        self,
        queue: asyncio.Queue[Job | None],
        carry_out: abc.Callable[[Job], abc.Awaitable[None]],
    ) -> None:
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
        await self.stopping.wait()
        await asyncio.sleep(_GRACE)
        for worker in workers:
            worker.cancel()

    def _over(self) -> bool:
        return (self.failure or self.broken()) is not None or self.stopping.is_set()

    def _fail(self, error: SyncError) -> None:
        """Finish what is under way, start nothing new, and raise this at the end."""
        if self.failure is None:
            self.failure = error

    # The second pass, where all look-ups come before the first write

    async def _scout(self, job: Job) -> None:
        key = job.record.key
        found = await self.delivery.lookups(job)
        if found is None:
            self.spool.drop([key])
            return
        known, operation = found
        self.creates += isinstance(operation, Create)
        self.updates += isinstance(operation, Update)
        if not isinstance(known, Remembered):
            self.spool.see([(key, known if isinstance(known, Seen) else None)])

    async def _second_pass(self) -> abc.AsyncGenerator[Job]:
        for entries in self.spool.entries():
            for job in await self.lookups.remember(entries):
                yield self.lookups.looked_up(job)
