"""Customers and contacts as the sandbox holds them."""

from collections import abc
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, TypeVar

from sync.sandbox.order import Rank

LEADS = ("New Lead", "Working Lead", "Qualified Lead", "Unqualified Lead")
STATUSES = (*LEADS, "Active", "Past Due", "Cancelled")
CUSTOM = "custom."
"""What the path of a custom attribute begins with; that of a field is its name."""

Pair = tuple[str, str]
"""A data source's uuid, and an external id in it."""


@dataclass(frozen=True, slots=True)
class Past:
    """A change of a record: when it was, in seconds since 1970, and the values before it by path."""

    at: float
    values: abc.Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer, with all the pairs by which data sources know it.

    `main` is the pair shown at the top of the object. `created` is in seconds since 1970,
    `customer_since` ISO 8601 text; None and "" both mean that a field is empty. `pinned` are the
    paths of values that only a write with `overrides` replaces, `past` its changes, newest first.
    """

    paths: ClassVar[tuple[str, ...]] = (
        "name", "company", "state", "city", "zip", "website_url", "email", "country",
        "lead_created_at", "free_trial_started_at", "owner", "status",
    )  # fmt: skip

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
    last_seen: str | None = None
    pinned: frozenset[str] = frozenset()
    past: tuple[Past, ...] = ()

    @property
    def rank(self) -> Rank:
        """Paying customers first, by the day they became one; then leads, oldest first."""
        since = self.customer_since
        moment = "~" if since is None else _nanoseconds(since)
        return (moment, self.id, self.uuid)

    @property
    def born(self) -> float:
        """When it was created, in seconds since 1970."""
        return self.created


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact of one customer, or of nobody; see `Customer` for `pinned` and `past`.

    `created` is in whole microseconds since 1970, never twice. One of nobody has no customer, and
    no data source unless one was sent.
    """

    paths: ClassVar[tuple[str, ...]] = (
        "first_name", "last_name", "title", "email", "phone", "linked_in", "twitter", "notes",
        "external_id", "last_seen", "position",
    )  # fmt: skip

    uuid: str
    customer_uuid: str | None
    data_source_uuid: str | None
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
    last_seen: str | None = None
    custom: abc.Mapping[str, Any] = field(default_factory=dict)
    pinned: frozenset[str] = frozenset()
    past: tuple[Past, ...] = ()

    @property
    def rank(self) -> Rank:
        """The newest first, as recorded since October 2023."""
        return (-self.created, self.uuid)

    @property
    def born(self) -> float:
        """When it was created, in seconds since 1970."""
        return self.created / 1e6


Person = TypeVar("Person", Customer, Contact)


def _nanoseconds(since: str) -> str:
    return f"{datetime.fromisoformat(since):%Y-%m-%dT%H:%M:%S}.000000000Z"
