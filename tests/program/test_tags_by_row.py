"""Tags by row through the commands: what `preview`, `explain`, `audit`, plans and `undo` say and do about them."""

import json

import pytest

from tests.support.people import People
from tests.support.program import MAPPING

TAGGED = (
    MAPPING.replace("  email: email\n", "") + 'tags: [warehouse, {column: email, separator: ","}]\n'
)
REMOVAL = {"tags": [["warehouse", "b2b", "eu"], ["warehouse", "eu", "new"]]}


@pytest.fixture
def tagged(desk):
    """A customer with two tags of its row; the row has one of them no more, and another one instead."""
    desk.mapping(TAGGED)
    desk.rows({"email": "b2b,eu"})
    assert desk("run").code == 0
    desk.rows({"email": "eu, new"})
    desk.place.forget()
    return desk


def tags(desk):
    """The tags that ChartMogul shows."""
    return desk.place.customers()["cus_1"]["attributes"]["tags"]


def test_before_it_is_sent(tagged):
    """`preview` shows the row's tags, `explain` the difference and its requests, `audit` that the record differs."""
    assert "tags: warehouse, eu, new" in tagged("preview").out
    told = tagged("explain", "customers", "cus_1", "--json").json
    assert told["difference"] == {
        "tags": {"chartmogul": REMOVAL["tags"][0], "row": REMOVAL["tags"][1], "edited": False}
    }
    assert [one.partition(" ")[0] for one in told["requests"]["sent"]] == ["DELETE", "POST"]
    ended = tagged("audit", "--json")
    assert (ended.code, ended.json["mappings"][0]["rows"]["different"]) == (1, 1)
    assert ended.json["mappings"][0]["fields"]["tags"]["different"] == 1
    assert tagged.place.writes() == []


def test_what_somebody_took_off_differs(tagged):
    """A record that lacks a tag of its row differs; tags of others do not."""
    tagged.rows({"email": "b2b,eu"})
    people = People(tagged.place)
    people.tag("cus_1", "vip")
    assert tagged("audit").code == 0
    people.ask("DELETE", f"/customers/{people.uuid('cus_1')}/attributes/tags", {"tags": ["eu"]})
    ended = tagged("audit", "--json")
    assert ended.code == 1
    assert ended.json["mappings"][0]["fields"]["tags"]["different"] == 1


def test_put_back(tagged):
    """`undo` takes off what the run added and puts back what it removed, which is somebody else's from then on."""
    assert tagged("run").code == 0
    assert tagged.changes()[0]["changes"] == REMOVAL
    run = (tagged.place.folder / "reports" / "latest").resolve().name
    dry = tagged("undo", run, "--dry-run", "--json").json["mappings"][0]["requests"]["total"]
    undone = tagged("undo", run, "--json")
    assert undone.rows == {"read": 1, "updated": 1}
    assert set(tags(tagged)) == {"warehouse", "b2b", "eu"}
    assert undone.json["mappings"][0]["requests"]["total"] == dry + 2
    People(tagged.place).tag("cus_1", "new")
    tagged.rows({"email": "other"})
    assert tagged("run").code == 0
    assert set(tags(tagged)) == {"warehouse", "b2b", "new", "other"}


def test_a_plan(tagged):
    """A plan lists what is removed, and removes nothing more; made without the state it removes nothing."""
    plan = tagged.place.folder / "plan.jsonl"
    assert tagged("run", "--dry-run", "--plan", str(plan)).code == 0
    assert json.loads(plan.read_text().splitlines()[1])["changes"] == REMOVAL
    bare = tagged.place.folder / "bare.jsonl"
    nowhere = f"sqlite:///{tagged.place.folder / 'nowhere.db'}"
    assert tagged("run", "--dry-run", "--plan", str(bare), SYNC_STATE_URL=nowhere).code == 0
    assert tagged("run", "--plan", str(bare)).code == 0
    assert tags(tagged) == ["warehouse", "b2b", "eu", "new"]
    assert tagged("run", "--plan", str(plan)).code == 0
    assert tags(tagged) == ["warehouse", "eu", "new"]
    assert tagged("run", "--json").rows == {"read": 1, "unchanged": 1}


def test_a_comment(tagged):
    """A dry run's Markdown counts a removal among what is risky."""
    told = tagged("run", "--dry-run", "--format", "markdown").out
    assert "**removes** tags of 1 record" in told
