"""Customers and contacts as ChartMogul shows them."""

import re
from collections import abc
from dataclasses import dataclass
from typing import Any

from sync.sandbox.countries import country_name, state_name
from sync.sandbox.history import show_history
from sync.sandbox.people import CUSTOM, LEADS, Contact, Customer
from sync.sandbox.pins import show_custom_pins, show_pins
from sync.sandbox.request import Request

SIGNS = {"EUR": "€", "GBP": "£", "JPY": "¥", "USD": "$"}


@dataclass(frozen=True, slots=True)
class View:
    """What to show of a record beyond its values: what is pinned, and these paths' history."""

    pins: bool = False
    history: tuple[str, ...] = ()


PLAIN = View()


def view_of(request: Request) -> View:
    """`with_overrides` and `attributes_with_history`; a write with `overrides` shows them too."""
    wanted = request.query.get("with_overrides") == "true" or "overrides" in request.sent
    paths = request.query.get("attributes_with_history", "").split(",")
    known = {*Customer.paths, *Contact.paths}
    return View(wanted, tuple(path for path in paths if path in known or path.startswith(CUSTOM)))


def show_customer(
    customer: Customer, system: str, currency: str, *, current: bool = True, view: View = PLAIN
) -> dict[str, Any]:
    """The customer object of September 2026, or, unless `current`, that of 2025.

    Empty is not uniform: name, e-mail and company are "", all else is null. Which lead_status
    and paid_subscriber_status a paying customer has is not known: ours are a guess.
    """
    return {
        **_head(customer, customer.status, view),
        "data_source_uuid": customer.main[0],
        "data_source_uuids": [pair[0] for pair in customer.pairs],
        "external_ids": [pair[1] for pair in customer.pairs],
        "company": customer.company or "",
        "country": customer.country,
        "state": customer.state,
        "city": customer.city,
        "zip": customer.zip,
        "lead_created_at": customer.lead_created_at,
        "free_trial_started_at": customer.free_trial_started_at,
        **(_statuses(customer) if current else {}),
        "address": _address(customer),
        "mrr": customer.mrr,
        "arr": customer.mrr * 12,
        "billing-system-url": None,
        "chartmogul-url": _page(customer),
        # Until 2026 customers of a source made over the API said so, whatever the source says.
        "billing-system-type": "Import API" if system == "Custom" and not current else system,
        "currency": currency,
        "currency-sign": SIGNS.get(currency),
        "owner": customer.owner,
        "website_url": customer.website_url,
        **({"last_seen": customer.last_seen} if current else {}),
    }


def show_briefly(customer: Customer, view: View) -> dict[str, Any]:
    """The short object that calls by e-mail answer, whose status is spelt `New lead`."""
    return _head(customer, customer.status.capitalize(), view)


def show_attributes(customer: Customer, *, current: bool, view: View) -> dict[str, Any]:
    """What GET …/attributes answers; `stripe` was there until 2026."""
    shown = {
        "tags": list(customer.tags),
        **({} if current else {"stripe": {}}),
        **show_custom(customer, view),
    }
    return shown | ({"historical_values": _history(customer, view)} if view.history else {})


def show_custom(customer: Customer, view: View) -> dict[str, Any]:
    """What POST and PUT of attributes answer: all of them."""
    pins = {"overrides": show_custom_pins(customer.pinned)} if view.pins else {}
    return {"custom": dict(customer.custom), **pins}


def show_contact(
    contact: Contact,
    customer_external_id: str | None,
    *,
    current: bool = True,
    view: View = PLAIN,
) -> dict[str, Any]:
    """The contact object of September 2026, or, unless `current`, that of March 2026."""
    external_id = {"external_id": contact.external_id}
    return {
        "uuid": contact.uuid,
        "customer_uuid": contact.customer_uuid,
        "customer_external_id": customer_external_id,
        **({} if current else external_id),
        "data_source_uuid": contact.data_source_uuid,
        "position": contact.position,
        **(external_id if current else {}),
        "first_name": contact.first_name,
        "last_name": contact.last_name,
        "title": contact.title,
        "email": contact.email,
        "phone": contact.phone,
        "linked_in": contact.linked_in,
        "twitter": contact.twitter,
        "notes": contact.notes,
        **({"last_seen": contact.last_seen} if current else {}),
        "custom": dict(contact.custom),
        **_extras(contact, view),
    }


def _head(customer: Customer, status: str, view: View) -> dict[str, Any]:
    return {
        "id": customer.id,
        "uuid": customer.uuid,
        "external_id": customer.main[1],
        "name": customer.name or "",
        "email": customer.email or "",
        "status": status,
        "customer-since": customer.customer_since,
        "attributes": {
            "custom": dict(customer.custom),
            "stripe": {},
            "tags": list(customer.tags),
        },
        **_extras(customer, view),
    }


def _extras(record: Customer | Contact, view: View) -> dict[str, Any]:
    extras: dict[str, Any] = {}
    if view.pins:
        extras["overrides"] = show_pins(record)
    if view.history:
        extras["historical_values"] = _history(record, view)
    return extras


def _history(record: Customer | Contact, view: View) -> dict[str, Any]:
    known = (path for path in view.history if path in record.paths or path.startswith(CUSTOM))
    return show_history(record, known)


def _statuses(customer: Customer) -> abc.Mapping[str, str]:
    leads = customer.status in LEADS
    return {
        "lead_status": customer.status if leads else "New Lead",
        "paid_subscriber_status": "Never a Paid Subscriber" if leads else customer.status,
    }


def _address(customer: Customer) -> dict[str, str | None]:
    country, state = customer.country, customer.state
    return {
        "country": (country_name(country) or country) if country else None,
        "state": state_name(state) if state else None,
        "city": customer.city,
        "address_zip": customer.zip,
    }


def _page(customer: Customer) -> str:
    title = re.sub(r"[^A-Za-z0-9]+", "_", customer.company or customer.name or "").strip("_")
    return f"https://app.chartmogul.com/#/customers/{customer.id}-{title}"
