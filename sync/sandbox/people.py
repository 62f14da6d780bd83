"""Customers and contacts as the sandbox holds them, and as ChartMogul shows them."""

import re
from collections import abc
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sync.sandbox.countries import country_name, state_name
from sync.sandbox.order import Rank

SIGNS = {"EUR": "€", "GBP": "£", "JPY": "¥", "USD": "$"}
LEADS = ("New Lead", "Working Lead", "Qualified Lead", "Unqualified Lead")
STATUSES = (*LEADS, "Active", "Past Due", "Cancelled")
Pair = tuple[str, str]
"""A data source's uuid, and an external id in it."""


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer, with all the pairs by which data sources know it.

    `main` is the pair shown at the top of the object. `created` is in seconds since 1970,
    `customer_since` ISO 8601 text; None and "" both mean that a field is empty.
    """

    id: int
    uuid: str
    main: Pair
    pairs: tuple[Pair, ...]
    created: float
    name: str | None = None
    email: str | None = None
    company: str | None = None
    country: str | None = None
    state: str | None = None
    city: str | None = None
    zip: str | None = None
    lead_created_at: str | None = None
    free_trial_started_at: str | None = None
    owner: str | None = None
    website_url: str | None = None
    status: str = "New Lead"
    customer_since: str | None = None
    mrr: int = 0
    custom: abc.Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()

    @property
    def rank(self) -> Rank:
        """Paying customers first, by the day they became one; then leads, oldest first."""
        since = self.customer_since
        moment = "~" if since is None else _nanoseconds(since)
        return (moment, self.id, self.uuid)


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact of one customer; `created` in whole microseconds since 1970, never twice."""

    uuid: str
    customer_uuid: str
    data_source_uuid: str
    created: int
    position: int
    external_id: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    title: str | None = None
    email: str | None = None
    phone: str | None = None
    linked_in: str | None = None
    twitter: str | None = None
    notes: str | None = None
    custom: abc.Mapping[str, Any] = field(default_factory=dict)

    @property
    def rank(self) -> Rank:
        """The newest first, as recorded since October 2023."""
        return (-self.created, self.uuid)


def show_customer(customer: Customer, system: str, currency: str) -> dict[str, Any]:
    """The customer object of 2025, the newest one recorded.

    Empty is not uniform there either: name, e-mail and company are "", all else is null.
    """
    source, external_id = customer.main
    return {
        "id": customer.id,
        "uuid": customer.uuid,
        "external_id": external_id,
        "name": customer.name or "",
        "email": customer.email or "",
        "status": customer.status,
        "customer-since": customer.customer_since,
        "attributes": {
            "custom": dict(customer.custom),
            "stripe": {},
            "tags": list(customer.tags),
        },
        "data_source_uuid": source,
        "data_source_uuids": [pair[0] for pair in customer.pairs],
        "external_ids": [pair[1] for pair in customer.pairs],
        "company": customer.company or "",
        "country": customer.country,
        "state": customer.state,
        "city": customer.city,
        "zip": customer.zip,
        "lead_created_at": customer.lead_created_at,
        "free_trial_started_at": customer.free_trial_started_at,
        "address": _address(customer),
        "mrr": customer.mrr,
        "arr": customer.mrr * 12,
        "billing-system-url": None,
        "chartmogul-url": _page(customer),
        # Customers of a source made over the API say so, whatever the source says itself.
        "billing-system-type": "Import API" if system == "Custom" else system,
        "currency": currency,
        "currency-sign": SIGNS.get(currency),
        "owner": customer.owner,
        "website_url": customer.website_url,
    }


def show_contact(contact: Contact, customer_external_id: str | None) -> dict[str, Any]:
    """The contact object, with the external id that it has since March 2026."""
    return {
        "uuid": contact.uuid,
        "customer_uuid": contact.customer_uuid,
        "customer_external_id": customer_external_id,
        "external_id": contact.external_id,
        "data_source_uuid": contact.data_source_uuid,
        "position": contact.position,
        "first_name": contact.first_name,
        "last_name": contact.last_name,
        "title": contact.title,
        "email": contact.email,
        "phone": contact.phone,
        "linked_in": contact.linked_in,
        "twitter": contact.twitter,
        "notes": contact.notes,
        "custom": dict(contact.custom),
    }


def _nanoseconds(since: str) -> str:
    return f"{datetime.fromisoformat(since):%Y-%m-%dT%H:%M:%S}.000000000Z"


def _address(customer: Customer) -> dict[str, str | None]:
    country, state = customer.country, customer.state
    return {
        "country": country_name(country) if country else None,
        "state": state_name(state) if state else None,
        "city": customer.city,
        "address_zip": customer.zip,
    }


def _page(customer: Customer) -> str:
    title = re.sub(r"[^A-Za-z0-9]+", "_", customer.company or customer.name or "").strip("_")
    return f"https://app.chartmogul.com/#/customers/{customer.id}-{title}"
