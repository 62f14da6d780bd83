"""One mapping of a run, on its way through the phases.

One module because each phase goes by what those before it have found.
"""

from collections import abc
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from sync.chartmogul.client import Account, Client
from sync.chartmogul.verdict import KEYS
from sync.destination.foretold import ForetoldRecords
from sync.destination.recent import RecentRecords
from sync.domain import objects
from sync.domain.events import Estimate, MappingReporter, Phase, Reporter
from sync.domain.policy import Mode, OnAbsent, OnDeleted, ReadBy, RowsShown
from sync.domain.record import AttributeType, Object
from sync.domain.results import Left, MappingRun
from sync.domain.typed import Typed
from sync.engine import agreement, plan_guard
from sync.engine.account_guard import find_source, guard, in_state, without_id
from sync.engine.before import Before
from sync.engine.changed_keys import SHOWN, ChangedKeys
from sync.engine.context import RunContext
from sync.engine.limits import RunLimits, limits_for
from sync.engine.noted_types import with_known
from sync.engine.plan_file import MappingPlan
from sync.engine.read.extract import Extract
from sync.engine.read.findings import Findings
from sync.engine.read.fingerprints import BucketRows
from sync.engine.read.known_types import KnownTypes
from sync.engine.read.query import MappingQuery
from sync.engine.read.reader import Reader
from sync.engine.read.witnessed import Witness
from sync.engine.seen_records import SeenRecords
from sync.engine.spool import Spool
from sync.engine.tags_to_come import TagsToCome
from sync.engine.write.assemble import WriterAssembly, trusts_state
from sync.engine.write.common import CommonRecords
from sync.errors import Denied
from sync.mapping import dbt_source
from sync.mapping.loader import LoadedMapping
from sync.state.bucket_members import Members
from sync.state.mapping_state import MappingState, call
from sync.state.store import Store
from sync.transform.locking import locked


