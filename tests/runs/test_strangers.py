"""Somebody on the way answers in ChartMogul's place, in whole runs: nothing is twice, nothing is taken for refused."""

from datetime import timedelta
from typing import Any

import pytest

from sync.errors import EXIT_OK, EXIT_REJECTED, EXIT_SERVER
from tests.support.contacts import Town, counts

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
fields: {customer_external_id: account, email: email, title: title}
extra_columns: ignore
"""
#: Pages, texts, nothing at all, and the JSON of gateways; with statuses that are refusals in ChartMogul's own words.
FOREIGN: list[dict[str, Any]] = [
    {"status": 403, "page": True},
    {"status": 404, "page": True},
    {"status": 400, "body": "Bad Request", "content_type": "text/plain"},
    {"status": 422, "body": ""},
    {"status": 408, "page": True},
    {"status": 409, "body": '{"message": "Conflict"}'},
    {"status": 413, "body": '{"message": "Request Entity Too Large"}'},
    {"status": 451, "page": True},
    {"status": 499, "body": ""},
]


@pytest.fixture
def town(tmp_path):
    """Two accounts with one contact each; the accounts are in ChartMogul."""
    town = Town(tmp_path)
    town.write("customers", CUSTOMERS)
    fill(town)
    town.run()
    town.write("contacts", CONTACTS)
    return town


def fill(town, company="Quince", title="Dr", names=("c1", "c2")):
    """The accounts and people as they are from now on."""
    town.table("accounts", "id, company", *((key, company) for key in names))
    people = [(key, f"{key}@quince.example", title) for key in names]
    town.table("people", "account, email, title", *people)


@pytest.mark.parametrize("fault", FOREIGN, ids=str)
def test_a_contact_that_was_created_behind_a_page(town, fault):
    """The create took effect, and a firewall answered: the contact is found, and made once."""
    town.sandbox.fail(method="POST", path="/v1/contacts", when="after", **fault)
    assert counts(town.run()) == {"created": 2}
    town.sandbox.faults.clear()
    assert counts(town.run(full=True)) == {"unchanged": 2}
    assert len(town.contacts()) == 2


@pytest.mark.parametrize("fault", FOREIGN, ids=str)
def test_a_contact_that_nobody_sees_stays_in_doubt(town, fault):
    """The create did not get through, or not yet: its row waits ten minutes, and is no refused one."""
    town.sandbox.fail(method="POST", path="/v1/contacts", **fault)
    assert counts(town.run()) == {"rejected": 2}
    assert set(town.codes().values()) == {"outcome_unknown"}
    town.sandbox.faults.clear()
    assert counts(town.run()) == {"rejected": 2}
    town.later = timedelta(minutes=11)
    assert counts(town.run()) == {"created": 2}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("fault", [f for f in FOREIGN if f["status"] != 404], ids=str)
def test_a_customer_behind_a_page(town, fault, when):
    """Look, wait, look, repeat: ChartMogul keeps its id unique."""
    fill(town, names=("c1", "c2", "c3"))
    town.sandbox.fail(method="POST", path="/v1/customers", when=when, times=2, **fault)
    assert counts(town.run(), "customers") == {"created": 1, "unchanged": 2}
    assert len(town.sandbox.world.customers) == 3


@pytest.mark.parametrize(
    ("kind", "fault", "tried", "why"),
    [
        ("customers", {"status": 201, "body": ""}, 4, "was answered 201, but the answer is empty"),
        ("customers", {"status": 200, "body": "[]"}, 4, "but the answer is not a JSON object"),
        ("customers", {"status": 304}, 4, "was answered 304, which is no answer to it"),
        ("customers", {"status": 422, "body": ""}, 4, "answered 422 in 4 tries"),
        ("customers", {"drop": True}, 4, "was not answered"),
        ("contacts", {"status": 503}, 2, "answered 503 in 2 tries"),
        ("contacts", {"status": 429}, 5, "answered 429 in 5 tries"),
    ],
)
def test_a_create_tells_all_of_its_attempts(town, kind, fault, tried, why):
    """Those before the looks as well, and why the last answer was none."""
    fill(town, names=("c1", "c2", "new") if kind == "customers" else ("c1",))
    town.sandbox.fail(method="POST", path=f"/v1/{kind}", **fault)
    town.run()
    posts = len(town.sandbox.calls("POST", f"/v1/{kind}"))
    told = [line for line in town.lines("errors.jsonl") if line["mapping"] == kind]
    assert [(line["code"], line["attempts"]) for line in told] == [("unavailable", tried)]
    assert posts == tried
    assert why in told[0]["message"]
    assert f"in {tried} tries" in told[0]["message"]


@pytest.mark.parametrize("fault", FOREIGN, ids=str)
def test_an_update_that_a_firewall_does_not_let_through(town, fault):
    """It is tried again as after a 502, the row is unavailable, and the next run tries again: nothing is held back."""
    town.run()
    fill(town, title="Prof")
    town.sandbox.fail(method="PATCH", path="/v1/contacts/*", **fault)
    run = town.run()
    assert (run.exit_code, counts(run)) == (EXIT_REJECTED, {"rejected": 2})
    assert set(town.codes().values()) == {"unavailable"}
    assert town.writes() == {"PATCH contacts": 12}
    assert "firewall" in town.lines("errors.jsonl")[0]["message"]
    town.sandbox.faults.clear()
    assert counts(town.run()) == {"updated": 2}


def test_a_page_in_place_of_a_record_is_not_gone(town):
    """A 404 that ChartMogul has not said: the contact is there, and is not created again."""
    town.run()
    fill(town, title="Prof")
    town.sandbox.fail(path="/v1/contacts/*", status=404, page=True, times=3)
    assert counts(town.run()) == {"updated": 2}
    assert len(town.contacts()) == 2


def test_a_404_page_where_a_list_should_be_is_a_wrong_address(town):
    """A path that names no record is there wherever the API is."""
    town.sandbox.fail(method="GET", path="/v1/customers", status=404, page=True)
    fill(town, names=("c1", "c2", "c3"))
    run = town.run()
    assert run.exit_code == EXIT_SERVER
    assert any("CHARTMOGUL_API_URL" in (mapping.error or "") for mapping in run.mappings)


def test_a_404_page_to_a_create_is_of_that_row(town):
    """The account, its data source and a look-up were answered: one row that a firewall dislikes ends no mapping."""
    town.run()
    town.sandbox.fail(method="POST", path="/v1/customers", status=404, page=True)
    fill(town, names=("c1", "c2", "c3"))
    run = town.run()
    assert (run.exit_code, counts(run, "customers")) == (
        EXIT_REJECTED,
        {"rejected": 1, "unchanged": 2},
    )
    town.sandbox.faults.clear()
    assert counts(town.run(), "customers") == {"created": 1, "unchanged": 2}


@pytest.mark.parametrize("status", [401, 402, 407])
def test_whoever_denies_ends_the_mappings(town, status):
    """And nothing is created twice for it, though the create behind the page took effect."""
    town.sandbox.fail(method="POST", path="/v1/contacts", status=status, page=True, when="after")
    run = town.run()
    assert run.exit_code == EXIT_SERVER
    made = len(town.contacts())
    assert made >= 1
    town.sandbox.faults.clear()
    town.later = timedelta(minutes=11)
    assert town.run().exit_code == EXIT_OK
    assert len(town.contacts()) == 2


def test_a_firewall_that_lets_nothing_through_ends_the_mappings(town):
    """A 403 to GET /account as well: nobody gets round it, and no row is to blame."""
    town.run()
    fill(town, title="Prof")
    town.sandbox.fail(method="PATCH", status=403, page=True)
    answer = town.sandbox.answer

    def closing(method, path, *rest, **more):
        if method == "PATCH":
            town.sandbox.fail(path="/v1/account", status=403, page=True)
        return answer(method, path, *rest, **more)

    town.sandbox.answer = closing
    run = town.run()
    assert run.exit_code == EXIT_SERVER
    contacts = next(one for one in run.mappings if one.mapping == "contacts")
    assert "403" in (contacts.error or "")
    assert contacts.rows.rejected == 0


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("when", ["before", "after"])
def test_what_is_documented_as_not_carried_out_is_looked_for_all_the_same(town, status, when):
    """Look, wait, look, and only then repeat: one contact, whether the documents are right or not."""
    town.sandbox.fail(method="POST", path="/v1/contacts", status=status, when=when, times=1)
    assert counts(town.run()) == {"created": 2}
    assert len(town.contacts()) == 2
