"""A worker by a clock of its own: it runs when it is told to, and all of a run is real but the time."""

import io
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime, timedelta

from sync.cli import broken_run
from sync.cli.config import Prepared, prepare_run, whose
from sync.cli.outside import clock_until, http_of
from sync.domain.events import Reporter
from sync.domain.health import MostRejected
from sync.domain.results import Run
from sync.domain.timetable import Timetable
from sync.engine.context import Selection, Stop
from sync.engine.session import Session, Ways
from sync.errors import ConfigError
from sync.report import logs
from sync.report.files import FileReporter
from sync.report.log import LogReporter
from sync.report.several import Several
from sync.service import freshness
from sync.service.endpoints import Board
from sync.service.metrics import Metrics
from sync.service.worker import Worker
from sync.state.history import Whose
from sync.state.store import Store
from tests.support.runner import Place


class Hours:
    """The clock, the place and the runs of the worker, whose last successes may be `max_age` old."""

    prepared: Prepared
    board: Board
    worker: Worker

    def __init__(self, place: Place, now: datetime, max_age: timedelta) -> None:
        self.place, self.now, self.max_age = place, now, max_age
        self.state = f"sqlite:///{place.folder / 'state.db'}"
        #: What the worker has logged, as JSON lines.
        self.log = io.StringIO()

    def begin(self) -> None:
        """A new process: all that is known is in files."""
        self.board = Board(self.now, self.max_age, monotonic=lambda: self.now.timestamp())
        log = logs.logger("json", self.log)
        self.worker = Worker(self, self.board, Metrics(), log, lambda: self.now)
        self.prepared = prepare_run([self.place.folder / "mappings"])

    def open(self) -> Store:
        """The state, by the clock of these hours."""
        return Store.open(
            self.state, clock=lambda: self.now, monotonic=lambda: self.now.timestamp()
        )

    # What the worker carries out

    def whose(self, known: freshness.Known) -> list[Whose]:
        """The mappings, as they were last read."""
        return [whose(one, known, {}) for one in self.prepared.survey.everybody]

    def timetables(self) -> dict[str, Timetable]:
        """None: it runs when it is told to."""
        return {}

    async def run(self, stop: Stop, listener: Reporter, names: frozenset[str] | None = None) -> Run:
        """One run over all mappings, as their files are now."""
        self.prepared = prepare_run([self.place.folder / "mappings"])
        found, settings = self.prepared.survey, self.prepared.settings
        if not found.sound:
            error = ConfigError(*found.problems)
            failed = replace(self.prepared, survey=found.barring(error))
            broken_run.enter(failed, error, dry_run=False)
            raise error
        async with AsyncExitStack() as stack:
            store = self.open()
            stack.callback(store.close)
            log = logs.logger("json", self.log)
            lines = LogReporter(log, clock=self.now.timestamp, mask=store.stored)
            reporter = Several(FileReporter(settings.reports, lambda: self.now), lines, listener)
            stack.callback(reporter.close)
            clock = clock_until(stop)
            session = Session(
                settings, store, stop, reporter, stack, Ways(clock, http_of(settings))
            )
            return await session.conduct(
                found.sound, Selection(), dry_run=False, barred=found.barred, unsound=found.unsound
            )

    def freshness(self) -> freshness.Known:
        """Each mapping's last success, and what broke off since."""
        store = self.open()
        try:
            return freshness.known(store, timedelta(), MostRejected())
        finally:
            store.close()
