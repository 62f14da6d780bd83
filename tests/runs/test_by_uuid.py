"""Contacts known by their uuids alone, in whole runs: read by uuid, changed where they are ours, and never created."""

import sqlite3
from collections import Counter
from contextlib import closing

import pytest

from sync.sandbox.sandbox import DATA_SOURCE
from tests.support.contacts import Town, call, counts

CONTACTS = """\
version: 1
source: {table: people}
destination: {object: contact}
mode: update
fields: {uuid: uuid, email: mail, title: title}
extra_columns: ignore
"""
CUSTOMERS = """\
version: 1
source: {table: accounts}
destination: {object: customer}
fields: {external_id: id}
extra_columns: ignore
"""
BY_ID = """\
version: 1
source: {table: named}
destination: {object: contact}
fields: {customer_external_id: account, external_id: id, first_name: name}
extra_columns: ignore
"""
COLUMNS = "uuid, mail, title"
OTHERS = {"by uuid": CONTACTS, "by id": BY_ID}


class Hall(Town):
    """A town whose people are there already; the warehouse knows them by their uuids."""

    def make(self, kind="contacts", **body):
        """Somebody makes something in ChartMogul; its uuid."""
        status, made = call(self.sandbox, "POST", f"/v1/{kind}", body=body)
        assert status in (200, 201, 202), made
        return made["uuid"]

    def contact(self, customer="c1", source=DATA_SOURCE, **body):
        """A contact of a customer of a data source."""
        uuid = self.sandbox.world.by_pair[source, customer]
        return self.make(customer_uuid=uuid, data_source_uuid=source, **body)

    def shown(self, uuid):
        """A contact as ChartMogul shows it."""
        return call(self.sandbox, "GET", f"/v1/contacts/{uuid}")[1]

    def records(self):
        """How many contacts the state knows."""
        with closing(sqlite3.connect(self.folder / "state.db")) as state:
            (found,) = state.execute(
                "select count(*) from sync_records r join sync_scopes s on s.id = r.scope"
                " where s.object = 'contact'"
            ).fetchone()
        return found

    def asked(self):
        """Method and path of every request about records."""
        calls = self.sandbox.requests
        return [f"{one.method} {one.path[4:]}" for one in calls if "cont" in one.path]


@pytest.fixture
def hall(tmp_path):
    """A customer and a mapping by uuid."""
    hall = Hall(tmp_path)
    hall.make("customers", data_source_uuid=DATA_SOURCE, external_id="c1")
    hall.write("contacts", CONTACTS)
    return hall


def test_it_is_read_by_uuid(hall):
    """One GET and one PATCH; an e-mail is a value like any other; then it is known and costs nothing."""
    ada = hall.contact(email="ada@c1.example", external_id="7")
    hall.table("people", COLUMNS, (ada, "Ada@new.example", "CTO"))
    foreseen = hall.run(dry_run=True)
    assert hall.asked() == [f"GET contacts/{ada}"]
    run = hall.run()

    assert counts(foreseen) == counts(run) == {"updated": 1}
    assert hall.asked() == [f"GET contacts/{ada}", f"PATCH contacts/{ada}"]
    (line,) = hall.lines("changes.jsonl")
    assert (line["key"], line["uuid"], line["changes"]) == (
        ada,
        ada,
        {"email": ["ada@c1.example", "Ada@new.example"], "title": [None, "CTO"]},
    )
    assert hall.shown(ada)["external_id"] == "7"
    assert (counts(hall.run()), hall.asked()) == ({"unchanged": 1}, [])
    assert counts(hall.run(full=True)) == {"unchanged": 1}


@pytest.mark.parametrize("lost", ["gone", "nobody", "source", "never", "customer"])
def test_what_is_not_ours(hall, lost):
    """A contact that is gone, of nobody, of another data source, or that never was, is not found."""
    source = hall.make("data_sources", name="Another")
    theirs = hall.make("customers", data_source_uuid=source, external_id="c1")
    uuid = {
        "gone": lambda: hall.contact(email="ada@c1.example"),
        "nobody": lambda: hall.make(email="ada@c1.example", data_source_uuid=DATA_SOURCE),
        "source": lambda: hall.contact(email="ada@c1.example", source=source),
        "never": lambda: "con_00000000-0000-0000-0000-000000000000",
        "customer": lambda: theirs,
    }[lost]()
    if lost == "gone":
        call(hall.sandbox, "DELETE", f"/v1/contacts/{uuid}")
    hall.table("people", COLUMNS, (uuid, "ada@c1.example", "CTO"))
    for dry_run in (True, False, False):
        run = hall.run(dry_run=dry_run)
        assert (counts(run), hall.codes()) == ({"rejected": 1}, {1: "not_found"})
        assert hall.writes() == Counter()
    hall.write("contacts", CONTACTS + "absent: skip\n")
    assert counts(hall.run()) == {"skipped": 1}


