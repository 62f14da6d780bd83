"""10,000 contacts of 1,000 customers from a real PostgreSQL: none twice, whatever was there and whatever is lost."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from sync.sandbox.people import Contact, Customer
from sync.sandbox.sandbox import DATA_SOURCE
from tests.support.contacts import Town, counts
from tests.support.postgres import connected

ROWS = 10_000
#: Each customer has so many contacts.
EACH = 10
TABLES = f"""
create table accounts (id integer primary key, company text);
insert into accounts select n, 'Company ' || n from generate_series(1, {ROWS // EACH}) n;
create table people (id bigint primary key, account numeric(12, 0), mail text, name text, role text);
insert into people
select n, (n - 1) / {EACH} + 1, 'p' || n || '@mail.example', 'Person ' || n, 'member'
from generate_series(1, {ROWS}) n;
"""
CUSTOMERS = """\
version: 1
source:
  query: select id, company from accounts
destination: {object: customer}
fields: {external_id: id, company: company}
"""
CONTACTS = """\
version: 1
source:
  query: select id, account, mail, name, role from people
destination: {object: contact}
fields: {customer_external_id: account, external_id: id, email: mail, first_name: name}
attributes:
  role: {column: role, type: String}
"""
#: There beforehand: with an id and all fields, with an id and nothing else, and with an e-mail alone.
COMPLETE, BARE, WITHOUT_ID = range(1, 101), range(101, 251), range(251, 499)
#: Enough where answers get lost: every twentieth of them.
FEWER = 2_000
#: This e-mail is there twice, so which of the two the row is cannot be told.
TWICE = 499


@pytest.fixture
def town(tmp_path, database):
    """The warehouse, and a ChartMogul without contacts."""
    change(database, TABLES)
    town = Town(tmp_path, warehouse=database)
    town.write("customers", CUSTOMERS)
    town.write("contacts", CONTACTS)
    return town


def change(database, sql):
    """Something happens in the warehouse."""
    with connected(database) as connection:
        connection.execute(sql)


@pytest.fixture
def smaller_town(town):
    """The same with fewer people."""
    change(town.warehouse, f"delete from people where id > {FEWER}")
    return town


def fill(town):
    """500 contacts of 50 customers, with and without external ids, e-mails in another case."""
    world = town.sandbox.world
    for n in range(1, 51):
        pair = DATA_SOURCE, str(n)
        world.put(Customer(world.next_id(), f"cus_{n}", pair, (pair,), 0.0, company="Old"))
    for n in (*COMPLETE, *BARE, *WITHOUT_ID, TWICE, TWICE):
        customer = f"cus_{(n - 1) // EACH + 1}"
        created = world.next_created(n)
        contact = Contact(f"con_{created}", customer, DATA_SOURCE, created, n)
        world.put_contact(contact_like(contact, n))


def contact_like(contact, n):
    """What is known of this person already."""
    if n in WITHOUT_ID or n == TWICE:
        return replace(contact, email=f"P{n}@MAIL.example", notes="kept")
    known = replace(contact, external_id=str(n))
    if n in BARE:
        return known
    custom = {"role": "member"}
    return replace(known, email=f"p{n}@mail.example", first_name=f"Person {n}", custom=custom)


def copies(town):
    """How often each e-mail is there, case ignored, within its customer."""
    found = Counter(
        (contact["customer_external_id"], contact["email"].lower()) for contact in town.contacts()
    )
    return Counter(found.values())


def test_ten_thousand_contacts(town):
    """What is there is adopted, the rest is created once; then nothing is sent, in a full run neither."""
    fill(town)
    run = town.run()
    updated, there = len(BARE) + len(WITHOUT_ID), len(COMPLETE)
    created = ROWS - updated - there - 1
    assert counts(run) == {
        "created": created,
        "updated": updated,
        "unchanged": there,
        "rejected": 1,
    }
    assert town.codes() == {TWICE: "ambiguous_contact"}
    assert counts(run, "customers") == {"created": 950, "updated": 50}
    assert copies(town) == {1: ROWS - 1, 2: 1}
    assert Counter({"POST contacts": created, "PATCH contacts": updated}) == Counter(
        {name: count for name, count in town.writes().items() if "contacts" in name}
    )
    # The account and the data source, three pages of contacts, five of customers.
    assert run.mappings[0].requests.methods == {"GET": 10, "POST": created, "PATCH": updated}
    _check_contacts(town)

    rest = {"unchanged": ROWS - 1, "rejected": 1}
    for full in (False, True):
        assert counts(town.run(full=full)) == rest
        assert Counter() == town.writes()


def _check_contacts(town):
    contacts = {contact["external_id"]: contact for contact in town.contacts()}
    assert len(contacts) == ROWS  # the two of one e-mail have no id
    for n in (1, 101, 251, 500, ROWS):
        contact = contacts[str(n)]
        assert contact["first_name"] == f"Person {n}"
        assert contact["customer_external_id"] == str((n - 1) // EACH + 1)
        assert contact["custom"] == {"role": "member"}
        assert contact["email"].lower() == f"p{n}@mail.example"
    assert contacts["251"]["notes"] == "kept"


def test_answers_that_get_lost_after_the_create(smaller_town):
    """Every twentieth: each contact is found by a look at its customer, in the same run."""
    town = smaller_town
    town.sandbox.fail(method="POST", path="/v1/contacts", drop=True, when="after", every=20)
    run = town.run()
    assert counts(run) == {"created": FEWER}
    assert copies(town) == {1: FEWER}
    assert run.mappings[0].requests.methods["POST"] == FEWER
    assert counts(town.run()) == {"unchanged": FEWER}
    assert counts(town.run(full=True)) == {"unchanged": FEWER}
    assert Counter() == town.writes()


def test_answers_that_get_lost_with_the_create(smaller_town):
    """Every twentieth: nothing is asked for again within ten minutes, all of it by the runs after that."""
    town, lost = smaller_town, FEWER // 20
    town.sandbox.fail(method="POST", path="/v1/contacts", drop=True, every=20)
    assert counts(town.run()) == {"created": FEWER - lost, "rejected": lost}
    assert set(town.codes().values()) == {"outcome_unknown"}

    assert counts(town.run()) == {"unchanged": FEWER - lost, "rejected": lost}
    assert Counter() == town.writes()

    missing, runs = lost, 0
    while missing:
        town.later += timedelta(minutes=11)
        runs += 1
        left = counts(town.run()).get("rejected", 0)
        assert left <= missing // 20
        missing = left
    assert runs == 2
    assert copies(town) == {1: FEWER}
    assert counts(town.run(full=True)) == {"unchanged": FEWER}
    assert Counter() == town.writes()
