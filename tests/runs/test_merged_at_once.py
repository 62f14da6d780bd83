"""A create that ChartMogul answers with a record that another row stands for: the later row is rejected, as ever."""

from dataclasses import replace

import pytest

from sync.sandbox.sandbox import DATA_SOURCE
from tests.support.contacts import Town, call, counts

CUSTOMERS = """\
version: 1
source: {table: accounts}
destination: {object: customer}
fields: {external_id: id, company: company}
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


@pytest.fixture
def town(tmp_path):
    """Two accounts, two people of the first."""
    town = Town(tmp_path)
    town.table("accounts", "id, company", ("c0", "Quince"), ("c1", "Medlar"))
    town.table("people", PEOPLE, ("a", "c0", "a@c0.example"), ("b", "c0", "b@c0.example"))
    town.write("customers", CUSTOMERS)
    return town


def answer_instead(town, monkeypatch, of, path, act):
    """The second create of this object is answered with what `act` says is there by then."""
    answer, made = town.sandbox.answer, []

    def at_once(method, asked, query, *sent, **more):
        found = answer(method, asked, query, *sent, **more)
        if (method, asked, found.status) == ("POST", path, 201):
            made.append(found.json["uuid"])
            if len(made) == 2:
                act(*made)
                shown = answer("GET", f"/v1/{of}/{made[0]}", {}, *sent[:1])
                return replace(found, body=shown.body)
        return found

    monkeypatch.setattr(town.sandbox, "answer", at_once)


def test_customers(town, monkeypatch):
    """ChartMogul merges whom it makes with the customer of an earlier row."""

    def merge(first, second):
        sides = {"from": {"customer_uuid": second}, "into": {"customer_uuid": first}}
        assert call(town.sandbox, "POST", "/v1/customers/merges", body=sides)[0] in (200, 202)

    answer_instead(town, monkeypatch, "customers", "/v1/customers", merge)
    for _ in range(2):
        found = counts(town.run(), "customers")
        assert found["rejected"] == 1
        assert town.codes("customers") == {2: "same_record"}
    pairs = town.sandbox.world.by_pair
    assert pairs[DATA_SOURCE, "c0"] == pairs[DATA_SOURCE, "c1"]


def test_contacts(town, monkeypatch):
    """ChartMogul takes the second for a change of the first."""
    town.run()
    town.write("contacts", CONTACTS)

    def replace_(first, second):
        assert call(town.sandbox, "DELETE", f"/v1/contacts/{second}")[0] == 202

    answer_instead(town, monkeypatch, "contacts", "/v1/contacts", replace_)
    town.run()
    assert town.codes() == {2: "same_record"}
