"""One mapping's part of a run: connected, read, judged and written."""

from collections import abc
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sync.builder import Builder
from sync.chartmogul.client import Client
from sync.contacts import Contacts
from sync.contract import Disagreement, Typed, conflict
from sync.customers import Customers
from sync.delivery import Delivery
from sync.destination import Destination
from sync.errors import ConfigError, SyncError
from sync.feed import Feed
from sync.intake import Intake
from sync.ledger import Ledger
from sync.loader import Loaded
from sync.mapping import LiveCheck, Mode
from sync.notebook import Notebook, call
from sync.outcome import MappingRun
from sync.parents import Parents
from sync.plan import Policy
from sync.rails import Rails, rails
from sync.read import Reader
from sync.record import ATTRIBUTE, Object
from sync.recorder import Recorder
from sync.report.reporter import Estimate, Phase, Reporter
from sync.roster import Roster
from sync.scout import ContactScout, CustomerScout, Scout, Waiting
from sync.spool import Spool
from sync.state.store import Store
from sync.state.values import Item
from sync.terms import Terms
from sync.write import Writer


@dataclass(slots=True)
class Task:
    """A mapping on its way through the phases of a run."""

    loaded: Loaded
    run: MappingRun
    feed: Feed
    client: Client
    store: Store
    reporter: Reporter
    terms: Terms
    #: The tasks whose customers this mapping's contacts belong to.
    before: list["Task"] = field(default_factory=list)
    notebook: Notebook = field(init=False)
    types: dict[str, Typed] = field(default_factory=dict, init=False)
    tolerated: int = field(default=0, init=False)
    _rails: Rails = field(default_factory=Rails, init=False)
    _reader: Reader | None = field(default=None, init=False)
    _spool: Spool | None = field(default=None, init=False)
    _writer: Writer | None = field(default=None, init=False)
    _broken_off: SyncError | None = field(default=None, init=False)

    @property
    def kind(self) -> Object:
        """Customers or contacts."""
        return self.run.object

    def follow(self, tasks: abc.Iterable["Task"]) -> None:
        """Find out which of these go first: contacts find their customers by what those create."""
        self.before = [
            other
            for other in tasks
            if self.kind is Object.CONTACT
            and other.kind is Object.CUSTOMER
            and self.run.data_source == other.run.data_source
        ]

    def waits_for(self, other: "Task") -> bool:
        """Whether this is written after `other`, which comes first, and not beside it.

        Of a common customer the last mapping has the last word; a contact may have another key here than there.
        """
        if self.terms.dry_run:
            return True
        if self.kind is Object.CONTACT:
            return other.kind is Object.CONTACT or other in self.before
        if self.notebook.scope != other.notebook.scope or not (self._spool and other._spool):
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
        identity = known or f"{self.terms.api_host}|{account.name}"
        if not self.terms.dry_run:
            await call(self.store.remember_account, uuid, identity, account.name)
        scope = await call(self.store.scope, identity, uuid, self.kind)
        run_id, dry_run = self.terms.run_id, self.terms.dry_run
        self.notebook = Notebook(self.store, scope, self.run.mapping, run_id, dry_run)
        await self.notebook.open()

    async def read(self) -> None:
        """Drain the query, then judge what can be judged without ChartMogul.

        Raises:
            SourceError: the warehouse refused or broke off.
            ConfigError: columns or types do not fit.
            RailError: a rail is passed already.
        """
        started = self.terms.monotonic()
        self.reporter.phase(self.run, Phase.READ, None)
        self._spool = Spool(self.terms.spool_folder)
        intake = Intake(self.feed, self.notebook, self.run, self.reporter, self.terms, self._spool)
        try:
            self._reader = await intake.drain()
        finally:
            self.run.seconds += self.terms.monotonic() - started
        self._settle_types(self._reader.builder)
        await self._judge()
        await self._report_left()

    def _settle_types(self, builder: Builder) -> None:
        self.types, problems = builder.contract.settle(self.notebook.in_use)
        if problems:
            raise ConfigError(*(self._at(problem) for problem in problems))

    def _at(self, problem: Disagreement) -> Any:
        path: tuple[str, ...] = ("attributes", problem.key)
        if problem.key not in self.loaded.mapping.attributes:
            path = ("source",)
        return self.loaded.problem_at(path, problem.message, problem.hint)

    def compare(self, key: str, typed: Typed, other: "Task") -> None:
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
        whole = self.terms.selection.whole
        self._rails = rails(mapping.limits, rows.read, whole=whole)
        self.tolerated = mapping.tolerate_rejected.limit(rows.read)
        if rows.read == 0 and whole:
            self._rails.judge_empty(0, await self.notebook.last_read())
            self.reporter.warned(self.run, "the query returned no rows")
        if rows.read == 0 and self.terms.selection.keys is not None:
            self.reporter.warned(self.run, "no row has one of the keys of --key")
        self._rails.judge_rejected(rows.rejected)

    async def _report_left(self) -> None:
        if not self.terms.selection.whole or self._reader is None:
            return
        for batch in await self.notebook.left(self._reader.seen):
            self.run.left += len(batch)
            self.reporter.left(self.run, batch)

    async def write(self) -> None:
        """Deliver what the spool holds; a dry run only looks and reports."""
        assert self._spool is not None
        assert self._reader is not None
        started = self.terms.monotonic()
        waiting, _ = self._spool.count()
        writer = self._writer = await self._writer_of(self._spool, self._reader)
        writer.failure = self._broken_off
        try:
            if waiting:
                await writer.write()
        finally:
            self.run.seconds += self.terms.monotonic() - started
        if self.terms.dry_run:
            requests = self.run.requests.total + writer.recorder.cost
            self.reporter.estimated(self.run, Estimate(requests, requests / self.terms.rate))
        elif self.terms.selection.whole and not self.terms.stopping.is_set():
            await self.notebook.mark_left()

    def break_off(self, error: SyncError) -> None:
        """Another mapping met what ends the whole run: finish what is under way, and raise it, too."""
        self._broken_off = error
        if self._writer:
            self._writer.fail(error)

    async def _writer_of(self, spool: Spool, reader: Reader) -> Writer:
        mapping, terms = self.loaded.mapping, self.terms
        waiting = Waiting(
            spool,
            self.notebook.recalled,
            trust_state=mapping.live_check is LiveCheck.NEVER and not terms.selection.full,
            remembered=await self.notebook.count(),
            warn=partial(self.reporter.warned, self.run),
            begin=self.notebook.begin,
            look_first=self._look_first(),
        )
        recorder = self._recorder(reader)
        destination, scout = await self._ways(waiting, reader)
        delivery = Delivery(
            destination,
            Policy(mapping.mode, mapping.absent, reader.hasher.field),
            recorder,
            terms.ready,
            terms.dry_run,
        )
        return Writer(
            terms.connections,
            waiting.look_first,
            spool,
            scout,
            delivery,
            recorder,
            self._rails,
            terms.stopping,
            partial(self.reporter.phase, self.run),
        )

    def _recorder(self, reader: Reader) -> Recorder:
        return Recorder(
            self.run,
            reader.hasher,
            reader.edition,
            None if self.terms.dry_run else self._remember,
            partial(self.reporter.rows, self.run),
            self.terms.clock,
            self.terms.monotonic,
            self._rails,
        )

    async def _remember(self, items: list[Item], attributes: frozenset[str]) -> None:
        await self.notebook.remember(items, attributes, self.types)

    async def _ways(self, waiting: Waiting, reader: Reader) -> tuple[Destination, Scout]:
        """How this mapping's records are looked up, found and written."""
        client = self.client.counting(self.run.requests, self._rails.max_requests)
        source = self.run.data_source
        if self.kind is Object.CUSTOMER:
            customers = Customers(
                client,
                source,
                self.types,
                set(self.notebook.in_use),
                self._rows_of,
                self.terms.sleep,
            )
            return customers, CustomerScout(waiting, customers)
        parents = Parents(client, source, self.notebook.parents, self._to_come)
        notebook, mapping = self.notebook, self.loaded.mapping
        names = {*mapping.fields, *(ATTRIBUTE + key for key in self.types)}
        roster = Roster(client, source, frozenset(names))
        ledger = Ledger(
            notebook.ask, notebook.lose, notebook.doubts, notebook.settle, self.terms.clock
        )
        contacts = Contacts(
            client,
            source,
            parents,
            roster,
            ledger,
            lambda uuid: notebook.rows_of_uuid(uuid, reader.seen) if waiting.remembered else (),
            self.terms.sleep,
        )
        customers_known = await notebook.count_customers()
        return contacts, ContactScout(waiting, roster, parents, ledger, customers_known)

    def _look_first(self) -> bool:
        in_use = self.notebook.in_use
        new_types = self.kind is Object.CUSTOMER and any(k not in in_use for k in self.types)
        rails_first = self._rails.max_creates is not None or self._rails.max_updates is not None
        return self.terms.dry_run or rails_first or new_types

    def _to_come(self, customer: str) -> bool:
        return any(customer in task.absent([customer]) for task in self.before)

    def absent(self, keys: abc.Sequence[str]) -> set[str]:
        """Those of these keys that a dry run would create."""
        if self._spool is None or not self.terms.dry_run or self.loaded.mapping.mode is Mode.UPDATE:
            return set()
        return self._spool.absent(keys)

    def _rows_of(self, keys: abc.Sequence[str]) -> dict[str, int]:
        assert self._reader is not None
        assert self._spool is not None
        rows = {key: first.row for key, first in self._spool.first(keys).items()}
        for key, memory in self.notebook.recall([key for key in keys if key not in rows]).items():
            rows[key] = self._reader.seen.row(memory.record)
        return rows

    def close(self) -> None:
        """Give the spool's space back and let the warehouse go."""
        if self._spool is not None:
            self._spool.close()
