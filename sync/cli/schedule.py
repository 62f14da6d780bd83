"""`schedule`: runs when they are due, until a signal ends it; a run that fails does not."""

import asyncio
import sys
from collections import abc
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from sync.cli.due_runs import DueRuns, Wanted
from sync.cli.execute import signals
from sync.cli.outside import now
from sync.domain.timetable import Timetable, max_age, read_duration
from sync.report import logs
from sync.service.agenda import Clocks
from sync.service.endpoints import Board, EndpointServer, build_app
from sync.service.freshness import read_most
from sync.service.metrics import Metrics
from sync.service.scheduler import steady
from sync.service.watch import Tell, Watch
from sync.service.worker import Worker

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger


def schedule(wanted: Wanted) -> int:
    """Run again and again until SIGTERM or SIGINT; 0, or 143 and 130 where that broke a run off.

    Raises:
        ConfigError: arguments, settings or mappings are wrong at the start.
    """
    started = now()
    timetable = wanted.timetable(started)
    limit = None if wanted.max_age is None else read_duration(wanted.max_age)
    jitter = None if wanted.jitter is None else read_duration(wanted.jitter)
    runs = DueRuns(wanted, started, timetable is None, read_most(wanted.max_rejected))
    own = runs.begin()
    tables = [timetable] if timetable else own.values()
    style, environment = logs.style(runs.settings.log, sys.stderr), runs.settings.environment
    log = logs.logger(style, sys.stderr, environment=environment)
    if runs.passed_over:
        option, names = "--every" if wanted.every else "--cron", ", ".join(runs.passed_over)
        message = f"{option} is obeyed for every mapping; the schedule of {names} is passed over"
        log.warning("schedule_passed_over", message=message)
    oldest = max(max_age(one, started) for one in tables) if limit is None else limit
    board, metrics = Board(started, oldest, most=runs.most), Metrics(environment)
    # An interval is no matter of what the clock on the wall is set to; cron fields name its times.
    clock = now if wanted.cron is not None or timetable is None else steady(now)
    worker = Worker(runs, board, metrics, log, clock)
    worker.ages = timetable is None and limit is None
    with _endpoints(wanted, board, metrics, log):
        return asyncio.run(_serve(worker, wanted, timetable, jitter, runs.tell))


async def _serve(
    worker: Worker,
    wanted: Wanted,
    timetable: Timetable | None,
    jitter: timedelta | None,
    tell: Tell,
) -> int:
    with signals(worker.stop):
        watch = asyncio.create_task(Watch(worker.board, worker.now, tell).keep())
        try:
            if timetable is not None:
                return await worker.serve(timetable, jitter, at_once=wanted.starts_at_once)
            clocks = Clocks(now, steady(now))
            return await worker.serve_all(clocks, jitter, at_once=wanted.at_once)
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
