"""Everything one ChartMogul account holds, with an index for every question that is asked of it."""

from collections import abc
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID, uuid4

from sync.sandbox.answer import unknown_contact, unknown_customer, unknown_source
from sync.sandbox.lag import Lag
from sync.sandbox.order import Order
from sync.sandbox.people import Contact, Customer, Pair, Person
from sync.sandbox.settings import DEFAULT, Settings
from sync.sandbox.views import PLAIN, View, show_contact, show_customer

Index = dict[str, Order]
NOBODY = ""
"""Where the contacts are indexed that have no customer, or no data source."""


@dataclass(frozen=True, slots=True)
class Merge:
    """A merge that ChartMogul has accepted and not carried out yet."""

    due: float
    from_uuid: str
    into_uuid: str


@dataclass(slots=True)
class World:
    """One account.

    `types` are the custom attributes of customers and the type each was locked to, `definitions`
    the keys of contact attributes, `users` the e-mails that can own a customer. Customers and
    contacts change only through `put` and `drop`, which keep the indexes true. What look-ups show
    of them may be late: `customer_shown` and `contact_shown`.
    """

    account: dict[str, Any]
    sources: dict[str, dict[str, Any]] = field(default_factory=dict)
    customers: dict[str, Customer] = field(default_factory=dict)
    contacts: dict[str, Contact] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    definitions: set[str] = field(default_factory=set)
    users: set[str] = field(default_factory=set)
    merges: list[Merge] = field(default_factory=list)
    last_id: int = 0
    last_created: int = 0
    settings: Settings = DEFAULT
    lag: Lag = field(default_factory=Lag)
    new_uuid: abc.Callable[[], UUID] = uuid4
    by_pair: dict[Pair, str] = field(default_factory=dict)
    order: Order = field(default_factory=Order)
    order_in: Index = field(default_factory=dict)
    by_external_id: Index = field(default_factory=dict)
    by_email: Index = field(default_factory=dict)
    contact_order: Order = field(default_factory=Order)
    contacts_of: Index = field(default_factory=dict)
    contacts_in: Index = field(default_factory=dict)
    contacts_by_email: Index = field(default_factory=dict)
    contacts_by_external_id: Index = field(default_factory=dict)

    @property
    def stale(self) -> float:
        """The setting: seconds for which a new record is missing from look-ups."""
        return self.settings.stale

    @stale.setter
    def stale(self, seconds: float) -> None:
        self.settings = replace(self.settings, stale=seconds)

    @property
    def merge_delay(self) -> float:
        """The setting: seconds that a merge takes."""
        return self.settings.merge_delay

    @merge_delay.setter
    def merge_delay(self, seconds: float) -> None:
        self.settings = replace(self.settings, merge_delay=seconds)

    def name(self, prefix: str) -> str:
        """A new uuid with its prefix."""
        return f"{prefix}_{self.new_uuid()}"

    def next_id(self) -> int:
        """A number for a new customer."""
        self.last_id += 1
        return self.last_id

    def next_created(self, at: float) -> int:
        """The microsecond of a new contact, later than that of any other."""
        self.last_created = max(round(at * 1_000_000), self.last_created + 1)
        return self.last_created

    def put(self, customer: Customer) -> Customer:
        """Add a customer, or replace the one with this uuid."""
        if self.customers.get(customer.uuid) is customer:
            return customer
        if self.settings.lags:
            self.lag.note(customer.uuid, self.customers.get(customer.uuid))
        self.drop(customer.uuid)
        self.customers[customer.uuid] = customer
        self.by_pair.update(dict.fromkeys(customer.pairs, customer.uuid))
        for order in self._orders(customer):
            order.add(customer.rank)
        return customer

    def drop(self, uuid: str) -> None:
        """Forget a customer, if it is there; its contacts stay."""
        customer = self.customers.pop(uuid, None)
        if customer is None:
            return
        for pair in customer.pairs:
            del self.by_pair[pair]
        for order in self._orders(customer):
            order.remove(customer.rank)

    def put_contact(self, contact: Contact) -> Contact:
        """Add a contact, or replace the one with this uuid."""
        if self.contacts.get(contact.uuid) is contact:
            return contact
        if self.settings.lags:
            self.lag.note(contact.uuid, self.contacts.get(contact.uuid))
        self.drop_contact(contact.uuid)
        self.contacts[contact.uuid] = contact
        for order in self._contact_orders(contact):
            order.add(contact.rank)
        return contact

    def drop_contact(self, uuid: str) -> None:
        """Forget a contact, if it is there."""
        contact = self.contacts.pop(uuid, None)
        if contact is None:
            return
        for order in self._contact_orders(contact):
            order.remove(contact.rank)

    def delete(self, uuid: str) -> None:
        """Delete a customer with its contacts, unless they are kept as nobody's."""
        for rank in list(self.contacts_of.get(uuid, Order()).ranks):
            self._part(rank[-1])
        self.drop(uuid)

    def empty(self, source: str) -> None:
        """Take the data source off all its customers; those without another one are deleted."""
        for rank in list(self.contacts_in.get(source, Order()).ranks):
            self._part(rank[-1])
        for rank in list(self.order_in.get(source, Order()).ranks):
            customer = self.customers[rank[-1]]
            left = tuple(pair for pair in customer.pairs if pair[0] != source)
            if left:
                main = customer.main if customer.main in left else left[0]
                self.put(replace(customer, pairs=left, main=main))
            else:
                self.delete(customer.uuid)

    def customer(self, uuid: str) -> Customer:
        """The customer with this uuid; one that was merged away answers 404, as recorded."""
        if uuid not in self.customers:
            raise unknown_customer(uuid)
        return self.customers[uuid]

    def contact(self, uuid: str) -> Contact:
        """The contact with this uuid, or 404."""
        if uuid not in self.contacts:
            raise unknown_contact(uuid)
        return self.contacts[uuid]

    def source(self, uuid: str) -> dict[str, Any]:
        """The data source with this uuid, or 404."""
        if uuid not in self.sources:
            raise unknown_source()
        return self.sources[uuid]

    def show(self, customer: Customer, view: View = PLAIN) -> dict[str, Any]:
        """A customer as ChartMogul answers it."""
        # What is shown as it was may be of a source, or of a customer, that is gone by now.
        system = str(self.sources.get(customer.main[0], {}).get("system"))
        currency = str(self.account["currency"])
        return show_customer(
            customer, system, currency, current=self.settings.is_current, view=view
        )

    def show_contact(self, contact: Contact, view: View = PLAIN) -> dict[str, Any]:
        """A contact as ChartMogul answers it, with its customer's id in the same source."""
        external_id = self.customer_id_of(contact)
        return show_contact(contact, external_id, current=self.settings.is_current, view=view)

    def customer_id_of(self, contact: Contact) -> str | None:
        """The external id of a contact's customer in the contact's data source."""
        customer = self.customers.get(contact.customer_uuid or NOBODY)
        pairs = customer.pairs if customer else ()
        ids = (pair[1] for pair in pairs if pair[0] == contact.data_source_uuid)
        return next(ids, None)

    def customer_shown(self, uuid: str) -> Customer | None:
        """A customer as look-ups see it: perhaps as it was, None while it is too new."""
        return self._shown(self.customers[uuid])

    def contact_shown(self, uuid: str) -> Contact | None:
        """A contact as look-ups see it: perhaps as it was, None while it is too new."""
        return self._shown(self.contacts[uuid])

    def customer_read(self, uuid: str) -> Customer:
        """The customer that GET by uuid shows, or 404; it lags only by the setting stale_reads."""
        customer = self.customer(uuid)
        shown = self.customer_shown(uuid) if self.settings.stale_reads else customer
        if shown is None:
            raise unknown_customer(uuid)
        return shown

    def contact_read(self, uuid: str) -> Contact:
        """The contact that GET by uuid shows, or 404; it lags only by the setting stale_reads."""
        contact = self.contact(uuid)
        shown = self.contact_shown(uuid) if self.settings.stale_reads else contact
        if shown is None:
            raise unknown_contact(uuid)
        return shown

    def _shown(self, record: Person) -> Person | None:
        if not self.settings.lags:
            return record
        if self.lag.hides(record.uuid, record.born, self.settings):
            return None
        earlier = self.lag.earlier(record.uuid, self.settings)
        before = earlier.before if earlier else None
        return before if isinstance(before, type(record)) else record

    def _part(self, uuid: str) -> None:
        if self.settings.contacts_of_deleted == "deleted":
            self.drop_contact(uuid)
        else:
            alone = replace(self.contacts[uuid], customer_uuid=None, data_source_uuid=None)
            self.put_contact(alone)

    def _orders(self, customer: Customer) -> abc.Iterator[Order]:
        yield self.order
        for source in {pair[0] for pair in customer.pairs}:
            yield self.order_in.setdefault(source, Order())
        for external_id in {pair[1] for pair in customer.pairs}:
            yield self.by_external_id.setdefault(external_id, Order())
        if customer.email:
            yield self.by_email.setdefault(customer.email, Order())

    def _contact_orders(self, contact: Contact) -> abc.Iterator[Order]:
        yield self.contact_order
        yield self.contacts_of.setdefault(contact.customer_uuid or NOBODY, Order())
        yield self.contacts_in.setdefault(contact.data_source_uuid or NOBODY, Order())
        if contact.email:
            yield self.contacts_by_email.setdefault(contact.email, Order())
        if contact.external_id:
            yield self.contacts_by_external_id.setdefault(contact.external_id, Order())
