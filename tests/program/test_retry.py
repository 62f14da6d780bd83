"""`retry` sends what was rejected, and nothing else, by the same rules as a run."""

import shutil
import sqlite3
from contextlib import closing

import pytest

from tests.program.test_rejected import CONTACTS, KEYLESS, people
from tests.support.program import MAPPING

REFUSAL = '{"code": 422, "message": "no", "errors": {"company": "no"}}'


@pytest.fixture
def refused(desk):
    """Two customers: one was refused and is held back, one arrived."""
    desk.mapping()
    other = {"id": "cus_2", "company": "Other"}
    # It is there first: of two creates at once either might be the one that is refused.
    desk.rows(other)
    desk("run")
    desk.rows({}, other)
    sandbox = desk.place.sandbox.sandbox
    sandbox.fail(method="POST", path="/v1/customers", status=422, body=REFUSAL, times=1)
    desk("run")
    assert [line["code"] for line in desk.errors()] == ["refused"]
    desk("run")
    assert "retry sends it again" in desk.errors()[0]["hint"]
    return desk


@pytest.mark.parametrize("by_run", [True, False])
def test_held_back_rows_are_sent(refused, by_run):
    """Only they; afterwards nothing is left to retry."""
    desk = refused
    desk.rows({"company": "Mended"}, {"id": "cus_2", "company": "Changed, too"})
    desk.place.forget()
    ended = desk("retry", *(["latest"] if by_run else []), "--json")
    assert (ended.code, ended.rows) == (0, {"read": 1, "created": 1})
    assert ended.json["mappings"][0]["mended"] == 1
    assert {key: entry["company"] for key, entry in desk.place.customers().items()} == {
        "cus_1": "Mended", "cus_2": "Other",
    }  # fmt: skip
    again = desk("retry")
    assert (again.code, again.out) == (0, "Nothing to retry: no row is rejected now.\n")


def test_nothing_about_it_changed(refused):
    """A row that is held back is sent by retry all the same, and by no dry run."""
    dry = refused("retry", "--dry-run", "--json")
    assert dry.rows == {"read": 1, "created": 1}
    assert refused("retry", "--json").rows == {"read": 1, "created": 1}


def test_a_mapping_with_another_name(refused):
    """Its rows go by the name that it had: that none of them is found would not be so."""
    (refused.place.folder / "mappings" / "customers.yml").unlink()
    refused.mapping(name="clients")
    for which in ([], ["latest"]):
        ended = refused("retry", *which)
        assert ended.code == 2
        assert "rows of customers were rejected, and no mapping that runs is called so" in ended.err
        assert "write `name: customers` in its file" in ended.err
    refused.mapping("name: customers\n" + MAPPING, "clients")
    refused.mapping(CONTACTS, "contacts")
    assert refused("retry", "--json").json["mappings"][0]["rows"]["created"] == 1


def test_nothing_counts_as_left(refused):
    """What retry did not read has not left; percentages say nothing of a part."""
    refused.mapping(MAPPING + "limits:\n  max_creates: 1%\n")
    ended = refused("retry", "--json")
    assert (ended.code, ended.json["mappings"][0]["left"]) == (0, 0)
    assert refused("run", "--json").rows == {"read": 2, "unchanged": 2}


def test_rows_without_a_key(desk):
    """They are counted as not retried, in the summary and for people."""
    desk.mapping(KEYLESS)
    desk.rows({"id": "none"}, {"id": "none"}, {"country": "Germany"})
    desk("run")
    desk.rows({"id": "none"}, {"id": "none"}, {})
    for arguments in (["latest"], []):
        assert (
            "customers: 2 rows without a key: not retried"
            in desk("retry", *arguments, "--dry-run").err
        )
        ended = desk("retry", *arguments, "--dry-run", "--json")
        assert (ended.rows, ended.json["mappings"][0]["not_retried"]) == (
            {"read": 1, "created": 1},
            2,
        )
    desk("retry")
    ended = desk("retry")
    assert (ended.code, "2 rows without a key" in ended.out) == (0, True)


def test_customers_first(desk):
    """A contact follows its customer, which was rejected with it; keys with an e-mail are found by their hash."""
    desk.mapping()
    desk.mapping(CONTACTS.replace("  external_id: id\n", ""), "a_contacts")
    desk.rows({"country": "Germany"})
    people(desk, ("con_1", "cus_1", "anna@quince.example", "Anna", None))
    assert desk("run").code == 1
    desk.rows({})
    ended = desk("retry", "--json")
    assert ended.code == 0
    assert {m["mapping"]: m["rows"]["created"] for m in ended.json["mappings"]} == {
        "customers": 1, "a_contacts": 1,
    }  # fmt: skip


def test_a_create_in_doubt_keeps_its_ten_minutes(desk):
    """Nobody knows whether it was carried out: retry asks, and does not post."""
    desk.mapping()
    desk.mapping(CONTACTS, "contacts")
    desk.rows({})
    people(desk, ("con_1", "cus_1", "anna@quince.example", "Anna", None))
    sandbox = desk.place.sandbox.sandbox
    sandbox.fail(method="POST", path="/v1/customers/*/contacts", drop=True)
    sandbox.fail(method="POST", path="/v1/contacts", drop=True)
    desk("run")
    assert [line["code"] for line in desk.errors()] == ["outcome_unknown"]
    desk.place.forget()
    assert desk("retry", "--json").code == 1
    assert desk.place.writes() == []
    assert [line["code"] for line in desk.errors()] == ["outcome_unknown"]


def test_a_run_without_its_folder(refused):
    """Exit 2 with one sentence; nothing is sent."""
    refused.place.forget()
    shutil.rmtree((refused.place.folder / "reports" / "latest").resolve())
    for name in ("latest-or-so", "20990101"):
        ended = refused("retry", name)
        assert (ended.code, ended.out, len(ended.err.splitlines())) == (2, "", 2)
    assert refused.place.writes() == []


def test_a_run_that_rejected_nothing(desk):
    """Exit 0, and said so."""
    desk.mapping()
    desk.rows({})
    desk("run")
    ended = desk("retry", "latest")
    assert (ended.code, "no row is rejected in run" in ended.out) == (0, True)
    assert desk("retry", "--json").json["mappings"] == []


def test_a_row_that_is_gone(refused):
    """What left the warehouse is not sent, which is said."""
    with closing(sqlite3.connect(refused.place.folder / "warehouse.db")) as db, db:
        db.execute("delete from accounts where id = 'cus_1'")
    ended = refused("retry", "latest")
    assert ended.code == 0
    assert "no row has one of the keys that were rejected" in ended.err
