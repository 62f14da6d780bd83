"""Several mappings in one run: which are written side by side, and what happens when one of them ends it all."""

import json
from itertools import groupby

import pytest

from sync.domain.results import Run, Status
from sync.errors import EXIT_OK, EXIT_SERVER
from tests.program.test_runs import counts
from tests.support.program import MAPPING

READER = "planted-read-only-key-31d0"


@pytest.fixture
def place(desk):
    desk.rows(*({"id": f"cus_{n}", "company": f"Company {n}"} for n in range(120)))
    desk.place.sandbox.sandbox.limit.most = None  # the runs are faster than time
    desk.place.sandbox.sandbox.slots.most = None
    return desk.place


def half(rest: int) -> str:
    """The mapping of every second row."""
    share = f"select * from accounts where substr(id, 5) % 2 = {rest}"
    return MAPPING.replace("select * from accounts", share)


def creates(place) -> list[int]:
    """The number in the key of every customer that was created, in the order of the requests."""
    made = place.sandbox.sandbox.calls()
    calls = [call for call in made if (call.method, call.path) == ("POST", "/v1/customers")]
    return [int(json.loads(call.body)["external_id"].removeprefix("cus_")) for call in calls]


def changes(numbers: list[int]) -> int:
    """How often the mapping whose row is sent changes."""
    return len(list(groupby(numbers, lambda number: number % 2)))


def test_mappings_without_common_keys_are_written_side_by_side(desk, place):
    """Neither waits for the other, and every row is sent once."""
    desk.mapping(half(0), "customers")
    desk.mapping(half(1), "others")
    run = place.run()
    assert (run.exit_code, counts(run), counts(run, 1)) == (
        EXIT_OK,
        {"created": 60},
        {"created": 60},
    )
    sent = creates(place)
    assert sorted(sent) == list(range(120))
    assert changes(sent) > 2
    place.forget()
    assert counts(place.run(), 1) == {"unchanged": 60}
    assert place.writes() == []


def test_mappings_with_a_common_key_are_written_one_after_the_other(desk, place):
    """The later one has the last word, whatever is fast or slow."""
    desk.mapping(half(0), "customers")
    desk.mapping(half(1).replace(" = 1", " = 1 or id = 'cus_0'") + "tags: [second]\n", "others")
    run = place.run()
    assert (counts(run), counts(run, 1)) == ({"created": 60}, {"created": 60, "updated": 1})
    assert changes(creates(place)) == 2


def test_a_dry_run_tells_one_after_the_other(desk, place):
    """Its preview is read from top to bottom."""
    desk.mapping(half(0), "customers")
    desk.mapping(half(1), "others")
    run = place.run(dry_run=True)
    folder = place.folder / "reports" / run.id
    told = [
        json.loads(line)["mapping"] for line in (folder / "changes.jsonl").read_text().splitlines()
    ]
    assert told == ["customers"] * 60 + ["others"] * 60


def test_what_one_key_may_not_do_ends_its_own_mapping(desk, place):
    """One key may only read: the other mapping is written, and all of it is accounted for."""
    place.sandbox.sandbox.read_only_key = READER
    place.more["READER"] = READER
    desk.mapping(half(0), "customers")
    desk.mapping(
        half(1).replace("object: customer", "object: customer\n  api_key: ${READER}"), "others"
    )
    run: Run = place.run()
    first, second = run.mappings
    assert run.exit_code == EXIT_SERVER
    assert (first.status, second.status) == (Status.SUCCEEDED, Status.FAILED)
    assert (first.error, "READER" in (second.error or "")) == (None, True)
    assert second.rows.created == 0
    assert len(creates(place)) - len(place.customers()) <= 20  # refused, and all under way at once
    assert first.rows.created == len(place.customers()) == 60

    desk.mapping(half(1), "others")
    place.forget()
    assert place.run().exit_code == EXIT_OK
    assert len(place.customers()) == 120
    assert len(creates(place)) == 120 - first.rows.created
