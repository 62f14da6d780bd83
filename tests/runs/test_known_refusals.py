"""What ChartMogul is known to refuse is rejected before anything is sent, alike in a dry run and in a run."""

from datetime import UTC, timedelta

import pytest

from sync.cli.outside import now
from sync.transform import casts
from sync.transform.casts import Miscast
from tests.support.contacts import Town, counts

CUSTOMERS = """\
version: 1
source: {table: accounts}
destination: {object: customer}
fields:
  external_id: id
  email: mail
  owner: owner
  country: country
  lead_created_at: lead
  free_trial_started_at: trial
attributes:
  size: {column: size, type: Decimal}
extra_columns: ignore
"""
CONTACTS = """\
version: 1
source: {table: people}
destination: {object: contact}
fields: {customer_external_id: account, external_id: id, email: mail, position: place}
extra_columns: ignore
"""
COLUMNS = ("id", "mail", "owner", "country", "lead", "trial", "size")
BEYOND_A_DOUBLE = "9" * 309

REFUSED = [
    ({"lead": "2026-01-31 10:00:00", "trial": "2026-01-31 09:59:59"}, "trial_before_lead", "free_trial_started_at"),
    ({"lead": "2026-01-31 10:00:00.5", "trial": "2026-01-31 10:00:00"}, "trial_before_lead", "free_trial_started_at"),
    ({"lead": "2126-01-31"}, "date_in_future", "lead_created_at"),
    ({"trial": "2126-01-31"}, "date_in_future", "free_trial_started_at"),
    ({"country": "UK"}, "invalid_country", "country"),
    ({"country": "EU"}, "invalid_country", "country"),
    ({"mail": "mailto:d@x.com"}, "invalid_email", "email"),
    ({"mail": "j@x.com,"}, "invalid_email", "email"),
    ({"mail": "<j@x.com>"}, "invalid_email", "email"),
    ({"mail": "j@x.com;k@x.com"}, "invalid_email", "email"),
    ({"mail": "j@\u200bx.com"}, "invalid_email", "email"),
    ({"mail": "j@-x.com"}, "invalid_email", "email"),
    ({"owner": "mailto:d@x.com"}, "invalid_email", "owner"),
    ({"id": "c\u200b1"}, "invalid_key", "external_id"),
    ({"id": "\ufeffc1"}, "invalid_key", "external_id"),
    ({"size": BEYOND_A_DOUBLE}, "attribute_type", "attributes.size"),
]  # fmt: skip
TAKEN = [
    {"lead": "2026-01-31 10:00:00", "trial": "2026-01-31 10:00:00"},
    {"lead": "2026-01-31 10:00:00", "trial": "2026-01-31T11:00:00+00:30"},
    {"trial": "2026-01-31"},
    {"country": "xk"},
    {"mail": "o'neil+a/b=c&d@sub-domain.example.co.uk"},
    {"mail": "ü...x@exämple.example"},
    {"mail": "j@xn--bcher-kva.example"},
]


@pytest.fixture
def town(tmp_path):
    """A mapping of customers with all that ChartMogul is picky about."""
    town = Town(tmp_path)
    town.write("customers", CUSTOMERS)
    return town


def accounts(town, *rows):
    """The rows of the next run, by the columns that they fill."""
    cells = (
        tuple({"id": f"k{n}", **row}.get(name) for name in COLUMNS) for n, row in enumerate(rows)
    )
    town.table("accounts", ", ".join(f"{name} text" for name in COLUMNS), *cells)


@pytest.mark.parametrize("dry_run", [True, False])
def test_refused(town, dry_run):
    """Nothing is sent for such a row, and the rows beside it are not held up."""
    accounts(town, *(row for row, _, _ in REFUSED), {"id": "fine"})
    run = town.run(dry_run=dry_run)
    assert counts(run, "customers") == {"rejected": len(REFUSED), "created": 1}
    found = [(line["code"], line["field"]) for line in town.lines("errors.jsonl")]
    assert found == [(code, field) for _, code, field in REFUSED]
    assert all(line["message"] and line["hint"] for line in town.lines("errors.jsonl"))
    assert town.writes() == ({} if dry_run else {"POST customers": 1})


def test_taken(town):
    """What is unusual but fine is sent, and ChartMogul takes it."""
    accounts(town, *TAKEN)
    assert counts(town.run(), "customers") == {"created": len(TAKEN)}


def test_a_row_that_came_while_the_run_was_reading(town):
    """What bounds a date is the moment in which its row is read, not the start of the run."""
    moments = iter([now() - timedelta(seconds=5), now() + timedelta(seconds=5)])
    cast = casts.past(UTC, now() - timedelta(seconds=9), lambda: next(moments))
    sign_up = now().isoformat()
    with pytest.raises(Miscast):
        cast(sign_up)
    assert cast(sign_up)


def test_a_place_beyond_any_list(town):
    """ChartMogul's positions have an end."""
    accounts(town, {"id": "c1"})
    town.write("contacts", CONTACTS)
    people = (("1", "c1", "a@x.example", 2**31), ("2", "c1", "b@x.example", 2**31 - 1))
    town.table("people", "id, account, mail, place", *people)
    assert counts(town.run()) == {"rejected": 1, "created": 1}
    assert town.codes() == {1: "invalid_integer"}


def test_text_loses_what_nobody_sees_at_its_ends(town):
    """Of fields and attributes; nothing but that is null."""
    town.write(
        "customers",
        CUSTOMERS.replace("  owner: owner\n", "  city: owner\n").replace("Decimal", "String"),
    )
    accounts(
        town,
        {"owner": " Bonn\u200b", "size": "\ufeffbig \u2060"},
        {"owner": "\u200b ", "size": " a\u200bb "},
    )
    town.run()
    shown = [(one.city, dict(one.custom)) for one in town.sandbox.world.customers.values()]
    assert shown == [("Bonn", {"size": "big"}), (None, {"size": "a\u200bb"})]


@pytest.mark.parametrize(
    ("written", "meant"),
    [("UK", "GB"), ("el", "GR"), ("Germany", "DE"), ("DEU", "DE"), ("Kosovo", "XK"), ("Atlantis", None)],
)  # fmt: skip
def test_the_hint_names_the_country_that_is_meant(written, meant):
    """If one is."""
    with pytest.raises(Miscast) as caught:
        casts.country(written)
    assert caught.value.hint.startswith(f"write {meant}" if meant else "use two letters")
