"""Which unchanged rows have a value that is tried again, which of them go first, and which follow."""

from dataclasses import replace

import pytest

from sync.domain.fingerprint import join
from sync.domain.record import Record
from sync.engine.read.retrials import Retrials
from sync.engine.spool import Spool
from sync.state.memory import Due, KnownDrops
from tests.support.delivering import HASHER, memory

FIELDS = {"name": "A", "owner": "o@x.com", "city": "C"}
DUE = KnownDrops({"owner": 3, "city": 3}, {"owner": Due(2, frozenset({1}))})


@pytest.fixture
def spool(tmp_path):
    """An empty spool."""
    spool = Spool(tmp_path)
    yield spool
    spool.close()


def pick(retrials, row, *dropped):
    """What becomes of an unchanged row, whose record has the number of the row."""
    record = Record(row, f"k{row}", FIELDS)
    hashes = HASHER.fields({name: FIELDS[name] for name in dropped})
    known = replace(memory(record.key), record=row, dropped=join(hashes))
    return retrials.entry(record, b"print", known, 0)


def test_none_is_due():
    """While nothing is due no row is sent for its drops."""
    assert pick(Retrials(KnownDrops({"owner": 3}), HASHER), 1, "owner") is None


def test_first_and_followers():
    """What has waited longest goes first; rows with other drops, or none, stay as they are."""
    retrials = Retrials(DUE, HASHER)
    first, other = pick(retrials, 1, "owner", "city"), pick(retrials, 2, "owner")

    assert (first.tries, first.follows) == ({"owner"}, False)
    assert (other.tries, other.follows) == ({"owner"}, True)
    assert (pick(retrials, 3, "city"), pick(retrials, 4)) == (None, None)


def test_others_take_their_place(spool):
    """Where too few of those that have waited longest were met, others go first, as many as may."""
    retrials = Retrials(DUE, HASHER)
    spool.add([pick(retrials, row, "owner") for row in (4, 1, 5, 6)])
    retrials.fill(spool)

    assert [one.record.row for batch in spool.entries() for one in batch] == [1, 4]
    assert [one.record.row for batch in spool.followers() for one in batch] == [5, 6]


def test_tried_within_a_day(spool):
    """Who was tried a moment ago takes nobody's place for that field, but follows, and may go for another field."""
    due = {"owner": Due(3, frozenset({1}), frozenset({4, 5})), "city": Due(1, frozenset({9}))}
    retrials = Retrials(KnownDrops({"owner": 4, "city": 2}, due), HASHER)
    told = [pick(retrials, row, "owner") for row in (4, 6)]
    spool.add([*told, pick(retrials, 5, "owner", "city")])
    retrials.fill(spool)

    assert [one.record.row for batch in spool.entries() for one in batch] == [5, 6]
    assert [one.record.row for batch in spool.followers() for one in batch] == [4]


def test_older_drops():
    """The row tells the fields that an older version did not note; they are not tried for that."""
    retrials = Retrials(KnownDrops({"city": 1}, unnamed=True), HASHER)

    assert (pick(retrials, 1, "owner", "city"), pick(retrials, 2)) == (None, None)
    assert retrials.tell() == {1: ["owner", "city"]}
    assert retrials.tell() == {}
