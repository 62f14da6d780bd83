"""Customers while ChartMogul, or the way to it, is in trouble: each row is told, and arrives once."""

from datetime import timedelta

import pytest

from sync.errors import EXIT_RAIL, EXIT_REJECTED, EXIT_SERVER
from sync.sandbox.answer import Answer
from sync.sandbox.sandbox import DATA_SOURCE
from tests.support.contacts import Town, call, counts

MAPPING = """\
version: 1
source: {table: accounts}
destination: {object: customer}
fields: {external_id: id, company: company, city: city}
attributes:
  seats: {column: seats, type: Integer}
  partner: {column: partner, type: Boolean}
tags: [warehouse]
extra_columns: ignore
"""
COLUMNS = "id, company, city, seats, partner"
NAMES = tuple(f"c{n}" for n in range(8))
HTML = {"body": "<html>Sign in</html>", "content_type": "text/html"}
#: Answers that say nothing about whether the request was carried out, and requests that were not.
SPELLS = (
    {"status": 500},
    {"status": 500, "when": "after"},
    {"status": 502, **HTML},
    {"status": 502, "when": "after", **HTML},
    {"status": 503},
    {"status": 503, "when": "after", "retry_after": 1},
    {"status": 504, "when": "after"},
    {"status": 429},
    {"status": 429, "retry_after": 2},
    {"drop": True},
    {"drop": True, "when": "after"},
    HTML,
    {"body": ""},
    {"body": "null"},
    {"body": "[]"},
    {"truncate": True},
    {"delay": 40.0},
)


@pytest.fixture
def town(tmp_path):
    """Eight accounts, and nothing in ChartMogul."""
    town = Town(tmp_path)
    fill(town)
    town.write("customers", MAPPING)
    return town


def fill(town, company="Quince", names=NAMES, partner=1, seats=5):
    """The accounts as they are from now on."""
    rows = [(name, company, "Bonn", seats, partner) for name in names]
    town.table("accounts", COLUMNS, *rows)


def customers(town):
    """What ChartMogul holds by key; one that is there twice fails here."""
    shown = [town.sandbox.world.show(one) for one in town.sandbox.world.customers.values()]
    found = {one["external_id"]: one for one in shown}
    assert len(found) == len(shown)
    return found


def told(run):
    """The counts of the customers' mapping."""
    return counts(run, "customers")


def writes(town):
    """Method, and path without uuids, of every write of the last run."""
    calls = (call for call in town.sandbox.requests if call.method != "GET")
    return [f"{c.method} {'/'.join(c.path.split('/')[2:5:2])}" for c in calls]


@pytest.mark.parametrize("spell", SPELLS, ids=str)
def test_creates_under_a_spell(town, spell):
    """Three answers are unusable, whatever became of the requests: every customer is there, once."""
    town.sandbox.fail(method="POST", path="/v1/customers", times=3, **spell)
    assert told(town.run()) == {"created": 8}
    assert sorted(customers(town)) == sorted(NAMES)
    assert told(town.run(full=True)) == {"unchanged": 8}
    assert writes(town) == []


@pytest.mark.parametrize("spell", SPELLS, ids=str)
def test_changes_under_a_spell(town, spell):
    """Look-ups, updates, attributes, removals and tags are repeated until they are answered."""
    town.run()
    text = MAPPING.replace("[warehouse]", "[warehouse, new]")
    town.write("customers", text.replace("type: Integer", "type: Integer, on_null: clear"))
    fill(town, "Changed", partner=0, seats=None)
    for method in ("GET", "PATCH", "POST", "DELETE"):
        town.sandbox.fail(method=method, path="/v1/customers*", times=2, **spell)
    run = town.run()
    assert told(run) == {"updated": 8}
    # An answer to DELETE may say nothing; where one to any change says nothing, a look takes the place of repeats.
    assert run.mappings[0].requests.retried in ((2,) if spell == {"body": ""} else (6, 8))
    for held in customers(town).values():
        assert held["company"] == "Changed"
        assert held["attributes"]["custom"] == {"partner": False}
        assert held["attributes"]["tags"] == ["warehouse", "new"]
    assert told(town.run(full=True)) == {"unchanged": 8}


@pytest.mark.parametrize("status", [401, 402, 403])
def test_a_key_that_is_taken_away_in_mid_run(town, status):
    """The run ends with 3 and one message; what arrived is known, the next run does the rest."""
    own = {} if status == 403 else {"body": "no"}  # a stranger's 403 says nothing of the key
    town.sandbox.fail(method="POST", path="/v1/customers", every=4, status=status, **own)
    run = town.run()
    assert (run.exit_code, str(run.status)) == (EXIT_SERVER, "failed")
    assert str(status) in (run.mappings[0].error or "")
    rows = run.mappings[0].rows
    assert rows.created == len(customers(town))
    assert rows.rejected == 0
    assert rows.read == rows.created + rows.unprocessed == 8
    town.sandbox.faults.clear()
    after = {"created": 8 - rows.created, "unchanged": rows.created}
    assert told(town.run()) == {name: count for name, count in after.items() if count}


def test_a_redirect_is_not_followed(town):
    """The key is not carried elsewhere; the run ends and names the variable to mend."""
    answer = town.sandbox.answer

    def elsewhere(method, path, *rest, **more):
        if path == "/v1/account":
            return Answer(302, {"location": "https://elsewhere.example/v1/account"}, b"")
        return answer(method, path, *rest, **more)

    town.sandbox.answer = elsewhere
    run = town.run()
    assert run.exit_code == EXIT_SERVER
    assert "CHARTMOGUL_API_URL" in (run.mappings[0].error or "")
    assert len(town.sandbox.requests) == 0


