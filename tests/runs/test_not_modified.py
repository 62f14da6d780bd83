"""Updates that change nothing, in whole runs: 304 is a success, and what it leaves undone is told once."""

import pytest

from tests.support.contacts import Town, call, counts

CUSTOMERS = """\
version: 1
source: {table: accounts}
destination: {object: customer}
fields: {external_id: id, company: company, owner: owner}
attributes: {seats: {column: seats, type: Integer}}
tags: [warehouse]
extra_columns: ignore
"""
CONTACTS = """\
version: 1
source: {table: people}
destination: {object: contact}
fields: {customer_external_id: account, email: email, title: title}
live_check: never
extra_columns: ignore
"""


@pytest.fixture
def town(tmp_path):
    """Two accounts with one contact each, all of them in ChartMogul; it says 304 where nothing changes."""
    town = Town(tmp_path)
    town.sandbox.set(not_modified="nothing_changed", attributes_not_modified="nothing_changed")
    fill(town)
    town.write("customers", CUSTOMERS)
    town.write("contacts", CONTACTS)
    assert counts(town.run(), "customers") == {"created": 2}
    return town


def fill(town, owner=None, title="Dr", seats=5):
    """The accounts and people as they are from now on."""
    accounts = [(key, "Quince", owner, seats) for key in ("c1", "c2")]
    town.table("accounts", "id, company, owner, seats", *accounts)
    people = [(key, f"{key}@quince.example", title) for key in ("c1", "c2")]
    town.table("people", "account, email, title", *people)


def test_what_is_dropped_with_304_is_a_warning(town):
    """An owner that the account does not have: nothing changes, one GET shows it, and it is not sent again."""
    fill(town, owner="nobody@quince.example")
    run = town.run()

    assert run.exit_code == 0
    assert counts(run, "customers") == {"unchanged": 2}
    assert town.writes() == {"PATCH customers": 2}
    warned = [line["warnings"][0]["field"] for line in town.lines("changes.jsonl")]
    assert warned == ["owner", "owner"]
    assert counts(town.run(), "customers") == {"unchanged": 2}
    assert town.writes() == {}


def test_what_is_there_already_is_no_change_of_ours(town):
    """A mapping that trusts the state sends what somebody has entered in the app: unchanged, and nothing to warn of."""
    fill(town, title="Prof")
    for contact in town.contacts():
        path = f"/v1/contacts/{contact['uuid']}"
        assert call(town.sandbox, "PATCH", path, body={"title": "Prof"})[0] == 200
    run = town.run()

    assert counts(run) == {"unchanged": 2}
    assert town.writes() == {"PATCH contacts": 2}
    assert run.exit_code == 0
    assert counts(town.run()) == {"unchanged": 2}
    assert town.writes() == {}


def test_every_write_is_answered_304(town):
    """Whatever is answered so without being so is warned of; no row is lost, and no run ends."""
    for method in ("PATCH", "POST", "DELETE"):
        town.sandbox.fail(method=method, path="/v1/customers/*", status=304)
    text = CUSTOMERS.replace("type: Integer", "type: Integer, on_null: clear")
    town.write("customers", text.replace("[warehouse]", "[warehouse, new]"))
    fill(town, owner="nobody@quince.example", seats=None)
    run = town.run()

    assert counts(run, "customers") == {"unchanged": 2}
    assert town.writes() == {"PATCH customers": 2, "DELETE customers": 2, "POST customers": 2}
    assert (run.exit_code, run.mappings[0].requests.retried) == (0, 0)
