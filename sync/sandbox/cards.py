"""Data sources, customers and contacts as the page shows them: times and money as people write them."""

from collections import abc
from typing import Any

from sync.sandbox import moments, search
from sync.sandbox.order import Order
from sync.sandbox.people import Contact, Customer
from sync.sandbox.search import Search
from sync.sandbox.views import SIGNS
from sync.sandbox.world import World

CLOSE = 100
"""Contacts shown under one customer; the rest is a count."""


def source_card(world: World, uuid: str) -> dict[str, Any]:
    """A data source, how many customers it has, and since when it is there."""
    source = world.sources[uuid]
    count = len(world.order_in.get(uuid, Order()))
    return {**source, "customers": count, "created": _moment(source["created_at"])}


def customer_card(world: World, one: Customer, wanted: Search) -> dict[str, Any]:
    """A customer with its contacts; they are open where one of them is what somebody searches."""
    contacts = search.contacts_found(world, one.uuid, wanted)
    shown = world.show(one)
    return {
        **shown,
        "place": _joined(one.city, shown["address"]["state"], one.zip),
        "moments": _moments(
            lead=one.lead_created_at,
            trial=one.free_trial_started_at,
            customer=one.customer_since,
            seen=one.last_seen,
        ),
        "worth": _money(one.mrr, str(world.account["currency"])),
        "custom": _custom(one.custom, world.types),
        "contacts": [contact_card(contact) for contact in contacts[:CLOSE]],
        "contact_names": ", ".join(_name(contact) for contact in contacts[:3]),
        "contact_count": len(contacts),
        "open": any(search.finds_contact(wanted, contact) for contact in contacts),
    }


def contact_card(one: Contact) -> dict[str, Any]:
    """A contact, by whatever it is called."""
    fields = {path: getattr(one, path) for path in one.paths}
    return {
        **fields,
        "name": _name(one),
        "moments": _moments(seen=one.last_seen),
        "custom": _custom(one.custom, {}),
    }


def _name(one: Contact) -> str:
    return _joined(one.first_name, one.last_name, by=" ") or one.email or "without a name"


def _joined(*parts: str | None, by: str = ", ") -> str:
    return by.join(part for part in parts if part)


def _custom(custom: abc.Mapping[str, Any], types: abc.Mapping[str, str]) -> list[tuple[str, str]]:
    """Attributes as people write them: times too, where the type says that they are some."""
    return [
        (key, (_moment(value) if types.get(key) == "Timestamp" else None) or _plain(value))
        for key, value in custom.items()
    ]


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _moments(**texts: str | None) -> list[tuple[str, str, str]]:
    """What each is called, the text itself, and how people write it; those that are not set are left out."""
    return [(name, text, _moment(text) or text) for name, text in texts.items() if text]


def _moment(text: object) -> str | None:
    moment = moments.read(text) if isinstance(text, str) else None
    return None if moment is None else moments.say(moment)


def _money(cents: int, currency: str) -> str:
    """`$1,200.00 MRR`; empty where there is none."""
    return f"{SIGNS.get(currency, currency + ' ')}{cents / 100:,.2f} MRR" if cents else ""
