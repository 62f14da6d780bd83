"""`max_clears` in whole runs: what a broken join would empty is stopped before the first write."""

from collections import Counter

import pytest

from sync.domain.results import Status
from sync.engine.context import Selection
from tests.support.contacts import Town, call, counts

CUSTOMERS = """\
version: 1
source: {table: accounts}
destination: {object: customer}
fields: {external_id: id, company: company, city: {column: city, on_null: clear}}
attributes: {plan: {column: plan, type: String, on_null: clear}}
extra_columns: ignore
"""
COLUMNS = "id, company, city, plan"
LIFTED = Selection(lifted=frozenset({"max_clears"}))


def row(number, company="Quince", city="Ulm", plan="pro"):
    """One account."""
    return (f"c{number}", company, city, plan)


@pytest.fixture
def town(tmp_path):
    """A hundred accounts in ChartMogul: ten have no city, the others do."""
    town = Town(tmp_path)
    town.write("customers", CUSTOMERS)
    fill(town)
    assert counts(town.run(), "customers") == {"created": 100}
    return town


def fill(town, **changed):
    """The accounts as they are from now on: those with these numbers are changed, the rest is as at first."""
    numbers = changed.pop("numbers", ())
    rows = [row(n, city=None if n >= 90 else "Ulm") for n in range(100)]
    for number in numbers:
        rows[number] = row(number, **changed)
    town.table("accounts", COLUMNS, *rows)


def only(run):
    """The only mapping's part of a run."""
    (part,) = run.mappings
    return part


@pytest.mark.parametrize("more", ["", "live_check: never\n"])
@pytest.mark.parametrize("field", ["city", "plan"])
def test_too_many(town, more, field):
    """One more than twenty: nothing is written, in this run and in a dry run."""
    town.write("customers", CUSTOMERS + more)
    fill(town, numbers=range(21), **{field: None})
    name = {"city": "city", "plan": "attributes.plan"}[field]
    for dry_run in (True, False):
        run = town.run(dry_run=dry_run)
        assert run.exit_code == 4
        assert (only(run).status, only(run).reason) == (Status.STOPPED, "max_clears")
        assert f"{name} would be emptied in 21 rows, and max_clears allows 20" in only(run).error
        assert Counter() == town.writes()
    run = town.run_with(LIFTED)

    assert counts(run, "customers") == {"updated": 21, "unchanged": 79}
    assert only(run).overridden == ("max_clears",)


@pytest.mark.parametrize("more", ["", "live_check: never\n"])
def test_as_many_as_allowed(town, more):
    """Twenty pass, each field for itself, and need no second pass."""
    town.write("customers", CUSTOMERS + more)
    fill(town, numbers=range(20), city=None, plan=None)

    assert counts(town.run(), "customers") == {"updated": 20, "unchanged": 80}


def test_only_what_has_a_value(town):
    """Rows that are null and empty in ChartMogul lose nothing: many nulls are looked at, few clears pass."""
    numbers = [*range(15), *range(90, 100)]
    fill(town, numbers=numbers, company="Quince 2", city=None)
    run = town.run()

    assert counts(run, "customers") == {"updated": 25, "unchanged": 75}
    asked = [call.method for call in town.sandbox.requests if "/customers" in call.path]
    first = asked.index("PATCH")
    assert "GET" not in asked[first:]  # all look-ups came first


def test_few_nulls_wait_for_nothing(town):
    """Where no more rows are null than may be cleared the first write does not wait for the last look-up."""
    fill(town, numbers=range(80), company="Quince 2")
    town.run()
    asked = [call.method for call in town.sandbox.requests if "/customers/" in call.path]

    assert asked == ["PATCH"] * 80  # one listing has shown them all


def test_new_records_lose_nothing(tmp_path):
    """A first run may have any number of nulls."""
    town = Town(tmp_path)
    town.write("customers", CUSTOMERS)
    town.table("accounts", COLUMNS, *(row(n, city=None) for n in range(50)))

    assert counts(town.run(), "customers") == {"created": 50}


@pytest.mark.parametrize(("limit", "exit_code"), [("2", 4), ("3", 0), ("2%", 4), ("100%", 0)])
def test_said_in_the_mapping(town, limit, exit_code):
    """A number, or a percentage of all rows of the query."""
    town.write("customers", CUSTOMERS + f"limits: {{max_clears: {limit}}}\n")
    fill(town, numbers=range(3), city=None)

    assert town.run().exit_code == exit_code


def test_what_stays_is_not_cleared(town):
    """What somebody else wrote and `unless_edited` leaves does not count."""
    town.write("customers", CUSTOMERS + "overwrite: unless_edited\n")
    for uuid in list(town.sandbox.world.customers):
        path = f"/v1/customers/{uuid}"
        assert call(town.sandbox, "PATCH", path, body={"city": "Theirs"})[0] == 200
    fill(town, numbers=range(90), city=None)
    run = town.run()

    assert counts(run, "customers") == {"unchanged": 100}
    assert only(run).warnings == 100
