"""Workers for many small jobs: as many as there are connections, until all is done or the run is to end."""

import asyncio
from collections import abc
from dataclasses import dataclass, field
from typing import TypeVar

from sync.engine.context import Stop
from sync.engine.write.writer import GRACE
from sync.errors import SyncError

T = TypeVar("T")


@dataclass(slots=True)
class Crew:
    """Carries out jobs side by side. Once `stop` is set none starts, and those under way have `grace` seconds."""

    workers: int
    stop: Stop
    grace: float = GRACE
    _failure: SyncError | None = field(default=None, init=False)

    async def work(
        self, jobs: abc.Iterable[T], carry_out: abc.Callable[[T], abc.Awaitable[None]]
    ) -> None:
        """Carry out all jobs; the first error that no row can survive is raised once nothing is under way."""
        waiting = iter(jobs)

        async def worker() -> None:
            for job in waiting:
                if self.stop.requested() or self._failure or self.stop.failure:
                    return
                try:
                    await carry_out(job)
                except SyncError as error:
                    self._failure = self._failure or error

        tasks = [asyncio.create_task(worker()) for _ in range(self.workers)]
        watch = asyncio.create_task(self._cut_short(tasks))
        try:
            await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            watch.cancel()
        for task in tasks:
            if not task.cancelled() and (bug := task.exception()) is not None:
                raise bug
        if self._failure is not None:
            raise self._failure

    async def _cut_short(self, tasks: abc.Sequence["asyncio.Task[None]"]) -> None:
        """What is under way when the run is asked to end gets some seconds to finish."""
        await self.stop.event.wait()
        await asyncio.sleep(self.grace)
        for task in tasks:
            task.cancel()
