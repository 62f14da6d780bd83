"""Rows whose contacts are under another customer: none is made a second time, however ChartMogul can be asked."""

import pytest

from sync.sandbox.answer import Answer
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
fields: {customer_external_id: account, external_id: id, email: mail}
extra_columns: ignore
"""
PEOPLE = "id, account, mail"
FIRST = ("first", "c0", "first@c0.example")
ADA = ("ada", "c1", "ada@c1.example")
FILTERS = "works", "ignored"
#: Other rows of the customer without contacts there: it is then listed, and nobody asked for by the filter before.
COMPANY = (), (("new", "c1", "new@c1.example"), ("newer", "c1", None))


@pytest.fixture(params=FILTERS)
def town(request, tmp_path):
    """One contact that the state knows, and one whom ChartMogul has under another customer than the row says."""
    town = Town(tmp_path)
    town.sandbox.set(contact_external_id_filter=request.param)
    town.table("accounts", "id", *((f"c{n}",) for n in range(3)))
    town.write("customers", CUSTOMERS)
    town.write("contacts", CONTACTS)
    people(town)
    town.run()
    make(town, "ada", "c2")
    make(town, "other", "c2")
    return town


def make(town, external_id, customer):
    """Somebody makes a contact in ChartMogul; its uuid."""
    owner = town.sandbox.world.by_pair[DATA_SOURCE, customer]
    body = {"customer_uuid": owner, "data_source_uuid": DATA_SOURCE, "external_id": external_id}
    status, made = call(town.sandbox, "POST", "/v1/contacts", body=body)
    assert status == 201
    return made["uuid"]


def people(town, *rows):
    """The rows of the next run, after the one that is known."""
    town.table("people", PEOPLE, FIRST, *rows)


def bearers(town, external_id="ada"):
    """How many contacts bear an external id."""
    return sum(one["external_id"] == external_id for one in town.contacts())


def listed(town):
    """How many pages of the whole data source the last run has read."""
    gets = town.sandbox.calls("GET", "/v1/contacts")
    return sum(not {"customer_uuid", "external_id"} & get.query.keys() for get in gets)


@pytest.mark.parametrize("company", COMPANY)
def test_run_after_run(town, company):
    """It is rejected in each, and its preview says so; those beside it are created."""
    people(town, ADA, *company)
    made = {"created": len(company)} if company else {}
    for _ in range(2):
        foretold = counts(town.run(dry_run=True))
        assert town.codes() == {2: "contact_moved"}
        assert counts(town.run()) == foretold == {"unchanged": 1, "rejected": 1} | made
        assert town.codes() == {2: "contact_moved"}
        foretold, made = {}, {}
        people(town, ADA)
    assert bearers(town) == 1


@pytest.mark.parametrize("company", COMPANY)
@pytest.mark.parametrize("mode", ["upsert", "update"])
def test_an_e_mail_tells_nobody_who_is_elsewhere(town, company, mode):
    """A contact of the customer has the row's e-mail and no id: it is another one, and gets no id twice."""
    town.write("contacts", CONTACTS + ("mode: update\nabsent: skip\n" if mode == "update" else ""))
    owner = town.sandbox.world.by_pair[DATA_SOURCE, "c1"]
    body = {"customer_uuid": owner, "data_source_uuid": DATA_SOURCE, "email": ADA[2]}
    assert call(town.sandbox, "POST", "/v1/contacts", body=body)[0] == 201
    people(town, ADA, *company)
    for dry_run in (True, False, False):
        town.run(dry_run=dry_run)
        assert town.codes() == {2: "contact_moved"}
    assert bearers(town) == 1


@pytest.mark.parametrize("company", COMPANY)
def test_rejected_when_all_was_listed(town, company):
    """The first run of a lost state lists the data source; the next ones ask for single rows only."""
    people(town, ADA, *company)
    town.state = f"sqlite:///{town.folder / 'another.db'}"
    assert counts(town.run())["rejected"] == 1
    people(town, ADA, *((f"{id} too", customer, None) for id, customer, _ in company))
    for _ in range(2):
        assert counts(town.run())["rejected"] == 1
        assert town.codes() == {2: "contact_moved"}
    assert bearers(town) == 1


def test_a_filter_that_is_refused(town):
    """Then it is no filter: all contacts of the data source are listed before one is created."""
    town.sandbox.fail(method="GET", path="/v1/contacts", status=400, times=1)
    people(town, ADA)
    assert counts(town.run()) == {"unchanged": 1, "rejected": 1}
    assert (town.codes(), bearers(town)) == ({2: "contact_moved"}, 1)


def test_the_row_names_the_right_customer_again(town):
    """It is the contact's own then."""
    people(town, ADA)
    town.run()
    people(town, ("ada", "c2", "ada@c2.example"))
    assert counts(town.run(dry_run=True)) == {"unchanged": 1, "updated": 1}
    assert counts(town.run()) == {"unchanged": 1, "updated": 1}
    assert bearers(town) == 1


def test_one_that_the_state_knows(town):
    """It is looked at by its uuid, in whatever way it is asked for, and stays known."""
    people(town, ("other", "c2", "other@c2.example"))
    assert counts(town.run()) == {"unchanged": 1, "updated": 1}
    people(town, ("other", "c1", "other@c1.example"))
    for full in (False, True, False):
        assert counts(town.run(full=full)) == {"unchanged": 1, "rejected": 1}
        assert town.codes() == {2: "contact_moved"}
    assert bearers(town, "other") == 1


def test_whose_customer_is_new(town):
    """A customer that only this run creates has no contacts; the id may be borne all the same."""
    town.table("accounts", "id", *((f"c{n}",) for n in range(4)))
    people(town, ("ada", "c3", None))
    assert counts(town.run(dry_run=True)) == {"unchanged": 1, "rejected": 1}
    assert counts(town.run()) == {"unchanged": 1, "rejected": 1}
    assert bearers(town) == 1


def test_all_are_listed_once(town):
    """All new contacts of a customer share one listing of the data source; a single one that is there needs none."""
    make(town, "there", "c1")
    people(town, ("there", "c1", None))
    town.run()
    assert listed(town) == 0
    people(town, ("there", "c1", None), ("new", "c1", None), ("old", "c1", None), ADA)
    assert counts(town.run()) == {"unchanged": 2, "created": 2, "rejected": 1}
    assert listed(town) == 1


def test_a_mapping_that_creates_none(town):
    """It never lists the data source for who is absent."""
    town.write("contacts", CONTACTS + "mode: update\n")
    people(town, ADA, ("new", "c1", None))
    assert counts(town.run()) == {"unchanged": 1, "rejected": 2}
    assert (listed(town), bearers(town)) == (0, 1)


def test_nothing_is_created_where_nobody_tells(town, monkeypatch):
    """A listing that fails is no answer: the row is `unavailable`, and goes on in the next run."""
    town.sandbox.set(contact_external_id_filter="ignored")
    people(town, ADA)
    answer = town.sandbox.answer

    def failing(method, path, query, *sent, **more):
        whole = path == "/v1/contacts" and "customer_uuid" not in query
        if method == "GET" and whole and "external_id" not in query:
            return Answer(500)
        return answer(method, path, query, *sent, **more)

    monkeypatch.setattr(town.sandbox, "answer", failing)
    assert counts(town.run()) == {"unchanged": 1, "rejected": 1}
    assert town.codes() == {2: "unavailable"}
    monkeypatch.undo()
    assert counts(town.run()) == {"unchanged": 1, "rejected": 1}
    assert (town.codes(), bearers(town)) == ({2: "contact_moved"}, 1)
