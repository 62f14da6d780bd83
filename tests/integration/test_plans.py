"""A plan made in one place without a state and applied in another with one: in a file, and in a real PostgreSQL."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.program import MAPPING, Desk
from tests.unit.sandbox.caller import Caller

ROWS = 60
CONTACTS = """\
version: 1
source:
  query: select 'p-' || id as id, id as account, 'p' || id || '@x.example' as mail, company from accounts
destination: {object: contact}
fields: {customer_external_id: account, external_id: id, email: mail, title: company}
"""


def rows(desk: Desk, company: str, number: int = ROWS) -> None:
    """The warehouse has so many accounts of this company."""
    desk.rows(*({"id": f"acc-{n:03}", "company": company} for n in range(number)))


@pytest.fixture(params=["sqlite", "postgresql"])
def desk(desk: Desk, request: pytest.FixtureRequest) -> Desk:
    """Half of the customers and contacts are there as an earlier run left them; all rows have changed since."""
    if request.param == "postgresql":
        desk.place.state = request.getfixturevalue("database")
    desk.mapping(MAPPING)
    desk.mapping(CONTACTS, "contacts")
    rows(desk, "First", ROWS // 2)
    assert desk("run").code == 0
    rows(desk, "Second")
    desk.place.forget()
    return desk


def made(desk: Desk) -> Path:
    """A plan, made where there is no state."""
    elsewhere = {"SYNC_STATE_URL": "sqlite:///none.db", "SYNC_REPORTS": "elsewhere"}
    ended = desk("run", "--dry-run", "--plan", "plan.jsonl", **elsewhere)
    assert ended.code == 0, ended.err
    assert desk.place.writes() == []
    return desk.place.folder / "plan.jsonl"


def listed(plan: Path) -> dict[tuple[str, str], dict[str, object]]:
    """What a plan lists, by mapping and key."""
    lines = [json.loads(line) for line in plan.read_text().splitlines()[1:]]
    return {(one["mapping"], one["key"]): one["changes"] for one in lines}


def sent(desk: Desk) -> dict[tuple[str, str], dict[str, object]]:
    """What the newest run sent."""
    return {(one["mapping"], one["key"]): one["changes"] for one in desk.changes()}


def edit(desk: Desk, key: str, **fields: object) -> None:
    """Somebody changes a customer by hand."""
    sandbox = desk.place.sandbox
    uuid = sandbox.sandbox.world.by_pair[sandbox.data_source, key]
    answer = Caller(sandbox.sandbox, sandbox.key)("PATCH", f"/customers/{uuid}", fields)
    assert answer.status == 200


def test_the_loop_of_a_pull_request(desk):
    """What was looked at is sent; a record that somebody edited since is a conflict, and the others arrive."""
    plan = made(desk)
    planned = listed(plan)
    assert len(planned) == 2 * ROWS
    edit(desk, "acc-003", company="By hand")
    applied = desk("run", "--plan", str(plan), "--json")

    assert applied.code == 1
    conflicts = [(e["key"], e["code"], e["field"]) for e in desk.errors()]
    assert conflicts == [("acc-003", "conflict", "company")]
    assert sent(desk) == {
        key: change for key, change in planned.items() if key != ("customers", "acc-003")
    }
    companies = {key: one["company"] for key, one in desk.place.customers().items()}
    assert companies.pop("acc-003") == "By hand"
    assert set(companies.values()) == {"Second"}
    assert len(companies) == ROWS - 1


def test_cut_off_in_the_middle(desk):
    """Killed half-way, and applied again, the rest arrives and nothing is there twice."""
    plan = made(desk)
    planned = listed(plan)
    environment = {**os.environ, **desk.place.environment}
    environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    command = [sys.executable, "-m", "sync", "run", "--plan", str(plan)]
    process = subprocess.Popen(
        command, env=environment, cwd=desk.place.folder, stderr=subprocess.PIPE
    )
    until = time.monotonic() + 60
    while len(desk.place.writes()) < ROWS // 2 and time.monotonic() < until:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert ROWS // 2 <= len(desk.place.writes()) < 2 * ROWS

    again = desk("run", "--plan", str(plan), "--json")
    assert again.code == 0, desk.errors()
    assert sent(desk).items() <= planned.items()
    counts = [one["rows"] for one in again.json["mappings"]]
    assert [one["read"] for one in counts] == [ROWS, ROWS]
    assert sum(one["unchanged"] for one in counts) > 0
    assert len(desk.place.customers()) == ROWS
    assert len(desk.place.sandbox.sandbox.world.contacts) == ROWS
    desk.place.forget()
    assert desk("run", "--json").code == 0
    assert desk.place.writes() == []


def test_requests(desk):
    """An apply takes no more requests than the run would have."""
    plan = made(desk)
    estimate = desk("run", "--dry-run", "--json").json["mappings"]
    applied = desk("run", "--plan", str(plan), "--json").json["mappings"]
    looks = [one["requests"]["total"] for one in estimate]
    writes = [one["rows"]["created"] + one["rows"]["updated"] for one in applied]
    # The parents of contacts that were to come, when the dry run looked, are one listing.
    assert sum(one["requests"]["total"] for one in applied) <= sum(looks) + sum(writes) + 2
