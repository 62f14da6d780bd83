"""The long-running worker: carries out runs when they are due, and shows how they went."""

import asyncio
import random
import traceback
from collections import abc
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sync.domain.clock import Clock
from sync.domain.events import Reporter
from sync.domain.instant import canonical
from sync.domain.results import Run, Status
from sync.domain.timetable import Timetable, max_age
from sync.engine.context import Stop
from sync.errors import EXIT_OK, EXIT_REJECTED, EXIT_SERVER, SyncError, cause, told
from sync.service import freshness
from sync.service.agenda import Agenda, Clocks
from sync.service.endpoints import Board
from sync.service.metrics import Metrics
from sync.service.scheduler import Scheduler, napping
from sync.state.history import Whose
from sync.state.moments import since_boot

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger


#: Seconds between two signs of life.
_BEAT = 1.0


class Runs(Protocol):
    """What the worker carries out."""

    def whose(self, known: freshness.Known) -> list[Whose]:
        """The mappings, as the latest `run` has found them."""
        ...

    async def run(self, stop: Stop, listener: Reporter, names: frozenset[str] | None = None) -> Run:
        """One run over all mappings, or those of these names.

        Files and environment are read anew, so that an edited mapping counts from now on.
        """
        ...

    def timetables(self) -> abc.Mapping[str, Timetable]:
        """The timetable of each mapping, where they have their own, as the files say now."""
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
    monotonic: abc.Callable[[], float] = since_boot
    _known: freshness.Known = field(default_factory=freshness.Known, init=False)
    #: Whether the age of a last success is judged by each mapping's timetable.
    ages: bool = field(default=False, init=False)

    async def serve(self, timetable: Timetable, jitter: timedelta | None, *, at_once: bool) -> int:
        """Keep the timetable until `stop` is set; the exit code."""
        clock = Clock(self.now, self.monotonic, napping(self.stop.event), random.random)
        scheduler = Scheduler(timetable, self.work, self.stop.event, self, clock, jitter)
        return await self._serve(lambda: scheduler.keep(at_once=at_once))

    async def serve_all(
        self, clocks: Clocks, jitter: timedelta | None, *, at_once: bool | None
    ) -> int:
        """Keep the timetable of each mapping until `stop` is set; the exit code."""
        nap = napping(self.stop.event)
        agenda = Agenda(
            self._timetables, self.work_on, self.stop.event, self, clocks, nap, jitter, at_once
        )
        return await self._serve(agenda.keep)

    async def _timetables(self) -> abc.Mapping[str, Timetable]:
        found = await asyncio.to_thread(self.runs.timetables)
        if self.ages:
            now = self.now()
            self.board.max_ages = {name: max_age(one, now) for name, one in found.items()}
        return found

    async def _serve(self, keep: abc.Callable[[], abc.Awaitable[None]]) -> int:
        beating = asyncio.create_task(self._beat())
        await self.look()
        try:
            await keep()
        finally:
            beating.cancel()
        broken_off = self.ended is not None and self.ended.status is Status.INTERRUPTED
        code = self.stop.exit_code if broken_off and self.stop.exit_code else EXIT_OK
        self.log.info("schedule_ended", exit_code=code)
        return code

    async def _beat(self) -> None:
        """Show, for /livez, that the worker comes round."""
        while True:
            self.board.beat = self.board.progress.clock()
            await asyncio.sleep(_BEAT)

    async def work(self) -> float | None:
        """One run; whatever happens is told and counted, and the schedule goes on.

        What it gives are the seconds until the last lease runs out that some mapping met; None where none did.
        """
        await self._work()
        return max(self._free_in().values(), default=None)

    async def work_on(self, names: frozenset[str]) -> dict[str, float]:
        """One run over the mappings of these names; those that met a lease, with the seconds until it runs out."""
        await self._work(names)
        return self._free_in()

    async def _work(self, names: frozenset[str] | None = None) -> None:
        self.board.running, self.board.next_run_at = True, None
        self.ended = None
        self.board.progress.begun = self.metrics.begun
        try:
            self.ended = await self.runs.run(self.stop, self.board.progress, names)
        except SyncError as error:
            self.log.error("run_failed", exit_code=error.exit_code, error=told(error))
            self.metrics.failed()
            self._note_failure(error.exit_code, cause(error))
        except Exception as error:
            # Not the message: it may quote a row.
            place = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{place.name} in {Path(place.filename).name}:{place.lineno}"
            self.log.error("run_failed", error=f"{type(error).__name__} at {where}")
            self.metrics.failed()
            self._note_failure(EXIT_SERVER, "failed")
        else:
            self.metrics.ended(self.ended)
            self.board.failure = None
            if self.ended.exit_code not in (EXIT_OK, EXIT_REJECTED):
                reasons = (part.reason for part in self.ended.mappings)
                self._note_failure(self.ended.exit_code, next(filter(None, reasons), None))
        finally:
            await self.look()
            self.board.progress.over()
            self.board.running = False

    def _note_failure(self, exit_code: int, reason: str | None) -> None:
        """Show that the last run failed, also where no state can hold it; without words, which may quote a row.

        It stays until a run has come to a better end: whoever asks while the next one is under way hears of it, too.
        """
        at = canonical(self.now())
        self.board.failure = {"at": at, "exit_code": exit_code, "reason": reason}

    def _free_in(self) -> dict[str, float]:
        parts = self.ended.mappings if self.ended else ()
        locked = [part for part in parts if part.status is Status.LOCKED]
        return {part.mapping: part.free_in for part in locked if part.free_in is not None}

    async def look(self) -> None:
        """Find the last runs, also those of other workers on the same state."""
        try:
            self._known = await asyncio.to_thread(self.runs.freshness)
        except SyncError as error:
            self.log.warning("state_unreadable", error=told(error))
        else:
            if self._known.moment is not None:
                self.board.looked(self._known.moment)
        self.board.freshness = tuple(self._known.of(self.runs.whose(self._known)))
        self.metrics.keep(one.mapping for one in self.board.freshness)
        for one in self.board.freshness:
            self.metrics.succeeded(one)

    def waiting(self, until: datetime) -> None:
        """Tell when the next run starts."""
        self.board.next_run_at = until
        self.log.info("next_run", at=canonical(until))

    def locked(self, until: datetime) -> None:
        """Tell that the records are being written elsewhere, and when the next try is."""
        self.log.info("lease_awaited", until=canonical(until))

    def missed(self, count: int) -> None:
        """Tell that runs were left out."""
        self.metrics.missed(count)
        message = "the last run took longer than the schedule allows, or this process stood still"
        self.log.warning("runs_missed", count=count, message=message)

    def late(self, mapping: str, count: int, *, known: bool) -> None:
        """Count what was left out, and tell of it once until the mapping keeps its timetable again."""
        self.metrics.missed(count)
        if not known:
            message = (
                "it was due again before it could start: runs follow each other, and take longer than schedule allows,"
                " or this process stood still; it starts once after each, and this is told once"
            )
            self.log.warning("runs_missed", mapping=mapping, count=count, message=message)
