"""Which rows of the query stand for a record: by what waits, and by what the state remembers."""

from dataclasses import replace

import pytest

from sync.destination.interface import ELSEWHERE, Rival
from sync.domain.record import Object
from sync.domain.results import Outcome
from sync.domain.seen_rows import SeenRows
from sync.engine.spool import Note, Spool
from sync.engine.write.rows import SpooledRows
from sync.state.mapping_state import MappingState
from sync.state.memory import Confirmed, RejectedRow
from sync.state.store import Store
from tests.support.delivering import entry


@pytest.fixture
def store(tmp_path):
    """An empty state."""
    store = Store.open(f"sqlite:///{tmp_path / 'state.db'}")
    yield store
    store.close()


@pytest.fixture
def rows(store, tmp_path):
    """Row 5 waits, row 6 is noted; the state remembers `seen`, in row 7, and `left`, which no row has."""
    state = MappingState(store, store.scope("acc", "ds_1", Object.CUSTOMER), "m", "run_1", False)
    remembered = {"seen": "u_1", "left": "u_1", "waits": "u_2"}
    state.note(
        [
            Confirmed(key, uuid, 1, b"print", b"", b"", Outcome.CREATED)
            for key, uuid in remembered.items()
        ]
    )
    seen = SeenRows()
    numbers = {key: memory.record for key, memory in state.recall(list(remembered)).items()}
    seen.mark(numbers["seen"], 7)
    seen.mark(numbers["waits"], 5)
    spool = Spool(tmp_path)
    spool.add([entry("waits", 5)])
    spool.note([Note("noted", 6, None, True)])
    yield SpooledRows(spool, state, seen)
    spool.close()


def test_of_keys(rows):
    """A key has the row that holds it, waiting or not; 0 is the row of one that has left the query."""
    found = rows.of_keys(["waits", "noted", "seen", "left", "unknown"])

    assert sorted(one.row for one in found) == [0, 5, 6, 7]


def test_who_yields(rows):
    """A row that was last told as another one's record is said to have been."""
    told = replace(rows, yielding={5})
    assert [told.yields(row) for row in (5, 7)] == [True, False]
    assert set(told.of_keys(["waits", "seen"])) == {Rival(5, True), Rival(7, False)}


def test_not_asked_for(rows):
    """Where not all rows are read, one that arrived may be in the query all the same; one that never did is not."""
    rows.state.note([RejectedRow("refused", "refused")])
    found = replace(rows, partial=True).of_keys(["left", "refused"])
    assert sorted(one.row for one in found) == [0, ELSEWHERE]


def test_of_uuid(rows):
    """A uuid has the rows of all keys that are remembered with it."""
    assert sorted(rows.of_uuid("u_1")) == [0, 7]
    assert list(rows.of_uuid("u_2")) == [5]
    assert list(rows.of_uuid("u_3")) == []
