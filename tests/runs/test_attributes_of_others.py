"""Attributes of contacts that no row sends stay as they are, whether a change merges them or replaces them all."""

import pytest

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
attributes:
  role: {column: role, type: String}
  level: {column: level, type: Integer}
extra_columns: ignore
"""
OTHERS = {"hobby": "chess", "score": 0.5, "vip": True, "since": "2026-01-31"}


@pytest.fixture(params=["merge", "replace"])
def town(tmp_path, request):
    """Two contacts of one customer, to whom somebody gives attributes of their own."""
    town = Town(tmp_path)
    town.sandbox.set(contact_custom=request.param)
    town.sandbox.world.definitions |= {"role", "level", *OTHERS}
    town.table("accounts", "id", ("c1",))
    town.write("customers", CUSTOMERS)
    town.write("contacts", CONTACTS)
    return town


def people(town, *rows):
    """The rows of the next run."""
    town.table("people", "id, account, mail, role, level", *rows)


def give(town, **custom):
    """Somebody gives all contacts attributes in the app."""
    replaces = town.sandbox.settings.contact_custom
    town.sandbox.set(contact_custom="merge")
    listed = [{"key": key, "value": value} for key, value in custom.items()]
    for contact in town.contacts():
        path = f"/v1/contacts/{contact['uuid']}"
        assert call(town.sandbox, "PATCH", path, body={"custom": listed})[0] == 200
    town.sandbox.set(contact_custom=replaces)


def custom(town):
    """The attributes of all contacts, the oldest first."""
    return [{**contact["custom"]} for contact in town.contacts()]


@pytest.mark.parametrize("full", [False, True], ids=["by uuid", "by list"])
def test_a_change_of_what_is_remembered(town, full):
    """What the look-up before it has shown is sent along; a field that is null and kept is nobody's either."""
    people(town, ("7", "c1", "a@x.example", "cto", 1), ("8", "c1", "b@x.example", "dev", 2))
    town.run()
    give(town, **OTHERS)
    people(town, ("7", "c1", "a@x.example", "ceo", None), ("8", "c1", "b@x.example", "dev", 2))
    assert counts(town.run(full=full)) == {"updated": 1, "unchanged": 1}
    assert custom(town) == [
        {"role": "ceo", "level": 1, **OTHERS},
        {"role": "dev", "level": 2, **OTHERS},
    ]
    assert not any(line.get("warnings") for line in town.lines("changes.jsonl"))
    assert counts(town.run(full=True)) == {"unchanged": 2}


@pytest.mark.parametrize("limits", ["", "limits: {max_updates: 10}\n"])
def test_a_contact_that_is_adopted(town, limits):
    """Listed, and in one pass or two."""
    town.write("contacts", CONTACTS + limits)
    people(town, ("7", "c1", "a@x.example", "cto", 1))
    town.run()
    give(town, **OTHERS)
    (town.folder / "state.db").unlink()
    people(town, ("7", "c1", "a@x.example", "ceo", 1))
    assert counts(town.run()) == {"updated": 1}
    assert custom(town) == [{"role": "ceo", "level": 1, **OTHERS}]


def test_a_change_of_a_field_alone(town):
    """Sends no attributes, and so touches none."""
    people(town, ("7", "c1", "a@x.example", "cto", 1))
    town.run()
    give(town, **OTHERS)
    people(town, ("7", "c1", "b@x.example", "cto", 1))
    assert counts(town.run()) == {"updated": 1}
    (patch,) = town.sandbox.calls("PATCH")
    assert patch.json == {"email": "b@x.example"}
    assert custom(town) == [{"role": "cto", "level": 1, **OTHERS}]


def test_what_is_lost_all_the_same_is_told(town):
    """An attribute that is no longer defined when it is sent along: one warning on the row, which is delivered."""
    people(town, ("7", "c1", "a@x.example", "cto", 1))
    town.run()
    give(town, **OTHERS)
    town.sandbox.world.definitions -= {"hobby"}
    people(town, ("7", "c1", "a@x.example", "ceo", 1))
    assert counts(town.run()) == {"updated": 1}
    replaced = town.sandbox.settings.contact_custom == "replace"
    (line,) = [line for line in town.lines("changes.jsonl") if line["mapping"] == "contacts"]
    told = [(one["field"], one["code"]) for one in line.get("warnings", ())]
    assert told == ([("attributes.hobby", "lost_attributes")] if replaced else [])
    assert ("hobby" in custom(town)[0]) is not replaced
