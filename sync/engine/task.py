"""One mapping's part of a run: connected, read, judged and written."""

from collections import abc
from dataclasses import dataclass, field
from typing import Any

from sync.chartmogul.client import Client
from sync.domain.events import Estimate, Phase, Reporter
from sync.domain.policy import Mode
from sync.domain.record import Object
from sync.domain.results import MappingRun
from sync.domain.typed import Typed
from sync.engine.context import RunContext
from sync.engine.limits import RunLimits, rails
from sync.engine.read.extract import Extract
from sync.engine.read.query import MappingQuery
from sync.engine.read.reader import Reader
from sync.engine.spool import Spool
from sync.engine.write.assemble import WriterAssembly
from sync.errors import ConfigError, SyncError
from sync.mapping.loader import LoadedMapping
from sync.state.mapping_state import MappingState, call
from sync.state.store import Store
from sync.transform.build import RecordBuilder
from sync.transform.contract import Disagreement, conflict


@dataclass(slots=True)
class MappingTask:
    """A mapping on its way through the phases of a run."""

    loaded: LoadedMapping
    run: MappingRun
    query: MappingQuery
    client: Client
    store: Store
    reporter: Reporter
    context: RunContext
    #: The tasks whose customers this mapping's contacts belong to.
    before: list["MappingTask"] = field(default_factory=list)
    state: MappingState = field(init=False)
    types: dict[str, Typed] = field(default_factory=dict, init=False)
    tolerated: int = field(default=0, init=False)
    _rails: RunLimits = field(default_factory=RunLimits, init=False)
    _reader: Reader | None = field(default=None, init=False)
    _spool: Spool | None = field(default=None, init=False)

    @property
    def kind(self) -> Object:
        """Customers or contacts."""
        return self.run.object

    def follow(self, tasks: abc.Iterable["MappingTask"]) -> None:
        """Find out which of these go first: contacts find their customers by what those create."""
        self.before = [
            other
            for other in tasks
            if self.kind is Object.CONTACT
            and other.kind is Object.CUSTOMER
            and self.run.data_source == other.run.data_source
        ]

    def waits_for(self, other: "MappingTask") -> bool:
        """Whether this is written after `other`, which comes first, and not beside it.

        Of a common customer the last mapping has the last word; a contact may have another key here than there.
        """
        if self.context.dry_run:
            return True
        if self.kind is Object.CONTACT:
            return other.kind is Object.CONTACT or other in self.before
        if self.state.scope != other.state.scope or not (self._spool and other._spool):
            return False
        return self._spool.meets(other._spool)

    async def connect(self) -> None:
        """Find the account and the data source; nothing is written.

        Raises:
            Denied: the key or the data source is wrong.
        """
        account = await self.client.account()
        uuid = self.run.data_source
        await self.client.data_source(uuid)
        known = account.id or await call(self.store.account_of, uuid)
        identity = known or f"{self.context.api_host}|{account.name}"
        if not self.context.dry_run:
            await call(self.store.remember_account, uuid, identity, account.name)
        scope = await call(self.store.scope, identity, uuid, self.kind)
        run_id, dry_run = self.context.run_id, self.context.dry_run
        self.state = MappingState(self.store, scope, self.run.mapping, run_id, dry_run)
        await self.state.open()

    async def read(self) -> None:
        """Drain the query, then judge what can be judged without ChartMogul.

        Raises:
            SourceError: the warehouse refused or broke off.
            ConfigError: columns or types do not fit.
            RailError: a rail is passed already.
        """
        started = self.context.monotonic()
        self.reporter.phase(self.run, Phase.READ, None)
        self._spool = Spool(self.context.spool_folder)
        extract = Extract(
            self.query, self.state, self.run, self.reporter, self.context, self._spool
        )
        try:
            self._reader = await extract.drain()
        finally:
            self.run.seconds += self.context.monotonic() - started
        self._settle_types(self._reader.builder)
        await self._judge()
        await self._report_left()

    def _settle_types(self, builder: RecordBuilder) -> None:
        self.types, problems = builder.contract.settle(self.state.in_use)
        if problems:
            raise ConfigError(*(self._at(problem) for problem in problems))

    def _at(self, problem: Disagreement) -> Any:
        path: tuple[str, ...] = ("attributes", problem.key)
        if problem.key not in self.loaded.mapping.attributes:
            path = ("source",)
        return self.loaded.problem_at(path, problem.message, problem.hint)

    def compare(self, key: str, typed: Typed, other: "MappingTask") -> None:
        """Raise ConfigError where another mapping of this run would lock an attribute in another way."""
        twin = next(name for name in other.types if name.lower() == key.lower())
        if twin != key:
            message = f"attributes {key!r} and {twin!r} (in {other.run.file}) differ only in case"
            hint = "give them one spelling, or names that differ"
            raise ConfigError(self._at(Disagreement(key, message, hint)))
        if other.types[twin].type is not typed.type:
            found = conflict(key, typed, other.types[twin].type)
            message = f"{found.message} by {other.run.file}"
            raise ConfigError(self._at(Disagreement(key, message, found.hint)))

    async def _judge(self) -> None:
        mapping, rows = self.loaded.mapping, self.run.rows
        whole = self.context.selection.whole
        self._rails = rails(mapping.limits, rows.read, whole=whole)
        self.tolerated = mapping.tolerate_rejected.limit(rows.read)
        if rows.read == 0 and whole:
            self._rails.judge_empty(0, await self.state.last_read())
            self.reporter.warned(self.run, "the query returned no rows")
        if rows.read == 0 and self.context.selection.keys is not None:
            self.reporter.warned(self.run, "no row has one of the keys of --key")
        self._rails.judge_rejected(rows.rejected)

    async def _report_left(self) -> None:
        if not self.context.selection.whole or self._reader is None:
            return
        for batch in await self.state.left(self._reader.seen):
            self.run.left += len(batch)
            self.reporter.left(self.run, batch)

    async def write(self, broken: abc.Callable[[], SyncError | None]) -> None:
        """Deliver what the spool holds; a dry run only looks and reports.

        `broken` is what another mapping met that ends the whole run: what is under way is finished, and it is raised.
        """
        assert self._spool is not None
        started = self.context.monotonic()
        waiting, _ = self._spool.count()
        writer = await self._assembly(self._spool).writer(broken)
        try:
            if waiting:
                await writer.write()
        finally:
            self.run.seconds += self.context.monotonic() - started
        if self.context.dry_run:
            requests = self.run.requests.total + writer.recorder.cost
            self.reporter.estimated(self.run, Estimate(requests, requests / self.context.rate))
        elif self.context.selection.whole and not self.context.stopping.is_set():
            await self.state.mark_left()

    def _assembly(self, spool: Spool) -> WriterAssembly:
        assert self._reader is not None
        return WriterAssembly(
            self.loaded.mapping,
            self.run,
            self.client,
            self.state,
            self.reporter,
            self.context,
            spool,
            self._reader,
            self._rails,
            self.types,
            self._to_come,
        )

    def _to_come(self, customer: str) -> bool:
        return any(customer in task.absent([customer]) for task in self.before)

    def absent(self, keys: abc.Sequence[str]) -> set[str]:
        """Those of these keys that a dry run would create."""
        if (
            self._spool is None
            or not self.context.dry_run
            or self.loaded.mapping.mode is Mode.UPDATE
        ):
            return set()
        return self._spool.absent(keys)

    def close(self) -> None:
        """Give the spool's space back and let the warehouse go."""
        if self._spool is not None:
            self._spool.close()
