"""`run`: everything is opened here, handed to the conductor, and closed again."""

import asyncio
import gc
import random
import secrets
import signal
import sys
import time
from collections import abc
from contextlib import AsyncExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from httpx import AsyncClient
from pydantic import SecretStr

from sync import logs
from sync.chartmogul.client import Client
from sync.chartmogul.connection import open_http
from sync.chartmogul.health import Health
from sync.chartmogul.pace import Pace
from sync.chartmogul.transport import Transport, Waiting
from sync.commands.opening import prepare
from sync.errors import EXIT_INTERRUPTED, EXIT_TERMINATED
from sync.feed import Feed
from sync.keeper import Keeper
from sync.loader import Loaded
from sync.outcome import MappingRun, Run
from sync.read import Selection
from sync.report.files import FileReporter
from sync.report.reporter import Reporter, Several
from sync.report.summary import dumps, summary
from sync.run import Conductor, Stop
from sync.settings import Settings, temporary_folder
from sync.state.store import Store
from sync.task import Task
from sync.terms import Terms

_SIGNALS = {signal.SIGINT: EXIT_INTERRUPTED, signal.SIGTERM: EXIT_TERMINATED}


def run(
    paths: abc.Sequence[Path],
    selection: Selection,
    *,
    dry_run: bool,
    reports: Path | None,
    as_json: bool,
) -> int:
    """Run the mappings and say how it went; the exit code.

    Raises:
        ConfigError: settings or mappings are wrong.
        StateError: the state cannot be opened.
    """
    settings, mappings = prepare(paths)
    ended = asyncio.run(
        execute(settings, mappings, selection, dry_run=dry_run, reports=reports, as_json=as_json)
    )
    if as_json:
        print(dumps(summary(ended)))
    return ended.exit_code


async def execute(
    settings: Settings,
    mappings: abc.Sequence[Loaded],
    selection: Selection,
    *,
    dry_run: bool,
    reports: Path | None = None,
    as_json: bool = False,
    stop: Stop | None = None,
) -> Run:
    """One run over loaded mappings, with everything it needs opened and closed again.

    Signals end it, unless the caller has a `stop` of its own.
    """
    own = stop or Stop()
    with nullcontext() if stop else signals(own):
        async with AsyncExitStack() as stack:
            if dry_run:
                store = await asyncio.to_thread(Store.open_read_only, settings.state_url)
            else:
                store = await asyncio.to_thread(Store.open, settings.state_url)
            stack.callback(store.close)
            reporter = _reporter(settings, store, reports or settings.reports, dry_run, as_json)
            stack.callback(reporter.close)
            session = Session(settings, store, own, reporter, stack)
            stack.enter_context(_short_collections())
            return await session.conduct(mappings, selection, dry_run=dry_run)


@contextmanager
def _short_collections() -> abc.Iterator[None]:
    """Let the garbage collector pass over what was there before the run.

    A full collection of all modules takes 50 ms, in which no request starts.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@contextmanager
def signals(stop: Stop) -> abc.Iterator[None]:
    """The first signal asks for an end; the second one ends the process as it always would."""
    loop = asyncio.get_running_loop()

    def ask(which: signal.Signals) -> None:
        stop.ask(_SIGNALS[which])
        loop.remove_signal_handler(which)

    for which in _SIGNALS:
        loop.add_signal_handler(which, ask, which)
    try:
        yield
    finally:
        for which in _SIGNALS:
            loop.remove_signal_handler(which)


def _reporter(
    settings: Settings, store: Store, folder: Path, dry_run: bool, as_json: bool
) -> Reporter:
    """Files first: the terminal names their folder."""
    files = FileReporter(folder, now)
    as_log = logs.style(settings.log, sys.stderr) == "json"
    terminal = _terminal(settings, store, folder, quiet=as_log, preview=dry_run and not as_json)
    if not as_log:
        return Several(files, terminal)
    from sync.report.log import LogReporter

    log = logs.logger("json", sys.stderr)
    logs.adopt(log)
    lines = LogReporter(log, clock=time.monotonic, mask=store.stored)
    return Several(files, terminal, lines) if dry_run else Several(files, lines)


def _terminal(
    settings: Settings, store: Store, folder: Path, *, quiet: bool, preview: bool
) -> Reporter:
    """For people: progress on stderr unless `quiet`, and what a dry run found on stdout."""
    from rich.console import Console

    from sync.report.terminal import TerminalReporter

    return TerminalReporter(
        Console(stderr=True, highlight=False, quiet=quiet),
        Console(highlight=False) if preview else None,
        clock=time.monotonic,
        allowance=settings.requests_per_second,
        mask=store.stored,
        reports=folder,
    )


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


def run_id(at: datetime) -> str:
    """A run's name: when it started, and something that no other run of that second has."""
    return f"{at:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


