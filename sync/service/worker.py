"""The long-running worker: carries out runs when they are due, and shows how they went."""

import asyncio
import traceback
from collections import abc
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sync.domain.instant import canonical
from sync.domain.results import Run, Status
from sync.engine.context import Stop
from sync.errors import EXIT_OK, SyncError, told
from sync.service import freshness
from sync.service.endpoints import Board
from sync.service.metrics import Metrics
from sync.service.scheduler import Scheduler, napping
from sync.service.timetable import Timetable
from sync.state.history import Whose

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger


class Runs(Protocol):
    """What the worker carries out."""

    def whose(self, known: freshness.Known) -> list[Whose]:
        """The mappings, as the latest `run` has found them."""
        ...

    async def run(self, stop: Stop) -> Run:
        """One run; files and environment are read anew, so that an edited mapping counts from now on."""
        ...

    def freshness(self) -> freshness.Known:
        """Each mapping's last success, and what broke off; SyncError where the state cannot be read."""
        ...


@dataclass(slots=True)
class Worker:
    """Carries out runs when they are due, and shows how they went on the board and in the metrics."""

    runs: Runs
    board: Board
    metrics: Metrics
    log: "FilteringBoundLogger"
    now: abc.Callable[[], datetime]
    ended: Run | None = field(default=None, init=False)
    stop: Stop = field(default_factory=Stop, init=False)
    _known: freshness.Known = field(default_factory=freshness.Known, init=False)

    async def serve(self, timetable: Timetable, jitter: timedelta | None, *, at_once: bool) -> int:
        """Keep the timetable until `stop` is set; the exit code."""
        await self._look()
        nap = napping(self.stop.event)
        scheduler = Scheduler(timetable, self.work, self.stop.event, self, self.now, nap, jitter)
        await scheduler.keep(at_once=at_once)
        broken_off = self.ended is not None and self.ended.status is Status.INTERRUPTED
        code = self.stop.exit_code if broken_off and self.stop.exit_code else EXIT_OK
        self.log.info("schedule_ended", exit_code=code)
        return code

    async def work(self) -> None:
        """One run; whatever happens is told and counted, and the schedule goes on."""
        self.board.running, self.board.next_run_at = True, None
        try:
            self.ended = await self.runs.run(self.stop)
        except SyncError as error:
            self.log.error("run_failed", exit_code=error.exit_code, error=told(error))
            self.metrics.failed()
        except Exception as error:
            # Not the message: it may quote a row.
            place = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{place.name} in {Path(place.filename).name}:{place.lineno}"
            self.log.error("run_failed", error=f"{type(error).__name__} at {where}")
            self.metrics.failed()
        else:
            self.metrics.ended(self.ended)
        finally:
            await self._look()
            self.board.running = False

    async def _look(self) -> None:
        """Find the last runs, also those of other workers on the same state."""
        try:
            self._known = await asyncio.to_thread(self.runs.freshness)
        except SyncError as error:
            self.log.warning("state_unreadable", error=told(error))
        self.board.freshness = tuple(self._known.of(self.runs.whose(self._known)))
        self.board.ahead = self._known.ahead
        for one in self.board.freshness:
            self.metrics.succeeded(one)

    def waiting(self, until: datetime) -> None:
        """Tell when the next run starts."""
        self.board.next_run_at = until
        self.log.info("next_run", at=canonical(until))

    def missed(self, count: int) -> None:
        """Tell that runs were left out."""
        self.metrics.missed(count)
        message = "the last run took longer than the schedule allows"
        self.log.warning("runs_missed", count=count, message=message)
