"""ChartMogul as the rest of the program sees it: records found, listed, created, changed."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from functools import partial
from typing import Any

from sync.chartmogul import account, contacts, customers, wire
from sync.chartmogul.account import Account, DataSource
from sync.chartmogul.change import Change, Written
from sync.chartmogul.pace import Pace
from sync.chartmogul.permit import Permit
from sync.chartmogul.progress import Progress
from sync.chartmogul.transport import T, Transport
from sync.chartmogul.wire import Call, Page
from sync.domain.plan import Absent, Seen
from sync.domain.record import AttributeType, Fields
from sync.domain.results import Requests
from sync.errors import Denied, NoSource, Refused

__all__ = ["Account", "Client", "DataSource", "Page", "Written"]

#: By which ChartMogul may say that something is not there.
_UNKNOWN = (400, 404, 422)


class Client:
    """One account's customers and contacts.

    Every method may raise Refused, Denied, Unavailable, Outage and RailError (a request over the
    budget). Fields go by their canonical names (`attributes.KEY`), types by bare keys.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def counting(self, requests: Requests, budget: int | None = None) -> "Client":
        """A client on the same connections that counts its own requests, and perhaps limits them."""
        return Client(self._transport.counting(requests, budget))

    def at(self, pace: Pace) -> "Client":
        """A client on the same connections that keeps another pace: that of its account."""
        return Client(self._transport.at(pace))

    def under(self, permit: Permit) -> "Client":
        """A client on the same connections whose writes need this permit; one without any cannot write."""
        return Client(self._transport.under(permit))

    async def account(self) -> Account:
        """Whose key this is."""
        return await self._ask(account.get(), account.read)

    async def data_source(self, uuid: str) -> DataSource:
        """A data source.

        Raises:
            Denied: it is not in this account.
        """
        try:
            read = partial(account.read_data_source_of, uuid)
            return await self._ask(account.get_data_source(uuid), read)
        except Refused as error:
            text = f"the account has no data source {uuid}"
            hint = "check the mapping's destination.data_source, and that the key is of its account"
            if error.answered.status not in _UNKNOWN:
                text, hint = (
                    f"ChartMogul does not show the data source {uuid}",
                    "the next run asks again",
                )
            raise Denied(f"{text}: {error.message}", error.answered, hint) from error

    async def find_data_source(self, name: str) -> DataSource:
        """The data source of this name.

        Raises:
            NoSource: the account has none.
        """
        there = await self._ask(account.get_data_sources(), account.read_data_sources)
        for source in there:
            if source.name == name:
                return source
        raise NoSource(name, [source.name for source in there])

    async def create_data_source(self, name: str) -> DataSource:
        """Make a custom data source; Refused where its name is taken."""
        return await self._ask(account.create_data_source(name), account.read_data_source)

    async def customer(self, uuid: str) -> Seen:
        """A customer by its uuid.

        Raises:
            NotFound: it was merged into another one, or deleted.
        """
        return await self._ask(customers.get(uuid), customers.read)

    async def customer_pins(self, uuid: str) -> frozenset[str]:
        """The fields of a customer whose values are pinned; NotFound if it is gone."""
        return await self._ask(customers.get(uuid, with_pins=True), _pins)

    async def contact_pins(self, uuid: str) -> frozenset[str]:
        """The fields of a contact whose values are pinned; NotFound if it is gone."""
        return await self._ask(contacts.get(uuid, with_pins=True), _pins)

    async def find_customer(self, data_source: str, external_id: str) -> Seen | Absent:
        """The customer that bears this very pair; an answer that does not show it is no hit."""
        wanted = (data_source, external_id)
        pages = self._pages(
            lambda cursor: customers.page(data_source, external_id, cursor), customers.read_page
        )
        async with aclosing(pages):
            async for page in pages:
                for seen in page.entries:
                    if wanted in seen.pairs:
                        return seen
        return Absent()

    def list_customers(
        self, data_source: str, *, with_pins: bool = False
    ) -> AsyncGenerator[Page, None]:
        """All customers of a data source, page by page, and perhaps which of their values are pinned.

        The order may change meanwhile: a record may show twice, or not at all.
        """
        return self._pages(
            lambda cursor: customers.page(data_source, cursor=cursor, with_pins=with_pins),
            customers.read_page,
        )

    async def create_customer(
        self,
        data_source: str,
        external_id: str,
        fields: Fields,
        types: Mapping[str, AttributeType],
    ) -> Seen:
        """Create a customer, with attributes and tags; None is left out.

        Raises:
            AlreadyExists: the external id is taken.
            Unavailable: where `sent`, look first; the customer may be there.
        """
        call = customers.create(data_source, external_id, fields, types)
        return await self._ask(call, customers.read)

    async def update_customer(
        self,
        uuid: str,
        fields: Fields,
        types: Mapping[str, AttributeType],
        known: frozenset[str],
        removed_tags: tuple[str, ...] = (),
    ) -> Written:
        """Write these fields of a customer, None empties, `tags` are added; mostly one request.

        `removed_tags` are taken off, in a request of its own.

        `known` are the attributes whose type this account has fixed already.

        Raises:
            NotFound: the uuid is gone.
            SyncError: of the first request; of a later one it is in `Written.failed`.
        """
        change = Change(self._transport, uuid)
        return await change.customer(fields, types, known, removed_tags)

    async def contact(self, uuid: str) -> Seen:
        """A contact by its uuid.

        Raises:
            NotFound: it was merged into another one, or deleted.
        """
        return await self._ask(contacts.get(uuid), contacts.read)

    def list_contacts(
        self,
        *,
        data_source: str | None = None,
        customer_uuid: str | None = None,
        email: str | None = None,
        external_id: str | None = None,
        with_pins: bool = False,
    ) -> AsyncGenerator[Page, None]:
        """Contacts, page by page, of a data source, a customer, an address or an external id; all filters hold.

        The filter by external id is of September 2026; where it is ignored, others are shown: see what an entry says.

        Raises:
            NotFound: there is no such customer.
        """
        asked = contacts.owner(data_source, customer_uuid)
        return self._pages(
            lambda cursor: contacts.page(
                data_source, customer_uuid, email, cursor, external_id, with_pins=with_pins
            ),
            lambda data: contacts.read_page(data, asked),
        )

    async def create_contact(self, data_source: str, customer_uuid: str, fields: Fields) -> Seen:
        """Create a contact. ChartMogul takes the same one twice, so it is never asked twice.

        Raises:
            NotFound: there is no such customer.
            Unavailable: where `sent`, look first; the contact may be there.
        """
        asked = contacts.owner(data_source, customer_uuid)
        call = contacts.create(data_source, customer_uuid, fields)
        return await self._ask(call, lambda data: contacts.read(data, asked))

    async def update_contact(self, uuid: str, fields: Fields) -> Written:
        """Write these fields of a contact in one request; None empties.

        Give all its mapped attributes, or none: ChartMogul may replace those that are there.

        Raises:
            NotFound: the uuid is gone.
        """
        return await Change(self._transport, uuid).contact(fields)

    async def _ask(self, call: Call, read: Callable[[Any], T]) -> T:
        return (await self._transport.send(call, read)).value

    async def _pages(
        self, ask: Callable[[str | None], Call], read: Callable[[Any], Page]
    ) -> AsyncGenerator[Page, None]:
        """Follow the cursors to the end; a page with which there would be none is no answer."""
        progress = Progress()
        cursor: str | None = None
        while True:
            page = await self._ask(ask(cursor), lambda data: progress.judge(read(data)))
            yield page
            if page.last:
                return
            progress.follow(page)
            cursor = page.cursor


def _pins(data: Any) -> frozenset[str]:
    """What an answer shows as pinned; an older ChartMogul does not tell."""
    return wire.pins(wire.object_of(data)) or frozenset()
