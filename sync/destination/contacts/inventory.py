"""All contacts of a data source, as an audit lists them: which rows they are is told once all of them are known."""

import sys
from collections import abc
from contextlib import aclosing
from dataclasses import dataclass

from sync.chartmogul.client import Client, Page
from sync.destination.contacts.index import ContactIndex
from sync.destination.parents import ParentResolver
from sync.domain import spelling
from sync.domain.parent import Parent
from sync.domain.plan import Seen


@dataclass(frozen=True, slots=True)
class ContactInventory:
    """Lists contacts into the index, and customers into the resolver, where rows are looked for."""

    client: Client
    data_source: str
    index: ContactIndex
    parents: ParentResolver

    async def pages(self, *, with_pins: bool = False) -> abc.AsyncGenerator[Page]:
        """All contacts of the data source, page by page."""
        asked = self.client.list_contacts(data_source=self.data_source, with_pins=with_pins)
        async with aclosing(asked) as pages:
            async for page in pages:
                yield page

    def names(self, seen: Seen) -> list[str]:
        """The keys by which a row may name a contact, or what no row has; none where it is not of the data source."""
        if seen.customer_uuid is None or seen.data_source not in (None, self.data_source):
            return []
        external_id, email = seen.fields.get("external_id"), seen.fields.get("email")
        keys = [external_id] if isinstance(external_id, str) else []
        if isinstance(email, str) and seen.customer is not None:
            keys.append(f"{seen.customer}|{spelling.email(email)}")
        return keys or [f"uuid {seen.uuid}"]

    def take_in(self, page: Page) -> None:
        """Keep the contacts of a page of the whole listing."""
        self.index.take_in(page)

    async def know_parents(self, found: abc.Mapping[str, Parent] | None) -> None:
        """Know all customers of the data source; those that are missing in `found` are absent."""
        if found is None:
            await self.parents.list_all(sys.maxsize)
        self.parents.know(found or {})
