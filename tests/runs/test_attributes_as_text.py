"""Attributes of contacts that the account has defined as texts: it shows numbers and truths so, and they are there."""

import json
from dataclasses import replace

import pytest

from tests.support.contacts import Town, counts

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
fields: {customer_external_id: account, external_id: id}
extra_columns: ignore
attributes:
  seats: {column: seats, type: Integer}
  share: {column: share, type: Decimal}
  active: {column: active, type: Boolean}
"""


def as_texts(value, inside=False):
    """An answer in which attributes are texts."""
    if isinstance(value, dict):
        return {k: as_texts(v, inside or k == "custom") for k, v in value.items()}
    if isinstance(value, list):
        return [as_texts(one, inside) for one in value]
    return json.dumps(value) if inside and isinstance(value, bool | int | float) else value


@pytest.fixture(params=["always", "unless_edited"])
def town(request, tmp_path, monkeypatch):
    """One account with one person, in a ChartMogul that shows attributes as texts."""
    town = Town(tmp_path)
    town.write("customers", CUSTOMERS)
    town.write("contacts", CONTACTS + f"overwrite: {request.param}\n")
    town.table("accounts", "id", ("c1",))
    town.sandbox.world.definitions.update(("seats", "share", "active"))
    answer = town.sandbox.answer

    def answered(method, path, *sent, **more):
        found = answer(method, path, *sent, **more)
        if "/contacts" not in path or not found.body:
            return found
        return replace(found, body=json.dumps(as_texts(json.loads(found.body))).encode())

    monkeypatch.setattr(town.sandbox, "answer", answered)
    return town


def run(town, *values, **how):
    """A run in which the person has these values."""
    town.table("people", "account, id, seats, share, active", ("c1", "1", *values))
    return counts(town.run(**how))


def test_they_arrive(town):
    """Each change is one, which is told and warned of by nobody; what is the same is not sent again."""
    assert run(town, 5, 1.5, "true") == {"created": 1}
    assert [
        line["warnings"] for line in town.lines("changes.jsonl") if line["mapping"] == "contacts"
    ] == [[]]
    for full in (False, True):
        assert run(town, 5, 1.5, "true", full=full) == {"unchanged": 1}
        assert not town.writes()
    assert run(town, 6, 2.5, "false") == {"updated": 1}
    (line,) = town.lines("changes.jsonl")
    assert line["warnings"] == []
    assert line["changes"] == {
        "attributes.seats": ["5", 6],
        "attributes.share": ["1.5", 2.5],
        "attributes.active": ["true", False],
    }
    assert run(town, 7, 2.5, "false") == {"updated": 1}
    (line,) = town.lines("changes.jsonl")
    assert (line["warnings"], list(line["changes"])) == ([], ["attributes.seats"])