def test_rows_without_a_usable_uuid(hall):
    """A null, a padded and a repeated uuid are rejected like any other key, and so is what can be none."""
    ada = hall.contact(email="ada@c1.example")
    keys = (None, " con_1", "../customers", "con_1/2", ada, ada)
    hall.table("people", COLUMNS, *((key, None, str(n)) for n, key in enumerate(keys)))
    run = hall.run()

    assert counts(run) == {"rejected": 6}
    assert [*hall.codes().values()] == ["invalid_key"] * 4 + ["duplicate_key"] * 2
    assert hall.asked() == []


@pytest.mark.parametrize("first", OTHERS)
def test_a_record_that_two_mappings_meet(hall, first):
    """Whichever meets it first: it is one record in the state, and what the other one finds out is known to both."""
    ada = hall.contact(email="ada@c1.example", external_id="7")
    hall.write("customers", CUSTOMERS)
    hall.table("accounts", "id", ("c1",))
    hall.table("people", COLUMNS, (ada, "ada@c1.example", "CTO"))
    hall.table("named", "account, id, name", ("c1", "7", "Ada"))
    (hall.folder / "mappings" / "contacts.yml").unlink()
    names = {"by uuid": "contacts", "by id": "named"}
    for name in (first, *(OTHERS.keys() - {first})):
        hall.write(names[name], OTHERS[name])
        assert counts(hall.run(), names[name]) == {"updated": 1}
    run = hall.run()
    assert counts(run) == counts(run, "named") == {"unchanged": 1}
    assert hall.writes() == Counter()
    assert hall.records() == 1

    call(hall.sandbox, "DELETE", f"/v1/contacts/{ada}")
    hall.table("people", COLUMNS, (ada, "ada@c1.example", "CEO"))
    (hall.folder / "mappings" / "named.yml").unlink()
    assert counts(hall.run()) == {"rejected": 1}
    hall.write("named", BY_ID + "deleted: leave\n")
    assert counts(hall.run(), "named") == {"skipped": 1}


def test_what_left(hall):
    """A row that left is reported by its uuid, and its contact left alone."""
    ada, bob = (hall.contact(email=f"{name}@c1.example") for name in ("ada", "bob"))
    hall.table("people", COLUMNS, *((uuid, None, "CTO") for uuid in (ada, bob)))
    assert counts(hall.run()) == {"updated": 2}
    hall.table("people", COLUMNS, (ada, None, "CTO"))
    assert counts(hall.run()) == {"unchanged": 1}

    assert [line["key"] for line in hall.lines("left.jsonl")] == [bob]


def test_many_are_listed(hall):
    """More than a page of them cost a listing, not a request each; none is taken for another."""
    uuids = [hall.contact(email=f"p{n}@c1.example") for n in range(250)]
    hall.table("people", COLUMNS, *((uuid, None, "CTO") for uuid in uuids))
    run = hall.run(dry_run=True)

    assert (counts(run), len(hall.asked())) == ({"updated": 250}, 2)


def test_a_contact_that_lost_its_customer_in_between(hall):
    """It is not found in the run that sees it, nor in later ones."""
    ada = hall.contact(email="ada@c1.example")
    hall.table("people", COLUMNS, (ada, None, "CTO"))
    hall.run()
    customer = hall.sandbox.world.by_pair[DATA_SOURCE, "c1"]
    call(hall.sandbox, "DELETE", f"/v1/customers/{customer}")
    hall.table("people", COLUMNS, (ada, None, "CEO"))
    for _ in range(2):
        assert (counts(hall.run()), hall.codes()) == ({"rejected": 1}, {1: "not_found"})
