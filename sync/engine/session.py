"""What a run holds open: the state, the limits of its requests, a client for each API key."""

import secrets
from collections import abc
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime

from httpx import AsyncClient
from pydantic import SecretStr

from sync.allowance.opening import Unshared
from sync.chartmogul.client import Client
from sync.chartmogul.health import Health
from sync.chartmogul.renting import Book
from sync.chartmogul.transport import Transport, Waiting
from sync.domain.allowance import EVEN
from sync.domain.clock import Clock
from sync.domain.events import Reporter
from sync.domain.results import MappingRun, Run, Status
from sync.engine.context import Means, Retry, RunContext, Selection, Stop
from sync.engine.lease import RunLease
from sync.engine.paces import Paces
from sync.engine.read.query import MappingQuery
from sync.engine.run import Coordinator
from sync.engine.task import MappingTask
from sync.errors import ConfigError, ConfigProblem
from sync.mapping.loader import LoadedMapping
from sync.mapping.survey import Barred
from sync.settings import Settings, temporary_folder
from sync.state.store import Store


def run_id(at: datetime) -> str:
    """A run's name: when it started, and something that no other run of that second has."""
    return f"{at:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def failed_parts(barred: abc.Iterable[Barred], store: Store | None) -> list[MappingRun]:
    """The parts of a run that failed before it; without a `store` nothing tells them once they are renamed."""
    return [
        MappingRun(
            one.name,
            one.file,
            one.object,
            one.mode,
            one.data_source or "",
            Status.FAILED,
            one.error,
            query=None if store is None or one.query is None else store.query_hash(one.query),
            reason=one.reason,
        )
        for one in barred
    ]


@dataclass(frozen=True, slots=True)
class Ways:
    """How a run reaches what is not its own: time and chance, the API, the warehouse. A rehearsal replaces them.

    `http` opens the client of one API key, `query` a mapping's query. `book` is where the state's processes share what
    an account allows.
    """

    clock: Clock
    http: abc.Callable[[SecretStr], AsyncClient]
    query: abc.Callable[[LoadedMapping], MappingQuery] = MappingQuery.open
    book: Book | Unshared = field(default_factory=lambda: Unshared(""))


@dataclass(slots=True)
class Session:
    """What a run holds open: the state, the limits that all its requests share, one client for each API key.

    `stack` closes the clients when the run is over.
    """

    settings: Settings
    store: Store
    stop: Stop
    reporter: Reporter
    stack: AsyncExitStack
    ways: Ways
    #: What takes one mapping through the phases: it reads and writes, unless a command does something else with it.
    task: abc.Callable[..., MappingTask] = MappingTask
    paces: Paces = field(init=False)
    health: Health = field(init=False)
    _clients: dict[SecretStr, Client] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        settings, monotonic = self.settings, self.ways.clock.monotonic
        self.paces = Paces(settings, self.ways.book, clock=monotonic)
        self.health = Health(
            monotonic, settings.outage, lambda message: self.reporter.warned(None, message)
        )

    async def conduct(
        self,
        mappings: abc.Sequence[LoadedMapping],
        selection: Selection,
        *,
        dry_run: bool,
        barred: abc.Sequence[Barred] = (),
        unsound: abc.Sequence[str] = (),
        undid: str | None = None,
    ) -> Run:
        """The run, from its first request to its reports.

        `barred` are mappings that have failed already, because of files that are `unsound` or do not go together.
        `undid` is the run that this one puts back.
        """
        clock = replace(self.ways.clock, now=self.store.now)  # all moments are the state's own
        started = clock.now()
        name = run_id(started)
        self.paces.writes = not dry_run
        self.stack.push_async_callback(self.paces.close)
        if self.paces.warning:
            self.reporter.warned(None, self.paces.warning)
        lease = None if dry_run else RunLease(self.store, name, self.settings.timeout)
        context = RunContext(
            name,
            started,
            dry_run,
            selection,
            self._means(dry_run),
            clock,
            self.stop,
            lease,
        )
        tasks = [self._task(loaded, context) for loaded in mappings]
        for task in tasks:
            task.run.overridden = tuple(sorted(selection.lifted))
            if selection.retry is not None:
                task.run.not_retried = selection.retry.without_key.get(task.run.mapping, 0)
        parts = [*(task.run for task in tasks), *failed_parts(barred, self.store)]
        if selection.retry is not None:
            self._tell_who_is_gone(selection.retry, {part.mapping for part in parts})
        environment = self.settings.environment
        run = Run(name, dry_run, started, parts, whole=selection.whole, environment=environment)
        run.undid = undid
        coordinator = Coordinator(
            run, tasks, self.reporter, self.stop, lease, clock, unsound, selection
        )
        return await coordinator.conduct()

    def _tell_who_is_gone(self, retry: Retry, there: abc.Set[str]) -> None:
        """Warn of mappings whose rejected rows are asked for, and that are not among those of the run.

        Raises:
            ConfigError: none of them is.
        """
        gone = sorted(retry.keys.keys() - there)
        if not gone:
            return
        names = ", ".join(gone)
        message = f"rows of {names} were rejected, and no mapping that runs is called so"
        hint = (
            f"if it has another name by now, write `name: {gone[0]}` in its file; `forget {gone[0]}` lets go of"
            " one that is no more"
        )
        if not retry.keys.keys() & there:
            raise ConfigError(ConfigProblem(message, hint))
        self.reporter.warned(None, f"{message}: not retried; {hint}")

    def _means(self, dry_run: bool) -> Means:
        """What the run may use; a dry run makes no folder for a state that is not there."""
        settings, folder = self.settings, self.settings.spool_folder
        if dry_run and not folder.exists():
            folder = temporary_folder()
        paces = self.paces
        host, connections = settings.api_host, paces.connections
        return Means(connections, paces.rate / EVEN, host, folder, paces.of)

    def _task(self, loaded: LoadedMapping, context: RunContext) -> MappingTask:
        mapping = loaded.mapping
        context = replace(context, selection=context.selection.of(mapping.name))
        destination = mapping.destination
        mapping_run = MappingRun(
            mapping.name,
            loaded.file,
            destination.object,
            mapping.mode.value,
            destination.uuid,
            query=self.store.query_hash(mapping.source.text),
            digest=loaded.digest.hex(),
        )
        client = self._client(destination.api_key).counting(mapping_run.requests)
        query = self.ways.query(loaded)
        return self.task(loaded, mapping_run, query, client, self.store, self.reporter, context)

    def _client(self, key: SecretStr) -> Client:
        """One client for each API key; whose account that is will be found out."""
        if key not in self._clients:
            http = self.ways.http(key)
            self.stack.push_async_callback(http.aclose)
            clock = self.ways.clock
            waiting = Waiting(clock.sleep, self.stop.requested, clock.roll, clock.now)
            pace = self.paces.of(None)
            self._clients[key] = Client(Transport(http, pace, self.health, waiting))
        return self._clients[key]
