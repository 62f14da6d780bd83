"""Everything one ChartMogul account holds, with an index for every question that is asked of it."""

from collections import abc
from dataclasses import dataclass, field, fields, replace
from typing import Any
from uuid import UUID, uuid4

from sync.sandbox.answer import unknown_contact, unknown_customer, unknown_source
from sync.sandbox.order import Order
from sync.sandbox.people import Contact, Customer, Pair, show_contact, show_customer

Index = dict[str, Order]


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
    contacts change only through `put` and `drop`, which keep the indexes true.
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
    merge_delay: float = 0.0
    stale: float = 0.0
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
        """Delete a customer with its contacts."""
        for rank in list(self.contacts_of.get(uuid, Order()).ranks):
            self.drop_contact(rank[-1])
        self.drop(uuid)

    def empty(self, source: str) -> None:
        """Take the data source off all its customers; those without another one are deleted."""
        for rank in list(self.contacts_in.get(source, Order()).ranks):
            self.drop_contact(rank[-1])
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

    def show(self, customer: Customer) -> dict[str, Any]:
        """A customer as ChartMogul answers it."""
        system = str(self.sources[customer.main[0]]["system"])
        return show_customer(customer, system, str(self.account["currency"]))

    def show_contact(self, contact: Contact) -> dict[str, Any]:
        """A contact as ChartMogul answers it, with its customer's id in the same source."""
        pairs = self.customers[contact.customer_uuid].pairs
        ids = (pair[1] for pair in pairs if pair[0] == contact.data_source_uuid)
        return show_contact(contact, next(ids, None))

    def hidden(self, created: float, at: float) -> bool:
        """Whether a look-up cannot see yet what was created at this time."""
        return at - created < self.stale

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
        yield self.contacts_of.setdefault(contact.customer_uuid, Order())
        yield self.contacts_in.setdefault(contact.data_source_uuid, Order())
        if contact.email:
            yield self.contacts_by_email.setdefault(contact.email, Order())


def pack(world: World) -> dict[str, Any]:
    """The world as JSON, without its indexes and settings."""
    return {
        "format": 1,
        "account": world.account,
        "sources": list(world.sources.values()),
        "types": world.types,
        "definitions": sorted(world.definitions),
        "users": sorted(world.users),
        "last_id": world.last_id,
        "last_created": world.last_created,
        "customers": [_pack(one) for one in world.customers.values()],
        "contacts": [_pack(one) for one in world.contacts.values()],
        "merges": [_pack(one) for one in world.merges],
    }


def unpack(world: World, packed: abc.Mapping[str, Any]) -> None:
    """Fill an empty world with a packed one."""
    world.account = packed["account"]
    world.sources = {source["uuid"]: source for source in packed["sources"]}
    world.types = packed["types"]
    world.definitions = set(packed["definitions"])
    world.users = set(packed["users"])
    world.last_id, world.last_created = packed["last_id"], packed["last_created"]
    world.merges = [Merge(**one) for one in packed["merges"]]
    for one in packed["customers"]:
        pairs = tuple((source, external_id) for source, external_id in one["pairs"])
        shape = {"main": (one["main"][0], one["main"][1]), "pairs": pairs}
        world.put(Customer(**{**one, **shape, "tags": tuple(one["tags"])}))
    for one in packed["contacts"]:
        world.put_contact(Contact(**one))


def _pack(value: Customer | Contact | Merge) -> dict[str, Any]:
    return {one.name: getattr(value, one.name) for one in fields(value)}
