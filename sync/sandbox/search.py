"""What the page's search looks at: a record, a contact or a request as one text, case ignored."""

from collections import abc
from dataclasses import dataclass
from typing import Any

from sync.sandbox.countries import country_name
from sync.sandbox.order import Order
from sync.sandbox.people import Contact, Customer
from sync.sandbox.sandbox import Call
from sync.sandbox.world import NOBODY, World


@dataclass(frozen=True, slots=True)
class Search:
    """Words that must all be there; without any everything is found."""

    words: tuple[str, ...] = ()

    def finds(self, text: str, uuid: str = "") -> bool:
        """Whether each word stands somewhere in the text, or is the uuid: parts of one say nothing."""
        folded = text.casefold()
        return all(word in folded or word == uuid for word in self.words)


def search_for(text: str) -> Search:
    """A search for the words of what somebody typed."""
    return Search(tuple(text.casefold().split()))


def customers_found(world: World, search: Search) -> list[Customer]:
    """The customers, in ChartMogul's order, that are found themselves or by one of their contacts."""
    customers = (world.customers[rank[-1]] for rank in world.order.ranks)
    if not search.words:
        return list(customers)
    owners = {one.customer_uuid for one in world.contacts.values() if finds_contact(search, one)}
    return [one for one in customers if one.uuid in owners or _finds_customer(search, one)]


def contacts_found(world: World, customer_uuid: str, search: Search) -> list[Contact]:
    """A customer's contacts, those that are found before the others."""
    ranks = world.contacts_of.get(customer_uuid, Order()).ranks
    contacts = [world.contacts[rank[-1]] for rank in ranks]
    return sorted(contacts, key=lambda one: not finds_contact(search, one))


def lone_found(world: World, search: Search) -> list[Contact]:
    """The contacts of nobody: all, or those that a search finds."""
    contacts = contacts_found(world, NOBODY, search)
    return [one for one in contacts if not search.words or finds_contact(search, one)]


def calls_found(calls: abc.Iterable[Call], search: Search) -> list[Call]:
    """The requests that are found by what was asked or answered, the newest first."""
    found = [one for one in calls if not search.words or search.finds(_call(one))]
    return found[::-1]


def finds_contact(search: Search, one: Contact) -> bool:
    """Whether somebody searches, and this contact is found."""
    return bool(search.words) and search.finds(_text([], one), one.uuid)


def _finds_customer(search: Search, one: Customer) -> bool:
    place = country_name(one.country) if one.country else None
    ids = [pair[1] for pair in one.pairs]
    return search.finds(_text([*ids, place, *one.tags], one), one.uuid)


def _text(more: abc.Iterable[str | None], one: Customer | Contact) -> str:
    values: list[Any] = [*more, *(getattr(one, path) for path in one.paths)]
    values += [f"{key} {value}" for key, value in one.custom.items()]
    return "\n".join(str(value) for value in values if value is not None)


def _call(one: Call) -> str:
    query = " ".join(f"{name}={value}" for name, value in one.query.items())
    bodies = (one.body + b"\n" + one.answer).decode(errors="replace")
    return f"{one.method} {one.path} {query} {one.status}\n{bodies}"
