"""Tags are sets of texts, in which case and outer space make no difference."""

import pytest

from sync.domain import tags
from sync.domain.fingerprint import Hasher
from sync.domain.tags import OwnTags

HASHER = Hasher(b"salt")
A, B = (tags.mark(HASHER, tag) for tag in "ab")


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


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        (OwnTags("u", added=frozenset({A, B}), of_others=frozenset({B})), {A}),
        (OwnTags("u", added_for_others=frozenset({A, B})), set()),
        (OwnTags("u", frozenset({A}), added_for_others=frozenset({A, B})), {A}),
        (
            OwnTags("u", frozenset({A}), frozenset({A}), frozenset({A}), frozenset({A})),
            set(),
        ),
    ],
)
def test_removable(own: OwnTags, expected: set[bytes]):
    """A tag may go that we added, for whichever mapping, that this one's row had, and that nobody else sets."""
    assert own.removable == expected


@pytest.mark.parametrize(
    ("shown", "wanted", "expected"),
    [
        (("a", "b"), (), ("a", "b")),
        (("A ", "b", "x"), ("B",), ("A ",)),
        (("a", "A"), (), ()),
        (("a",), ("a",), ()),
        (None, (), ()),
    ],
)
def test_outdated(shown, wanted, expected):
    """Of what is shown that goes that the row has no more; of two spellings nobody knows which is ours."""
    own = OwnTags("u", added=frozenset({A, B}))
    assert expected == tags.outdated(shown, wanted, own, HASHER)


def test_marks():
    """A tag has one mark however it is spelt, and it is that of no field."""
    assert tags.mark(HASHER, " Ä") == tags.mark(HASHER, "ä")
    assert tags.marks(HASHER, ["a", "A"]) == {A} != {HASHER.field("tags", "a")}
