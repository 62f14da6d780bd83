"""Answers without end, in whole runs: the run ends within its time, in little memory, and nothing is sent twice."""

import tracemalloc

import pytest

from sync.errors import EXIT_SERVER
from tests.support.contacts import Town, counts

CUSTOMERS = """\
version: 1
source: {table: accounts}
destination: {object: customer}
fields: {external_id: id, company: company}
extra_columns: ignore
"""
FLOODS: list[dict[str, int]] = [{"huge": 300_000_000}, {"bomb": 300_000_000}]
ENDLESS = ["same_cursor", "new_cursor", "empty_pages"]


@pytest.fixture
def town(tmp_path):
    """Three accounts in ChartMogul, whose companies have changed since."""
    town = Town(tmp_path)
    town.write("customers", CUSTOMERS)
    fill(town, "Quince")
    assert counts(town.run(), "customers") == {"created": 3}
    fill(town, "Changed")
    return town


def fill(town, company, names=("c1", "c2", "c3")):
    """The accounts as they are from now on."""
    town.table("accounts", "id, company", *((name, company) for name in names))


def run(town):
    """A run, which takes less than 20 MB more than there were before."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        ended = town.run()
        assert tracemalloc.get_traced_memory()[1] - before < 20_000_000
    finally:
        tracemalloc.stop()
    return ended


@pytest.mark.parametrize("flood", FLOODS, ids=str)
def test_a_flood_in_place_of_the_account(town, flood):
    """The run ends before it has read a row."""
    town.sandbox.fail(path="/v1/account", **flood)
    assert run(town).exit_code == EXIT_SERVER
    assert town.writes() == {}


@pytest.mark.parametrize("flood", FLOODS, ids=str)
@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_a_flood_in_place_of_a_record(town, flood, method):
    """It is no answer: asked again, and then the row is done."""
    town.sandbox.fail(method=method, path="/v1/customers/*", times=2, **flood)
    ended = run(town)
    assert counts(ended, "customers") in ({"updated": 3}, {"updated": 3 - 2, "unchanged": 2})
    assert ended.exit_code == 0


@pytest.mark.parametrize("flood", FLOODS, ids=str)
def test_a_flood_in_place_of_a_create(town, flood):
    """A lost answer: the customer is looked for, and found."""
    fill(town, "Changed", ("c1", "c2", "c3", "c4"))
    town.sandbox.fail(method="POST", path="/v1/customers", **flood)
    assert counts(run(town), "customers") == {"created": 1, "updated": 3}
    assert len(town.sandbox.world.customers) == 4


@pytest.mark.parametrize("endless", ENDLESS)
def test_a_list_without_an_end(town, endless):
    """Every look-up by key always has another page: the rows are told, or the run ends; it does end."""
    fill(town, "Quince", ("c7", "c8"))
    town.sandbox.fail(method="GET", path="/v1/customers", endless=endless)
    ended = run(town)
    assert ended.exit_code in (1, EXIT_SERVER)
    assert ended.mappings[0].rows.created == 0
    town.sandbox.faults.clear()
    assert counts(town.run(), "customers") == {"created": 2}
