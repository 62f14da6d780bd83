"""`schedule`: runs when they are due, until a signal ends it; a run that fails does not."""

import asyncio
import os
import sys
import traceback
from collections import abc
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from sync.cli.config import prepare
from sync.cli.execute import execute, signals
from sync.domain.instant import canonical
from sync.domain.results import Run, Status
from sync.engine.context import Selection
from sync.engine.run import Stop
from sync.engine.session import now
from sync.errors import EXIT_OK, ConfigError, ConfigProblem, StateError, SyncError, told
from sync.mapping.loader import LoadedMapping
from sync.report import logs
from sync.service import freshness
from sync.service.endpoints import Board, EndpointServer, build_app
from sync.service.metrics import Metrics
from sync.service.scheduler import Scheduler, napping
from sync.service.timetable import (
    Timetable,
    max_age,
    read_cron,
    read_duration,
    read_every,
    read_zone,
)
from sync.settings import Settings
from sync.state.store import Store

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line asks for; times as they were written."""

    paths: tuple[Path, ...]
    every: str | None = None
    cron: str | None = None
    timezone: str | None = None
    jitter: str | None = None
    at_once: bool | None = None
    host: str = "0.0.0.0"
    port: int | None = None
    max_age: str | None = None
    reports: Path | None = None

    def timetable(self, start: datetime) -> Timetable:
        """When runs are due.

        Raises:
            ConfigError: not exactly one of `every` and `cron`, or it cannot be read.
        """
        zone = read_zone(self.timezone, os.environ)
        match self.every, self.cron:
            case str(every), None:
                return read_every(every, start)
            case None, str(cron):
                return read_cron(cron, zone)
            case _:
                hint = "such as --every 15m, or --cron '0 6 * * *'"
                raise ConfigError(ConfigProblem("give either --every or --cron", hint))

    @property
    def starts_at_once(self) -> bool:
        """An interval begins now; cron fields name their times, so they are waited for."""
        return self.cron is None if self.at_once is None else self.at_once


def schedule(wanted: Wanted) -> int:
    """Run again and again until SIGTERM or SIGINT; 0, or 143 and 130 where that broke a run off.

    Raises:
        ConfigError: arguments, settings or mappings are wrong at the start.
    """
    started = now()
    timetable = wanted.timetable(started)
    limit = read_duration(wanted.max_age) if wanted.max_age else max_age(timetable, started)
    jitter = None if wanted.jitter is None else read_duration(wanted.jitter)
    settings, mappings = prepare(wanted.paths)
    log = logs.logger(logs.style(settings.log, sys.stderr), sys.stderr)
    worker = Worker(wanted, settings, Board(started, limit), log)
    with worker.monitor():
        return asyncio.run(worker.serve(timetable, jitter, mappings))


@dataclass(slots=True)
class Worker:
    """Carries out the runs of a schedule, and shows how they went."""

    wanted: Wanted
    settings: Settings
    board: Board
    log: "FilteringBoundLogger"
    metrics: Metrics = field(default_factory=Metrics)
    ended: Run | None = field(default=None, init=False)
    stop: Stop = field(init=False)
    _names: list[str] = field(default_factory=list, init=False)
    _known: freshness.Known = field(default_factory=freshness.Known, init=False)

    def monitor(self) -> AbstractContextManager[object]:
        """/healthz and /metrics, where a port is wanted."""
        if self.wanted.port is None:
            return nullcontext()
        app = build_app(self.board, self.metrics, now)
        monitor = EndpointServer(app, self.wanted.host, self.wanted.port)
        self.log.info("listening", host=self.wanted.host, port=monitor.port)
        return monitor

    async def serve(
        self, timetable: Timetable, jitter: timedelta | None, mappings: abc.Sequence[LoadedMapping]
    ) -> int:
        """Keep the schedule until a signal; the exit code."""
        self.stop = Stop()  # belongs to the running loop
        self._names = [loaded.mapping.name for loaded in mappings]
        await self._look()
        nap = napping(self.stop.event)
        rounds = Scheduler(timetable, self.work, self.stop.event, self, now, nap, jitter)
        with signals(self.stop):
            await rounds.keep(at_once=self.wanted.starts_at_once)
        broken_off = self.ended is not None and self.ended.status is Status.INTERRUPTED
        code = self.stop.exit_code if broken_off and self.stop.exit_code else EXIT_OK
        self.log.info("schedule_ended", exit_code=code)
        return code

    async def work(self) -> None:
        """One run; whatever happens is told and counted, and the schedule goes on."""
        self.board.running, self.board.next_run_at = True, None
        try:
            self.ended = await self._run()
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

    async def _run(self) -> Run:
        """Files and environment are read anew, so that an edited mapping counts from now on."""
        self.settings, mappings = prepare(self.wanted.paths)
        self._names = [loaded.mapping.name for loaded in mappings]
        return await execute(
            self.settings,
            mappings,
            Selection(),
            dry_run=False,
            reports=self.wanted.reports,
            stop=self.stop,
        )

    async def _look(self) -> None:
        """Find the last runs, also those of other workers on the same state."""
        try:
            self._known = await asyncio.to_thread(last_runs, self.settings.state_url)
        except StateError as error:
            self.log.warning("state_unreadable", error=told(error))
        self.board.freshness = tuple(self._known.of(self._names))
        for vital in self.board.freshness:
            self.metrics.succeeded(vital)

    def waiting(self, until: datetime) -> None:
        """Tell when the next run starts."""
        self.board.next_run_at = until
        self.log.info("next_run", at=canonical(until))

    def missed(self, count: int) -> None:
        """Tell that runs were left out."""
        self.metrics.missed(count)
        message = "the last run took longer than the schedule allows"
        self.log.warning("runs_missed", count=count, message=message)


def last_runs(state_url: str) -> freshness.Known:
    """Each mapping's last success, and what broke off, as the state knows it.

    Raises:
        StateError: the state cannot be read.
    """
    store = Store.open_read_only(state_url)
    try:
        return freshness.Known(
            store.last_runs(freshness.COMPLETE), store.last_runs(freshness.BROKEN)
        )
    finally:
        store.close()
