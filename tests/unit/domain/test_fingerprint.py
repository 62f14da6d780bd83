"""Hashes that stand for values: what they tell apart, and what they do not."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.domain.fingerprint import Hasher, encode, join, split
from sync.domain.record import Fields, Record

HASHER = Hasher(b"salt")
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.lists(st.text(st.characters(exclude_characters="\0"), min_size=1), unique=True).map(tuple),
)
FIELDS = st.dictionaries(st.text(min_size=1, max_size=3), VALUES, max_size=4)


def record(fields, key="cus_1", row=1, customer=None):
    return Record(row, key, fields, customer)


def normal(value):
    """What makes two values one thing when they are sent."""
    match value:
        case bool() | None | str():
            return (type(value), value)
        case tuple():
            return (tuple, tuple(sorted(value)))
    return ("number", value)


@given(VALUES, VALUES)
def test_encode_tells_apart_what_is_sent(one, other):
    """Bytes differ exactly when what would be sent differs."""
    assert (normal(one) == normal(other)) is (encode(one) == encode(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [(5, Decimal("5.00")), (0, Decimal("-0.0")), (("a", "b"), ("b", "a")), (10, Decimal("1E+1"))],
)
def test_encode_the_same(one, other):
    """5 and Decimal(5) are one number, and tags have no order."""
    assert encode(one) == encode(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, True), (0, False), ("5", 5), ("", None), ("-", None), ((), None), ("b1", True)],
)
def test_encode_not_the_same(one, other):
    """Types are part of a value."""
    assert encode(one) != encode(other)


@given(FIELDS, FIELDS)
def test_fingerprint(one, other):
    """Fingerprints are equal exactly when all fields are; their order, row and key do not count."""
    same = {n: normal(v) for n, v in one.items()} == {n: normal(v) for n, v in other.items()}
    first = HASHER.fingerprint(record(one))
    second = HASHER.fingerprint(record(dict(reversed(other.items())), "cus_2", 2))

    assert len(first) == 16
    assert same is (first == second)


def test_customer_of_a_contact():
    """A contact under another customer is another record."""
    prints = {HASHER.fingerprint(record({}, customer=c)) for c in (None, "", "a", "b")}

    assert len(prints) == 4


def test_salt():
    """Another state has other hashes."""
    other = Hasher(b"pepper")

    assert HASHER.fingerprint(record({"a": 1})) != other.fingerprint(record({"a": 1}))
    assert HASHER.field("a", 1) != other.field("a", 1)
    assert HASHER.mark(b"a") != other.mark(b"a")
    assert "salt" not in repr(HASHER)


def test_field():
    """A field's hash covers its name and its value."""
    hashes = {HASHER.field(n, v) for n in ("a", "b") for v in (1, 2, None, "x")}

    assert (len(hashes), len(next(iter(hashes)))) == (8, 8)
    assert HASHER.fields({"a": 1, "b": None}) == {HASHER.field("a", 1), HASHER.field("b", None)}


def test_mark():
    """A mark covers all its parts, and where one ends."""
    marks = {HASHER.mark(b"a", b"bc"), HASHER.mark(b"ab", b"c"), HASHER.mark(b"abc"), HASHER.mark()}

    assert len(marks) == 4
    assert HASHER.mark(b"a", b"b") == HASHER.mark(b"a", b"b")


@given(st.frozensets(st.binary(min_size=8, max_size=8)))
def test_join_and_split(hashes):
    """Hashes come back from the state as they went in."""
    assert hashes == split(join(hashes))


#: One value of every type.
EVERY_TYPE: Fields = {
    "external_id": "k1",
    "email": "a@b.example",
    "position": 2,
    "title": None,
    "attributes.score": Decimal("1.50"),
    "attributes.on": True,
    "tags": ("b", "a"),
}


def test_pinned():
    """States out there hold these very hashes: another one would send every record anew."""
    assert HASHER.fingerprint(record(EVERY_TYPE)).hex() == "29bf8c935d2b1afdda87c7f51565aa42"
    contact = record(EVERY_TYPE, customer="c1")
    assert HASHER.fingerprint(contact).hex() == "68c0c4ac238e2c1742c2cae054f96cce"
    assert join(HASHER.fields(EVERY_TYPE)).hex() == (
        "008fc0abcfc0cae72ddf8c96ec2e6bc431bca15cc76fa99e3801864bcea69d69"
        "d55228d008d491a2e282c1ca36e6bb34f2dbc04d44a144f3"
    )
    assert HASHER.mark(b"a", b"b").hex() == "a8848e7a9c144ad90dda21d7fff7cfaa"
