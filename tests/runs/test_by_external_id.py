"""Looking contacts up by their external id: one request where the API has the filter, never a wrong match where not."""

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
MANY = 450


@pytest.fixture
def town(tmp_path):
    """A customer with hundreds of contacts that no mapping knows, and one that the mapping has sent."""
    town = Town(tmp_path)
    town.table("accounts", "id", ("c0",), ("c1",))
    town.table("people", PEOPLE, ("first", "c0", "first@c0.example", None))
    town.write("customers", CUSTOMERS)
    town.write("contacts", CONTACTS)
    town.run()
    for number in range(MANY):
        make(town, f"p{number}", email=f"p{number}@c1.example")
    return town


def make(town, external_id, customer="c1", **fields):
    """Somebody makes a contact in ChartMogul."""
    owner = town.sandbox.world.by_pair[DATA_SOURCE, customer]
    body = {"customer_uuid": owner, "data_source_uuid": DATA_SOURCE, "external_id": external_id}
    status, made = call(town.sandbox, "POST", "/v1/contacts", body=body | fields)
    assert status == 201
    return made


def people(town, *rows):
    """The rows of the next run, after the one that is known."""
    town.table("people", PEOPLE, ("first", "c0", "first@c0.example", None), *rows)


def asked(town):
    """By which filters contacts were asked for in the last run, page by page."""
    known = ("customer_uuid", "external_id", "email")
    gets = town.sandbox.calls("GET", "/v1/contacts")
    return [" ".join(name for name in known if name in get.query) or "all" for get in gets]


def test_one_row_of_a_customer_with_many_contacts(town):
    """One request, where listing them took three; the contact is found, changed, and known from then on."""
    people(town, ("p7", "c1", "p7@c1.example", "CTO"))
    assert counts(town.run(dry_run=True)) == {"unchanged": 1, "updated": 1}
    assert asked(town) == ["external_id"]
    assert counts(town.run()) == {"unchanged": 1, "updated": 1}
    assert asked(town) == ["external_id"]
    assert counts(town.run()) == {"unchanged": 2}
    assert asked(town) == []


def test_several_rows_of_one_customer(town):
    """They share one listing."""
    people(town, *((f"p{n}", "c1", f"p{n}@c1.example", "CTO") for n in range(5)))
    assert counts(town.run()) == {"unchanged": 1, "updated": 5}
    assert "external_id" not in asked(town)


def test_a_contact_without_the_id_is_adopted_by_its_email(town):
    """That nobody bears the id proves nothing of e-mails: the customer is listed."""
    made = make(town, None, email="Ada@c1.example")
    people(town, ("ada", "c1", "ada@c1.example", None))
    assert counts(town.run()) == {"unchanged": 1, "updated": 1}
    assert asked(town)[0] == "external_id"
    assert set(asked(town)[1:]) == {"customer_uuid"}
    assert call(town.sandbox, "GET", f"/v1/contacts/{made['uuid']}")[1]["external_id"] == "ada"


@pytest.mark.parametrize(("mail", "pages"), [("new@c1.example", 3), (None, 0)])
def test_a_new_contact_is_created_once(town, mail, pages):
    """A row without an e-mail can be known by its id alone."""
    people(town, ("new", "c1", mail, None))
    assert counts(town.run()) == {"unchanged": 1, "created": 1}
    assert asked(town) == ["external_id"] + ["customer_uuid"] * pages
    assert len(town.contacts()) == MANY + 2


def test_a_filter_that_is_ignored(town):
    """What such an answer shows is no match for anybody, and nothing is asked by the filter again."""
    town.sandbox.set(contact_external_id_filter="ignored")
    town.table("accounts", "id", *((f"c{n}",) for n in range(5)))
    town.run()
    make(town, "x", "c2", email="x@c2.example")
    rows = [(f"new{n}", f"c{n}", f"new{n}@x.example", "CTO") for n in range(3, 5)]
    people(
        town, ("x", "c2", "x@c2.example", "CTO"), ("p449", "c1", "p449@c1.example", "CTO"), *rows
    )
    assert counts(town.run()) == {"unchanged": 1, "updated": 2, "created": 2}
    assert asked(town).count("external_id") <= 1
    assert len(town.contacts()) == MANY + 4
    assert counts(town.run(full=True)) == {"unchanged": 5}


@pytest.mark.parametrize(
    ("row", "expected", "pages"),
    [
        (("p7", "c1", "p7@c1.example", "CTO"), {"unchanged": 1, "updated": 1}, 0),
        (("new", "c1", None, "CTO"), {"unchanged": 1, "created": 1}, 3),
    ],
)
def test_a_single_row_where_the_filter_is_ignored(town, row, expected, pages):
    """One request proves it; the customer is listed then, and all before one is created; a dry run says the same."""
    town.sandbox.set(contact_external_id_filter="ignored")
    people(town, row)
    assert counts(town.run(dry_run=True)) == expected
    assert counts(town.run()) == expected
    assert asked(town) == ["external_id"] + ["customer_uuid"] * 3 + ["all"] * pages


def test_several_with_one_id(town):
    """Never guessed among."""
    make(town, "p7")
    people(town, ("p7", "c1", None, "CTO"))
    assert counts(town.run()) == {"unchanged": 1, "rejected": 1}
    assert town.codes() == {2: "ambiguous_contact"}
    assert asked(town) == ["external_id"]


def test_under_another_customer(town):
    """It moved, and is never created a second time."""
    people(town, ("p7", "c0", "p7@c1.example", "CTO"))
    assert counts(town.run()) == {"unchanged": 1, "rejected": 1}
    assert town.codes() == {2: "contact_moved"}


@pytest.mark.parametrize("source", [DATA_SOURCE, None])
def test_under_nobody(town, source):
    """Somebody else's: no match."""
    town.sandbox.set(lone_contacts_listed=True)
    body = {"external_id": "lone", "data_source_uuid": source}
    assert call(town.sandbox, "POST", "/v1/contacts", body=body)[0] == 201
    people(town, ("lone", "c1", None, "CTO"))
    assert counts(town.run()) == {"unchanged": 1, "created": 1}
    assert asked(town) == ["external_id"]
