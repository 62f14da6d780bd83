"""How the sandbox answers where ChartMogul has changed, differs between accounts, or is unknown."""

import inspect
import re
from collections import abc
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from sync.sandbox.checks import allowed, bounded, check, read

Unchanged = Literal["never", "nothing_changed"]
MEGABYTE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The switches of a sandbox.

    Each is an argument of `Sandbox`, of `Sandbox.set`, and a key of POST /sandbox/settings;
    GET /sandbox/settings tells them all. The defaults are what was recorded last, unless it says
    otherwise; where nothing was, they are our choice.

    `rate`: requests that may start in any second, more are a 429; null is no limit.
    `parallel`: requests that may be under way at once, more are a 503; null is no limit.
    `retry_after`: seconds in the header Retry-After of 429 and 503; null sends no such header.
    `merge_delay`: seconds that a merge of customers takes after its 202.
    `stale`: seconds for which a new record is missing from lists and searches.
    `stale_requests`: requests for which it is missing there, counted from the write on; with
      `stale` too, until both are over.
    `stale_changes`: whether a changed record is shown there as it was before, for as long.
    `stale_reads`: whether GET by uuid lags as well: a new record is a 404.
    `generation`: of which year answers are. "2026": DELETE answers 202 with a message, customers
      show lead_status, paid_subscriber_status and last_seen, contacts last_seen, customers made
      over the API are of the billing system Custom. "2025": DELETE answers 200 with {} (contact)
      or 204 (data source, attributes), none of those fields, the billing system is Import API.
      "2016": as 2025, but DELETE of attributes is 200 with {}. "docs": as 2025, but DELETE of
      attributes is 200 with those that are left, DELETE of a customer 200 with {}.
    `lone_contacts`: POST of a contact without customer_uuid is "made", a contact of nobody
      (recorded September 2026), or "refused" with 400 as the docs have it.
    `lone_contacts_listed`: whether a list by data_source_uuid shows contacts of nobody too.
    `contact_external_id_filter`: GET /contacts?external_id= "works" (since September 2026) or is
      "ignored" (the first page of everything, as before).
    `contact_last_seen`: a sent last_seen is "taken" or "dropped" in silence; last_active_at is
      always taken, as recorded.
    `contact_custom`: whether the attributes in PATCH of a contact are a "merge" with those that are
      there, or "replace" them all; which, nobody knows.
    `contacts_of_deleted`: contacts of a deleted customer are "deleted", or "kept" as nobody's.
    `pinned_writes`: a plain write to a value that is pinned by `overrides` is "ignored" with 200,
      "not_modified" (ignored, and 304 where nothing else changes), "replaced", or "refused" with
      422.
    `not_modified`: PATCH of a customer or contact answers 304 without a body "never", or when
      "nothing_changed", also where all that was sent was dropped.
    `attributes_not_modified`: the same for POST and PUT of attributes and for POST of tags.
    `state_shown`: US-NY, NY and New York are shown as the "code" NY, as all recordings suggest, or
      "as_sent".
    `decimals`: numbers with a fraction are kept "exact", or rounded to a "double".
    `emails`: addresses are kept "as_sent", or "lowered"; look-ups then ignore case as well.
    `countries`: two capitals of ISO 3166-1 and XK ("iso_and_xk"), without XK ("iso"), or "any".
    `name_required`: whether a customer without a name is a 422, as in 2016.
    `page_number`: the deprecated `page` of customers and contacts is "answered" as recorded, or
      "refused" with 400.
    `read_only_status`: the status of a write with a read-only key, 401, 403 or 422.
    `largest_body`: bytes that the body of a request may have, more are a 413.
    `hosts`: names that a Host header may carry besides IP addresses, localhost, names without a
      dot and those that end in .internal or .local; any other is a 403.
    """

    rate: int | None = bounded(40)
    parallel: int | None = bounded(20)
    retry_after: float | None = bounded(None)
    merge_delay: float = bounded(0.0)
    stale: float = bounded(0.0)
    stale_requests: int = bounded(0)
    stale_changes: bool = False
    stale_reads: bool = False
    generation: Literal["2026", "2025", "2016", "docs"] = "2026"
    lone_contacts: Literal["made", "refused"] = "made"
    lone_contacts_listed: bool = False
    contact_external_id_filter: Literal["works", "ignored"] = "works"
    contact_last_seen: Literal["taken", "dropped"] = "taken"
    contact_custom: Literal["merge", "replace"] = "merge"
    contacts_of_deleted: Literal["deleted", "kept"] = "deleted"
    pinned_writes: Literal["ignored", "not_modified", "replaced", "refused"] = "ignored"
    not_modified: Unchanged = "never"
    attributes_not_modified: Unchanged = "never"
    state_shown: Literal["code", "as_sent"] = "as_sent"
    decimals: Literal["exact", "double"] = "exact"
    emails: Literal["as_sent", "lowered"] = "as_sent"
    countries: Literal["iso_and_xk", "iso", "any"] = "iso_and_xk"
    name_required: bool = False
    page_number: Literal["answered", "refused"] = "answered"
    read_only_status: Literal[401, 403, 422] = 403
    largest_body: int = bounded(8 * MEGABYTE, most=1024 * MEGABYTE)
    hosts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check(self)

    @property
    def is_current(self) -> bool:
        """Whether answers are those of 2026."""
        return self.generation == "2026"

    @property
    def lags(self) -> bool:
        """Whether look-ups may miss what was written."""
        return self.stale > 0 or self.stale_requests > 0

    def with_changes(self, changes: abc.Mapping[str, Any]) -> "Settings":
        """These settings with some changed; `Misfit` (a ValueError) says what cannot be."""
        return replace(self, **read(Settings, changes))


DEFAULT = Settings()
"""As the sandbox is unless told otherwise."""


def explain(settings: Settings) -> dict[str, dict[str, Any]]:
    """Every switch: its value, its default, what it may be, and what it does."""
    means = _meanings()
    return {
        name: {
            "value": getattr(settings, name),
            "default": getattr(DEFAULT, name),
            "allowed": allowed(Settings, name),
            "means": means.get(name, ""),
        }
        for name in (one.name for one in fields(Settings))
    }


def _meanings() -> dict[str, str]:
    """What the docstring of `Settings` says of each; nothing where Python dropped docstrings."""
    text = inspect.cleandoc(Settings.__doc__ or "")
    found = re.findall(r"^`(\w+)`: (.*(?:\n  .*)*)", text, re.MULTILINE)
    return {name: " ".join(meaning.split()) for name, meaning in found}
