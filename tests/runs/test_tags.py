"""Tags by row in whole runs: what a row's tags do to its customer, and what they leave alone."""

import pytest

from sync.engine.context import Selection
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


def test_what_we_added_goes_again(town):
    """A tag that the row has no more is taken off in one request, one more beside what else is written."""
    run(town, "b2b,eu,vip")
    assert run(town, "B2B") == {"updated": 1}
    assert writes(town) == [("DELETE", "tags", "eu", "vip")]
    assert tags(town) == ("warehouse", "b2b")
    (line,) = town.lines("changes.jsonl")
    assert line["changes"] == {"tags": [["warehouse", "b2b", "eu", "vip"], ["warehouse", "b2b"]]}
    assert run(town, "new", company="Pear") == {"updated": 1}
    assert [one[:2] for one in writes(town)] == [
        ("PATCH", uuid(town)),
        ("DELETE", "tags"),
        ("POST", "tags"),
    ]
    assert tags(town) == ("warehouse", "new")
    assert run(town, None) == {"updated": 1}
    assert tags(town) == ("warehouse",)
    assert run(town, None) == {"unchanged": 1}


def test_what_was_there_stays(town):
    """A tag that a look had shown before we asked for it is somebody else's, however it is spelt."""
    run(town, None)
    by_hand(town, "POST", "VIP")
    assert run(town, "vip,eu") == {"updated": 1}
    assert writes(town) == [("POST", "tags", "eu")]
    assert run(town, None) == {"updated": 1}
    assert tags(town) == ("warehouse", "VIP")


def test_what_somebody_took_off_and_put_there_again(town):
    """A tag that is seen to be gone is ours no longer: who puts it there again keeps it."""
    run(town, "vip,eu")
    by_hand(town, "DELETE", "vip")
    run(town, "eu,b2b")
    by_hand(town, "POST", "vip")
    run(town, "eu")
    assert set(tags(town)) == {"warehouse", "eu", "vip"}


def test_two_spellings(town):
    """Of two tags that differ in spelling alone nobody knows which is ours: both stay."""
    run(town, "vip")
    by_hand(town, "POST", "VIP")
    assert run(town, None) == {"unchanged": 1}
    assert tags(town) == ("warehouse", "vip", "VIP")


def test_another_spelling(town):
    """Where ChartMogul shows another spelling, it is taken off in that."""
    run(town, "vip")
    by_hand(town, "DELETE", "vip")
    by_hand(town, "POST", "Vip")
    run(town, None)
    assert writes(town) == [("DELETE", "tags", "Vip")]


def test_tags_of_every_row_stay(town):
    """They are never removed, also once the mapping says them no more, or if they were a column's before."""
    run(town, "warehouse,eu")
    assert run(town, "eu") == {"unchanged": 1}
    town.write("customers", CUSTOMERS.replace("warehouse, ", ""))
    run(town, "eu,b2b")
    assert set(tags(town)) == {"warehouse", "eu", "b2b"}
    town.write("customers", CUSTOMERS.replace("warehouse", "b2b"))
    run(town, "eu,b2b,x")
    town.write("customers", CUSTOMERS)
    run(town, None)
    assert set(tags(town)) == {"warehouse", "b2b"}


def test_what_an_older_mapping_brought_stays(town):
    """Where no column brings tags any more, those that it brought stay, also when one does again."""
    run(town, "eu")
    town.write("customers", CUSTOMERS.replace(', {column: segments, separator: ","}', ""))
    run(town, "eu", company="Pear")
    town.write("customers", CUSTOMERS)
    assert run(town, None) == {"updated": 1}
    assert tags(town) == ("warehouse", "eu")


def test_rows_that_left(town):
    """What a row had when it left stays."""
    run(town, "eu", "b2b")
    assert run(town, "eu") == {"unchanged": 1}
    assert tags(town, "c2") == ("warehouse", "b2b")


