"""Contacts in ChartMogul: how a record is found, created and updated there, and never created twice.

One module because looking, claiming and taking turns go by the same memory of what this run has met.
"""

import asyncio
from collections import abc
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from weakref import WeakValueDictionary

from sync.chartmogul.client import Client, Written
from sync.destination.contacts.creation import Creation, concerns_customer
from sync.destination.contacts.identity import elsewhere, moved, resolve
from sync.destination.contacts.in_doubt import DOUBT, InDoubtCreates, doubtful
from sync.destination.contacts.index import ContactIndex
from sync.destination.contacts.inventory import ContactInventory
from sync.destination.foretold import ForetoldRecords
from sync.destination.interface import (
    SAME_RECORD,
    Outlook,
    QueryRows,
    Site,
    Unresolved,
    row_named,
)
from sync.destination.parents import ParentResolver
from sync.destination.recent import RecentRecords
from sync.domain import spelling
from sync.domain.clock import Clock
from sync.domain.lookup import PAGE, Way, choose
from sync.domain.objects.contact import CONTACT
from sync.domain.parent import Parent
from sync.domain.plan import Absent, Changes, Seen
from sync.domain.record import ATTRIBUTE, Fields, Problem, Record, attributes_in
from sync.domain.results import Outcome
from sync.errors import AlreadyExists, Answered, NotFound, Refused


