"""Phase one: what the state alone decides, what waits for ChartMogul, and that every row counts once."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from sync.domain.fingerprint import join
from sync.domain.record import Record
from sync.domain.results import Outcome
from sync.engine.read.decision import HELD_FOR
from sync.state.memory import Confirmed, Held, Observed, RejectedRow
from tests.support.bench import EDITION, NOW, Batches, Bench, contact, customer

NAMED = customer({"name": "name"})


@pytest.fixture
def desk(tmp_path):
    """A mapping of customers with a name, and an empty state."""
    desk = Bench(tmp_path, NAMED, ("id", "name"))
    yield desk
    desk.close()


def fingerprint(desk, name, key="a"):
    return desk.hasher.fingerprint(Record(1, key, {"name": name}))


def deliver(desk, key, name, uuid="cus_1"):
    """The state as after a run that delivered this record."""
    fields = desk.hasher.fields({"name": name})
    desk.note(
        [Confirmed(key, uuid, 1, fingerprint(desk, name), join(fields), b"", Outcome.CREATED)]
    )


def refuse(desk, key, name, days=0, uuid=None):
    """The state as after a run in which ChartMogul refused this record, days ago."""
    mark = desk.hasher.mark(fingerprint(desk, name), EDITION)
    held = Held(mark, NOW - timedelta(days=days), 422, "name")
    desk.note([RejectedRow(key, "refused", uuid=uuid, uncertain=True, held=held)])


def gone(desk, reader):
    """What has left the query."""
    moved = desk.store.moved("m", "now", lambda record: reader.seen.row(record) > 0)
    return [left for batch in desk.store.left(desk.scope, moved) for left in batch]


def tally(reader):
    """The counts that are not zero; with what waits they add up."""
    rows = reader.run.rows
    assert rows.read == rows.decided + reader.spool.count()[0]
    names = ("read", "created", "updated", "unchanged", "skipped", "rejected")
    return {name: getattr(rows, name) for name in names if getattr(rows, name)}


def test_new_rows_wait(desk):
    """What the state does not know needs ChartMogul."""
    reader = desk.read(("a", "A"), ("b", "B"), ("c", "C"))

    assert (tally(reader), desk.reported) == ({"read": 3}, [])
    assert desk.waiting() == [1, 2, 3]


def test_entries(desk):
    """What waits has its fingerprint, and the uuid if one is known."""
    deliver(desk, "b", "old", "cus_b")
    desk.read(("a", "A"), ("b", "B"))

    new, known = desk.entries()
    assert (new.uuid, known.uuid) == (None, "cus_b")
    assert fingerprint(desk, "A") == new.fingerprint
    assert known.record.fields == {"name": "B"}


def test_hashes_of_other_rules(desk):
    """A changed row whose hashes were made by other casting rules is marked: it is looked at before it is sent."""
    deliver(desk, "a", "A")
    deliver(desk, "b", "B", "cus_2")
    older = "update sync_synced set rules = 0 where record in (select id from sync_records where key = 'a')"
    desk.store.database.write(lambda connection: connection.execute(text(older)))
    desk.read(("a", "new"), ("b", "new"), ("c", "C"))

    assert [entry.unsure for entry in desk.entries()] == [True, False, False]


def test_unchanged(desk):
    """What was delivered as it is costs nothing."""
    deliver(desk, "a", "A")
    reader = desk.read(("a", "A"))

    assert tally(reader) == {"read": 1, "unchanged": 1}
    assert [(r.reason, r.uuid) for r in desk.reported] == [("nothing changed", "cus_1")]


def test_changed(desk):
    """What changed waits."""
    deliver(desk, "a", "A")

    assert tally(desk.read(("a", "B"))) == {"read": 1}


def test_full(desk):
    """A full run trusts no fingerprint, holds nothing back and looks at what insert would skip."""
    deliver(desk, "a", "A")
    refuse(desk, "b", "B")

    assert tally(desk.read(("a", "A"), ("b", "B"), full=True)) == {"read": 2}
    desk.mapping = NAMED | {"mode": "insert"}
    assert tally(desk.read(("a", "A"), full=True)) == {"read": 1}


def test_without_a_uuid(desk):
    """A record whose uuid was lost is looked up, whatever its fingerprint says."""
    deliver(desk, "a", "A")
    desk.store.forget(desk.scope, "a")

    assert tally(desk.read(("a", "A"))) == {"read": 1}


def test_insert(desk):
    """In mode insert what exists is skipped, changed or not; what is not known to exist waits."""
    desk.mapping = NAMED | {"mode": "insert"}
    deliver(desk, "a", "A")
    desk.note([Observed("b", "cus_b", 1, Outcome.SKIPPED), RejectedRow("c", "refused")])
    reader = desk.read(("a", "other"), ("b", "B"), ("c", "C"), ("d", "D"))

    assert tally(reader) == {"read": 4, "skipped": 2}
    assert desk.waiting() == [3, 4]


def test_rejected_rows(desk):
    """A row that makes no record is rejected; the others go on."""
    reader = desk.read((None, "A"), ("b", "\0"), ("c", "C"))

    assert tally(reader) == {"read": 3, "rejected": 2}
    assert desk.outcomes() == [(1, "invalid_key"), (2, "invalid_text")]
    assert desk.waiting() == [3]


def test_rejected_rows_are_noted(desk):
    """Those with a key are noted in the state, where retry finds them; what was delivered stays known."""
    deliver(desk, "b", "B")
    desk.read((None, "A"), ("b", "\0"))

    assert [RejectedRow("b", "invalid_text")] == desk.noted
    memory = desk.store.recall(desk.scope, "m", ["b"])["b"]
    assert (memory.outcome, memory.code, memory.uuid) == ("rejected", "invalid_text", "cus_1")
    assert tally(desk.read(("b", "B"))) == {"read": 1, "unchanged": 1}


def test_dry_run_notes_nothing(desk):
    """Without a way into the state, rejected rows are only reported."""
    desk.dry_run = True
    desk.read(("a", "\0"))

    assert (desk.noted, desk.outcomes()) == ([], [(1, "invalid_text")])


def test_held_back(desk):
    """A row that ChartMogul refused is not sent again while nothing about it changed."""
    refuse(desk, "a", "A")
    reader = desk.read(("a", "A"))

    assert tally(reader) == {"read": 1, "rejected": 1}
    (row,) = desk.reported
    (problem,) = row.problems
    assert (row.stage, row.http_status, problem.code, problem.field) == (
        "plan",
        422,
        "held_back",
        "name",
    )
    assert "2026-01-31" in problem.message
    assert "2026-02-07" in problem.hint


def test_held_back_stays_so(desk):
    """Being held back does not begin the seven days anew."""
    refuse(desk, "a", "A", days=3)
    desk.read(("a", "A"))

    desk.later(days=4)
    assert tally(desk.read(("a", "A"))) == {"read": 1, "rejected": 1}
    desk.later(seconds=1)
    assert tally(desk.read(("a", "A"))) == {"read": 1}
    assert timedelta(days=7) == HELD_FOR


def test_not_held_back(desk):
    """A row that changed is sent, and so is every row once the mapping or the tool did."""
    refuse(desk, "a", "A")
    assert tally(desk.read(("a", "B"))) == {"read": 1}

    reader = desk.reader()
    marks = replace(reader.decision.marks, edition=b"another")
    reader.decision = replace(reader.decision, marks=marks)
    reader.read(Batches((("a", "A"),)))
    assert tally(reader) == {"read": 1}


# Repeated keys


def test_same_record_in_one_batch(desk):
    """The first of equal rows waits, the others are skipped."""
    reader = desk.read(("a", "A"), ("a", "A"), ("b", "B"), ("a", "A"), batch=10)

    assert tally(reader) == {"read": 4, "skipped": 2}
    assert desk.waiting() == [1, 3]
    assert desk.outcomes() == [(2, "skipped"), (4, "skipped")]


def test_same_record_across_batches(desk):
    """However far apart they are."""
    reader = desk.read(("a", "A"), ("b", "B"), ("c", "C"), ("a", "A"), batch=1)

    assert tally(reader) == {"read": 4, "skipped": 1}
    assert desk.waiting() == [1, 2, 3]


@pytest.mark.parametrize("batch", [1, 2, 10])
def test_other_record(desk, batch):
    """Of rows that differ none is sent."""
    rows = [("a", "A"), ("b", "B"), ("a", "other"), ("a", "A")]
    reader = desk.read(*rows, batch=batch)

    assert tally(reader) == {"read": 4, "rejected": 3}
    assert desk.waiting() == [2]
    assert desk.outcomes() == [(1, "duplicate_key"), (3, "duplicate_key"), (4, "duplicate_key")]
    assert [item.key for item in desk.noted] == ["a"]


@pytest.mark.parametrize("batch", [1, 10])
def test_first_row_rejected_for_itself(desk, batch):
    """A row that made no record takes its repeats along, and counts once."""
    reader = desk.read(("a", "\0"), ("a", "A"), ("a", "A"), batch=batch)

    assert tally(reader) == {"read": 3, "rejected": 3}
    assert desk.outcomes() == [(1, "invalid_text"), (2, "duplicate_key"), (3, "duplicate_key")]


@pytest.mark.parametrize("batch", [1, 10])
def test_later_row_rejected_for_itself(desk, batch):
    """So does a later one."""
    reader = desk.read(("a", "A"), ("a", "\0"), batch=batch)

    assert tally(reader) == {"read": 2, "rejected": 2}
    assert desk.outcomes() == [(2, "invalid_text"), (1, "duplicate_key")]


@pytest.mark.parametrize("batch", [1, 10])
def test_all_rows_rejected_for_themselves(desk, batch):
    """Nothing is said twice."""
    deliver(desk, "a", "A")
    reader = desk.read(("a", "\0"), ("a", "\0"), batch=batch)

    assert tally(reader) == {"read": 2, "rejected": 2}
    assert desk.outcomes() == [(1, "invalid_text"), (2, "invalid_text")]


@pytest.mark.parametrize("batch", [1, 10])
def test_first_row_unchanged(desk, batch):
    """A first row that costs nothing counts if all are equal to it, else it is rejected as well."""
    deliver(desk, "a", "A")

    equal = desk.read(("a", "A"), ("a", "A"), batch=batch)
    assert tally(equal) == {"read": 2, "unchanged": 1, "skipped": 1}
    differs = desk.read(("a", "A"), ("a", "B"), batch=batch)
    assert tally(differs) == {"read": 2, "rejected": 2}
    assert desk.waiting() == []


@pytest.mark.parametrize("batch", [1, 10])
def test_later_row_unchanged(desk, batch):
    """A later row that is as it was delivered does not save its key."""
    deliver(desk, "a", "A")
    reader = desk.read(("a", "B"), ("a", "A"), batch=batch)

    assert tally(reader) == {"read": 2, "rejected": 2}
    assert desk.waiting() == []


@pytest.mark.parametrize("batch", [1, 10])
def test_first_row_skipped(desk, batch):
    """In mode insert repeats are held against the row itself, not against what was once delivered."""
    desk.mapping = NAMED | {"mode": "insert"}
    deliver(desk, "a", "A")

    equal = desk.read(("a", "B"), ("a", "B"), batch=batch)
    assert tally(equal) == {"read": 2, "skipped": 2}
    differs = desk.read(("a", "B"), ("a", "A"), batch=batch)
    assert tally(differs) == {"read": 2, "rejected": 2}


@pytest.mark.parametrize("batch", [1, 10])
def test_first_row_held_back(desk, batch):
    """A first row that is held back stays rejected, once."""
    refuse(desk, "a", "A")

    equal = desk.read(("a", "A"), ("a", "A"), batch=batch)
    assert tally(equal) == {"read": 2, "rejected": 1, "skipped": 1}
    differs = desk.read(("a", "A"), ("a", "B"), batch=batch)
    assert tally(differs) == {"read": 2, "rejected": 2}
    assert desk.outcomes() == [(1, "held_back"), (2, "duplicate_key")]


def test_repeats_of_contacts(tmp_path):
    """The same external id under two customers is no repetition of one record."""
    desk = Bench(tmp_path, contact(), ("account", "id", "mail"))
    reader = desk.read((1, "c", "a@b.de"), (2, "c", "a@b.de"))

    assert tally(reader) == {"read": 2, "rejected": 2}
    again = desk.read((1, None, "A@b.de"), (1, None, "a@B.de"), (2, None, "a@b.de"))
    assert desk.outcomes() == [(1, "duplicate_key"), (2, "duplicate_key")]
    assert tally(again) == {"read": 3, "rejected": 2}
    desk.close()


def test_contact_that_moved(tmp_path):
    """A contact whose row names another customer has changed."""
    desk = Bench(tmp_path, contact(), ("account", "id", "mail"))
    desk.read((1, "c", "a@b.de"))
    (entry,) = desk.entries()
    desk.note([Confirmed("c", "con_1", None, entry.fingerprint, b"", b"", Outcome.CREATED)])

    assert tally(desk.read((1, "c", "a@b.de"))) == {"read": 1, "unchanged": 1}
    assert tally(desk.read((2, "c", "a@b.de"))) == {"read": 1}
    desk.close()


# Selections


@pytest.mark.parametrize("batch", [1, 2, 10])
def test_limit(desk, batch):
    """With a limit only the first rows count, also for repeated keys."""
    reader = desk.read(("a", "A"), ("b", "B"), ("c", "C"), ("a", "other"), batch=batch, limit=3)

    assert tally(reader) == {"read": 3}
    assert desk.waiting() == [1, 2, 3]
    assert not reader.selection.whole


def test_limit_reads_no_further(desk):
    """Rows behind the limit are not even fetched."""

    class Endless(Batches):
        def raw(self):
            yield [("a", "A"), ("b", "B")]
            raise AssertionError("read too far")

    reader = desk.reader(limit=2)
    reader.read(Endless(()))
    assert tally(reader) == {"read": 2}


def test_keys(desk):
    """With keys only their rows count, under the numbers they have in the query."""
    keys = frozenset({"a", "c"})
    reader = desk.read(("x", "X"), ("a", "A"), (None, "A"), ("c", "\0"), ("a", "A"), keys=keys)

    assert tally(reader) == {"read": 3, "rejected": 1, "skipped": 1}
    assert desk.waiting() == [2]
    assert not reader.selection.whole


def test_keys_as_the_state_holds_them(tmp_path):
    """A key with an e-mail may be given by its hash, as reports of the state do."""
    desk = Bench(tmp_path, contact(), ("account", "id", "mail"))
    stored = desk.store.stored("1|a@b.de")
    assert "@" not in stored

    reader = desk.read((1, None, "A@b.de"), (1, None, "other@b.de"), keys=frozenset({stored}))
    assert tally(reader) == {"read": 1}
    assert desk.waiting() == [1]
    desk.close()


def test_whole(desk):
    """Without a selection every row counts."""
    assert desk.read(full=True).selection.whole


def test_seen(desk):
    """The rows of remembered records are known, so that those that left can be told; rejected ones did not leave."""
    for key in "abc":
        deliver(desk, key, key.upper(), f"cus_{key}")
    reader = desk.read(("x", "X"), ("b", "\0"), ("a", "A"), ("a", "A"))

    left = gone(desk, reader)
    assert [gone.key for gone in left] == ["c"]


def test_new_rejected_rows_did_not_leave(desk):
    """A key that the state has only because its row was rejected just now is in the query."""
    reader = desk.read(("a", "\0"), ("b", "B"), ("b", "other"))

    assert [desk.store.recall(desk.scope, "m", [key])[key].outcome for key in "ab"] == [
        "rejected"
    ] * 2
    assert gone(desk, reader) == []


def test_types_come_from_every_row(desk):
    """Also those of rows that are rejected or not selected."""
    desk.names = ("id", "name", "x")
    reader = desk.read(("a", "A", 1), ("b", "\0", "one"), keys=frozenset({"a"}))

    assert [problem.key for problem in reader.builder.contract.settle({})[1]] == ["x"]


ROWS = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c", "d", None]), st.sampled_from(["A", "B", None, "\0"])),
    max_size=12,
)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=80
)
@given(
    rows=ROWS,
    batch=st.integers(1, 5),
    mode=st.sampled_from(["upsert", "insert"]),
    full=st.booleans(),
    limit=st.one_of(st.none(), st.integers(1, 12)),
    keys=st.one_of(st.none(), st.frozensets(st.sampled_from("abc"))),
)
def test_every_row_counts_once(tmp_path, rows, batch, mode, full, limit, keys):
    """Whatever is repeated, remembered, held back or selected: the counts add up, and no row tells lies."""
    desk = Bench(tmp_path, NAMED | {"mode": mode}, ("id", "name"))
    deliver(desk, "a", "A", "cus_a")
    deliver(desk, "b", "A", "cus_b")
    desk.note([Observed("b", "cus_b", 1, Outcome.SKIPPED)])
    refuse(desk, "c", "B")
    reader = desk.read(*rows, batch=batch, full=full, limit=limit, keys=keys)

    numbered = list(enumerate(rows, 1))[:limit]
    counted = {n: (k, v) for n, (k, v) in numbered if keys is None or k in keys}
    waiting = desk.waiting()
    last = dict(desk.outcomes())
    assert len(counted) == reader.run.rows.read == len(last) + len(waiting)
    assert set(counted) == set(last) | set(waiting)
    assert not set(last) & set(waiting)
    outcomes = Counter(o if o in set(Outcome) else "rejected" for o in last.values())
    run = reader.run.rows
    assert outcomes == +Counter(unchanged=run.unchanged, skipped=run.skipped, rejected=run.rejected)
    kept = [counted[row][0] for row in waiting]
    assert len(kept) == len(set(kept))
    for key, value in counted.values():
        repeats = {v for k, v in counted.values() if k == key and key is not None}
        if len(repeats) > 1:
            assert key not in kept
        assert value is None or value != "\0" or key not in kept
    desk.close()
