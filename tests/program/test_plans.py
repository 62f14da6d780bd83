"""Plans through the command line: made in one place, applied in another, and nothing is sent that they do not list."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.support.program import MAPPING, Desk, Ended
from tests.unit.sandbox.caller import Caller

ROWS = ({"id": "a"}, {"id": "b"}, {"id": "c"}, {"id": "new"})
CHANGED = (
    {"id": "a", "company": "Second", "country": "AT"},
    {"id": "b", "seats": 7},
    {"id": "c"},
    {"id": "new", "company": "New"},
)

#: A second mapping of the same customers.
TEAMS = """\
version: 1
source: {query: "select id, country as team from accounts"}
destination: {object: customer}
fields: {external_id: id}
tags: [{column: team, separator: ","}]
"""


def lines(file: Path) -> list[dict[str, Any]]:
    """The lines of a JSONL file."""
    return [json.loads(line) for line in file.read_text().splitlines()]


@pytest.fixture
def desk(desk):
    """Three customers are there as an earlier run left them; the warehouse has changed two and added one."""
    desk.rows(*ROWS[:3])
    assert desk("run").code == 0
    desk.rows(*CHANGED)
    desk.place.forget()
    return desk


@pytest.fixture
def plan(desk: Desk) -> Path:
    """Where plans are made."""
    return desk.place.folder / "plan.jsonl"


def make(desk: Desk, plan: Path, *arguments: str, **variables: str) -> list[dict[str, Any]]:
    """A plan, made without sending anything; its lines."""
    made = desk("run", "--dry-run", "--plan", str(plan), *arguments, **variables)
    assert made.code == 0, made.err
    assert desk.place.writes() == []
    return lines(plan)


def apply(desk: Desk, plan: Path, *arguments: str, **variables: str) -> Ended:
    """A plan, applied."""
    return desk("run", "--plan", str(plan), "--json", *arguments, **variables)


def edit(desk: Desk, key: str, **fields: object) -> None:
    """Somebody changes a customer by hand."""
    sandbox, source = desk.place.sandbox, desk.place.sandbox.data_source
    uuid = sandbox.sandbox.world.by_pair[source, key]
    answer = Caller(sandbox.sandbox, sandbox.key)("PATCH", f"/customers/{uuid}", fields)
    assert answer.status == 200, answer


ELSEWHERE = {"SYNC_STATE_URL": "sqlite:///elsewhere.db", "SYNC_REPORTS": "other"}


def test_what_a_plan_is(desk, plan):
    """A head, then the lines of changes.jsonl with the hash of each record; private."""
    head, *planned = make(desk, plan)

    assert stat.S_IMODE(plan.stat().st_mode) == 0o600
    assert (head["plan"], len(head["salt"])) == (1, 32)
    assert {"plan", "tool", "at", "account", "salt", "mappings"} <= head.keys()
    (mapping,) = head["mappings"]
    assert {"mapping", "file", "digest", "data_source", "types", "rows"} <= mapping.keys()
    assert (mapping["mapping"], mapping["rows"]) == ("customers", 4)
    assert mapping["types"] == {"seats": "Integer"}
    assert mapping["data_source"] == desk.place.sandbox.data_source
    (report,) = (p for p in (desk.place.folder / "reports").iterdir() if _is_dry(p))
    hashes = [line.pop("hash") for line in planned]
    assert planned == lines(report / "changes.jsonl")
    assert len(set(hashes)) == len(planned) == 3


def _is_dry(report: Path) -> bool:
    summary = report / "summary.json"
    return not report.is_symlink() and json.loads(summary.read_text())["dry_run"]


def test_made_here_and_applied_there(desk, plan):
    """A plan that was made without a state is applied where there is one: what it lists is sent, field by field."""
    _, *planned = make(desk, plan, **ELSEWHERE)
    assert not (desk.place.folder / "elsewhere.db").exists()
    applied = apply(desk, plan)

    assert (applied.code, applied.rows) == (
        0,
        {"read": 4, "created": 1, "updated": 2, "unchanged": 1},
    )
    assert {c["key"]: c["changes"] for c in desk.changes()} == {
        c["key"]: c["changes"] for c in planned
    }
    assert len(desk.place.writes()) == 3
    assert desk("run", "--dry-run", "--json").rows == {"read": 4, "unchanged": 4}


def test_an_edited_record_is_a_conflict(desk, plan):
    """Of a record that somebody edited since, nothing is sent; the others arrive."""
    make(desk, plan, **ELSEWHERE)
    edit(desk, "a", country="CH")
    applied = apply(desk, plan)

    assert (applied.code, applied.rows) == (
        1,
        {"read": 4, "created": 1, "updated": 1, "unchanged": 1, "rejected": 1},
    )
    (error,) = desk.errors()
    told = {name: error[name] for name in ("key", "stage", "code", "field", "value")}
    assert told == {
        "key": "a",
        "stage": "plan",
        "code": "conflict",
        "field": "country",
        "value": "CH",
    }
    assert error["message"].startswith("ChartMogul has changed since the plan was made")
    held = desk.place.customers()["a"]
    assert (held["company"], held["address"]["country"]) == ("Quince", "Switzerland")


def test_an_edited_row_is_a_conflict(desk, plan):
    """A row that has changed since is not sent, neither as planned nor as it is; the next run sends it."""
    make(desk, plan)
    desk.rows({**CHANGED[0], "company": "Third"}, *CHANGED[1:])
    applied = apply(desk, plan)

    assert applied.code == 1
    (error,) = desk.errors()
    assert (error["key"], error["code"], error["field"]) == ("a", "conflict", "company")
    assert error["message"].startswith("the row has changed since the plan was made")
    assert desk.place.customers()["a"]["company"] == "Quince"
    assert desk("run", "--json").rows == {"read": 4, "updated": 1, "unchanged": 3}


def test_a_field_that_is_not_listed_is_not_sent(desk, plan):
    """What somebody changed in another field since stays as it is, and the next run looks at it."""
    make(desk, plan)
    edit(desk, "a", email="somebody@quince.example")
    applied = apply(desk, plan)

    assert (applied.code, applied.rows["updated"]) == (0, 2)
    (change,) = (line for line in desk.changes() if line["key"] == "a")
    assert change["changes"] == {"company": ["Quince", "Second"], "country": ["DE", "AT"]}
    assert desk.place.customers()["a"]["email"] == "somebody@quince.example"
    assert desk("run", "--json").rows == {"read": 4, "updated": 1, "unchanged": 3}
    assert desk.place.customers()["a"]["email"] == "a@quince.example"


def test_what_is_not_planned_is_skipped(desk, plan):
    """A row that is no longer as any run left it, and not in the plan, waits for a run without one."""
    make(desk, plan, "--key", "b")
    applied = apply(desk, plan)

    assert (applied.code, applied.rows) == (
        0,
        {"read": 4, "updated": 1, "unchanged": 1, "skipped": 2},
    )
    assert len(desk.place.writes()) == 1
    assert desk("run", "--json").rows == {"read": 4, "created": 1, "updated": 1, "unchanged": 2}


def test_applied_again(desk, plan):
    """What a plan lists is unchanged where it is there already: with the state of the first time, and without."""
    make(desk, plan)
    assert apply(desk, plan).code == 0
    desk.place.forget()

    for state in ({}, ELSEWHERE):
        again = apply(desk, plan, **state)
        assert (again.code, again.rows) == (0, {"read": 4, "unchanged": 4})
    assert desk.place.writes() == []


def test_no_more_requests_than_a_run(desk, plan):
    """A plan's apply takes the requests of a run."""
    make(desk, plan)
    applied = apply(desk, plan)
    requests = applied.json["mappings"][0]["requests"]
    assert requests["total"] - requests["GET"] == 3
    desk.rows(*({**row, "seats": 9} for row in CHANGED))
    make_again = desk("run", "--dry-run", "--plan", str(plan), "--json")
    assert make_again.code == 0
    planned = apply(desk, plan).json["mappings"][0]["requests"]["total"]
    desk.rows(*({**row, "seats": 10} for row in CHANGED))
    assert planned <= desk("run", "--json").json["mappings"][0]["requests"]["total"]


