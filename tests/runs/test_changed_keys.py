"""Keys that change as a whole stop a run before its first write."""

import pytest

from sync.engine.context import Selection
from sync.errors import EXIT_OK, EXIT_RAIL
from tests.support.contacts import Town, counts

MAPPING = """\
version: 1
source: {{table: accounts{rows}}}
destination: {{object: customer}}
fields: {{external_id: id, company: company}}
extra_columns: ignore
"""


@pytest.fixture
def town(tmp_path):
    """50 accounts, delivered."""
    town = Town(tmp_path)
    town.write("customers", MAPPING.format(rows=""))
    fill(town, "c{}")
    town.run()
    return town


def fill(town, name, numbers=range(50)):
    """The accounts under these names from now on."""
    town.table("accounts", "id, company", *((name.format(n), "Quince") for n in numbers))


def test_a_prefix(town):
    """50 rows whose key got a prefix are not created a second time; a stopped run marks nothing as left."""
    fill(town, "x-c{}")
    run = town.run()

    assert (run.exit_code, dict(town.writes())) == (EXIT_RAIL, {})
    assert run.mappings[0].error is not None
    assert (
        "50 of 50 keys left the query, and 50 are new (left: c0, c1, c2;" in run.mappings[0].error
    )
    assert run.mappings[0].left == 0

    fill(town, "c{}")
    run = town.run()
    assert (run.exit_code, counts(run, "customers"), run.mappings[0].left) == (
        EXIT_OK,
        {"unchanged": 50},
        0,
    )


def test_lifted(town):
    """Somebody who means it lifts the rail for one run, and the summary says so."""
    fill(town, "x-c{}")
    run = town.run_with(Selection(lifted=frozenset({"changed_keys"})))

    assert (run.exit_code, counts(run, "customers")) == (EXIT_OK, {"created": 50})
    assert (run.mappings[0].left, run.mappings[0].overridden) == (50, ("changed_keys",))


def test_a_query_of_parts(tmp_path):
    """With `rows: some` absence says nothing: nothing leaves, and an empty day is no accident."""
    town = Town(tmp_path)
    town.write("customers", MAPPING.format(rows=", rows: some"))
    for day in ("mon-{}", "tue-{}", "wed-{}"):
        fill(town, day)
        run = town.run()
        assert (counts(run, "customers"), run.mappings[0].left) == ({"created": 50}, 0)
    fill(town, "never-{}", range(0))
    assert town.run().exit_code == EXIT_OK


def test_what_was_never_there_does_not_leave(town):
    """A key that was always rejected has no record in ChartMogul: that it is gone is no news."""
    town.table("accounts", "id, company", *((f"c{n}", "Quince") for n in range(50)), (" bad", "X"))
    town.run()
    fill(town, "c{}", range(49))
    run = town.run()

    assert run.mappings[0].left == 1
    assert [line["key"] for line in town.lines("left.jsonl")] == ["c49"]
