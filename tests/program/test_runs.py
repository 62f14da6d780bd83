"""Whole runs against the sandbox: what each setting and each turn of events does, and that the counts add up."""

import json
from typing import Any

import pytest

from sync.domain.record import Object
from sync.domain.results import Run
from sync.engine.context import Selection
from sync.errors import EXIT_CONFIG, EXIT_LOCKED, EXIT_OK, EXIT_RAIL, EXIT_REJECTED
from sync.state.store import Store
from sync.transform.build import RecordBuilder
from tests.support.program import MAPPING
from tests.unit.sandbox.caller import Caller

TWO: tuple[dict[str, object], ...] = ({}, {"id": "cus_2", "company": "Other"})


def counts(run: Run, mapping: int = 0) -> dict[str, int]:
    """The counts that are not zero; they must add up."""
    rows = run.mappings[mapping].rows
    assert rows.read == rows.decided + rows.unprocessed
    names = ("created", "updated", "unchanged", "skipped", "rejected", "unprocessed")
    return {name: getattr(rows, name) for name in names if getattr(rows, name)}


def lines(desk, run: Run, name: str) -> list[dict[str, Any]]:
    """The lines of a report file of a run."""
    file = desk.place.folder / "reports" / run.id / f"{name}.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()]


@pytest.fixture
def place(desk):
    desk.rows(*TWO)
    return desk.place


def test_a_dry_run_writes_nothing_and_says_what_the_next_run_does(desk, place):
    """No write at the server, no state, and the same keys and changes as the run after it."""
    dry = place.run(dry_run=True)
    assert place.writes() == []
    assert not (place.folder / "state.db").exists()
    assert not (place.folder / "reports" / "latest").exists()
    assert counts(dry) == {"created": 2}
    planned = {c["key"]: c["changes"] for c in lines(desk, dry, "changes")}
    run = place.run()
    assert {c["key"]: c["changes"] for c in lines(desk, run, "changes")} == planned

    desk.rows({"country": "AT", "seats": 7}, TWO[1])
    before = (place.folder / "state.db").read_bytes()
    dry = place.run(dry_run=True)
    assert (place.folder / "state.db").read_bytes() == before
    (change,) = lines(desk, dry, "changes")
    assert change["changes"] == {"country": ["DE", "AT"], "attributes.seats": [5, 7]}
    assert counts(dry) == {"updated": 1, "unchanged": 1}


def test_full_looks_everything_up_and_mends_what_people_changed(desk, place):
    """Without --full the state is trusted; with it a value edited in ChartMogul is set right."""
    place.run()
    uuid = str(place.customers()["cus_1"]["uuid"])
    _request(place, "PATCH", f"/customers/{uuid}", {"company": "Edited"})
    assert counts(place.run()) == {"unchanged": 2}
    assert counts(place.run(Selection(full=True))) == {"updated": 1, "unchanged": 1}
    assert place.customers()["cus_1"]["company"] == "Quince"


def test_limit_and_key(desk, place):
    """Only these rows are read, and nothing counts as left."""
    assert counts(place.run(Selection(limit=1))) == {"created": 1}
    assert counts(place.run(Selection(keys=frozenset({"cus_2"})))) == {"created": 1}
    run = place.run(Selection(keys=frozenset({"cus_2"})))
    assert (counts(run), run.mappings[0].left) == ({"unchanged": 1}, 0)


def test_insert_leaves_what_exists_alone(desk, place):
    """Also when it is found only by a look-up."""
    place.run(Selection(limit=1))
    desk.rows({"company": "Changed"}, TWO[1])
    desk.mapping(MAPPING + "mode: insert\n")
    assert counts(place.run()) == {"created": 1, "skipped": 1}
    (place.folder / "state.db").unlink()
    assert counts(place.run()) == {"skipped": 2}
    assert place.customers()["cus_1"]["company"] == "Quince"


def test_update_never_creates(desk, place):
    """The absent is rejected, or skipped where the mapping says so."""
    desk.mapping(MAPPING + "mode: update\n")
    run = place.run()
    assert (counts(run), run.exit_code) == ({"rejected": 2}, EXIT_REJECTED)
    assert {line["code"] for line in lines(desk, run, "errors")} == {"not_found"}
    desk.mapping(MAPPING + "mode: update\nabsent: skip\n")
    run = place.run()
    assert (counts(run), run.exit_code) == ({"skipped": 2}, EXIT_OK)
    assert place.customers() == {}