@dataclass(slots=True)
class Session:
    """What a run holds open: the state, the limits that all its requests share, one client for each API key."""

    settings: Settings
    store: Store
    stop: Stop
    reporter: Reporter
    stack: AsyncExitStack
    #: Time and chance, the warehouse and the way to the API: what a rehearsal replaces.
    clock: abc.Callable[[], datetime] = now
    monotonic: abc.Callable[[], float] = time.monotonic
    roll: abc.Callable[[], float] = random.random
    feed: abc.Callable[[Loaded], Feed] = Feed.open
    sleep: abc.Callable[[float], abc.Awaitable[None]] = field(init=False)
    http: abc.Callable[[SecretStr], AsyncClient] = field(init=False)
    pace: Pace = field(init=False)
    health: Health = field(init=False)
    _clients: dict[SecretStr, Client] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        settings = self.settings
        self.pace = Pace(settings.requests_per_second, settings.connections, clock=self.monotonic)
        self.health = Health(
            self.monotonic, settings.outage, lambda message: self.reporter.warned(None, message)
        )
        self.sleep, self.http = self._sleep, self._open_http

    async def conduct(
        self, mappings: abc.Sequence[Loaded], selection: Selection, *, dry_run: bool
    ) -> Run:
        """The run, from its first request to its reports."""
        started = self.clock()
        name = run_id(started)
        keeper = None
        if not dry_run:
            keeper = Keeper(self.store, name, self.settings.timeout + 10)
        terms = self._terms(name, started, selection, keeper, dry_run=dry_run)
        tasks = [self._task(loaded, terms) for loaded in mappings]
        run = Run(name, dry_run, started, [task.run for task in tasks], whole=selection.whole)
        return await Conductor(run, tasks, self.reporter, self.stop, keeper, self.clock).conduct()

    def _terms(
        self,
        name: str,
        started: datetime,
        selection: Selection,
        keeper: Keeper | None,
        *,
        dry_run: bool,
    ) -> Terms:
        return Terms(
            name,
            started,
            dry_run,
            selection,
            self.settings.connections,
            self.pace.allowance,
            urlsplit(str(self.settings.api_url)).hostname or "",
            self._spool_folder(dry_run),
            self.clock,
            self.stop.event,
            keeper.ready if keeper else lambda: None,
            self.sleep,
            self.monotonic,
        )

    def _spool_folder(self, dry_run: bool) -> Path:
        """A dry run makes no folder for a state that is not there."""
        folder = self.settings.spool_folder
        return temporary_folder() if dry_run and not folder.exists() else folder

    def _task(self, loaded: Loaded, terms: Terms) -> Task:
        mapping = loaded.mapping
        destination = mapping.destination
        mapping_run = MappingRun(
            mapping.name,
            loaded.file,
            destination.object,
            mapping.mode.value,
            destination.data_source,
        )
        client = self._client(destination.api_key).counting(mapping_run.requests)
        return Task(
            loaded,
            mapping_run,
            self.feed(loaded),
            client,
            self.store,
            self.reporter,
            terms,
        )

    def _client(self, key: SecretStr) -> Client:
        """One client for each API key; all share the limits, which may be those of one account."""
        if key not in self._clients:
            http = self.http(key)
            self.stack.push_async_callback(http.aclose)
            waiting = Waiting(self.sleep, self.stop.event.is_set, self.roll, self.clock)
            self._clients[key] = Client(Transport(http, self.pace, self.health, waiting))
        return self._clients[key]

    def _open_http(self, key: SecretStr) -> AsyncClient:
        settings = self.settings
        return open_http(settings.api_url, key, settings.timeout, settings.connections)

    async def _sleep(self, seconds: float) -> None:
        """Sleep, but not past the moment in which the run is asked to end."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.stop.event.wait(), seconds)
