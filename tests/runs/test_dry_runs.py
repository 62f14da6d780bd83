"""What a dry run foretells is what the next run does: the same keys, fields, counts and requests."""

from typing import Any

import pytest

from sync.domain.results import Run
from sync.sandbox.sandbox import DATA_SOURCE
from tests.support.contacts import Town, call, counts

MAPPING = """\
version: 1
source: {table: accounts}
destination: {object: customer}
fields: {external_id: id, company: company, country: {column: country, on_null: clear}}
attributes:
  seats: {column: seats, type: Integer, on_null: clear}
  partner: {column: partner, type: Boolean}
tags: [warehouse]
extra_columns: ignore
"""
COLUMNS = "id, company, country, seats, partner"
NOW = (
    ("same", "Quince", "DE", 5, 1),
    ("other", "Changed", "DE", 5, 1),
    ("emptied", "Quince", None, None, 1),
    ("false", "Quince", "DE", 5, 0),
    ("several", "Changed", "AT", None, 0),
    ("new", "Quince", "DE", 5, 1),
    ("bad", "Quince", "Germany", 5, 1),
    ("twice", "Quince", "DE", 5, 1),
    ("twice", "Changed", "DE", 5, 1),
    ("again", "Quince", "DE", 5, 1),
    ("again", "Quince", "DE", 5, 1),
    (None, "Quince", "DE", 5, 1),
)
BEFORE = (*((key, "Quince", "DE", 5, 1) for key, *_ in NOW[:5]), ("gone", "Q", "DE", 1, 1))


@pytest.fixture
def town(tmp_path):
    """An account that a first run has filled, and a warehouse that has changed since."""
    town = Town(tmp_path)
    town.write("customers", MAPPING)
    town.table("accounts", COLUMNS, *BEFORE)
    town.run()
    town.table("accounts", COLUMNS, *NOW)
    return town


def changes(town: Town) -> dict[str, object]:
    """What the newest run changed, or would change, by key."""
    return {line["key"]: (line["outcome"], line["changes"]) for line in town.lines("changes.jsonl")}


def foretold(town: Town, **how: bool) -> Run:
    """A dry run, and the run after it, which does just that; the run."""
    file = town.folder / "state.db"
    before = file.read_bytes() if file.exists() else None
    dry = town.run(dry_run=True, **how)
    assert sum(town.writes().values()) == 0
    assert (file.read_bytes() if file.exists() else None) == before
    planned, errors = changes(town), town.lines("errors.jsonl")
    left = [line["key"] for line in town.lines("left.jsonl")]
    looks = dry.mappings[0].requests.total
    run = town.run(**how)
    assert changes(town) == planned
    assert [e["code"] for e in errors] == [e["code"] for e in town.lines("errors.jsonl")]
    assert left == [line["key"] for line in town.lines("left.jsonl")]
    assert counts(dry, "customers") == counts(run, "customers")
    assert (dry.exit_code, dry.status) == (run.exit_code, run.status)
    sent = run.mappings[0].requests.total - looks
    assert sent == sum(town.writes().values())
    return run


@pytest.mark.parametrize("full", [False, True])
def test_after_a_first_run(town, full):
    """Changed, emptied, false, new, bad and repeated rows."""
    run = foretold(town, full=full)
    assert counts(run, "customers") == {
        "created": 2,
        "updated": 4,
        "unchanged": 1,
        "skipped": 1,
        "rejected": 4,
    }
    assert run.mappings[0].left == 1


@pytest.mark.parametrize("mode", ["insert", "update", "update\nabsent: skip"])
def test_modes(town, mode):
    """What a mode leaves alone is foretold as well."""
    town.write("customers", f"{MAPPING}mode: {mode}\n")
    foretold(town)


def test_without_a_state(town):
    """A filled account is looked up, and only differences are foretold."""
    for file in town.folder.glob("state.db*"):
        file.unlink()
    run = foretold(town)
    assert counts(run, "customers")["updated"] == 4


def test_merged_customers(town):
    """The later row of one customer is rejected in both."""
    world = town.sandbox.world
    sides = {
        side: {"customer_uuid": world.by_pair[DATA_SOURCE, key]}
        for side, key in (("from", "other"), ("into", "several"))
    }
    assert call(town.sandbox, "POST", "/v1/customers/merges", body=sides)[0] == 202
    foretold(town)
    assert "same_record" in town.codes("customers").values()


def test_the_estimate_is_what_the_run_costs(desk):
    """Requests and time are told at the end of a dry run, and they are right."""
    desk.rows(*({"id": f"cus_{n}"} for n in range(3)))
    told = desk("run", "--dry-run").out
    desk.place.forget()
    assert desk("run").code == 0
    sent = len(desk.place.sandbox.sandbox.calls())
    assert f"{sent} requests" in told


SECOND = """\
version: 1
source: {query: "select id, country as team, company || '!' as company from accounts"}
destination: {object: customer}
fields: {external_id: id, company: company}
tags: [{column: team, separator: ","}]
"""


def of_each(town: Town) -> dict[tuple[str, str], Any]:
    """What the newest run changed, or would change, by mapping and key."""
    lines = town.lines("changes.jsonl")
    return {(one["mapping"], one["key"]): (one["outcome"], one["changes"]) for one in lines}


