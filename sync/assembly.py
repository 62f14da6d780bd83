"""What a mapping's writer is made of: how its records are looked up, found, decided about, sent and recorded."""

from collections import abc
from dataclasses import dataclass
from functools import partial

from sync.chartmogul.client import Client
from sync.contacts import Contacts
from sync.contract import Typed
from sync.customers import Customers
from sync.delivery import Delivery
from sync.destination import Destination
from sync.errors import SyncError
from sync.ledger import Ledger
from sync.mapping import LiveCheck, Mapping
from sync.notebook import Notebook
from sync.outcome import MappingRun
from sync.parents import Parents
from sync.plan import Policy
from sync.rails import Rails
from sync.read import Reader
from sync.record import ATTRIBUTE, Object
from sync.recorder import Recorder
from sync.report.reporter import Reporter
from sync.roster import Roster
from sync.scout import ContactScout, CustomerScout, Scout, Waiting
from sync.spool import Spool
from sync.state.values import Item
from sync.terms import Terms
from sync.write import Writer


@dataclass(frozen=True, slots=True)
class Assembly:
    """Puts the writer of one mapping together, once everything is read and judged."""

    mapping: Mapping
    run: MappingRun
    client: Client
    notebook: Notebook
    reporter: Reporter
    terms: Terms
    spool: Spool
    reader: Reader
    rails: Rails
    types: abc.Mapping[str, Typed]
    #: Whether a dry run would create this customer before its contacts.
    to_come: abc.Callable[[str], bool]

    async def writer(self, broken: abc.Callable[[], SyncError | None]) -> Writer:
        """The writer; `broken` is what ends the whole run, as soon as another mapping has met it."""
        terms = self.terms
        waiting = await self._waiting()
        recorder = self._recorder()
        destination, scout = await self._ways(waiting)
        policy = Policy(self.mapping.mode, self.mapping.absent, self.reader.hasher.field)
        delivery = Delivery(destination, policy, recorder, terms.ready, terms.dry_run)
        return Writer(
            terms.connections,
            waiting.look_first,
            self.spool,
            scout,
            delivery,
            recorder,
            self.rails,
            terms.stopping,
            broken,
            partial(self.reporter.phase, self.run),
        )

    async def _waiting(self) -> Waiting:
        mapping = self.mapping
        return Waiting(
            self.spool,
            self.notebook.recalled,
            trust_state=mapping.live_check is LiveCheck.NEVER and not self.terms.selection.full,
            remembered=await self.notebook.count(),
            warn=partial(self.reporter.warned, self.run),
            begin=self.notebook.begin,
            look_first=self._look_first(),
        )

    def _look_first(self) -> bool:
        in_use = self.notebook.in_use
        new_types = self.run.object is Object.CUSTOMER and any(k not in in_use for k in self.types)
        rails_first = self.rails.max_creates is not None or self.rails.max_updates is not None
        return self.terms.dry_run or rails_first or new_types

    def _recorder(self) -> Recorder:
        return Recorder(
            self.run,
            self.reader.hasher,
            self.reader.edition,
            None if self.terms.dry_run else self._remember,
            partial(self.reporter.rows, self.run),
            self.terms.clock,
            self.terms.monotonic,
            self.rails,
        )

    async def _remember(self, items: list[Item], attributes: frozenset[str]) -> None:
        await self.notebook.remember(items, attributes, self.types)

    async def _ways(self, waiting: Waiting) -> tuple[Destination, Scout]:
        """How the records are looked up, found and written."""
        client = self.client.counting(self.run.requests, self.rails.max_requests)
        if self.run.object is Object.CUSTOMER:
            return self._ways_of_customers(waiting, client)
        return await self._ways_of_contacts(waiting, client)

    def _ways_of_customers(self, waiting: Waiting, client: Client) -> tuple[Customers, Scout]:
        customers = Customers(
            client,
            self.run.data_source,
            self.types,
            set(self.notebook.in_use),
            self._rows_of,
            self.terms.sleep,
        )
        return customers, CustomerScout(waiting, customers)

    async def _ways_of_contacts(self, waiting: Waiting, client: Client) -> tuple[Contacts, Scout]:
        notebook, source = self.notebook, self.run.data_source
        parents = Parents(client, source, notebook.parents, self.to_come)
        names = {*self.mapping.fields, *(ATTRIBUTE + key for key in self.types)}
        roster = Roster(client, source, frozenset(names))
        ledger = Ledger(
            notebook.ask, notebook.lose, notebook.doubts, notebook.settle, self.terms.clock
        )
        seen = self.reader.seen
        contacts = Contacts(
            client,
            source,
            parents,
            roster,
            ledger,
            lambda uuid: notebook.rows_of_uuid(uuid, seen) if waiting.remembered else (),
            self.terms.sleep,
        )
        customers_known = await notebook.count_customers()
        return contacts, ContactScout(waiting, roster, parents, ledger, customers_known)

    def _rows_of(self, keys: abc.Sequence[str]) -> dict[str, int]:
        rows = {key: first.row for key, first in self.spool.first(keys).items()}
        for key, memory in self.notebook.recall([key for key in keys if key not in rows]).items():
            rows[key] = self.reader.seen.row(memory.record)
        return rows
