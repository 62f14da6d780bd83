"""What a mapping's writer is made of: how its records are looked up, found, decided about, sent and recorded."""

from collections import abc
from dataclasses import dataclass
from functools import partial

from sync.chartmogul.client import Client
from sync.destination.contacts.contacts import Contacts
from sync.destination.contacts.in_doubt import InDoubtCreates
from sync.destination.contacts.index import ContactIndex
from sync.destination.customers import Customers
from sync.destination.interface import Destination
from sync.destination.parents import ParentResolver
from sync.domain.events import Reporter
from sync.domain.plan import Policy
from sync.domain.policy import LiveCheck
from sync.domain.record import ATTRIBUTE, Object
from sync.domain.results import MappingRun
from sync.domain.typed import Typed
from sync.engine.context import RunContext
from sync.engine.limits import RunLimits
from sync.engine.read.reader import Reader
from sync.engine.spool import Spool
from sync.engine.write.deliver import Deliver
from sync.engine.write.lookups import ContactLookups, CustomerLookups, Lookups, Pending
from sync.engine.write.recorder import Recorder
from sync.engine.write.writer import Writer
from sync.errors import SyncError
from sync.mapping.model import Mapping
from sync.state.mapping_state import MappingState
from sync.state.memory import Item


@dataclass(frozen=True, slots=True)
class WriterAssembly:
    """Puts the writer of one mapping together, once everything is read and judged."""

    mapping: Mapping
    run: MappingRun
    client: Client
    state: MappingState
    reporter: Reporter
    context: RunContext
    spool: Spool
    reader: Reader
    rails: RunLimits
    types: abc.Mapping[str, Typed]
    #: Whether a dry run would create this customer before its contacts.
    to_come: abc.Callable[[str], bool]

    async def writer(self, broken: abc.Callable[[], SyncError | None]) -> Writer:
        """The writer; `broken` is what ends the whole run, as soon as another mapping has met it."""
        context = self.context
        waiting = await self._waiting()
        recorder = self._recorder()
        destination, lookups = await self._ways(waiting)
        policy = Policy(self.mapping.mode, self.mapping.absent, self.reader.hasher.field)
        delivery = Deliver(destination, policy, recorder, context.ready, context.dry_run)
        return Writer(
            context.connections,
            waiting.look_first,
            self.spool,
            lookups,
            delivery,
            recorder,
            self.rails,
            context.stopping,
            broken,
            partial(self.reporter.phase, self.run),
        )

    async def _waiting(self) -> Pending:
        mapping = self.mapping
        return Pending(
            self.spool,
            self.state.recalled,
            trust_state=mapping.live_check is LiveCheck.NEVER and not self.context.selection.full,
            remembered=await self.state.count(),
            warn=partial(self.reporter.warned, self.run),
            begin=self.state.begin,
            look_first=self._look_first(),
        )

    def _look_first(self) -> bool:
        in_use = self.state.in_use
        new_types = self.run.object is Object.CUSTOMER and any(k not in in_use for k in self.types)
        rails_first = self.rails.max_creates is not None or self.rails.max_updates is not None
        return self.context.dry_run or rails_first or new_types

    def _recorder(self) -> Recorder:
        return Recorder(
            self.run,
            self.reader.hasher,
            self.reader.edition,
            None if self.context.dry_run else self._remember,
            partial(self.reporter.rows, self.run),
            self.context.clock,
            self.context.monotonic,
            self.rails,
        )

    async def _remember(self, items: list[Item], attributes: frozenset[str]) -> None:
        await self.state.remember(items, attributes, self.types)

    async def _ways(self, waiting: Pending) -> tuple[Destination, Lookups]:
        """How the records are looked up, found and written."""
        client = self.client.counting(self.run.requests, self.rails.max_requests)
        if self.run.object is Object.CUSTOMER:
            return self._ways_of_customers(waiting, client)
        return await self._ways_of_contacts(waiting, client)

    def _ways_of_customers(self, waiting: Pending, client: Client) -> tuple[Customers, Lookups]:
        customers = Customers(
            client,
            self.run.data_source,
            self.types,
            set(self.state.in_use),
            self._rows_of,
            self.context.sleep,
        )
        return customers, CustomerLookups(waiting, customers)

    async def _ways_of_contacts(self, waiting: Pending, client: Client) -> tuple[Contacts, Lookups]:
        state, source = self.state, self.run.data_source
        parents = ParentResolver(client, source, state.parents, self.to_come)
        names = {*self.mapping.fields, *(ATTRIBUTE + key for key in self.types)}
        index = ContactIndex(client, source, frozenset(names))
        in_doubt = InDoubtCreates(
            state.ask, state.lose, state.doubts, state.settle, self.context.clock
        )
        seen = self.reader.seen
        contacts = Contacts(
            client,
            source,
            parents,
            index,
            in_doubt,
            lambda uuid: state.rows_of_uuid(uuid, seen) if waiting.remembered else (),
            self.context.sleep,
        )
        customers_known = await state.count_customers()
        return contacts, ContactLookups(waiting, index, parents, in_doubt, customers_known)

    def _rows_of(self, keys: abc.Sequence[str]) -> dict[str, int]:
        rows = {key: first.row for key, first in self.spool.first(keys).items()}
        for key, memory in self.state.recall([key for key in keys if key not in rows]).items():
            rows[key] = self.reader.seen.row(memory.record)
        return rows