def test_null_keeps_clears_or_rejects(desk, place):
    """Clearing empties a field and really removes an attribute."""
    place.run()
    desk.rows({"country": None, "seats": None}, TWO[1])
    assert counts(place.run()) == {"unchanged": 2}
    assert place.customers()["cus_1"]["country"] == "DE"
    desk.mapping(MAPPING + "on_null: clear\n")
    place.run()
    cleared = place.customers()["cus_1"]
    assert cleared["country"] is None
    assert "seats" not in cleared["attributes"]["custom"]
    desk.mapping(MAPPING + "on_null: reject\n")
    assert counts(place.run()) == {"unchanged": 1, "rejected": 1}


def test_false_arrives(desk, place):
    """ChartMogul drops `false` in a PATCH; it is sent in the way that sticks."""
    desk.mapping(MAPPING.replace("Integer", "Boolean"))
    desk.rows({"seats": 1})
    place.run()
    desk.rows({"seats": 0})
    assert counts(place.run()) == {"updated": 1}
    assert place.customers()["cus_1"]["attributes"]["custom"]["seats"] is False


def test_what_chartmogul_drops_is_a_warning_once(desk, place):
    """An owner that nobody knows: a warning on the row, then no difference until a full run tries it again."""
    desk.mapping(MAPPING.replace("fields:", "fields:\n  owner: {constant: nobody@mail.example}"))
    run = place.run()
    assert [w["field"] for c in lines(desk, run, "changes") for w in c["warnings"]] == ["owner"] * 2
    place.forget()
    assert counts(place.run()) == {"unchanged": 2}
    assert place.writes() == []
    run = place.run(Selection(full=True))
    assert counts(run) == {"unchanged": 2}
    assert [method for method, _ in place.writes()] == ["PATCH", "PATCH"]
    assert lines(desk, run, "changes") == []


@pytest.mark.parametrize(
    ("limits", "sent"),
    [("max_creates: 1", 0), ("max_requests: 3", 1), ("max_rejected: 0", 0)],
)
def test_rails_stop_a_run(desk, place, limits, sent):
    """With the count, the limit and its name; judged before the first write where that is possible."""
    desk.rows(*TWO, {"id": " padded"} if "rejected" in limits else {"id": "cus_3"})
    desk.mapping(MAPPING + f"limits: {{{limits}}}\n")
    run = place.run()
    assert run.exit_code == EXIT_RAIL
    assert limits.split(":")[0] in (run.mappings[0].error or "")
    assert len(place.writes()) <= sent


def test_max_updates(desk, place):
    """Judged when all look-ups are done."""
    place.run()
    place.forget()
    desk.rows({"company": "A"}, TWO[1] | {"company": "B"})
    desk.mapping(MAPPING + "limits: {max_updates: 50%}\n")
    assert place.run().exit_code == EXIT_RAIL
    assert place.writes() == []
    desk.mapping(MAPPING + "limits: {max_updates: 2}\n")
    assert counts(place.run()) == {"updated": 2}


def test_tolerated_rejections_exit_0(desk, place):
    """The status still says that there were errors."""
    desk.rows(*TWO, {"id": " padded"})
    desk.mapping(MAPPING + "tolerate_rejected: 1\n")
    run = place.run()
    assert (run.exit_code, str(run.status)) == (EXIT_OK, "completed_with_errors")


def test_keys_that_left_are_reported_once(desk, place):
    """And again only after they came back; nothing is deleted."""
    place.run()
    desk.rows(TWO[0])
    run = place.run()
    assert [line["key"] for line in lines(desk, run, "left")] == ["cus_2"]
    assert place.run().mappings[0].left == 0
    desk.rows(*TWO)
    assert place.run().mappings[0].left == 0
    desk.rows(TWO[0])
    assert place.run().mappings[0].left == 1
    assert len(place.customers()) == 2


def test_a_customer_deleted_in_chartmogul_comes_back_when_its_row_changes(desk, place):
    """A known uuid that is gone leads back to the key."""
    place.run()
    uuid = str(place.customers()["cus_1"]["uuid"])
    _request(place, "DELETE", f"/customers/{uuid}")
    desk.rows({"company": "Changed"}, TWO[1])
    assert counts(place.run()) == {"created": 1, "unchanged": 1}