@dataclass(slots=True, eq=False)
class MappingTask:
    """A mapping that is connected, read, judged and written, each once and in this order.

    `before`: the tasks whose records this mapping's records belong to.
    """

    loaded: LoadedMapping
    run: MappingRun
    query: MappingQuery
    client: Client
    store: Store
    reporter: Reporter
    context: RunContext
    before: list["MappingTask"] = field(default_factory=list, init=False)
    #: The tags that other mappings of the run give to every record.
    tags_around: tuple[str, ...] = field(default=(), init=False)
    #: Those of the run that have records of the same kind in the same data source, in the order of the run.
    alike: list["MappingTask"] = field(default_factory=list, init=False)
    state: MappingState = field(init=False)
    types: dict[str, Typed] = field(default_factory=dict, init=False)
    #: Who is shown each row that is built; None: nobody asks.
    witness: Witness | None = field(default=None, init=False)
    #: What those alike would leave by now, in a dry run: they all have the same.
    foretold: ForetoldRecords = field(default_factory=ForetoldRecords, init=False)
    #: What those alike have just created, in a real run: they all have the same.
    recent: RecentRecords = field(default_factory=RecentRecords, init=False)
    _spool: Spool | None = field(default=None, init=False)
    _findings: Findings | None = field(default=None, init=False)
    #: What it would leave of records that a later mapping has as well; of a dry run.
    _left: SeenRecords | None = field(default=None, init=False)
    #: What those alike would have noted of tags by now, in a dry run: they all have the same.
    _tags: TagsToCome | None = field(default=None, init=False)

    @property
    def kind(self) -> Object:
        """Customers or contacts."""
        return self.loaded.mapping.destination.object

    @property
    def about(self) -> objects.Descriptor:
        """What the object of this mapping is."""
        return objects.of(self.kind)

    @property
    def telling(self) -> MappingReporter:
        """Where things about this mapping are told."""
        return MappingReporter(self.run, self.reporter)

    def follow(self, tasks: abc.Iterable["MappingTask"]) -> None:
        """Find out which of these go first: contacts find their customers by what those create.

        And which tags they give to all their records: a run notes them before it writes, a dry run knows them so.
        """
        tasks = [other for other in tasks if other.run.data_source == self.run.data_source]
        self.tags_around = tuple(
            tag
            for other in tasks
            if other is not self
            for tag in other.loaded.mapping.constant_tags
        )
        self.before = [other for other in tasks if other.kind is self.about.parent]
        self.alike = [other for other in tasks if other.kind is self.kind]
        first = self.alike[0]
        self.foretold = ForetoldRecords() if first is self else first.foretold
        self.foretold.shared = self.context.dry_run and len(self.alike) > 1
        self.recent = RecentRecords() if first is self else first.recent
        self.recent.shared = not self.context.dry_run and len(self.alike) > 1
        self._tags = TagsToCome(self.context.means.spool_folder) if first is self else first._tags

    def waits_for(self, other: "MappingTask") -> bool:
        """Whether this is written after `other`, which comes first, and not beside it.

        Of a common customer the last mapping has the last word; a contact may have another key here than there.
        """
        if self.context.dry_run:
            return True
        if not self.about.unique_keys:
            return other.kind is self.kind or other in self.before
        if self.state.scope != other.state.scope or not (self._spool and other._spool):
            return False
        return self._spool.meets(other._spool)

    async def connect(self) -> None:
        """Find the account and the data source; nothing is written.

        Raises:
            ConfigError: the account is not the one that the mapping names.
            Denied: the key or the data source is wrong.
        """
        with self._blaming():
            account = await self.client.account()
        self._admit(account)
        uuid, nameless = self.run.data_source, without_id(account, self.context.means.api_host)
        known = account.id or (await call(self.store.account_of, uuid) if uuid else None)
        self.run.shown_account = account.id or nameless
        identity = known or self.run.shown_account
        self._keep_pace(identity)
        with self._blaming():
            uuid = (await find_source(self.loaded, self.client)).uuid
        noted = await call(self.store.account_of, uuid)
        if known is None:  # its data source was named, and may be known by its uuid
            identity = noted or identity
        self.run.data_source = uuid
        if self.context.dry_run:
            identity = in_state(account, nameless, noted) or identity
        else:
            before = noted if noted == nameless != identity else None
            key = self.loaded.mapping.destination.api_key.get_secret_value()
            await call(self.store.remember_account, uuid, identity, account.name, before, key)
        scope = await call(self.store.scope, identity, uuid, self.kind)
        self.run.account = identity
        run_id, dry_run = self.context.run_id, self.context.dry_run
        self.state = MappingState(self.store, scope, self.run.mapping, run_id, dry_run)
        self.state.by_uuid = self.about.own_name in self.loaded.mapping.fields
        self.state.own.by_row = bool(self.loaded.mapping.tag_columns)
        await self.state.open()
        if self.about.tags and not dry_run:
            await call(self.state.own.note_constants, self.loaded.mapping.constant_tags)

    def _admit(self, account: Account) -> None:
        """Raise ConfigError where this is not the account that is meant."""
        guard(self.loaded, account)

    @contextmanager
    def _blaming(self) -> abc.Iterator[None]:
        """Let what a key, or a data source, is refused for name the variable and the file."""
        try:
            yield
        except Denied as error:
            key = self.loaded.key_variable
            hint = error.hint.replace(KEYS, key)
            hint = f"{hint} ({self.run.file})" if hint else f"see {self.run.file}"
            raise Denied(error.message, error.answered, hint) from error

    def _keep_pace(self, account: str) -> None:
        """From here on requests are those of this account, which shares its allowance with others."""
        if self.context.means.pace_of is not None:
            self.client = self.client.at(self.context.means.pace_of(account))

    async def read(self) -> None:
        """Drain the query, then judge what can be judged without ChartMogul.

        Raises:
            SourceError: the warehouse refused or broke off.
            ConfigError: columns or types do not fit.
            RailError: a rail is passed already, or dbt says that the model is not as it should be.
        """
        if "dbt" not in self.context.selection.lifted:
            file, now = Path(self.loaded.file), self.context.clock.now()
            dbt_source.judge(self.loaded.mapping.source, file, now)
        self.telling.phase(Phase.READ, None)
        await self._warn_of_rename()
        self._know_tags_of_others()
        with self._timed():
            self._spool = Spool(self.context.means.spool_folder)
            drops = await self.state.known_drops()
            self.run.known_drops = drops.counts
            past = await self.state.past(self.run)
            telling, context, spool = self.telling, self.context, self._spool
            extract = Extract(self.query, self.state, telling, context, spool, drops, past)
            extract.witness = self.witness
            extract.by_fingerprints = self.loaded.mapping.source.read is ReadBy.FINGERPRINTS
            known = KnownTypes(self._known_types, locked(self.loaded))
            source = self.run.data_source
            reader = await with_known(known, self.client, source, extract.drain)
        contract, noted = reader.builder.contract, self.state.in_use
        if self._plan is not None:
            contract.adopt(self._plan.about.types)
        self.types = await agreement.reach(self.loaded, self.run, self.client, contract, noted)
        if self.about.locks_types:
            new = self.types.keys() - self.state.in_use
            self.run.new_types = {key: self.types[key].type.value for key in new}
        self.run.types = {key: typed.type for key, typed in self.types.items()}
        limits = await self._judge()
        decision = reader.decision
        self._findings = Findings(
            self._spool,
            reader.seen,
            decision.marks.hasher,
            decision.marks.edition,
            self.types,
            limits,
            decision.backgrounds,
            reader.nulls,
            reader.buckets,
            reader.yielding,
        )
        await self._report_left(reader, extract.members)

    def _know_tags_of_others(self) -> None:
        names = {other.run.mapping for other in self.alike} - {self.run.mapping}
        self.state.own.know_constants(self.tags_around, names)
        self.state.own.foretold = self._tags

    async def _warn_of_rename(self) -> None:
        """What is known goes by the name of a mapping: say so before the first run that knows nothing for that."""
        there = [other.run.mapping for other in self.alike]
        was = await self.state.former_name(self.run, there)
        if was is not None:
            self.telling.warned(
                f"nothing is known of its records by this name, but {was} had its file or its query, and knows some; if"
                f" that is how it was called, write `name: {was}` in its file: else what it wrote counts as somebody"
                " else's, and rows that were put back are sent again"
            )

    def accept_types(self) -> None:
        """Raise ConfigError where the next write would lock a type that nobody has declared."""
        agreement.accept(self.loaded, self.types)

    def compare(self, key: str, typed: Typed, other: "MappingTask") -> None:
        """Raise ConfigError where another mapping of this run would lock an attribute in another way."""
        agreement.compare(self.loaded, key, typed, other.types, other.run.file)

    async def _judge(self) -> RunLimits:
        """The limits in numbers; RailError where what was read passes one."""
        mapping, rows = self.loaded.mapping, self.run.rows
        whole = self.context.selection.whole
        limits = limits_for(
            mapping.limits, rows.read, whole=whole, lifted=self.context.selection.lifted
        )
        self.run.tolerated = mapping.tolerate_rejected.limit(rows.read)
        if rows.read == 0 and whole:
            if self._absence_counts:
                last = await self.state.last_complete(self.run.file, self.run.query)
                if last is not None:
                    limits.judge_empty(0, last.read, last.finished_at)
            self.telling.warned("the query returned no rows")
        if rows.read == 0 and self.context.selection.keys is not None:
            asked = "of --key" if self.context.selection.retry is None else "that were rejected"
            self.telling.warned(f"no row has one of the keys {asked}")
        limits.judge_rejected(rows.rejected)
        plan_guard.judge(self._plan, mapping.limits, self.context.selection)
        return limits

    @property
    def _known_types(self) -> abc.Mapping[str, AttributeType]:
        """The types of attributes that are known before the first row."""
        planned = self._plan.about.types if self._plan is not None else {}
        return {**self.state.in_use, **planned}

    @property
    def _plan(self) -> MappingPlan | None:
        """What the plan that is applied says of this mapping, if one is."""
        return self.context.selection.planned(self.run.mapping)

    @property
    def _absence_counts(self) -> bool:
        """Whether a key that is missing has left: every row counts, and the query shows all records."""
        shows_all = self.loaded.mapping.source.rows is RowsShown.ALL
        return self.context.selection.whole and shows_all

    async def _report_left(self, reader: Reader, members: abc.Sequence[Members] | None) -> None:
        if not self._absence_counts:
            return
        left = [one for batch in await self.state.left(reader.seen, members) for one in batch]
        if "changed_keys" not in self.context.selection.lifted:
            await self._judge_keys(reader, left)
        if left:
            self.telling.left(left)

    async def _judge_keys(self, reader: Reader, left: abc.Sequence[Left]) -> None:
        unread = 0 if reader.buckets is None else reader.buckets.unread.reading.count
        changed = ChangedKeys(
            len(left),
            len(left) + reader.seen.count() + unread,
            reader.new,
            await self.state.count_left(),
            [one.key for one in left[:SHOWN]],
            [self.state.stored(key) for key in reader.first_new],
        )
        if warning := changed.judge():
            self.telling.warned(warning)

    async def write(self) -> None:
        """Deliver what the spool holds; a dry run only looks and reports."""
        assert self._findings is not None
        # Whatever was found of the rows is let go with the last of them: it is megabytes, and reports want some.
        findings, self._findings = self._findings, None
        buckets = findings.buckets
        with self._timed():
            cost = await self._write(findings)
        del findings
        if self.context.dry_run:
            self._estimate(cost)
            plan_guard.tell_left_out(self.telling)
            return
        plan_guard.tell_unmet(self._plan, self.telling, self.context.selection)
        if self._absence_counts and not self.context.stop.requested():
            await self.state.mark_left()
        await self._keep_buckets(buckets)
        self.run.known_drops = (await self.state.known_drops()).counts

    async def _write(self, findings: Findings) -> int:
        """Deliver the rows; the requests that a real run would send for what a dry run has found."""
        assembly = replace(
            self._assembly(findings),
            common=self._common(),
            foretold=self.foretold,
            recent=self.recent,
        )
        writer = await assembly.writer()
        with self._blaming():
            await writer.write()
        return writer.recorder.cost

    async def _keep_buckets(self, buckets: BucketRows | None) -> None:
        """Let the next run know what it need not read; only once each row that was read has come to its end."""
        if buckets is None or self.context.stop.requested() or self.run.rows.unprocessed:
            return
        skipping = self.loaded.mapping.mode is Mode.INSERT
        await call(buckets.write_down, self.state.buckets, skipping)

    @contextmanager
    def _timed(self) -> abc.Iterator[None]:
        """What is done in here counts among the seconds of the mapping, however it ends."""
        started = self.context.clock.monotonic()
        try:
            yield
        finally:
            self.run.seconds += self.context.clock.monotonic() - started

    def _estimate(self, cost: int) -> None:
        """Tell what a dry run foretells: the real run would send `cost` requests beside those of looking."""
        requests = self.run.requests.total + cost
        self.run.estimate = requests, requests / self.context.means.rate
        self.telling.estimated(Estimate(*self.run.estimate))

    def _absolute_limits(self) -> RunLimits:
        """The limits that hold where nobody knows how many rows the query has: shares say nothing then."""
        limits, lifted = self.loaded.mapping.limits, self.context.selection.lifted
        return limits_for(limits, self.run.rows.read, whole=False, lifted=lifted)

    def _assembly(self, findings: Findings) -> WriterAssembly:
        return WriterAssembly(
            self.loaded.mapping,
            self.client,
            self.state,
            self.telling,
            self.context,
            findings,
            Before(self.before),
        )

    def _common(self) -> CommonRecords | None:
        """The records that other mappings of a dry run have as well, which a run writes one after the other."""
        if not self.context.dry_run or not self.about.unique_keys or len(self.alike) < 2:
            return None
        assert self._tags is not None, "it follows others"
        mine, place = self._spool, self.alike.index(self)
        after = [other._spool for other in self.alike[place + 1 :]]
        met = [spool for spool in after if spool and mine and mine.meets(spool)]
        before = [other._left for other in self.alike[:place] if other._left is not None]
        self._left = SeenRecords(self.context.means.spool_folder)
        selection = self.context.selection
        me, *others = [trusts_state(one.loaded.mapping, selection) for one in self.alike[place:]]
        about = (self.run.data_source, self.run.mapping)
        return CommonRecords(*about, before, met, self._left, self._tags, me, any(others))

    def creates(self, key: str) -> bool:
        """Whether a dry run would create a record with this key."""
        if self._spool is None or not self.context.dry_run or self.leaves(key):
            return False
        return self.loaded.mapping.mode is not Mode.UPDATE and key in self._spool.absent([key])

    def leaves(self, key: str) -> bool:
        """Whether a dry run found the record with this key deleted in ChartMogul, and would leave it so."""
        mapping = self.loaded.mapping
        never_creates = mapping.mode is Mode.UPDATE and mapping.absent is OnAbsent.SKIP
        if self._spool is None or not self.context.dry_run:
            return False
        return (self.leaves_deleted or never_creates) and bool(self._spool.deleted([key]))

    def met(self, key: str) -> str | None:
        """The uuid of the record that a dry run would go on with under this new key."""
        return self._spool.renamed_to(key) if self._spool and self.context.dry_run else None

    def rejection(self, key: str) -> str | None:
        """Why a row with this key was rejected in this run, and which, in words; None: none was."""
        found = None if self._spool is None else self._spool.refused(key)
        return None if found is None else f"{self.run.mapping}, row {found[0]:,}: {found[1]}"

    @property
    def leaves_deleted(self) -> bool:
        """Whether what was deleted in ChartMogul is left so."""
        return self.loaded.mapping.deleted is OnDeleted.LEAVE

    def close(self) -> None:
        """Give the spool's space back and let the warehouse go."""
        for file in (self._spool, self._left, self._tags):
            if file is not None:
                file.close()