@pytest.mark.parametrize("more", ["", "mode: insert\n", "mode: update\n", "live_check: never\n"])
def test_two_mappings_of_one_record(town, more):
    """What the first would create the second would change, and what both would change goes through both."""
    town.write("second", SECOND + more)
    for _ in range(2):
        dry = town.run(dry_run=True)
        foreseen = of_each(town)
        run = town.run()
        assert of_each(town) == foreseen
        for name in ("customers", "second"):
            assert counts(dry, name) == counts(run, name)
        outcome = None if "insert" in more else "updated"
        assert foreseen.get(("second", "new"), (None, {}))[0] == outcome
        town.table("accounts", COLUMNS, ("new", "Third", "AT", 5, 1), *NOW[:5])


def test_two_mappings_of_one_record_where_nobody_looks(town):
    """Of what the first mapping leaves the state knows the uuid alone: the second one sends all it has, as is foretold.

    Many records are there already, so that few are asked for one by one.
    """
    town.table("accounts", COLUMNS, *((f"c{n}", "Quince", "DE", 5, 1) for n in range(450)))
    town.run()
    town.table("accounts", COLUMNS, ("fresh", "Quince", "DE", 5, 1), ("c1", "Changed", "DE", 5, 1))
    town.write("second", SECOND + "live_check: never\n")
    town.run(dry_run=True)
    foreseen = of_each(town)
    town.run()
    assert of_each(town) == foreseen
    assert foreseen["second", "fresh"] == (
        "updated",
        {"company": [None, "Quince!"], "tags": [None, ["DE"]]},
    )


@pytest.mark.parametrize("last", ["", "live_check: never\n"])
def test_a_mapping_that_trusts_the_state_before_others(town, last):
    """What it sends without a look the next one finds: the same values, and tags beside those that are there."""
    tagged = SECOND.replace(" || '!'", "").replace("country as team", "city as team")
    town.write("customers", tagged + "live_check: never\n")
    town.write("second", tagged.replace("city as", "partner as"))
    town.write("third", tagged.replace("city as", "city || ',' || partner as") + last)
    columns = "id, company, city, partner"
    for company, city, partner in (
        ("A", "x", "y"),
        ("B", "x,z", "y,z"),
        ("B", "x,w", "w"),
        *[("C", None, "w")] * 2,
    ):
        town.table("accounts", columns, ("c1", company, city, partner), ("c2", "A", city, None))
        dry = town.run(dry_run=True)
        foreseen = of_each(town)
        run = town.run()
        assert of_each(town) == foreseen
        assert [one.rows for one in dry.mappings] == [one.rows for one in run.mappings]


PEOPLE = """\
version: 1
source: {query: "select id, account, mail, name from people"}
destination: {object: contact}
fields: {customer_external_id: account, external_id: id, email: mail, first_name: name}
"""
#: By other columns: some of these people have no id here.
STAFF = """\
version: 1
source: {query: "select no, account, mail, role, name from staff"}
destination: {object: contact}
fields: {customer_external_id: account, external_id: no, email: mail, title: role, first_name: name}
"""
PEOPLE_COLUMNS, STAFF_COLUMNS = "id, account, mail, name", "no, account, mail, role, name"


@pytest.fixture
def crowd(tmp_path):
    """Two mappings of contacts, some of whom ChartMogul has, and some of whom both have."""
    crowd = Town(tmp_path)
    crowd.write("customers", MAPPING)
    crowd.table("accounts", COLUMNS, *BEFORE)
    crowd.write("people", PEOPLE)
    crowd.table("people", PEOPLE_COLUMNS, ("p1", "same", "ada@x.example", "Ada"))
    crowd.run()
    crowd.table("accounts", COLUMNS, *BEFORE[:3], ("new", "Quince", "DE", 5, 1))
    crowd.table(
        "people",
        PEOPLE_COLUMNS,
        ("p1", "same", "ada@new.example", "Ada"),
        ("p2", "same", "ben@x.example", "Ben"),
        ("p3", "new", "cleo@x.example", "Cleo"),
        ("p4", "other", "dan@x.example", "Dan"),
    )
    crowd.write("staff", STAFF)
    crowd.table(
        "staff",
        STAFF_COLUMNS,
        ("p1", "same", "ada@new.example", "CTO", "Ada"),
        ("p2", "same", "ben@x.example", "CFO", "Benjamin"),
        (None, "new", "cleo@x.example", "CEO", "Cleo"),
        ("p9", "new", "cleo@x.example", "COO", "Cleo"),
        ("p5", "other", "dan@x.example", "dev", "Dan"),
        ("p6", "other", "eve@x.example", "dev", "Eve"),
    )
    return crowd


@pytest.mark.parametrize("more", ["", "mode: insert\n", "mode: update\n"])
def test_two_mappings_of_one_contact(crowd, more):
    """Whom the first mapping would create, or change, the second finds so: by id, by e-mail, under new customers."""
    crowd.write("staff", STAFF + more)
    crowd.write("third", STAFF.replace("role, name from", "'x' as role, name from") + more)
    for _ in range(2):
        dry = crowd.run(dry_run=True)
        foreseen = of_each(crowd)
        run = crowd.run()
        assert of_each(crowd) == foreseen
        for name in ("people", "staff", "third"):
            assert counts(dry, name) == counts(run, name)