def test_merged_customers(town):
    """Tags of a customer with several pairs are added and never removed."""
    run(town, "eu", "b2b")
    sides = {"from": {"customer_uuid": uuid(town, "c2")}, "into": {"customer_uuid": uuid(town)}}
    assert call(town.sandbox, "POST", "/v1/customers/merges", body=sides)[0] == 202
    rows(town, "x")
    assert counts(town.run(), "customers") == {"updated": 1}
    assert writes(town) == [("POST", "tags", "x")]
    assert {"eu", "b2b", "x"} <= set(tags(town))


def test_insert(town):
    """In mode insert nothing is removed, nor added to what exists."""
    run(town, "eu")
    town.write("customers", CUSTOMERS + "mode: insert\n")
    assert run(town, "b2b") == {"skipped": 1}
    assert tags(town) == ("warehouse", "eu")


def test_another_uuid(town):
    """What was noted of another record says nothing of the one that has the key now."""
    run(town, "eu")
    assert call(town.sandbox, "DELETE", f"/v1/customers/{uuid(town)}")[0] == 204
    body = {"data_source_uuid": town.sandbox.data_source, "external_id": "c1", "company": "Quince"}
    body["attributes"] = {"tags": ["eu"]}
    assert call(town.sandbox, "POST", "/v1/customers", body=body)[0] == 201
    assert run(town, "b2b") == {"updated": 1}
    assert tags(town) == ("eu", "warehouse", "b2b")


def test_state_is_trusted(town):
    """With `live_check: never` a row that would lose a tag is looked up; what nobody has looked for stays."""
    town.write("customers", CUSTOMERS + "live_check: never\n")
    run(town, "eu")
    assert run(town, "eu,b2b") == {"updated": 1}
    assert [c.method for c in town.sandbox.calls() if "customers" in c.path] == ["POST"]
    assert run(town, "eu,x") == {"updated": 1}
    assert run(town, None) == {"updated": 1}
    assert set(tags(town)) == {"warehouse", "b2b", "x"}
    assert writes(town) == [("DELETE", "tags", "eu")]


OTHERS = CUSTOMERS.replace("accounts", "others").replace("fields:", "mode: update\nfields:")


@pytest.fixture
def two(town):
    """Two mappings bring the tags of the same customers; the second one goes after the first."""
    town.write("customers_2", OTHERS)
    return town


def run_two(town, first, second):
    """A run in which the customer has these segments by the one and the other mapping; its tags then."""
    town.table("others", COLUMNS, ("c1", "Quince", second))
    run(town, first)
    return set(tags(town)) - {"warehouse"}


def test_what_another_mapping_sets(two):
    """A tag that another mapping sets on the record stays; it goes with the last of the two, whoever has added it."""
    assert run_two(two, "eu,a", "eu,b") == {"eu", "a", "b"}
    assert run_two(two, "a", "eu,b") == {"eu", "a", "b"}
    assert run_two(two, "a", "b") == {"a", "b"}
    assert run_two(two, "a,x", "b,x") == {"a", "b", "x"}
    assert run_two(two, "a", "b") == {"a", "b"}


def test_tags_of_every_row_of_another_mapping(two):
    """They are no row's to remove, from the first run on, in a dry run too, and while the other mapping is left out."""
    two.write("customers_2", OTHERS.replace("warehouse", "eu"))
    two.table("others", COLUMNS)
    run(two, "eu,b2b")
    rows(two, "b2b")
    (two.folder / "mappings" / "customers_2.yml").unlink()
    assert counts(two.run(dry_run=True), "customers") == {"unchanged": 1}
    assert run(two, "b2b") == {"unchanged": 1}
    assert set(tags(two)) == {"warehouse", "eu", "b2b"}


def test_a_dry_run_tells_the_same(two):
    """A dry run lists what is added and removed, and counts a removal as a request more; the run does just that."""
    two.write("customers_2", OTHERS.replace("warehouse", "late"))
    two.table("others", COLUMNS)
    run(two, "eu,late")
    rows(two, "b2b", company="Pear")
    foretold = two.run(dry_run=True)
    (line,) = two.lines("changes.jsonl")
    assert line["changes"]["tags"] == [["warehouse", "eu", "late"], ["warehouse", "late", "b2b"]]
    done = two.run()
    assert two.lines("changes.jsonl")[0]["changes"] == line["changes"]
    assert [part.estimate[0] for part in foretold.mappings] == [
        part.requests.total for part in done.mappings
    ]


