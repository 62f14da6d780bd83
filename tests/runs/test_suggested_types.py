"""Types that only today's values suggest, in whole runs over SQLite: none is locked, and none stops what is locked."""

import sqlite3
import textwrap

import pytest

from sync.sandbox.sandbox import DATA_SOURCE
from tests.support.contacts import Town, call, counts

CUSTOMERS = """\
version: 1
source: {query: "select * from accounts"}
destination: {object: customer}
fields: {external_id: id}
"""


@pytest.fixture
def town(tmp_path):
    """One account, and a mapping that declares no type."""
    town = Town(tmp_path)
    town.write("customers", CUSTOMERS)
    return town


def fill(town, column, *values):
    """The accounts as they are from now on: one for each value of this column."""
    town.table("accounts", f"id text, {column}", *((f"c{n}", v) for n, v in enumerate(values)))


def lock(town, column, kind, *values):
    """A first run, which declares the type, and locks it; the mapping then declares it no more."""
    fill(town, column, *values)
    name = column.split()[0]
    declared = f"attributes: {{{name}: {{column: {name}, type: {kind}}}}}\n"
    town.write("customers", CUSTOMERS + declared)
    assert counts(town.run(), "customers") == {"created": len(values)}
    town.write("customers", CUSTOMERS)


def error(run):
    """The only mapping's error; the run sent nothing."""
    assert (run.exit_code, run.mappings[0].rows.updated) == (2, 0)
    return run.mappings[0].error


def attribute(town, name, key="c0"):
    """What the sandbox holds."""
    world = town.sandbox.world
    customer = world.customers[world.by_pair[DATA_SOURCE, key]]
    return customer.custom.get(name)


@pytest.mark.parametrize("dry_run", [True, False])
def test_nobody_has_a_type(town, dry_run):
    """Nothing is written, and the lines to paste are those with which the next run goes through."""
    town.table(
        "accounts",
        "id text, seats, is_partner, since, plan, blank",
        ("c1", 5, 1, "2026-01-01", "Pro", None),
    )
    told = error(town.run(dry_run=dry_run))
    assert town.writes() == {}
    said, _, lines = told.partition("\n\n")
    assert "'is_partner', 'plan', 'seats', 'since'" in said
    assert lines == textwrap.dedent("""\
        attributes:
          is_partner: {column: is_partner, type: Integer}
          plan: {column: plan, type: String}
          seats: {column: seats, type: Integer}
          since: {column: since, type: String}""")

    town.write("customers", CUSTOMERS + lines + "\n")
    assert counts(town.run(dry_run=dry_run), "customers") == {"created": 1}


def test_a_name_that_yaml_reads_otherwise(town):
    """The lines can be pasted whatever a column is called."""
    town.table("accounts", 'id text, "1e5", "null", "007"', ("c1", 5, 1, "x"))
    lines = error(town.run()).partition("\n\n")[2]
    town.write("customers", CUSTOMERS + lines + "\n")
    assert counts(town.run(), "customers") == {"created": 1}


@pytest.mark.parametrize(
    ("column", "kind", "first", "then", "expected"),
    [
        ("fee numeric", "Decimal", 10, 7.5, 7.5),
        ("fee numeric", "Decimal", 10, 11, 11),
        ("fee numeric", "Integer", 10, 11, 11),
        ("active boolean", "Boolean", 1, 0, False),
        ("active boolean", "Integer", 1, 0, 0),
        ("active boolean", "String", 1, 0, "0"),
        ("since date", "Timestamp", "2026-01-01", "2026-01-02", "2026-01-02T00:00:00.000Z"),
        ("since date", "String", "2026-01-01", "2026-01-02", "2026-01-02"),
        ("code text", "Integer", "12", "13", 13),
        ("code", "String", "A1", 13, "13"),
    ],
)
def test_the_state_has_a_type(town, column, kind, first, then, expected):
    """What values suggest gives way to it, and they are sent by it."""
    lock(town, column, kind, first)
    fill(town, column, then)
    for _ in range(2):
        preview = town.run(dry_run=True)
        assert counts(preview, "customers") == {"updated": 1}
    assert counts(town.run(), "customers") == {"updated": 1}
    name = column.split()[0]
    assert attribute(town, name) == expected
    assert town.sandbox.world.types[name] == kind
    assert (counts(town.run(), "customers"), town.writes()) == ({"unchanged": 1}, {})


