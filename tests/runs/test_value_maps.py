"""Value maps in whole runs: what a column says in other words, and what is sent for it."""

import pytest

from sync.cli.preview import preview
from tests.support.contacts import Town, counts

CUSTOMERS = """\
version: 1
source: {table: accounts}
destination: {object: customer}
fields:
  external_id: id
  country: {column: country, map: {UK: GB, Germany: DE, "n/a": "", 49: DE}, default: AT}
attributes:
  tier: {column: tier, type: Integer, map: {gold: 3, silver: "2", "true": 1}}
  note: {column: note, type: String, map: {long: short}, too_long: truncate}
extra_columns: ignore
"""
COLUMNS = "id, country, tier, note"
NOTE = "x" * 300


@pytest.fixture
def town(tmp_path):
    """A warehouse that says countries and tiers in its own words."""
    town = Town(tmp_path)
    town.write("accounts", CUSTOMERS)
    return town


def shown(town):
    """Of every customer its country and its attributes, by its external id."""
    found = {}
    for customer in map(town.sandbox.world.show, town.sandbox.world.customers.values()):
        custom = customer["attributes"]["custom"]
        found[customer["external_id"]] = (customer["country"], custom)
    return found


def test_texts_are_looked_up(town):
    """By the text after trimming, in its case, also of a number; a null is not, and the default comes after."""
    town.table(
        "accounts",
        COLUMNS,
        ("c1", " UK\t", " gold ", "long"),
        ("c2", "Germany", "silver", NOTE),
        ("c3", None, "7", None),
        ("c4", "n/a", "true", "Long"),
        ("c5", 49, 5, "longer"),
    )
    run = town.run()

    assert counts(run, "accounts") == {"created": 5}
    assert shown(town) == {
        "c1": ("GB", {"tier": 3, "note": "short"}),
        "c2": ("DE", {"tier": 2, "note": NOTE[:255]}),
        "c3": ("AT", {"tier": 7}),
        "c4": ("AT", {"tier": 1, "note": "Long"}),
        "c5": ("DE", {"tier": 5, "note": "longer"}),
    }


def test_what_is_not_in_the_map(town):
    """It is cast as ever, and the hint of a country names the code that is meant."""
    town.table("accounts", COLUMNS, ("c1", "uk", "Gold", None), ("c2", "Turkey", None, None))
    run = town.run()

    assert counts(run, "accounts") == {"rejected": 2}
    lines = {(one["row"], one["field"]): one for one in town.lines("errors.jsonl")}
    assert sorted(lines) == [(1, "attributes.tier"), (1, "country"), (2, "country")]
    assert [lines[n, "country"]["hint"].split(",")[0] for n in (1, 2)] == ["write GB", "write TR"]
    assert lines[1, "country"]["value"] == "uk"


def test_a_changed_map_sends_what_differs(town):
    """Only rows whose values the change concerns are written again; what it says of others changes nothing."""
    town.table("accounts", COLUMNS, ("c1", "UK", "gold", None), ("c2", "DE", "silver", None))
    town.run()
    town.write("accounts", CUSTOMERS.replace("gold: 3", "gold: 4, lead: 9"))
    foreseen, run = town.run(dry_run=True), town.run()

    assert counts(foreseen, "accounts") == counts(run, "accounts") == {"updated": 1, "unchanged": 1}
    (line,) = town.lines("changes.jsonl")
    assert (line["key"], line["changes"]) == ("c1", {"attributes.tier": [3, 4]})


def test_preview_shows_what_would_be_sent(town, monkeypatch, capsys):
    """The mapped values, not those of the warehouse."""
    town.table("accounts", COLUMNS, ("c1", "UK", "gold", "long"))
    monkeypatch.setenv("WAREHOUSE_URL", town.warehouse)
    assert preview([town.folder / "mappings"], 10) == 0

    out = capsys.readouterr().out
    assert [word in out for word in ("country: GB", "tier: 3", "note: short")] == [True] * 3