def test_nobody_answers_any_more(town):
    """No row is called updated, and the next run does it all."""
    town.run()
    fill(town, "Changed")
    town.sandbox.fail(path="/v1/customers*", drop=True)
    run = town.run()
    assert run.exit_code in (EXIT_SERVER, EXIT_REJECTED)
    assert run.mappings[0].rows.updated == 0
    town.sandbox.faults.clear()
    assert told(town.run()) == {"updated": 8}


def test_refusals_pass_max_rejected_while_sending(town):
    """The run stops with 4; what was sent until then is known."""
    town.write("customers", MAPPING + "limits: {max_rejected: 2}\n")
    town.sandbox.fail(method="POST", path="/v1/customers", every=2, status=422)
    run = town.run()
    assert (run.exit_code, str(run.status)) == (EXIT_RAIL, "stopped")
    assert "max_rejected" in (run.mappings[0].error or "")
    rows = run.mappings[0].rows
    assert rows.created == len(customers(town))
    assert rows.rejected >= 3
    assert rows.read == rows.decided + rows.unprocessed


def test_a_row_whose_second_request_is_refused(town):
    """It is rejected, changes.jsonl lists what stuck, and a full run sends the rest."""
    town.run()
    fill(town, "Changed", names=("c0",), partner=0)
    town.sandbox.fail(method="POST", path="*/attributes/custom", times=1, status=422)
    assert told(town.run()) == {"rejected": 1}
    assert writes(town) == ["PATCH customers", "POST customers/attributes"]
    (change,) = town.lines("changes.jsonl")
    assert change["outcome"] == "rejected"
    assert change["changes"] == {"company": ["Quince", "Changed"]}
    (error,) = town.lines("errors.jsonl")
    assert (error["stage"], error["http_status"]) == ("send", 422)
    assert customers(town)["c0"]["company"] == "Changed"

    assert told(town.run()) == {"rejected": 1}  # held back, for nothing changed
    assert told(town.run(full=True)) == {"updated": 1}
    assert customers(town)["c0"]["attributes"]["custom"]["partner"] is False


def test_a_customer_that_vanishes_between_look_up_and_write(town):
    """A 404 on its uuid leads back to the key, once: here to a create."""
    town.run()
    fill(town, "Changed", names=("c0",))
    sandbox, answer = town.sandbox, town.sandbox.answer

    def vanishing(method, path, *rest, **more):
        if method == "PATCH":
            sandbox.answer = answer
            assert call(sandbox, "DELETE", path)[0] == 204
        return answer(method, path, *rest, **more)

    sandbox.answer = vanishing
    assert told(town.run()) == {"created": 1}
    assert customers(town)["c0"]["company"] == "Changed"


def merge(town, gone, stays):
    """ChartMogul merges two customers."""
    pair = town.sandbox.world.by_pair
    sides = {
        "from": {"customer_uuid": pair[DATA_SOURCE, gone]},
        "into": {"customer_uuid": pair[DATA_SOURCE, stays]},
    }
    assert call(town.sandbox, "POST", "/v1/customers/merges", body=sides)[0] == 202


def test_a_merge_that_is_taken_apart(town):
    """Two rows of one customer: the later is rejected, until they are two customers again."""
    town.run()
    merge(town, "c1", "c0")
    for _ in range(2):
        assert told(town.run(full=True)) == {"unchanged": 7, "rejected": 1}
        assert [(e["key"], e["code"]) for e in town.lines("errors.jsonl")] == [
            ("c1", "same_record")
        ]
    one = town.sandbox.world.by_pair[DATA_SOURCE, "c0"]
    pair = {"customer_uuid": one, "data_source_uuid": DATA_SOURCE, "external_id": "c1"}
    assert call(town.sandbox, "POST", "/v1/customers/unmerges", body=pair)[0] == 202
    assert told(town.run(full=True)) == {"updated": 1, "unchanged": 7}
    assert customers(town)["c1"]["attributes"]["custom"] == {"seats": 5, "partner": True}


@pytest.mark.parametrize("stays", ["c0", "c1"])
def test_a_merge_is_not_forgotten_by_a_mapping_that_trusts_the_state(town, stays):
    """`live_check: never` does not send a row that was found to be another row's customer."""
    town.write("customers", MAPPING + "live_check: never\n")
    town.run()
    merge(town, "c1" if stays == "c0" else "c0", stays)
    fill(town, "Changed")
    assert told(town.run(full=True)) == {"updated": 7, "rejected": 1}
    assert told(town.run()) == {"unchanged": 7, "rejected": 1}
    assert writes(town) == []


@pytest.mark.parametrize("mend", ["row", "mapping", "time"])
def test_a_row_held_back_is_sent_when_something_changes(town, mend):
    """The row, its mapping, or the time of seven days; not before."""
    fill(town, names=("c0",))
    town.sandbox.fail(method="POST", path="/v1/customers", times=1, status=422)
    assert told(town.run()) == {"rejected": 1}
    for _ in range(2):
        assert told(town.run()) == {"rejected": 1}
        assert [line["code"] for line in town.lines("errors.jsonl")] == ["held_back"]
        assert writes(town) == []
    match mend:
        case "row":
            fill(town, "Other", names=("c0",))
        case "mapping":
            town.write("customers", MAPPING.replace("[warehouse]", "[warehouse, late]"))
        case _:
            town.later = timedelta(days=7, minutes=1)
    assert told(town.run()) == {"created": 1}
