"""The contacts that ChartMogul has: listed for a whole data source, or for one customer at a time."""

import asyncio
from collections import abc
from dataclasses import dataclass, field

from sync.chartmogul.client import Client
from sync.parents import Parent
from sync.plan import Seen


@dataclass(slots=True)
class Roster:
    """What listings have shown. A complete listing of the data source speaks for every customer with one pair.

    The contacts of a merged customer may belong to other data sources, so it is always listed by itself.
    """

    client: Client
    data_source: str
    complete: bool = False
    _contacts: dict[str, Seen] = field(default_factory=dict, init=False)
    _customers: dict[str, set[str]] = field(default_factory=dict, init=False)
    _external_ids: dict[str, set[str]] = field(default_factory=dict, init=False)
    _listed: dict[str, asyncio.Future[None]] = field(default_factory=dict, init=False)

    async def list_all(self, worth: abc.Callable[[int], bool]) -> None:
        """List the data source while another page is worth its request; only the end makes it complete."""
        pages = 0
        async for page in self.client.list_contacts(data_source=self.data_source):
            pages += 1
            for seen in page.entries:
                self._put(seen)
            if page.last:
                self.complete = True
                return
            if not worth(pages):
                return

    def size(self) -> tuple[int, None]:
        """How many contacts listings have shown so far; nobody says how many there are."""
        return len(self._contacts), None

    def by_uuid(self, uuid: str) -> Seen | None:
        """A contact that a listing has shown."""
        return self._contacts.get(uuid)

    def by_external_id(self, external_id: str) -> list[Seen]:
        """Contacts with this external id, under whatever customer, as far as listings have shown them."""
        return [self._contacts[uuid] for uuid in self._external_ids.get(external_id, ())]

    async def of_customer(self, parent: Parent) -> list[Seen]:
        """All contacts of a customer."""
        if not (self.complete and parent.pairs == 1):
            await self._list_customer(parent.uuid)
        return [self._contacts[uuid] for uuid in self._customers.get(parent.uuid, ())]

    def add(self, seen: Seen, parent: Parent) -> None:
        """A contact was created."""
        self._put(seen, parent.uuid)

    async def forget(self, parent: Parent) -> None:
        """List this customer anew."""
        self._listed.pop(parent.uuid, None)
        await self._list_customer(parent.uuid)

    async def _list_customer(self, uuid: str) -> None:
        if uuid not in self._listed:
            self._listed[uuid] = asyncio.ensure_future(self._list(uuid))
        try:
            await asyncio.shield(self._listed[uuid])
        except Exception:
            self._listed.pop(uuid, None)
            raise

    async def _list(self, uuid: str) -> None:
        async for page in self.client.list_contacts(customer_uuid=uuid):
            for seen in page.entries:
                self._put(seen, uuid)

    def _put(self, seen: Seen, customer_uuid: str | None = None) -> None:
        self._contacts[seen.uuid] = seen
        owner = customer_uuid or seen.customer_uuid
        if owner is not None:
            self._customers.setdefault(owner, set()).add(seen.uuid)
        external_id = seen.fields.get("external_id")
        if isinstance(external_id, str):
            self._external_ids.setdefault(external_id, set()).add(seen.uuid)
