"""When a contact was last seen: a field as any other, whatever ChartMogul makes of it."""

import pytest

from tests.support.contacts import Town, counts

CUSTOMERS = """\
version: 1
source: {table: accounts}
destination: {object: customer}
fields: {external_id: id}
extra_columns: ignore
"""
CONTACTS = """\
version: 1
source: {table: people}
destination: {object: contact}
fields:
  customer_external_id: account
  external_id: id
  last_seen: {column: seen, timezone: Europe/Berlin, on_null: clear}
extra_columns: ignore
"""


@pytest.fixture
def town(tmp_path):
    """One contact."""
    town = Town(tmp_path)
    town.table("accounts", "id", ("c1",))
    town.write("customers", CUSTOMERS)
    town.write("contacts", CONTACTS)
    return town


def seen(town, at):
    """The contact was last seen then; a run."""
    town.table("people", "id, account, seen", ("7", "c1", at))
    run = town.run()
    (contact,) = town.contacts()
    return counts(run), contact["last_seen"]


def test_it_is_written_compared_and_cleared(town):
    """ChartMogul shows milliseconds, which are no difference."""
    assert seen(town, "2026-01-31 11:00:00") == ({"created": 1}, "2026-01-31T10:00:00.000Z")
    assert counts(town.run(full=True)) == {"unchanged": 1}
    assert town.writes() == {}
    assert seen(town, "2026-01-31 11:00:00.5") == ({"updated": 1}, "2026-01-31T10:00:00.500Z")
    assert counts(town.run(full=True)) == {"unchanged": 1}
    assert seen(town, None) == ({"updated": 1}, None)
    assert counts(town.run(full=True)) == {"unchanged": 1}


@pytest.mark.parametrize(
    "settings", [{"contact_last_seen": "dropped"}, {"generation": "2025"}], ids=str
)
def test_an_account_that_does_not_take_it(town, settings):
    """It is a warning, once; the contact is there all the same."""
    town.sandbox.set(**settings)
    town.table("people", "id, account, seen", ("7", "c1", "2026-01-31 11:00:00"))
    assert counts(town.run()) == {"created": 1}
    told = [
        line["warnings"] for line in town.lines("changes.jsonl") if line["mapping"] == "contacts"
    ]
    assert [[(one["field"], one["code"]) for one in warnings] for warnings in told] == [
        [("last_seen", "dropped")]
    ]
    assert counts(town.run()) == {"unchanged": 1}
    assert town.writes() == {}
    assert counts(town.run(full=True)) == {"unchanged": 1}
    assert town.writes() == {"PATCH contacts": 1}
    assert town.lines("changes.jsonl") == []
