"""Puts the writer of one mapping together, once everything is read and judged."""

from dataclasses import dataclass, field

from sync.chartmogul.client import Client
from sync.destination.foretold import ForetoldRecords
from sync.destination.interface import Destination, Foreseen, Site
from sync.destination.recent import RecentRecords
from sync.destination.registry import build
from sync.domain import objects
from sync.domain.events import MappingReporter
from sync.domain.fingerprint import Hasher
from sync.domain.plan import Policy
from sync.domain.policy import LiveCheck, Mode, OnDeleted, RowsShown
from sync.domain.record import ATTRIBUTE
from sync.engine.context import Lease, RunContext, Selection
from sync.engine.plan_file import MappingPlan
from sync.engine.read.findings import Findings
from sync.engine.seen_records import SeenRecords
from sync.engine.write.asked import AskedValues
from sync.engine.write.canary import Canary
from sync.engine.write.common import CommonRecords
from sync.engine.write.deliver import Deliver
from sync.engine.write.lookups import Lookups, Pending
from sync.engine.write.pins import Pins
from sync.engine.write.plan_marks import PlanMarks, without_rejecting
from sync.engine.write.recorder import Recorder
from sync.engine.write.rows import SpooledRows
from sync.engine.write.writer import Writer
from sync.mapping.model import Mapping
from sync.state.mapping_state import MappingState


def trusts_state(mapping: Mapping, selection: Selection) -> bool:
    """Whether what the state knows is sent without a look: `live_check: never`, unless `--full`, or a plan, looks.

    A plan that is made looks, too: what it lists holds while ChartMogul has what it had before.
    """
    planned = selection.salt is not None or selection.planned(mapping.name) is not None
    looks = selection.full or planned
    return mapping.live_check is LiveCheck.NEVER and not looks


@dataclass(frozen=True, slots=True)
class WriterAssembly:
    """What a mapping's writer is made of; `foreseen` are the mappings that are written before it."""

    mapping: Mapping
    client: Client
    state: MappingState
    reporter: MappingReporter
    context: RunContext
    findings: Findings
    foreseen: Foreseen
    #: What mappings that have the same records would leave of them; in a dry run.
    common: CommonRecords | None = None
    #: The same of records that are told by more than their keys.
    foretold: ForetoldRecords = field(default_factory=ForetoldRecords)
    #: In a real run: what they have just created.
    recent: RecentRecords = field(default_factory=RecentRecords)

    async def writer(self) -> Writer:
        """The writer: how records are looked up, found, decided about, sent and recorded."""
        context, findings = self.context, self.findings
        destination = self.destination()
        about = objects.of(self.mapping.destination.object)
        types = {key: typed.type for key, typed in findings.types.items()}
        mapping = self.mapping
        marks = await self._marks()
        overwrites = mapping.overwrites
        if marks is not None and marks.left_out is not None:
            overwrites = without_rejecting(overwrites)
        terms = (about, types, mapping.deleted, overwrites, mapping.tag_terms)
        policy = Policy(mapping.mode, mapping.absent, findings.hasher, *terms)
        writer = Writer(
            context.means.connections,
            findings.spool,
            await self.lookups(destination),
            self._deliver(destination, policy),
            self._recorder(),
            context.stop,
            context.dry_run,
        )
        if (most := context.selection.canary) is not None:
            writer.canary = Canary(most, destination, policy, context.clock)
        writer.marks = marks
        return writer

    def _plan(self) -> MappingPlan | None:
        return self.context.selection.planned(self.mapping.name)

    async def _marks(self) -> PlanMarks | None:
        """What a plan that is made needs; without a state nobody knows whose the values are that ChartMogul holds."""
        salt = self.context.selection.salt
        if salt is None:
            return None
        known = await self.state.count() > 0
        return PlanMarks(Hasher(salt), None if known else self.reporter.run.left_out)

    def _deliver(self, destination: Destination, policy: Policy) -> Deliver:
        noting = (AskedValues(self.state), Pins(destination))
        told = (self._lease(), *noting, self._plan(), self.common)
        return Deliver(destination, policy, *told)

    def _lease(self) -> Lease | None:
        return self.context.lease_of(self.state.scope)

    def _rows(self) -> SpooledRows:
        findings, selection = self.findings, self.context.selection
        partial = not selection.whole or self.mapping.source.rows is RowsShown.SOME
        known = (findings.seen, findings.buckets, findings.yielding, partial)
        return SpooledRows(findings.spool, self.state, *known)

    def destination(self) -> Destination:
        """Where the mapping's records are; what it writes needs a lease."""
        findings, run = self.findings, self.reporter.run
        names = {*self.mapping.fields, *(ATTRIBUTE + key for key in findings.types)}
        client = self.client.counting(run.requests, findings.limits.max_requests)
        if (lease := self._lease()) is not None:
            client = client.under(lease)
        site = Site(
            client,
            run.data_source,
            findings.types,
            frozenset(names),
            self.state,
            self._rows(),
            self.foreseen,
            self.context.clock,
            self.mapping.mode is not Mode.UPDATE,
            self.mapping.deleted is OnDeleted.LEAVE,
            self.foretold,
            self.recent,
        )
        return build(self.mapping.destination.object, site)

    async def lookups(self, destination: Destination) -> Lookups:
        """How records are looked up."""
        shown = SeenRecords(self.context.means.spool_folder)
        return Lookups(await self.pending(), destination, shown)

    async def pending(self) -> Pending:
        """The records that wait, and what the state remembers of them."""
        selection = self.context.selection
        return Pending(
            self.findings.spool,
            self.state,
            self.reporter,
            remembered=await self.state.count(),
            trust_state=trusts_state(self.mapping, selection),
            look_first=self._look_first(),
            full=selection.full,
            hasher=self.findings.hasher,
        )

    def _look_first(self) -> bool:
        """Whether all look-ups come before the first write."""
        limits = self.findings.limits
        about_to_lock = self.state.locks and bool(self.findings.types.keys() - self.state.in_use)
        rails = (limits.max_creates, limits.max_updates, limits.max_requests)
        rails_first = any(rail is not None for rail in rails)
        rails_first = rails_first or limits.may_clear_too_many(self.findings.nulls)
        asked = self._plan() is not None or self.context.selection.canary is not None
        return self.context.dry_run or asked or rails_first or about_to_lock

    def _recorder(self) -> Recorder:
        findings = self.findings
        recorder = Recorder(
            self.reporter,
            findings.hasher,
            findings.edition,
            None if self.context.dry_run else self.state,
            findings.types,
            findings.limits,
            self.context.clock,
            findings.backgrounds,
        )
        if findings.buckets is not None:
            recorder.bucket_of = findings.buckets.of
        return recorder
