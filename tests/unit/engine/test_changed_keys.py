"""Records under other keys are no new records."""

import pytest

from sync.engine.changed_keys import ChangedKeys
from sync.errors import RailError


def changed(left=50, met=100, new=50, marked=0, gone=("a1",), came=("b2",)):
    return ChangedKeys(left, met, new, marked, gone, came)


@pytest.mark.parametrize(
    ("found", "many"),
    [
        (changed(), True),
        (changed(left=19, met=19, new=19), False),
        (changed(left=20, met=40, new=10), True),
        (changed(left=20, met=41, new=20), False),
        (changed(left=40, met=40, new=19), False),
    ],
)
def test_how_many(found, many):
    """At least 20 and half of the records have left, and at least half as many keys are new."""
    assert found.are_many is many


def test_few():
    """Below that nothing is said."""
    assert changed(left=3, met=100, new=90).judge() is None


def test_the_message():
    """Counts, three of each, and how to lift it."""
    with pytest.raises(RailError) as caught:
        changed(gone=("k1", "k2"), came=("x9", "y9")).judge()

    assert caught.value.message == (
        "50 of 100 keys left the query, and 50 are new (left: k1, k2; new: x9, y9): the same records may come"
        " under other keys, and would be created a second time; nothing was written"
    )
    assert "--override changed_keys" in caught.value.hint


@pytest.mark.parametrize(
    ("gone", "came", "words"),
    [
        (("Acme", "Beta"), ("acme", "beta"), "; they differ in case only"),
        (("1", "2"), ("cus_1", "cus_2"), "; they differ in a prefix only"),
        (("cus_1",), ("1",), "; they differ in a prefix only"),
        (("a",), ("b",), ""),
    ],
)
def test_what_differs(gone, came, words):
    """Case and prefixes are named."""
    assert changed(gone=gone, came=came)._difference() == words


def test_a_query_of_parts():
    """Where as many were marked as left before, the query shows parts: that is a warning."""
    assert "rows: some" in (changed(marked=100).judge() or "")