@pytest.mark.parametrize(
    ("column", "kind", "first", "then", "told"),
    [
        ("fee numeric", "Integer", 10, 7.5, "would be sent as Decimal (the column's values), but it is Integer"),
        ("active boolean", "Boolean", 1, 2, "would be sent as Integer (the column's values), but it is Boolean"),
        ("since date", "Timestamp", "2026-01-01", "soon", "as String (the column's values), but it is Timestamp"),
        ("code", "Integer", 12, "A1", "disagree about its type: Integer, String"),
    ],
)  # fmt: skip
def test_a_value_that_does_not_fit(town, column, kind, first, then, told):
    """It stops the run before its first write, and both types are named."""
    lock(town, column, kind, first, first)
    fill(town, column, first, then)
    name = column.split()[0]
    found = error(town.run())
    assert (told in found, f"attribute {name!r}" in found, f"type: {kind}" in found) == (
        True,
        True,
        True,
    )
    assert town.writes() == {}


def test_a_value_that_nobody_could_send(town):
    """It rejects its row, and no type."""
    lock(town, "plan", "String", "a", "b")
    fill(town, "plan", "a", "x" * 300)
    assert counts(town.run(), "customers") == {"unchanged": 1, "rejected": 1}


def show(town, kind, *values):
    """Customers of the account have this attribute, and the state knows nothing of it."""
    fill(town, "x", *values)
    for key in range(len(values)):
        custom = [{"type": kind, "key": "x", "value": values[key]}]
        body = {
            "data_source_uuid": DATA_SOURCE,
            "external_id": f"c{key}",
            "name": "a",
            "attributes": {"custom": custom},
        }
        assert call(town.sandbox, "POST", "/v1/customers", body=body)[0] == 201


@pytest.mark.parametrize(
    ("kind", "values", "then", "expected"),
    [
        ("Decimal", [10, 1.5], 7, 7),
        ("Integer", [10, 11], 7, 7),
        ("Boolean", [True, False], 0, False),
        ("String", ["a", "b"], 7, "7"),
        ("Timestamp", ["2026-01-01"], "2026-02-01", "2026-02-01T00:00:00.000Z"),
    ],
)
def test_customers_show_a_type(town, kind, values, then, expected):
    """A state that knows nothing, such as one that was lost: what the account's customers show counts."""
    show(town, kind, *values)
    fill(town, "x", then, *values[1:])
    assert counts(town.run(), "customers")["updated"] == 1
    assert attribute(town, "x") == expected


def test_customers_leave_it_open(town):
    """Text that might be a time is taken for nothing: the mapping has to say."""
    show(town, "String", "2026-01-01", "2026-01-02")
    assert "x: {column: x, type: String}" in error(town.run())


def test_contacts(town):
    """ChartMogul has the definitions of their attributes: a suggested type is used as it is."""
    town.table("accounts", "id text", ("c1",))
    town.table("people", "id, account, mail, age", ("p1", "c1", "a@b.de", 7))
    town.write(
        "people",
        'version: 1\nsource: {query: "select * from people"}\ndestination: {object: contact}\n'
        "fields: {customer_external_id: account, external_id: id, email: mail}\n",
    )
    run = town.run()
    assert (counts(run, "customers"), counts(run, "people")) == ({"created": 1}, {"created": 1})


def test_the_others_go_on(town):
    """It is its own mapping's affair, but for the contacts of its customers."""
    fill(town, "seats", 5)
    town.write("others", CUSTOMERS.replace("*", "'d' || id as id"))
    run = town.run()
    assert (run.exit_code, counts(run, "others")) == (2, {"created": 1})


def test_a_type_that_changes_elsewhere(town):
    """A row whose text is as it was is built anew where the type that it is cast to is another one."""
    lock(town, "seats", "Integer", "5")
    assert counts(town.run(), "customers") == {"unchanged": 1}
    del town.sandbox.world.types["seats"]
    world = town.sandbox.world
    world.customers[world.by_pair[DATA_SOURCE, "c0"]].custom.clear()
    with sqlite3.connect(town.folder / "state.db") as state:
        state.execute("update sync_attribute_types set type = 'String'")
    assert counts(town.run(), "customers") == {"updated": 1}
    assert attribute(town, "seats") == "5"
