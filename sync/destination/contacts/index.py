"""The contacts that ChartMogul has: listed for a whole data source, or for one customer at a time."""

import asyncio
import sys
from collections import abc
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from sync.chartmogul.client import Client, Page
from sync.destination.foretold import ForetoldRecords
from sync.domain.objects.contact import CONTACT
from sync.domain.parent import Parent
from sync.domain.plan import Absent, Seen
from sync.domain.record import ATTRIBUTE, Fields
from sync.errors import NotFound, Refused, Unavailable

#: What a contact is known by is kept of every one.
_KEYS = frozenset(CONTACT.known_by)

#: So often a customer is listed in vain, each time with all attempts; then the failure stands for the whole run.
#: A list that never ends would else be read anew for each of its rows.
_IN_VAIN = 3
#: Stands for a customer where the whole data source is listed.
_ALL = ""


@dataclass(slots=True)
class ContactIndex:
    """What listings have shown. A complete listing of the data source speaks for every customer with one pair.

    The contacts of a merged customer may belong to other data sources, so it is always listed by itself.
    Of each contact the fields in `wanted` are kept, and what it is known by; all of them where it is None. Where any
    attribute is wanted, all are kept: a change may replace them all.
    """

    client: Client
    data_source: str
    wanted: abc.Set[str] | None = None
    complete: bool = False
    #: Whether this account's API was seen to ignore the filter by external id: then nothing is asked by it any more.
    ignores_ids: bool = False
    #: What mappings before this one would have left, in a dry run; what is shown is as they would have left it.
    foretold: ForetoldRecords = field(default_factory=ForetoldRecords)
    _named: set[str] = field(default_factory=set, init=False)
    _contacts: dict[str, Seen] = field(default_factory=dict, init=False)
    _customers: dict[str, list[str]] = field(default_factory=dict, init=False)
    _external_ids: dict[str, list[str]] = field(default_factory=dict, init=False)
    _listed: dict[str, asyncio.Future[None]] = field(default_factory=dict, init=False)
    _following: dict[str, asyncio.Future[None]] = field(default_factory=dict, init=False)
    _failed: dict[str, list[Unavailable]] = field(default_factory=dict, init=False)

    async def list_all(self, worth: abc.Callable[[int], bool]) -> None:
        """List the data source while another page is worth its request; only the end makes it complete."""
        pages = 0
        async with aclosing(self.client.list_contacts(data_source=self.data_source)) as listing:
            async for page in listing:
                pages += 1
                self.take_in(page)
                if page.last or not worth(pages):
                    return

    def take_in(self, page: Page) -> None:
        """Keep a page of the data source's listing; the last one makes it complete."""
        for seen in page.entries:
            self._put(seen)
        self.complete = self.complete or page.last

    def expect_foretold(self) -> None:
        """Know the contacts that mappings before this one would have created."""
        for made in self.foretold.made():
            self._put(made)

    def size(self) -> tuple[int, None]:
        """How many contacts of the data source listings have shown so far; nobody says how many there are.

        Contacts of nobody, which some lists show too, are not of it.
        """
        ours = (seen for seen in self._contacts.values() if seen.customer_uuid)
        return sum(seen.data_source in (None, self.data_source) for seen in ours), None

    def by_uuid(self, uuid: str) -> Seen | None:
        """A contact that a listing has shown."""
        return self._contacts.get(uuid)

    async def named(self, uuid: str, *, known: bool) -> Seen | Absent:
        """The contact of this uuid; one of nobody, or of another data source, is absent. `known`: it was ours."""
        if (seen := self.by_uuid(uuid)) is None:
            try:
                seen = self.foretold.of(await self.client.contact(uuid))
                self._put(seen)
            except NotFound:
                return Absent(deleted=known)
        ours = seen.customer_uuid and seen.data_source in (None, self.data_source)
        return seen if ours else Absent()

    def by_external_id(self, external_id: str) -> list[Seen]:
        """Contacts with this external id, under whatever customer, as far as listings have shown them."""
        found = (self._contacts.get(uuid) for uuid in self._external_ids.get(external_id, ()))
        return [seen for seen in found if seen and seen.fields.get("external_id") == external_id]

    def knows(self, parent: Parent) -> bool:
        """Whether all contacts of a customer are known without a further request."""
        return (
            parent.to_come or parent.uuid in self._listed or (self.complete and parent.pairs == 1)
        )

    async def ask_for(self, external_id: str) -> bool:
        """Ask for the contacts with this external id, for `by_external_id`; False where the API cannot tell.

        An entry with another external id proves that the filter is ignored: then nothing is taken from the answer.
        """
        if external_id in self._named or self.ignores_ids:
            return not self.ignores_ids
        found: list[Seen] = []
        asked = self.client.list_contacts(data_source=self.data_source, external_id=external_id)
        try:
            async with aclosing(asked) as pages:
                async for page in pages:
                    found += page.entries
                    if any(seen.fields.get("external_id") != external_id for seen in found):
                        self.ignores_ids = True
                        return False
        except Refused:
            self.ignores_ids = True
            return False
        self._named.add(external_id)
        for seen in found:
            self._put(seen)
        return True

    async def know_all_of(self, external_id: str) -> None:
        """Know all contacts with this external id, for `by_external_id`: by asking for them, else all are listed."""
        if not self.complete and not await self.ask_for(external_id):
            await self._list_customer(_ALL)

    async def of_customer(self, parent: Parent) -> list[Seen]:
        """All contacts of a customer."""
        if not parent.to_come and not (self.complete and parent.pairs == 1):
            await self._list_customer(parent.uuid)
        found = (self._contacts.get(uuid) for uuid in self._customers.get(parent.uuid, ()))
        return [seen for seen in found if seen and seen.customer_uuid == parent.uuid]

    def add(self, seen: Seen, parent: Parent) -> None:
        """A contact was created for this customer."""
        self._put(replace(seen, customer_uuid=seen.customer_uuid or parent.uuid))

    def change(self, uuid: str, names: abc.Iterable[str], shown: Fields) -> None:
        """A contact was updated: of these fields it now has what is `shown`, else nothing."""
        if (seen := self._contacts.get(uuid)) is None:
            return
        names = set(names)
        kept = {name: value for name, value in seen.fields.items() if name not in names}
        now = {name: shown[name] for name in names if shown.get(name) is not None}
        self._put(replace(seen, fields=kept | now))

    def drop(self, uuid: str) -> None:
        """A contact is gone."""
        if seen := self._contacts.pop(uuid, None):
            self._customers[seen.customer_uuid or ""].remove(uuid)
            self._named.discard(str(seen.fields.get("external_id")))

    async def renew(self, parent: Parent) -> None:
        """List this customer anew; all who ask while a listing is under way share the one that follows it."""
        uuid = parent.uuid
        before = self._listed.get(uuid)
        if before is None or before.done():
            self._listed.pop(uuid, None)
            await self._list_customer(uuid)
            return
        following = self._following.get(uuid)
        if following is None:
            following = asyncio.ensure_future(self._list_after(before, uuid))
            self._following[uuid] = following
        await asyncio.shield(following)

    async def _list_after(self, before: "asyncio.Future[None]", uuid: str) -> None:
        await asyncio.wait([before])
        del self._following[uuid]
        if self._listed.get(uuid) is before:
            del self._listed[uuid]
        await self._list_customer(uuid)

    async def _list_customer(self, uuid: str) -> None:
        listed = self._listed.get(uuid)
        if listed is None:
            listed = self._listed[uuid] = asyncio.ensure_future(self._list(uuid))
        try:
            await asyncio.shield(listed)
        except Exception:
            if self._listed.get(uuid) is listed:
                del self._listed[uuid]  # a failed listing is no answer; the next one asks again
            raise

    async def _list(self, uuid: str) -> None:
        failed = self._failed.get(uuid, [])
        if len(failed) >= _IN_VAIN:
            raise failed[-1].with_traceback(None)
        everyone, ask = uuid == _ALL, self.client.list_contacts
        asked = ask(data_source=self.data_source) if everyone else ask(customer_uuid=uuid)
        try:
            async for page in asked:
                for seen in page.entries:
                    # Rows are written while all are listed: what is known may be newer than a page.
                    if not everyone or seen.uuid not in self._contacts:
                        self._put(seen)
        except Unavailable as error:
            self._failed[uuid] = [*failed, error]
            raise
        self._failed.pop(uuid, None)

    def _put(self, seen: Seen) -> None:
        """Keep a contact; one that says that it is nobody's is kept as such."""
        seen = self.foretold.of(seen)
        owner = sys.intern(seen.customer_uuid or "")
        external_id = seen.fields.get("external_id")
        before = self._contacts.get(seen.uuid)
        if before is None or before.customer_uuid != owner:
            self._customers.setdefault(owner, []).append(seen.uuid)
        if isinstance(external_id, str):
            named = self._external_ids.setdefault(external_id, [])
            if seen.uuid not in named:
                named.append(seen.uuid)
        self._contacts[seen.uuid] = replace(
            seen,
            fields=self._kept(seen.fields),
            customer_uuid=owner or None,
            customer=seen.customer and sys.intern(seen.customer),
            data_source=seen.data_source and sys.intern(seen.data_source),
        )

    def _kept(self, fields: Fields) -> Fields:
        """A listing may show millions of contacts, and notes may be long."""
        if self.wanted is None:
            return fields
        wanted = self.wanted | _KEYS
        changes_attributes = any(name.startswith(ATTRIBUTE) for name in self.wanted)
        return {
            sys.intern(name): value
            for name, value in fields.items()
            if name in wanted or (changes_attributes and name.startswith(ATTRIBUTE))
        }