def test_a_row_that_is_gone(desk, plan):
    """A line without a row is said, then and in the report, and costs the exit code; nothing of it is sent."""
    make(desk, plan)
    desk.rows(*CHANGED[:3])
    applied = desk("run", "--plan", str(plan), SYNC_LOG="text")

    assert applied.code == 1
    said = "1 line of the plan has no row any more"
    assert said in applied.err
    assert desk("report", "--json").json["summary"]["mappings"][0]["unmet"] == 1
    for how in ("text", "markdown", "github", "junit"):
        assert said in desk("report", "--format", how).out
    assert said in (desk.place.folder / "reports" / "latest" / "report.html").read_text()
    assert "new" not in desk.place.customers()


def test_a_deleted_record_is_a_conflict(desk, plan):
    """What a plan would change, and ChartMogul no longer has, is not created."""
    make(desk, plan)
    sandbox = desk.place.sandbox
    uuid = sandbox.sandbox.world.by_pair[sandbox.data_source, "a"]
    assert Caller(sandbox.sandbox, sandbox.key)("DELETE", f"/customers/{uuid}").status == 204
    applied = apply(desk, plan)

    assert (applied.code, applied.rows["rejected"]) == (1, 1)
    assert desk.errors()[0]["code"] == "conflict"
    assert "a" not in desk.place.customers()