def test_two_rows_of_merged_customers(desk, place):
    """The later row is rejected, so that two rows do not overwrite each other for ever."""
    place.run()
    one, two = (str(place.customers()[key]["uuid"]) for key in ("cus_1", "cus_2"))
    merge = {"from": {"customer_uuid": two}, "into": {"customer_uuid": one}}
    _request(place, "POST", "/customers/merges", merge)
    desk.rows({"company": "A"}, TWO[1] | {"company": "B"})
    run = place.run()
    assert counts(run) == {"updated": 1, "rejected": 1}
    assert [(e["code"], e["key"]) for e in lines(desk, run, "errors")] == [("same_record", "cus_2")]


def test_a_type_that_differs_from_the_state_stops(desk, place):
    """Before the first write, naming both."""
    place.run()
    place.forget()
    desk.rows({"company": "A"})
    desk.mapping(MAPPING.replace("Integer", "Decimal"))
    run = place.run()
    assert run.exit_code == EXIT_CONFIG
    assert "Decimal" in (run.mappings[0].error or "")
    assert "Integer" in (run.mappings[0].error or "")
    assert place.writes() == []


def test_values_that_disagree_about_their_type_stop(desk, place):
    """An extra column of text and numbers asks for a declared type."""
    desk.mapping(
        MAPPING.replace("attributes:\n  seats: {column: seats, type: Integer}\n", "").replace(
            "extra_columns: ignore", "extra_columns: attributes"
        )
    )
    desk.rows({"seats": 1}, TWO[1] | {"seats": "many"})
    run = place.run()
    assert run.exit_code == EXIT_CONFIG
    assert "seats" in (run.mappings[0].error or "")
    assert place.writes() == []


def test_two_mappings_feed_one_customer(desk, place):
    """Each writes its own fields; unchanged rows stay unchanged for both."""
    desk.mapping(
        "version: 1\nsource: {query: 'select id, country from accounts'}\n"
        "destination: {object: customer}\nfields: {external_id: id, city: country}\n",
        "places",
    )
    run = place.run()
    assert (counts(run), counts(run, 1)) == ({"created": 2}, {"updated": 2})
    run = place.run()
    assert (counts(run), counts(run, 1)) == ({"unchanged": 2}, {"unchanged": 2})
    customer = place.customers()["cus_1"]
    assert (customer["company"], customer["city"]) == ("Quince", "DE")


def test_a_rotated_key_is_the_same_account(desk, place):
    """The state goes by the account, not by the key."""
    place.run()
    place.sandbox.sandbox.key = "another-key"
    place.forget()
    assert counts(place.run()) == {"unchanged": 2}


def test_locked_elsewhere(desk, place):
    """The second run on the same records ends with 5, and says who holds them."""
    place.run()
    store = Store.open(f"sqlite:///{place.folder / 'state.db'}")
    source = place.sandbox.data_source
    scope = store.scope(store.account_of(source) or "", source, Object.CUSTOMER)
    store.leases.take([scope], "another")
    run = place.run()
    store.leases.release("another")
    store.close()
    assert run.exit_code == EXIT_LOCKED
    assert str(run.status) == "locked"
    assert "process" in (run.mappings[0].error or "")


def _request(place, method: str, path: str, body: object = None) -> None:
    answer = Caller(place.sandbox.sandbox, place.sandbox.key)(method, path, body)
    assert answer.status < 300


def test_unchanged_rows_are_known_by_sight(desk, place, monkeypatch):
    """Once delivered, a row is not built again until it, or what decides what becomes of it, changes."""
    built: list[int] = []
    build = RecordBuilder.build

    def counted(self, number, row):
        built.append(number)
        return build(self, number, row)

    monkeypatch.setattr(RecordBuilder, "build", counted)
    place.run()
    assert built == [1, 2]
    assert counts(place.run()) == {"unchanged": 2}
    assert counts(place.run(dry_run=True)) == {"unchanged": 2}
    assert built == [1, 2]

    desk.rows(TWO[0], {**TWO[1], "seats": 9})
    assert counts(place.run()) == {"updated": 1, "unchanged": 1}
    assert built == [1, 2, 2]
    desk.mapping(MAPPING + "tolerate_rejected: 1\n")
    assert counts(place.run()) == {"unchanged": 2}
    assert built == [1, 2, 2, 1, 2]
    assert counts(place.run()) == {"unchanged": 2}
    assert built == [1, 2, 2, 1, 2]

    desk.rows(TWO[1])
    assert place.run().mappings[0].left == 1
    assert place.run().mappings[0].left == 0
