"""Tags by row in whole runs: what a row's tags do to its customer, and what they leave alone."""

import pytest

from tests.support.contacts import Town, call, counts

CUSTOMERS = """\
version: 1
source: {table: accounts}
destination: {object: customer}
fields: {external_id: id, company: company}
tags: [warehouse, {column: segments, separator: ","}]
extra_columns: ignore
"""
COLUMNS = "id, company, segments"


@pytest.fixture
def town(tmp_path):
    """A mapping whose rows bring tags."""
    town = Town(tmp_path)
    town.write("customers", CUSTOMERS)
    return town


def rows(town, *segments, company="Quince"):
    """The accounts are c1, c2, … with these segments."""
    town.table(
        "accounts",
        COLUMNS,
        *((f"c{number}", company, said) for number, said in enumerate(segments, 1)),
    )


def run(town, *segments, company="Quince", **how):
    """The counts of a run over accounts with these segments."""
    rows(town, *segments, company=company)
    return counts(town.run(**how), "customers")


def tags(town, key="c1"):
    """The tags that ChartMogul shows of a customer."""
    return town.sandbox.world.customers[uuid(town, key)].tags


def uuid(town, key="c1"):
    """The customer of a key."""
    return town.sandbox.world.by_pair[(town.sandbox.data_source, key)]


def by_hand(town, method, *names, key="c1"):
    """Somebody adds tags to a customer (POST), or takes them off (DELETE)."""
    path = f"/v1/customers/{uuid(town, key)}/attributes/tags"
    assert call(town.sandbox, method, path, body={"tags": list(names)})[0] == 200


def writes(town):
    """The writes of the last run: method, end of the path, and tags where they are all of it."""
    return [
        (c.method, c.path.rpartition("/")[2], *c.json.get("tags", ()))
        for c in town.sandbox.calls()
        if c.method != "GET"
    ]


def test_added(town):
    """A row's tags stand beside those of every row; one more is one request, a changed spelling is none."""
    assert run(town, "b2b, EU", None) == {"created": 2}
    assert (tags(town), tags(town, "c2")) == (("warehouse", "b2b", "EU"), ("warehouse",))
    assert run(town, "b2b,EU,vip", None) == {"updated": 1, "unchanged": 1}
    assert writes(town) == [("POST", "tags", "vip")]
    assert run(town, "B2B,eu,Vip", " ") == {"unchanged": 2}
    assert writes(town) == []