def test_rails_are_judged_on_the_plan(desk, plan):
    """More updates than the limit allows stop it, though half of them are there already."""
    desk.mapping(MAPPING + "limits: {max_updates: 1}\n")
    made = desk("run", "--dry-run", "--plan", str(plan), "--override", "max_updates")
    assert made.code == 0
    edit(desk, "b", attributes={"custom": {"seats": 7}})
    desk.place.forget()

    assert apply(desk, plan).code == 4
    assert desk.place.writes() == []
    assert apply(desk, plan, "--override", "max_updates").code == 0


def test_held_back_rows_stay_so(desk, plan):
    """The state of who applies a plan has its say."""
    desk.place.sandbox.sandbox.fail(
        method="POST", path="/v1/customers", times=1, status=422,
        body='{"code": 422, "message": "no", "param": "company"}',
    )  # fmt: skip
    assert desk("run").code == 1
    desk.place.forget()
    _, *planned = make(desk, plan, **ELSEWHERE)
    assert [line["key"] for line in planned] == ["new"]
    applied = apply(desk, plan)

    assert (applied.code, applied.rows["rejected"]) == (1, 1)
    assert desk.errors()[0]["code"] == "held_back"
    assert desk.place.writes() == []
    assert apply(desk, plan, "--full").code == 0
    assert len(desk.place.writes()) == 1


@pytest.mark.parametrize("how", ["unless_edited", "reject_edited"])
def test_fields_of_nobody_knows_whose(desk, plan, how):
    """A plan that is made without the state leaves out what might be edited, and counts it."""
    desk.mapping(MAPPING + f"overwrite: {how}\n")
    told = desk("run", "--dry-run", "--plan", str(plan), SYNC_LOG="text", **ELSEWHERE)
    assert told.code == 0
    assert "the plan leaves them out" in told.err
    head, *planned = lines(plan)
    assert head["mappings"][0]["left_out"] == {"attributes.seats": 1, "company": 1, "country": 1}
    assert {line["key"]: list(line["changes"]) for line in planned if line["changes"]} == {
        "new": ["company", "country", "email", "lead_created_at", "attributes.seats"]
    }
    head, *planned = make(desk, plan)
    assert head["mappings"][0]["left_out"] == {}
    assert {line["key"] for line in planned} == {"a", "b", "new"}


CONTACTS = """\
version: 1
source:
  query: select 'p-' || id as id, id as account, 'p' || id || '@x.example' as mail from accounts
destination: {object: contact}
fields: {customer_external_id: account, external_id: id, email: mail}
"""


def test_two_mappings_of_one_record(desk, plan):
    """The second goes on with what the first has created, also where the plan was made without a state."""
    desk.mapping(TEAMS, "teams")
    listed = make(desk, plan, SYNC_STATE_URL="sqlite:///none.db")
    new = [
        (one["mapping"], one["outcome"], one["uuid"]) for one in listed[1:] if one["key"] == "new"
    ]
    assert new == [("customers", "created", None), ("teams", "updated", None)]
    ended = apply(desk, plan)
    assert ended.code == 0, desk.errors()
    assert [part["rows"]["rejected"] for part in ended.json["mappings"]] == [0, 0]
    attributes = desk.place.customers()["new"]["attributes"]
    assert attributes["tags"] == [desk.place.customers()["new"]["country"]]


