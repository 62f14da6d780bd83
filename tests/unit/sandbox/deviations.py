"""Where the sandbox answers otherwise than a recording, which exchange it is, and why."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.unit.sandbox.deviation_table import TABLE
from tests.unit.sandbox.exchange import MISSING, Difference


@dataclass(frozen=True, slots=True)
class Deviation:
    """A reason to differ, and the differences that it explains."""

    why: str
    explains: Callable[[Difference], bool]


def _leaf(one: Difference) -> str:
    return one.path.rpartition(".")[2]


def _added(*names: str) -> Callable[[Difference], bool]:
    """The sandbox shows these fields, the recording does not."""
    return lambda one: _leaf(one) in names and one.recorded == MISSING


def _gone(*names: str) -> Callable[[Difference], bool]:
    """The recording shows these fields, the sandbox does not."""
    return lambda one: _leaf(one) in names and one.ours == MISSING


def _was(name: str, recorded: Any, ours: Any) -> Callable[[Difference], bool]:
    """The field has another value now."""
    return lambda one: (_leaf(one), one.recorded, one.ours) == (name, recorded, ours)


def _at(*paths: str) -> Callable[[Difference], bool]:
    """Something differs there."""
    return lambda one: one.path in paths


def _old_link(one: Difference) -> bool:
    return one.path.endswith("chartmogul-url") and "/#customers/" in one.recorded


def _empty_text(one: Difference) -> bool:
    return one.recorded == "" and one.ours is None


def _everything(one: Difference) -> bool:
    return True


ENRICHMENT = (
    "custom", "stripe", "city", "company", "country", "data_source_uuid", "data_source_uuids",
    "external_ids", "free_trial_started_at", "lead_created_at", "state", "zip",
)  # fmt: skip
IMPORT = (
    "address", "arr", "attributes", "billing-system-type", "billing-system-url", "chartmogul-url",
    "currency", "currency-sign", "customer-since", "data_source_uuids", "external_ids",
    "free_trial_started_at", "lead_created_at", "id", "mrr", "status",
)  # fmt: skip

KINDS = {
    "account id": Deviation("accounts show an id since about 2025", _added("id")),
    "external id": Deviation("contacts have one since March 2026", _added("external_id")),
    "clearbit": Deviation("attributes.clearbit is gone since 2025", _gone("clearbit")),
    "owner": Deviation("customers show their owner since 2023", _added("owner")),
    "website": Deviation("customers show website_url since 2024", _added("website_url")),
    "empty text": Deviation('empty was "" before 2025 where it is null now', _empty_text),
    "lead": Deviation("Lead became four statuses in 2022", _was("status", "Lead", "New Lead")),
    "past due": Deviation("written so until 2022", _was("status", "Past due", "Past Due")),
    "link": Deviation("links to a customer had no slash before 2022", _old_link),
    "billing url": Deviation(
        "only integrations have a link to the billing system, the sandbox is none",
        lambda one: one.path.endswith("billing-system-url") and one.ours is None,
    ),
    "no cursor": Deviation("there were no cursors before October 2023", _added("cursor")),
    "no totals": Deviation(
        "older answers count less",
        _added("current_page", "total_pages", "has_more", "page", "per_page"),
    ),
    "no pages": Deviation("no customers were 0 pages in 2016", _was("total_pages", 0, 1)),
    "50 a page": Deviation("50 a page was the default in 2016", _was("per_page", 50, 200)),
    "customers": Deviation(
        "the import API of 2016 listed `customers`", _at("customers", "entries")
    ),
    "import": Deviation("customers of the import API of 2016 were smaller", _added(*IMPORT)),
    "enrichment": Deviation(
        "customers of the enrichment API of 2016 were smaller", _added(*ENRICHMENT)
    ),
    "currency": Deviation(
        "the recording of 2016 lacks the currency",
        _added("billing-system-type", "billing-system-url", "currency", "currency-sign"),
    ),
    "address lines": Deviation("gone since 2017", _gone("address_line1", "address_line2")),
    "address code": Deviation(
        "in November 2016 addresses showed the code", _was("country", "DE", "Germany")
    ),
    "foreign state": Deviation(
        "a state outside the US was kept until 2020, dropped in 2023",
        lambda one: one.path in ("state", "address.state") and one.ours is None,
    ),
    "list value": Deviation("a list was taken as a custom attribute in 2016", _gone("meinung")),
    "time as sent": Deviation(
        "PUT echoed the text of a time in 2016, the time itself in 2023",
        _was("timestamp_key", "2016-02-01 00:00:00 UTC", "2016-02-01T00:00:00.000Z"),
    ),
    "other key": Deviation(
        "edited by hand: the key was renamed in one exchange of the cassette, not in the others",
        lambda one: one.path in ("custom.StringKey", "custom.string_key"),
    ),
    "name": Deviation("a name was required in 2016", _gone("name")),
    "source": Deviation(
        "sources made by API were called Import API until 2025",
        _was("system", "Import API", "Custom"),
    ),
    "no system": Deviation("data sources showed no system in 2016", _added("system")),
    "never imported": Deviation(
        "the status of a new source until 2017", _was("status", "never_imported", "idle")
    ),
    "lone e-mail": Deviation(
        "in March 2023 a contact without a customer was taken; the docs require both uuids",
        _everything,
    ),
    "other contact": Deviation(
        "the answer is about another contact than the path: one of them was changed by hand",
        _everything,
    ),
    "one pair": Deviation(
        "two customers of one source showed one external id, which the sandbox refuses",
        _at("entries[].customer_uuid"),
    ),
    "oldest first": Deviation(
        "contacts came oldest first in March 2023, newest first in October",
        _at("cursor", "entries"),
    ),
    "microseconds": Deviation(
        "the answer to its POST does not tell when exactly the contact was made", _at("cursor")
    ),
    "development server": Deviation(
        "a development server answered, whose links and statuses production does not show",
        lambda one: (
            one.path in ("free_subscriber_status", "trial_subscriber_status")
            or (one.path == "chartmogul-url" and "//localhost:" in one.recorded)
        ),
    ),
    "no notes": Deviation(
        "the sandbox has no notes and no tasks: a sync of rows does not touch them", _everything
    ),
    "invented": Deviation(
        "written by hand: a body that does not follow from the request",
        _at("(status)", "email", "first_name", "last_name", "phone", "title"),
    ),
    "untrue": Deviation(
        "written by hand: attributes that nobody sent",
        _gone("coupon", "CAC"),
    ),
    "added website": Deviation(
        "edited by hand: a website_url that nobody sent",
        lambda one: one.path == "website_url" and one.ours is None and one.recorded != MISSING,
    ),
    "not ours": Deviation("the sandbox has no plans and no invoices", _everything),
}


def expected(name: tuple[str, int]) -> list[str]:
    """The deviations of one exchange."""
    kinds = [kinds for recording, indices, kinds in TABLE if name in _names(recording, indices)]
    return [kind for some in kinds for kind in some]


def _names(recording: str, indices: list[int]) -> list[tuple[str, int]]:
    return [(recording, index) for index in indices]
