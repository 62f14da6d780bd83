"""What a run holds open: the state, the limits of its requests, a client for each API key."""

import asyncio
import random
import secrets
import time
from collections import abc
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from httpx import AsyncClient
from pydantic import SecretStr

from sync.chartmogul.client import Client
from sync.chartmogul.connection import open_http
from sync.chartmogul.health import Health
from sync.chartmogul.pace import Pace
from sync.chartmogul.transport import Transport, Waiting
from sync.domain.events import Reporter
from sync.domain.results import MappingRun, Run
from sync.engine.context import RunContext, Selection
from sync.engine.lease import RunLease
from sync.engine.read.query import MappingQuery
from sync.engine.run import Coordinator, Stop
from sync.engine.task import MappingTask
from sync.mapping.loader import LoadedMapping
from sync.settings import Settings, temporary_folder
from sync.state.store import Store


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
    query: abc.Callable[[LoadedMapping], MappingQuery] = MappingQuery.open
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
        self, mappings: abc.Sequence[LoadedMapping], selection: Selection, *, dry_run: bool
    ) -> Run:
        """The run, from its first request to its reports."""
        started = self.clock()
        name = run_id(started)
        lease = None
        if not dry_run:
            lease = RunLease(self.store, name, self.settings.timeout + 10)
        context = self._terms(name, started, selection, lease, dry_run=dry_run)
        tasks = [self._task(loaded, context) for loaded in mappings]
        run = Run(name, dry_run, started, [task.run for task in tasks], whole=selection.whole)
        return await Coordinator(run, tasks, self.reporter, self.stop, lease, self.clock).conduct()

    def _terms(
        self,
        name: str,
        started: datetime,
        selection: Selection,
        lease: RunLease | None,
        *,
        dry_run: bool,
    ) -> RunContext:
        return RunContext(
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
            lease.ready if lease else lambda: None,
            self.sleep,
            self.monotonic,
        )

    def _spool_folder(self, dry_run: bool) -> Path:
        """A dry run makes no folder for a state that is not there."""
        folder = self.settings.spool_folder
        return temporary_folder() if dry_run and not folder.exists() else folder

    def _task(self, loaded: LoadedMapping, context: RunContext) -> MappingTask:
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
        return MappingTask(
            loaded,
            mapping_run,
            self.query(loaded),
            client,
            self.store,
            self.reporter,
            context,
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