def test_contacts_follow_customers_of_the_plan(desk, plan):
    """A contact whose customer the plan creates is created after it."""
    desk.mapping(CONTACTS, "contacts")
    make(desk, plan)
    applied = apply(desk, plan)

    assert applied.code == 0, desk.errors()
    created = {m["mapping"]: m["rows"]["created"] for m in applied.json["mappings"]}
    assert created == {"customers": 1, "contacts": 4}


def test_two_mappings_of_one_contact(desk, plan):
    """The second mapping goes on with the contacts that the first one creates, by their e-mail as well."""
    desk.mapping(CONTACTS, "contacts")
    second = CONTACTS.replace("mail from", "mail, 'CTO' as role from")
    second = second.replace("email: mail}", "email: mail, title: role}").replace(
        "external_id: id, ", ""
    )
    desk.mapping(second.replace("'p-' || id as id, ", ""), "roles")
    _, *listed = make(desk, plan)
    new = [(one["mapping"], one["outcome"]) for one in listed if "new" in one["key"]]
    assert new == [("customers", "created"), ("contacts", "created"), ("roles", "updated")]
    applied = apply(desk, plan)
    assert applied.code == 0, desk.errors()
    counts = {m["mapping"]: m["rows"] for m in applied.json["mappings"]}
    assert (counts["contacts"]["created"], counts["roles"]["updated"]) == (4, 4)


def test_what_was_applied_and_undone_stays_so(desk, plan):
    """Also of a record in which somebody has edited another field, which the plan does not list."""
    make(desk, plan)
    edit(desk, "a", email="somebody@quince.example")
    applied = apply(desk, plan)
    assert desk("undo", applied.json["run_id"]).code == 0
    for _ in range(2):
        assert desk("run", "--json").rows == {"read": 4, "unchanged": 2, "skipped": 2}


@pytest.mark.parametrize("how", ["unless_edited", "reject_edited"])
def test_made_with_a_state_and_applied_without(desk, plan, how):
    """Whose values win was decided when the plan was made: all that it lists is sent."""
    desk.mapping(MAPPING + f"overwrite: {how}\n")
    planned = make(desk, plan)[1:]
    assert len(planned) == 3
    applied = apply(desk, plan, **ELSEWHERE)
    assert applied.rows == {"read": 4, "created": 1, "updated": 2, "unchanged": 1}
    assert applied.json["mappings"][0]["warnings"] == 0


# What a plan may not be


def refused(desk: Desk, plan: Path, *arguments: str) -> str:
    """What is said of a plan that cannot be applied: exit 2 before the query, nothing sent."""
    ended = desk("run", "--plan", str(plan), *arguments, WAREHOUSE_URL="sqlite:////nowhere/a.db")
    assert ended.code == 2, ended.err
    assert desk.place.writes() == []
    return ended.err


def test_another_mapping(desk, plan):
    """A mapping that has changed since, one that is missing, and one that the plan does not have."""
    make(desk, plan)
    desk.mapping(MAPPING + "tags: [warehouse]\n")
    assert "the mapping has changed since the plan was made" in refused(desk, plan)
    desk.mapping(MAPPING)
    desk.mapping(MAPPING.replace("accounts", "accounts where id > 0"), "others")
    assert "the plan is not for the mapping others" in refused(desk, plan, "mappings")
    assert "the plan is for the mapping customers" in refused(desk, plan, "mappings/others.yml")


def test_another_data_source(desk, plan):
    """The data source of the plan and no other."""
    make(desk, plan)
    other = "ds_ffffffff-ffff-4fff-8fff-ffffffffffff"
    ended = apply(desk, plan, CHARTMOGUL_DATA_SOURCE=other)
    assert ended.code == 2
    assert f"was made for the data source {desk.place.sandbox.data_source}" in ended.err
    assert desk.place.writes() == []


