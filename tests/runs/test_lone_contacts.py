"""Contacts of nobody, and of other data sources, in whole runs: they are somebody else's, whatever they hold."""

import json

import pytest

from sync.sandbox.sandbox import DATA_SOURCE
from tests.support.contacts import Town, call, counts

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
fields: {customer_external_id: account, external_id: id, email: mail, title: title}
extra_columns: ignore
"""
PEOPLE = "id, account, mail, title"
ADA = ("7", "c1", "ada@c1.example", "CTO")
MAILS = ("7", "ada@c1.example"), ("7", None), (None, "ada@c1.example")


@pytest.fixture
def town(tmp_path):
    """One account, which ChartMogul has, and one person, whom it does not have."""
    town = Town(tmp_path)
    town.table("accounts", "id", ("c1",))
    town.write("customers", CUSTOMERS)
    town.run()
    town.table("people", PEOPLE, ADA)
    town.write("contacts", CONTACTS)
    return town


def make(town, **body):
    """Somebody makes something in ChartMogul."""
    kind = body.pop("kind", "contacts")
    status, made = call(town.sandbox, "POST", f"/v1/{kind}", body=body)
    assert status in (200, 201, 202), made
    return made


def shown(town, uuid):
    """A contact as ChartMogul shows it."""
    return call(town.sandbox, "GET", f"/v1/contacts/{uuid}")[1]


def customer(town):
    """The uuid of the account."""
    return town.sandbox.world.by_pair[DATA_SOURCE, "c1"]


@pytest.mark.parametrize("listed", [False, True])
@pytest.mark.parametrize(("id", "mail"), MAILS)
@pytest.mark.parametrize("source", [None, DATA_SOURCE])
def test_a_contact_of_nobody_is_no_match(town, listed, id, mail, source):
    """Not by its id, not by its e-mail, not for counting: the row's own contact is created beside it."""
    town.sandbox.set(lone_contacts_listed=listed)
    lone = make(town, external_id=id, email=mail, data_source_uuid=source)
    assert counts(town.run(dry_run=True)) == {"created": 1}
    assert counts(town.run()) == {"created": 1}
    assert shown(town, lone["uuid"]) == lone
    assert counts(town.run(full=True)) == {"unchanged": 1}
    assert shown(town, lone["uuid"]) == lone


def test_an_update_whose_answer_shows_no_customer(town):
    """The contact has its customer all the same: it is not made a second time."""
    town.run()
    (ours,) = town.contacts()
    said = json.dumps({**ours, "title": "CEO", "customer_uuid": None})
    town.sandbox.fail(method="PATCH", path="/v1/contacts/*", body=said)
    town.table("people", PEOPLE, ("7", "c1", "ada@c1.example", "CEO"))
    assert counts(town.run()) == {"updated": 1}
    assert town.contacts() == [{**ours, "title": "CEO"}]


def test_one_of_ours_beside_contacts_of_nobody(town):
    """It alone is adopted: nothing is ambiguous about it."""
    town.sandbox.set(lone_contacts_listed=True)
    for _ in range(2):
        make(town, external_id="7", email="ada@c1.example", data_source_uuid=DATA_SOURCE)
    both = {"customer_uuid": customer(town), "data_source_uuid": DATA_SOURCE}
    ours = make(town, external_id="7", **both)
    assert counts(town.run()) == {"updated": 1}
    assert shown(town, ours["uuid"])["title"] == "CTO"


def test_a_contact_that_becomes_nobodys(town):
    """Its customer was deleted and is created anew: the old contact is left alone, a new one is created."""
    town.sandbox.set(contacts_of_deleted="kept")
    town.run()
    (before,) = town.contacts()
    assert call(town.sandbox, "DELETE", f"/v1/customers/{customer(town)}")[0] in (200, 202, 204)
    lone = shown(town, before["uuid"])
    assert lone["customer_uuid"] is None
    town.table("people", PEOPLE, ("7", "c1", "ada@c1.example", "CEO"))
    assert counts(town.run(full=True)) == {"created": 1}
    assert shown(town, lone["uuid"]) == lone
    assert counts(town.run(full=True)) == {"unchanged": 1}


@pytest.mark.parametrize(("id", "mail"), MAILS)
def test_a_contact_of_another_data_source_is_no_match(town, id, mail):
    """Two sources may have one customer, once they are merged; each keeps its contacts."""
    other = make(town, kind="data_sources", name="Other")["uuid"]
    twin = make(town, kind="customers", data_source_uuid=other, external_id="x")
    theirs = make(
        town, customer_uuid=twin["uuid"], data_source_uuid=other, external_id=id, email=mail
    )
    sides = {"from": {"customer_uuid": twin["uuid"]}, "into": {"customer_uuid": customer(town)}}
    make(town, kind="customers/merges", **sides)
    before = shown(town, theirs["uuid"])
    assert before["customer_uuid"] == customer(town)
    assert counts(town.run()) == {"created": 1}
    assert shown(town, theirs["uuid"]) == before
    assert counts(town.run(full=True)) == {"unchanged": 1}


def test_a_contact_that_became_nobodys(town):
    """Where the state is trusted, only the answer shows it: the row is looked up by its key then, and made anew."""
    town.write("contacts", CONTACTS + "live_check: never\n")
    assert counts(town.run()) == {"created": 1}
    [old] = town.contacts()
    town.sandbox.set(contacts_of_deleted="kept")
    assert call(town.sandbox, "DELETE", f"/v1/customers/{customer(town)}")[0] in (202, 204)
    make(town, kind="customers", data_source_uuid=DATA_SOURCE, external_id="c1")
    town.table("people", PEOPLE, ("7", "c1", "ada@c1.example", "CFO"))
    run = town.run()

    assert counts(run) == {"created": 1}
    [new] = [one for one in town.contacts() if one["uuid"] != old["uuid"]]
    assert (new["customer_uuid"], new["title"]) == (customer(town), "CFO")
    town.table("people", PEOPLE, ("7", "c1", "ada@c1.example", "CEO"))
    assert counts(town.run()) == {"updated": 1}
    assert (shown(town, new["uuid"])["title"], shown(town, old["uuid"])["title"]) == ("CEO", "CFO")
