"""Tags are sets of texts, in which case and outer space make no difference."""

import pytest

from sync.domain import tags


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (((), ("a", "b")), ("a", "b")),
        ((("a",), ("a", "b")), ("b",)),
        ((("A ",), ("a", "b")), ("b",)),
        ((None, ("a",)), ("a",)),
        ((("a",), None), ()),
    ],
)
def test_added(change, expected):
    """Only new tags are sent."""
    assert expected == tags.added(change)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ((("a", "b"), ("a",)), ("b",)),
        ((("A", "B"), ("a",)), ("B",)),
        ((None, ("a",)), ()),
    ],
)
def test_removed(change, expected):
    """What a change takes off is told as it was shown."""
    assert expected == tags.removed(change)


@pytest.mark.parametrize(
    ("change", "held", "expected"),
    [
        ((("a",), ("a", "b")), ("b",), True),
        ((("a",), ("a", "b")), ("a",), False),
        ((("a", "b"), ("b", "c")), ("B", "C", "theirs"), True),
        ((("a", "b"), ("b", "c")), ("A", "b", "c"), False),
        ((None, ("a",)), None, False),
        ((("a",), ()), None, True),
    ],
)
def test_arrived(change, held, expected):
    """What a change adds has to be there, what it takes off must not; others' tags come and go."""
    assert tags.arrived(change, held) is expected


def test_distinct():
    """Of tags that are one the first counts, as it is written."""
    assert tags.distinct(["VIP", "b", "vip", " b", "Straße", "STRASSE"]) == ("VIP", "b", "Straße")


def test_sets():
    """Order and spelling make no other set."""
    assert tags.are_same(("a", "B"), ("b", "A "))
    assert not tags.are_same(("a",), ("a", "b"))
    assert not tags.are_same(("a", "b"), ("a",))
