"""`schedule`: runs when they are due, until a signal ends it; a run that fails does not."""

import asyncio
import os
import sys
from collections import abc
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from sync.cli import broken_run
from sync.cli.config import Prepared, prepare_run, whose
from sync.cli.execute import conduct, signals
from sync.cli.follow import follow, tell_stale
from sync.cli.outside import now
from sync.domain.events import Reporter
from sync.domain.health import MostRejected
from sync.domain.results import Run
from sync.engine.context import Selection, Stop
from sync.errors import ConfigError, ConfigProblem, SyncError
from sync.report import logs
from sync.service.endpoints import Board, EndpointServer, build_app
from sync.service.freshness import Freshness, Known, last_runs, read_most
from sync.service.metrics import Metrics
from sync.service.scheduler import steady
from sync.service.timetable import (
    Timetable,
    max_age,
    read_cron,
    read_duration,
    read_every,
    read_zone,
)
from sync.service.watch import Tell, Watch
from sync.service.worker import Worker
from sync.settings import Settings
from sync.state.history import Whose

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
    max_rejected: str | None = None
    reports: Path | None = None
    allow_host: tuple[str, ...] = ()

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
    most = read_most(wanted.max_rejected)
    runs = _Runs(wanted.paths, wanted.reports, prepare_run(wanted.paths), most)
    runs.begin()
    style, environment = logs.style(runs.settings.log, sys.stderr), runs.settings.environment
    log = logs.logger(style, sys.stderr, environment=environment)
    board, metrics = Board(started, limit, most=runs.most), Metrics(environment)
    # An interval is no matter of what the clock on the wall is set to; cron fields name its times.
    clock = steady(now) if wanted.cron is None else now
    with _endpoints(wanted, board, metrics, log):
        return asyncio.run(
            _serve(Worker(runs, board, metrics, log, clock), wanted, timetable, jitter, runs.tell)
        )


async def _serve(
    worker: Worker, wanted: Wanted, timetable: Timetable, jitter: timedelta | None, tell: Tell
) -> int:
    with signals(worker.stop):
        watch = asyncio.create_task(Watch(worker.board, worker.now, tell).keep())
        try:
            return await worker.serve(timetable, jitter, at_once=wanted.starts_at_once)
        finally:
            watch.cancel()


@contextmanager
def _endpoints(
    wanted: Wanted, board: Board, metrics: Metrics, log: "FilteringBoundLogger"
) -> abc.Iterator[None]:
    """/livez, /healthz and /metrics, where a port is wanted."""
    if wanted.port is None:
        yield
        return
    app = build_app(board, metrics, now, wanted.allow_host)
    with EndpointServer(app, wanted.host, wanted.port) as server:
        log.info("listening", host=wanted.host, port=server.port)
        yield


@dataclass(slots=True)
class _Runs:
    """Runs of the mappings in these files, which are read anew each time."""

    paths: abc.Sequence[Path]
    reports: Path | None
    prepared: Prepared
    most: MostRejected

    @property
    def settings(self) -> Settings:
        return self.prepared.settings

    def begin(self) -> None:
        """Raise ConfigError where nothing could run; a file that is broken is its own mapping's affair."""
        if not self.prepared.survey.may_run:
            error = ConfigError(*self.prepared.survey.problems)
            self._failed(self.prepared, error)
            raise error

    def whose(self, known: Known) -> list[Whose]:
        return [whose(one, known) for one in self.prepared.survey.everybody]

    async def run(self, stop: Stop, listener: Reporter) -> Run:
        self.prepared = prepare_run(self.paths, warned=True)
        try:
            run = await conduct(
                self.prepared,
                Selection(),
                dry_run=False,
                reports=self.reports,
                stop=stop,
                listener=listener,
            )
        except SyncError as error:
            failed = replace(self.prepared, survey=self.prepared.survey.barring(error))
            await asyncio.to_thread(self._failed, failed, error)
            raise
        await asyncio.to_thread(follow, self.settings, run, self.reports, stop.requested)
        return run

    def _failed(self, prepared: Prepared, error: SyncError) -> None:
        run = broken_run.enter(prepared, error, dry_run=False)
        if prepared.state_is_known:
            follow(prepared.settings, run, self.reports)

    def freshness(self) -> Known:
        return last_runs(self.settings.state_url, self.most)

    def tell(self, late: abc.Sequence[Freshness], limit: timedelta) -> None:
        tell_stale(self.settings, late, limit.total_seconds())