def test_another_account(desk, plan):
    """The account of the plan and no other, even with the same data source; nothing is asked of the warehouse."""
    make(desk, plan)
    with desk.place.sandbox.sandbox.lock:
        world = desk.place.sandbox.sandbox.world
        world.account = {**world.account, "id": "acc_another"}
    assert "was made for the account" in refused(desk, plan)


def test_bad_plans(desk, plan):
    """One sentence with the place; exit 2, nothing is sent."""
    make(desk, plan)
    made = plan.read_text()
    plan.write_text(made[: len(made) // 2 + 30])
    assert "the plan is cut off" in refused(desk, plan)
    plan.write_text(made.replace("Second", "Sekond"))
    assert "plan.jsonl:2" in refused(desk, plan)


def test_no_file(desk, tmp_path):
    """A file that is missing, and a folder."""
    assert "cannot be read" in refused(desk, tmp_path / "nowhere.jsonl")
    assert "this is a folder" in refused(desk, tmp_path)


def test_a_plan_overwrites_plans_only(desk, plan, tmp_path):
    """What is no plan is left alone, a plan is made anew, and a dry run that fails makes none."""
    make(desk, plan)
    first = plan.read_text()
    assert (
        desk("run", "--dry-run", "--plan", str(plan), WAREHOUSE_URL="sqlite:////no/a.db").code == 3
    )
    assert plan.read_text() == first
    make(desk, plan)
    assert plan.read_text() != first
    mapping = desk.place.folder / "mappings" / "customers.yml"
    before = mapping.read_text()
    for place in (mapping, tmp_path, tmp_path / "no" / "plan.jsonl"):
        ended = desk("run", "--dry-run", "--plan", str(place))
        assert ended.code == 2, ended.err
    assert mapping.read_text() == before
    assert [p.name for p in tmp_path.glob(".*partial")] == []


# A canary


def test_a_canary(desk):
    """One create and one update are read back before the others; the report has the comparison."""
    desk.rows(*CHANGED, {"id": "newer"})
    ended = desk("run", "--canary", "1", "--json")
    assert (ended.code, ended.rows) == (0, {"read": 5, "created": 2, "updated": 2, "unchanged": 1})
    written = json.loads((desk.place.folder / "reports" / "latest" / "canary.json").read_text())
    assert sorted(one["operation"] for one in written) == ["create", "update"]
    for one in written:
        assert {sent == shown for sent, shown in one["fields"].values()} == {True}
    methods = [call.method for call in desk.place.sandbox.sandbox.calls()]
    assert len(methods) - 1 - methods[::-1].index("GET") < len(methods) - 2


def test_a_canary_that_dies(desk):
    """A refused row ends the run with 4 before anything else is written, in no mapping; the next run goes on."""
    desk.mapping(CONTACTS, "contacts")
    desk.place.sandbox.sandbox.fail(
        method="POST", path="/v1/customers", times=1, status=422,
        body='{"code": 422, "message": "no", "param": "company"}',
    )  # fmt: skip
    ended = desk("run", "--canary", "1", "--json")
    assert ended.code == 4
    assert [m["status"] for m in ended.json["mappings"]] == ["failed", "stopped"]
    assert "not started" in ended.json["mappings"][0]["error"]
    assert len(desk.place.writes()) == 2
    (report,) = (desk.place.folder / "reports" / "latest").glob("canary.json")
    assert {one["refused"] for one in json.loads(report.read_text())} == {None, "refused"}
    assert desk("run", "--canary", "1", "--dry-run").code == 2


def test_a_mapping_that_has_moved(desk, plan):
    """A plan whose mapping file is not there says so, and what helps; nothing is asked."""
    make(desk, plan)
    elsewhere = desk.place.folder / "elsewhere"
    elsewhere.mkdir()
    (desk.place.folder / "mappings" / "customers.yml").rename(elsewhere / "customers.yml")
    desk.place.forget()
    applied = desk("run", "--plan", str(plan))
    assert applied.code == 2
    assert "the plan is for the mapping mappings/customers.yml, which is not there" in applied.err
    assert "or name the mapping after the command" in applied.err
    assert desk.place.sandbox.sandbox.calls() == []
    assert desk("run", "elsewhere/customers.yml", "--plan", str(plan)).code == 0