def test_a_dry_run_when_a_tag_of_every_row_goes(two):
    """The second mapping takes it off, which had added it: the first one gives it to every row no more."""
    two.write("customers", CUSTOMERS.replace("warehouse, ", ""))
    assert run_two(two, None, "eu,b") == {"eu", "b"}
    two.write("customers", CUSTOMERS.replace("warehouse", "eu"))
    assert run_two(two, None, "eu,b") == {"eu", "b"}
    two.write("customers", CUSTOMERS.replace("warehouse, ", ""))
    two.table("others", COLUMNS, ("c1", "Quince", "b"))
    two.run(dry_run=True)
    foretold = removals(two)
    assert foretold == {("customers_2", "c1"): {"eu"}}
    two.run()
    assert removals(two) == foretold


def removals(town):
    """The tags that each line of changes takes off, by mapping and key."""
    return {
        (line["mapping"], line["key"]): set(line["changes"]["tags"][0] or ())
        - set(line["changes"]["tags"][1] or ())
        for line in town.lines("changes.jsonl")
    }


@pytest.mark.parametrize("trusted", ["", "live_check: never\n"])
@pytest.mark.parametrize("first", ["eu,x", "eu"])
def test_a_dry_run_tells_what_goes_with_the_last_mapping(two, first, trusted):
    """A tag leaves both mappings: the second one takes it off, since the first lets go of it; a dry run tells so."""
    two.write("customers", CUSTOMERS + trusted)
    two.write("customers_2", OTHERS + trusted)
    assert run_two(two, first, "eu,y") == {"eu", "y", *first.split(",")}
    two.table("others", COLUMNS, ("c1", "Quince", "y"))
    rows(two, first.replace("eu", "").strip(",") or None)
    two.run(dry_run=True)
    foretold = removals(two)
    assert foretold[("customers_2", "c1")] == {"eu"}
    two.run()
    assert removals(two) == foretold
    assert "eu" not in tags(two)


def test_a_dry_run_keeps_what_the_other_mapping_takes_up(two):
    """A tag leaves the second mapping's row, and comes to the first one's: it stays, and a dry run says so."""
    assert run_two(two, "a", "eu,b") == {"a", "b", "eu"}
    two.table("others", COLUMNS, ("c1", "Quince", "b"))
    rows(two, "a,eu")
    assert counts(two.run(dry_run=True), "customers_2") == {"unchanged": 1}
    assert run_two(two, "a,eu", "b") == {"a", "b", "eu"}


def test_max_clears_where_both_mappings_let_go(two):
    """Tags that leave the rows of both mappings count for the second one, which takes them off."""
    many = [(f"c{number}", "Quince", "eu") for number in range(1, 31)]
    two.table("others", COLUMNS, *many)
    run(two, *["eu"] * 30)
    two.table("others", COLUMNS, *((key, company, None) for key, company, _ in many))
    rows(two, *[None] * 30)
    part = two.run().mappings[1]
    assert "tags would be removed in 30 rows, and max_clears allows 20" in (part.error or "")
    assert "eu" in tags(two)


@pytest.mark.parametrize("lifted", [False, True])
def test_max_clears(town, lifted):
    """A row from which a tag would be removed counts: one more than twenty, and nothing is written."""
    many = ["eu,b2b"] * 30
    run(town, *many)
    rows(town, *[None] * 21, *many[21:])
    selection = Selection(lifted=frozenset({"max_clears"}) if lifted else frozenset())
    (part,) = town.run_with(selection).mappings
    if lifted:
        assert part.rows.updated == 21
        return
    assert part.error is not None
    assert "tags would be removed in 21 rows, and max_clears allows 20" in part.error
    assert writes(town) == []
    assert run(town, *[None] * 20, *many[20:]) == {"updated": 20, "unchanged": 10}


