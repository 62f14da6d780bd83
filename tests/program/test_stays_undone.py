"""Rows that `undo` put back stay so: whatever the run had left of them, and by whichever key they are known by now."""

import pytest

from tests.support.program import CONTACTS, MAPPING

CLEARING = MAPPING + "on_null: clear\n"
#: By a key, and by the one before.
RENAMED = MAPPING.replace("external_id: id", "external_id: {column: id, was: email}").replace(
    "  email: email\n", ""
)
BY_UUID = """\
version: 1
source: {query: "select id as uuid, company as title from accounts"}
destination: {object: contact}
mode: update
fields: {uuid: uuid, title: title}
"""
REMOVALS = "/v1/customers/*/attributes/custom"


def newest(desk):
    """The id of the newest real run."""
    return (desk.place.folder / "reports" / "latest").resolve().name


def stays(desk, undone=1, runs=3, **rows):
    """Whether the next runs send nothing, and skip these rows as undone."""
    desk.place.forget()
    for _ in range(runs):
        ended = desk("run", "mappings/customers.yml", "--json")
        assert ended.rows == {"skipped": undone, **rows}
        assert ended.json["mappings"][0]["undone"] == undone
    assert desk.place.writes() == []


@pytest.mark.parametrize("status", [422, 503])
@pytest.mark.parametrize("between", [None, "rejected"])
def test_a_part_of_a_row(desk, status, between):
    """Its other requests were refused, or not answered: what had arrived is put back, and the row is not sent again."""
    desk.rows({})
    desk.mapping(CLEARING)
    assert desk("run").code == 0
    changed = {"company": "Medlar", "seats": None}
    desk.rows(changed)
    desk.place.sandbox.sandbox.fail(method="DELETE", path=REMOVALS, status=status)
    assert desk("run", SYNC_OUTAGE="2").code in (1, 3)
    desk.place.sandbox.sandbox.faults.clear()
    run = newest(desk)
    assert [line["changes"] for line in desk.changes()] == [{"company": ["Quince", "Medlar"]}]
    if between:
        desk.rows(changed, {**changed, "country": "AT"})
        assert desk("run").code == 1
        desk.rows(changed)
    undone = desk("undo", run)
    assert (undone.code, "may send them again" in undone.err) == (0, False)
    assert desk.place.customers()["cus_1"]["company"] == "Quince"
    stays(desk, read=1)
    assert desk("forget", "customers", "--undo", run).code == 0
    assert desk("run", "--json").rows == {"read": 1, "updated": 1}


@pytest.mark.parametrize("what", ["twice", "unsound", "gone"])
def test_what_was_wrong_with_a_row_for_a_while(desk, what):
    """A row that came twice, was unsound or was missing, and is as it was again: nothing was sent meanwhile."""
    desk.mapping()
    desk.rows({})
    desk("run")
    wrong = {"company": "Wrong"}
    desk.rows(wrong)
    desk("run")
    assert desk("undo", newest(desk)).code == 0
    good = {"id": "cus_2"}
    meanwhile = {
        "twice": [wrong, {"company": "Other"}, good],
        "unsound": [{**wrong, "country": "Germany"}, good],
        "gone": [good],
    }
    desk.rows(*meanwhile[what])
    desk("run")
    desk.rows(wrong, good)
    stays(desk, read=2, unchanged=1)
    assert desk.place.customers()["cus_1"]["company"] == "Quince"
    desk.rows({"company": "Right"}, good)
    assert desk("run", "--json").rows == {"read": 2, "updated": 1, "unchanged": 1}


@pytest.mark.parametrize(("key", "times"), [("cus_1", 1), ("cus_1", 2), ("a@quince.example", 1)])
def test_a_key_that_was_renamed_since(desk, key, times):
    """The run knew the customer by the key before: the row is known by the new one, and stays undone."""
    desk.mapping(RENAMED)
    old = {"id": key, "email": None}
    desk.rows(old, {"id": "cus_2", "email": None})
    desk("run")
    desk.rows({**old, "company": "Wrong"}, {"id": "cus_2", "email": None})
    desk("run")
    run, last = newest(desk), key
    for number in range(times):
        now = f"new_{number}"
        desk.rows({"id": now, "email": last, "company": "Wrong"}, {"id": "cus_2", "email": None})
        assert desk("run", "--json").rows == {"read": 2, "unchanged": 2}
        last = now
    undone = desk("undo", run)
    assert (undone.code, "may send them again" in undone.err) == (0, False)
    stays(desk, read=2, unchanged=1)
    assert "put back by an undo" in desk("audit").out
    assert "1 row of customers" in desk("forget", "customers", "--undo", run).out


@pytest.mark.parametrize("key", ["cus_1", "a@quince.example"])
def test_a_key_that_is_renamed_later(desk, key):
    """Another key alone is no change of a row: it stays undone, in the dry run as well, until it changes."""
    desk.mapping(RENAMED)
    desk.rows({"id": key, "email": None})
    desk("run")
    desk.rows({"id": key, "email": None, "company": "Wrong"})
    desk("run")
    assert desk("undo", newest(desk)).code == 0
    desk.rows({"id": "new", "email": key, "company": "Wrong"})
    assert desk("run", "--dry-run", "--json").rows == {"read": 1, "skipped": 1}
    stays(desk, read=1)
    desk.rows({"id": "new", "email": key, "company": "Right"})
    assert desk("run", "--json").rows == {"read": 1, "updated": 1}
    assert desk.place.customers()[key]["company"] == "Right"


def test_a_contact_by_its_uuid(desk):
    """Another mapping made it, and knows it by another key."""
    desk.mapping()
    desk.mapping(CONTACTS, "contacts")
    desk.rows({})
    desk("run")
    uuid = next(iter(desk.place.sandbox.sandbox.world.contacts))
    (desk.place.folder / "mappings" / "contacts.yml").unlink()
    desk.mapping(BY_UUID)
    for title in ("old", "new"):
        desk.rows({"id": uuid, "company": title})
        desk("run")
    run = newest(desk)
    undone = desk("undo", run)
    assert (undone.code, "may send them again" in undone.err) == (0, False)
    stays(desk, read=1)
    assert "put back by an undo" in desk("audit").out
    assert "1 row of customers" in desk("forget", "customers", "--undo", run).out
    assert desk("run", "--json").rows == {"read": 1, "updated": 1}