@dataclass(slots=True)
class Contacts:
    """The contacts of the customers of one data source.

    ChartMogul keeps contacts unique in no way, so rows that may be one contact are delivered one after the other,
    and a customer that is only remembered is never trusted: it may have been merged, and its contacts with it.
    """

    client: Client
    data_source: str
    parents: ParentResolver
    index: ContactIndex
    in_doubt: InDoubtCreates
    rows: QueryRows
    clock: Clock
    #: Whether rows may create contacts with external ids: whoever bears one is known before.
    creates_ids: bool = True
    #: Whether rows name contacts by their uuids alone: nothing else of them is known before, and none is created.
    by_uuid: bool = False
    #: What this run has just created, this mapping or another one.
    recent: RecentRecords = field(default_factory=RecentRecords)
    #: Which contact a record is can only be told with all candidates in sight.
    listing: None = field(default=None, init=False)
    #: Customers of whom a single row waits: it is asked for by its external id, before all of theirs are listed.
    _alone_of: abc.Set[str] = field(default=frozenset(), init=False)
    #: The row that stands for each contact met so far.
    _claims: dict[str, int] = field(default_factory=dict, init=False)
    #: Of contacts that were looked up, the attributes that their rows do not send, or not as they are there.
    _others: dict[str, Fields] = field(default_factory=dict, init=False)
    _turns: WeakValueDictionary[tuple[str, str, str], asyncio.Lock] = field(
        default_factory=WeakValueDictionary, init=False
    )

    @classmethod
    def build(cls, site: Site) -> "Contacts":
        """The contacts of a site."""
        source, state = site.data_source, site.state
        return cls(
            site.client,
            source,
            ParentResolver(site.client, source, state, site.foreseen, site.leave_deleted),
            ContactIndex(site.client, source, site.fields, foretold=site.foretold),
            InDoubtCreates(state, site.clock),
            site.rows,
            site.clock,
            site.creates and "external_id" in site.fields,
            CONTACT.own_name in site.fields,
            site.recent,
        )

    @property
    def foretold(self) -> ForetoldRecords:
        """What a dry run would have made of contacts by now."""
        return self.index.foretold

    @property
    def inventory(self) -> ContactInventory:
        """All contacts of the data source, which are kept where this finds them."""
        return ContactInventory(self.client, self.data_source, self.index, self.parents)

    async def survey(self, outlook: Outlook) -> None:
        """List contacts, and their customers, where that costs fewer requests than to ask for each.

        This ends before the first look: what a page shows is no answer by itself.
        """
        one_by_one = outlook.waiting() if self.by_uuid else outlook.one_by_one()
        if self.creates_ids:  # whom the list of a customer does not show is asked for
            one_by_one += outlook.unknown() - len(outlook.parents_of_one())
        few = self.by_uuid and one_by_one <= PAGE
        if not few and choose(one_by_one, outlook.remembered) is Way.LISTING:
            await self.index.list_all(lambda pages: pages < one_by_one)
            outlook.warn_of_lost_state(*self.index.size())
        if self.by_uuid:
            return
        self.index.expect_foretold()
        if not self.index.complete:
            self._alone_of = outlook.parents_of_one()
        customers = outlook.parents()
        if choose(customers, await self.parents.remembered()) is Way.LISTING:
            await self.parents.list_all(customers)

    async def prefetch(self, records: abc.Sequence[Record]) -> None:
        """Recall the customers of contacts, and creates in doubt."""
        if self.by_uuid:
            return
        await self.in_doubt.prefetch([record.key for record in records])
        await self.parents.prefetch({record.customer or "" for record in records})

    async def find(self, record: Record, uuid: str | None) -> Seen | Absent:
        """The contact of a row: by the remembered uuid, else by external id, else by e-mail.

        Raises:
            Unresolved: customer_not_found, ambiguous_contact, contact_moved, outcome_unknown.
            LeftAlone: its customer was deleted, and is left so.
        """
        if self.by_uuid:
            found = await self.index.named(record.key, known=uuid is not None)
        else:
            found = await self._find(record, uuid)
        if isinstance(found, Seen):
            self._note_others(record, found)
        return found

    async def _find(self, record: Record, uuid: str | None) -> Seen | Absent:
        gone, strange, uuid = False, None, uuid or self.foretold.uuid(record.key)
        if uuid is not None:
            try:
                if seen := await self._by_uuid(record, uuid):
                    strange = elsewhere(seen, self.data_source)
                    if strange is None:
                        return seen
            except NotFound:
                gone = True
        parent = await self._parent(record)
        found = await self.resolve(record, parent)
        absent = isinstance(found, Absent)
        if absent and strange is not None:
            raise Unresolved(strange)
        found = await self._judge_doubt(record, parent) if absent else found
        return found if isinstance(found, Seen) else Absent(deleted=gone)

    async def show(self, uuid: str) -> Seen:
        """A contact as ChartMogul shows it in this moment, whatever a listing has shown."""
        return await self.client.contact(uuid)

    def _note_others(self, record: Record, seen: Seen) -> None:
        """Keep the attributes that a row may not send until it is written; what was listed is kept anyhow."""
        if self.index.by_uuid(seen.uuid) or not any(n.startswith(ATTRIBUTE) for n in record.fields):
            return
        shown = attributes_in(seen.fields)
        if others := {n: v for n, v in shown.items() if v != record.fields.get(n)}:
            self._others[seen.uuid] = others

    async def _parent(self, record: Record) -> Parent:
        return await self.parents.of(record.customer or "")

    async def _by_uuid(self, record: Record, uuid: str) -> Seen | None:
        """The remembered contact, in whatever data source; None where it is nobody's now; NotFound if it is gone."""
        seen = self.index.by_uuid(uuid) or self.foretold.of(await self._read(uuid))
        if seen.customer_uuid is None:
            return None
        if elsewhere(seen, self.data_source):
            return seen
        if (seen.data_source, seen.customer) == (self.data_source, record.customer):
            return seen
        # Merged customers show one of their external ids only.
        if problem := moved(seen, (await self._parent(record)).uuid):
            raise Unresolved(problem)
        return seen

    async def _read(self, uuid: str) -> Seen:
        """A contact by its uuid; one that this run has just created is there, though look-ups may not show it yet."""
        try:
            return await self.client.contact(uuid)
        except NotFound:
            made = self.recent.of(uuid, self.clock.monotonic())
            if made is None:
                raise
            return made

    async def resolve(self, record: Record, parent: Parent) -> Seen | Absent:
        """The contact that a record is, among those of its customer; who has its external id elsewhere was moved.

        Raises:
            Unresolved: several may be it, or it stands under another customer.
        """
        if await self._is_asked_for(record, parent):
            found = self._among(record, parent, [])
            if isinstance(found, Seen) or not isinstance(record.fields.get("email"), str):
                return found
        own = await self.index.of_customer(parent)
        found = self._among(record, parent, own)
        external_id = record.fields.get("external_id")
        if not isinstance(external_id, str):
            return found
        if isinstance(found, Seen):
            if found.fields.get("external_id") == external_id:
                return found
            # Told by its e-mail, it is to be given the id: nobody else may bear it.
        elif not self.creates_ids:
            return found
        await self.index.know_all_of(external_id)
        return self._among(record, parent, own)

    async def _is_asked_for(self, record: Record, parent: Parent) -> bool:
        """Whether all contacts with the external id of a record are known by asking for them: one request."""
        external_id = record.fields.get("external_id")
        if not isinstance(external_id, str) or record.customer not in self._alone_of:
            return False
        return not self.index.knows(parent) and await self.index.ask_for(external_id)

    def _among(self, record: Record, parent: Parent, own: list[Seen]) -> Seen | Absent:
        """The contact that a record is, among these of its customer and all known with its external id."""
        external_id = record.fields.get("external_id")
        named = self.index.by_external_id(external_id) if isinstance(external_id, str) else []
        uuids = {contact.uuid for contact in own}
        candidates = own + [contact for contact in named if contact.uuid not in uuids]
        found = resolve(record, parent.uuid, candidates, self.data_source)
        if isinstance(found, Problem):
            raise Unresolved(found)
        return found

    async def _judge_doubt(self, record: Record, parent: Parent) -> Seen | Absent:
        """A create of an earlier run that may still come true keeps its key from being created."""
        doubt = self.in_doubt.doubt(record.key)
        if doubt is None:
            return Absent()
        until = doubt.since + DOUBT
        if self.clock.now() < until:
            raise Unresolved(doubtful(doubt, until))
        if not parent.to_come:
            await self.index.renew(parent)  # what was listed before that moment proves nothing
        found = await self.resolve(record, parent)
        if isinstance(found, Absent):
            await self.in_doubt.resolve(record.key)
        return found

    def _creation(self) -> Creation:
        return Creation(self.client, self.data_source, self, self.index, self.in_doubt, self.clock)

    async def create(self, record: Record) -> Seen:
        """Create a contact with its attributes in one request, noted in the state first.

        Raises:
            AlreadyExists: another row of this run has just created it; look it up and decide again.
            Unresolved: outcome_unknown, where no answer came and no look-up shows it; contact_moved, where ChartMogul
                made it, and elsewhere than it was asked to.
        """
        refreshed = False
        while True:
            parent = await self._parent(record)
            async with self._alone("create", parent.uuid, record):
                if isinstance(await self.resolve(record, parent), Seen):
                    raise AlreadyExists("another row of this run has created it", Answered())
                try:
                    seen = await self._creation().send(record, parent)
                except Refused as error:
                    if refreshed and isinstance(error, NotFound):  # no record is gone
                        raise Refused(error.message, error.answered) from error
                    if refreshed or not concerns_customer(error):
                        raise
                else:
                    self.recent.note(seen, self.clock.monotonic())
                    if problem := await self._astray(record, seen, parent):
                        raise Unresolved(problem, seen.uuid)
                    if self._claims.get(seen.uuid, record.row) != record.row:
                        raise Unresolved(_same_record(self._claims[seen.uuid]))
                    self.index.add(seen, parent)
                    self._claims[seen.uuid] = record.row
                    return seen
            await self.parents.refresh(record.customer or "")  # merged in this very moment
            await self.index.renew(await self._parent(record))  # and with its contacts, perhaps
            refreshed = True

    async def _astray(self, record: Record, made: Seen, parent: Parent) -> Problem | None:
        """What is wrong with where ChartMogul has made a contact: it does not enforce what a create says of that."""
        if problem := elsewhere(made, self.data_source):
            return problem
        if not moved(made, parent.uuid):
            return None
        # Customers may have been merged in this very moment.
        await self.parents.refresh(record.customer or "")
        return moved(made, (await self._parent(record)).uuid)

    async def update(
        self, uuid: str, fields: Fields, record: Record, removed_tags: tuple[str, ...] = ()
    ) -> Written:
        """Write these fields. Whether ChartMogul merges attributes or replaces them is unknown: all go together.

        Also those of others that a look-up or a listing has shown; where they are gone all the same, it is told.
        """
        kept = self._others.pop(uuid, {})
        if any(name.startswith(ATTRIBUTE) for name in fields):
            listed = self.index.by_uuid(uuid)
            others = record.others(kept or (listed.fields if listed else {}))
            fields = {**others, **attributes_in(record.fields), **fields}
        else:
            others = {}
        try:
            written = await self.client.update_contact(uuid, fields)
        except NotFound:
            await self._doubt(uuid, record)
            raise
        self.index.change(uuid, written.confirmed, written.seen)
        return replace(written, lost=tuple(name for name in others if name not in written.seen))

    async def _doubt(self, uuid: str, record: Record) -> None:
        """Forget a contact that is gone, as ChartMogul says; what was listed before says nothing of its row now."""
        self.index.drop(uuid)
        if not self.by_uuid and self.index.knows(parent := await self._parent(record)):
            with suppress(NotFound):  # its customer is gone as well, which who looks for it is told
                await self.index.renew(parent)

    async def foresee(self, record: Record, uuid: str | None, changes: Changes) -> None:
        """In a dry run: a later row, of this mapping or another, may be what this one would create or adopt."""
        then = {name: after for name, (_, after) in changes.items()}
        if uuid is not None:
            self.foretold.change(uuid, then)
            self.index.change(uuid, then, then)
            return
        parent = await self._parent(record)
        made = self.foretold.create(then, parent.uuid, self.data_source)
        self._claims[made.uuid] = record.row
        self.foretold.know(record.key, made.uuid)
        self.index.add(made, parent)

    async def complete(self, record: Record, seen: Seen) -> Written | None:
        """Nothing helps a contact attribute that ChartMogul dropped: it is not defined in the account."""
        return None

    async def pins(self, uuid: str) -> frozenset[str]:
        """The fields of a contact whose values are pinned in ChartMogul."""
        return await self.client.contact_pins(uuid)

    def advice(self, name: str) -> str:
        """Contact attributes are defined in the app, by people."""
        if not name.startswith(ATTRIBUTE):
            return ""
        key = name.removeprefix(ATTRIBUTE)
        return f"define {key} in the ChartMogul app, as a contact attribute"

    def claim(self, record: Record, seen: Seen, remembered: str | None) -> Problem | None:
        """Claim a contact for a row; the problem, where another row has it already."""
        row = self._claims.get(seen.uuid)
        if row is None and seen.uuid != remembered:
            others = self.rows.of_uuid(seen.uuid)
            row = next((other for other in others if other and other != record.row), None)
        if row is None or row == record.row:
            self._claims[seen.uuid] = record.row
            self.foretold.know(record.key, seen.uuid)
            return None
        return _same_record(row)

    @asynccontextmanager
    async def turn(self, record: Record) -> abc.AsyncIterator[None]:
        """One row of an e-mail after the other, so that each sees what the one before it created or adopted."""
        async with self._alone("row", record.customer or "", record):
            yield

    @asynccontextmanager
    async def _alone(self, what: str, customer: str, record: Record) -> abc.AsyncIterator[None]:
        """Rows of one customer can be one contact only by their e-mail: their external ids differ."""
        email = record.fields.get("email")
        if self.by_uuid or not isinstance(email, str):
            yield
            return
        lock = self._turns.setdefault((what, customer, spelling.email(email)), asyncio.Lock())
        async with lock:
            yield

    def cost(self, outcome: Outcome, changes: Changes) -> int:
        """How many requests a create or an update takes."""
        return len(self.requests(outcome, changes))

    def requests(self, outcome: Outcome, changes: Changes) -> abc.Sequence[str]:
        """The one request that a create or an update takes."""
        return ("POST /contacts" if outcome is Outcome.CREATED else "PATCH /contacts/{uuid}",)


def _same_record(row: int) -> Problem:
    text = f"this is the contact of {row_named(row)} as well, which is sent"
    return Problem(SAME_RECORD, text, hint="keep one of the two rows")