def test_max_clears_of_renamed_rows(town):
    """Rows whose keys change at the same time are known by those before."""
    town.write("customers", CUSTOMERS.replace("id: id", "id: {column: id, was: was}"))
    many = [(f"c{number}", "Quince", "eu", None) for number in range(21)]
    town.table("accounts", f"{COLUMNS}, was", *many)
    assert counts(town.run(), "customers") == {"created": 21}
    town.table("accounts", f"{COLUMNS}, was", *((f"n{k}", c, None, k) for k, c, _, _ in many))
    for dry_run in (True, False):
        (part,) = town.run(dry_run=dry_run).mappings
        assert "tags would be removed in 21 rows, and max_clears allows 20" in (part.error or "")
    assert writes(town) == []


PATH = "/v1/customers/*/attributes/tags"


def test_an_answer_that_nobody_got(town):
    """A tag whose POST was never answered is not ours, though it is there."""
    run(town, None)
    town.sandbox.fail(method="POST", path=PATH, drop=True, when="after")
    assert run(town, "eu") == {"rejected": 1}
    town.sandbox.faults.clear()
    assert tags(town) == ("warehouse", "eu")
    assert run(town, "eu") == {"unchanged": 1}
    assert run(town, None) == {"unchanged": 1}
    assert tags(town) == ("warehouse", "eu")


def test_a_create_that_was_not_answered(town):
    """What a look-up shows in place of the answer may be anybody's; what was sent after it is ours."""
    town.sandbox.fail(method="POST", path="/v1/customers", drop=True, when="after", times=1)
    assert run(town, "eu") == {"created": 1}
    run(town, "b2b")
    run(town, None)
    assert tags(town) == ("warehouse", "eu")


def test_nothing_was_changed(town):
    """A 304 to the POST says that somebody was faster: the tag is theirs."""
    run(town, None)
    town.sandbox.fail(method="POST", path=PATH, status=304, times=1)
    run(town, "eu")
    by_hand(town, "POST", "eu")
    run(town, "eu", company="Pear")
    run(town, None)
    assert tags(town) == ("warehouse", "eu")


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_removal_that_was_not_answered(town, when):
    """It is asked for again in the next run; what was there already is not asked for."""
    run(town, "eu,b2b")
    town.sandbox.fail(method="DELETE", path=PATH, drop=True, when=when)
    assert run(town, "b2b,x") == {"rejected": 1}
    town.sandbox.faults.clear()
    assert run(town, "b2b,x") == {"updated": 1}
    assert [one[:2] for one in writes(town)] == [("DELETE", "tags")] * (when == "before") + [
        ("POST", "tags")
    ]
    assert tags(town) == ("warehouse", "b2b", "x")


def test_between_the_two_requests(town):
    """Where the second request is refused, the report has what the first one has done; what is gone is nobody's."""
    run(town, "eu,b2b")
    town.sandbox.fail(method="POST", path=PATH, status=422, times=1)
    assert run(town, "b2b,x") == {"rejected": 1}
    (line,) = town.lines("changes.jsonl")
    assert line["outcome"] == "rejected"
    assert line["changes"] == {"tags": [["warehouse", "eu", "b2b"], ["warehouse", "b2b"]]}
    by_hand(town, "POST", "eu")
    assert run(town, "b2b,y") == {"updated": 1}
    assert tags(town) == ("warehouse", "b2b", "eu", "y")


def test_a_removal_that_is_ignored(town):
    """What ChartMogul leaves there is a warning, and no reason to ask for it in every run."""
    run(town, "eu,b2b")
    town.sandbox.fail(
        method="DELETE", path=PATH, status=200, body='{"tags": ["warehouse", "eu", "b2b"]}'
    )
    assert run(town, "b2b") == {"unchanged": 1}
    (line,) = town.lines("changes.jsonl")
    assert [one["code"] for one in line["warnings"]] == ["dropped"]
    assert run(town, "b2b") == {"unchanged": 1}
    assert writes(town) == []
