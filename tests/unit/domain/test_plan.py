"""The decision table."""

from dataclasses import replace
from decimal import Decimal

import pytest

from sync.domain.fingerprint import Hasher
from sync.domain.objects.contact import CONTACT
from sync.domain.objects.customer import CUSTOMER
from sync.domain.own import Own
from sync.domain.plan import (
    Absent,
    Create,
    Keep,
    Policy,
    Reject,
    Remembered,
    Seen,
    Skip,
    Update,
    decide,
)
from sync.domain.policy import Mode, OnAbsent, OnDeleted
from sync.domain.record import Record
from sync.domain.sameness import holds, same
from sync.domain.tags import OwnTags, TagTerms, marks

HASHER = Hasher(b"salt")
RECORD = Record(3, "cus_3", {"country": "AT", "attributes.seats": 7})
SEEN = Seen("cus_u", {"country": "DE", "attributes.seats": 7, "city": "Bonn"})


def policy(mode=Mode.UPSERT, absent=OnAbsent.REJECT):
    return Policy(mode, absent, HASHER, CUSTOMER)


def record(**fields):
    return Record(1, "cus_1", fields)


def changes(wanted, seen):
    """What an upsert changes of a customer."""
    operation = decide(record(**wanted), Seen("u", seen), policy())
    return operation.changes if isinstance(operation, Update) else {}


@pytest.mark.parametrize(
    ("mode", "absent", "expected"),
    [
        (Mode.UPSERT, OnAbsent.REJECT, Create(RECORD, "not in ChartMogul")),
        (Mode.INSERT, OnAbsent.REJECT, Create(RECORD, "not in ChartMogul")),
        (
            Mode.UPDATE,
            OnAbsent.SKIP,
            Skip(RECORD, None, "not in ChartMogul, and the mode is update"),
        ),
    ],
)
def test_absent(mode, absent, expected):
    """What ChartMogul does not have is created, but for mode update."""
    assert expected == decide(RECORD, Absent(), policy(mode, absent))


def test_absent_rejected():
    """In mode update the absent is not_found, unless the mapping skips it."""
    operation = decide(RECORD, Absent(), policy(Mode.UPDATE))

    assert isinstance(operation, Reject)
    assert operation.problem.code == "not_found"


@pytest.mark.parametrize("mode", [Mode.UPSERT, Mode.UPDATE])
def test_seen(mode):
    """Only what differs is sent, with the value before; other fields are left alone."""
    assert decide(RECORD, SEEN, policy(mode)) == Update(
        RECORD, "cus_u", {"country": ("DE", "AT")}, True, "differs in ChartMogul: country"
    )


@pytest.mark.parametrize("known", [SEEN, Remembered("cus_u")])
def test_insert_leaves_what_exists_alone(known):
    """However it is known."""
    expected = Skip(RECORD, "cus_u", "exists already, and the mode is insert")

    assert expected == decide(RECORD, known, policy(Mode.INSERT))


def test_seen_equal():
    """What is equal is kept."""
    seen = Seen("cus_u", {**RECORD.fields, "city": "Bonn"})

    assert Keep(RECORD, "cus_u", "equal in ChartMogul") == decide(RECORD, seen, policy())


def test_remembered():
    """By memory alone the fields whose hash changed are sent, and the value before is unknown."""
    known = Remembered("cus_u", frozenset({HASHER.field("attributes.seats", 7)}))

    assert decide(RECORD, known, policy()) == Update(
        RECORD,
        "cus_u",
        {"country": (None, "AT")},
        False,
        "changed since it was last sent: country",
    )


def test_remembered_equal():
    """Equal hashes are nothing to send."""
    known = Remembered("cus_u", HASHER.fields(RECORD.fields))

    assert Keep(RECORD, "cus_u", "nothing changed") == decide(RECORD, known, policy())


@pytest.mark.parametrize(
    "known", [SEEN, Remembered("cus_u", HASHER.fields({"attributes.seats": 7}))]
)
def test_dropped_is_no_difference(known):
    """A value that ChartMogul is known to drop is not sent again until it changes."""
    dropped = frozenset({HASHER.field("country", "AT")})
    other = Record(3, "cus_3", {"country": "CH", "attributes.seats": 7})

    assert isinstance(decide(RECORD, known, policy(), dropped), Keep)
    assert isinstance(decide(other, known, policy(), dropped), Update)


@pytest.mark.parametrize("mode", Mode)
def test_deleted_there(mode):
    """What was deleted in ChartMogul is left so, in every mode, where the mapping says it; else it is absent."""
    left = replace(policy(mode), deleted=OnDeleted.LEAVE)

    assert decide(RECORD, Absent(deleted=True), left) == Skip(RECORD, None, "deleted there")
    for known, its in ((Absent(), left), (Absent(deleted=True), policy(mode))):
        assert decide(RECORD, known, its) == decide(RECORD, Absent(), policy(mode))


@pytest.mark.parametrize("known", [Seen("cus_u", {}), Remembered("cus_u")])
def test_an_update_tries_what_is_dropped(known):
    """Where something else differs, what ChartMogul is known to drop goes along."""
    dropped = frozenset({HASHER.field("country", "AT")})
    update = decide(RECORD, known, policy(), dropped)

    assert isinstance(update, Update)
    assert set(update.changes) == {"country", "attributes.seats"}


@pytest.mark.parametrize(
    ("wanted", "seen", "expected"),
    [
        ({"country": "DE"}, {}, {"country": (None, "DE")}),
        ({"country": None}, {"country": "DE"}, {"country": ("DE", None)}),
        ({"country": None}, {}, {}),
        ({"company": "a"}, {"company": "A"}, {"company": ("A", "a")}),
        ({"attributes.on": True}, {"attributes.on": 1}, {"attributes.on": (1, True)}),
        ({"attributes.on": False}, {"attributes.on": True}, {"attributes.on": (True, False)}),
        ({"attributes.n": 5}, {"attributes.n": Decimal("5.0")}, {}),
        ({"attributes.n": 5}, {"attributes.n": "5"}, {"attributes.n": ("5", 5)}),
        (
            {"lead_created_at": "2026-01-31T10:00:00Z"},
            {"lead_created_at": "2026-01-31T11:00:00.000+01:00"},
            {},
        ),
    ],
)
def test_differences(wanted, seen, expected):
    """A field is sent where ChartMogul's value is another one."""
    assert expected == changes(wanted, seen)


@pytest.mark.parametrize(
    ("wanted", "seen", "expected"),
    [
        (("a",), (), {"tags": ((), ("a",))}),
        (("a",), None, {"tags": ((), ("a",))}),
        (("b", "a"), ("x", "a"), {"tags": (("x", "a"), ("x", "a", "b"))}),
        (("a",), ("x", "a"), {}),
        (("VIP", "b"), ("vip ",), {"tags": (("vip ",), ("vip ", "b"))}),
        ((), ("x",), {}),
        ((), None, {}),
    ],
)
def test_tags_are_only_added(wanted, seen, expected):
    """ChartMogul and people add tags of their own, which stay."""
    assert expected == changes({"tags": wanted}, {"tags": seen} if seen is not None else {})


OURS = OwnTags("u", added=marks(HASHER, ["a", "b"]))


@pytest.mark.parametrize(
    ("terms", "own", "pairs", "expected"),
    [
        (TagTerms((), True), OURS, 1, {"tags": (("a", "x"), ("x", "c"))}),
        (TagTerms((), False), OURS, 1, {"tags": (("a", "x"), ("a", "x", "c"))}),
        (TagTerms((), True), replace(OURS, uuid="v"), 1, {"tags": (("a", "x"), ("a", "x", "c"))}),
        (TagTerms((), True), OURS, 2, {"tags": (("a", "x"), ("a", "x", "c"))}),
    ],
)
def test_tags_that_may_go(terms, own, pairs, expected):
    """Those that we added, where columns bring tags, to this very record, and only while it has one pair."""
    known = Seen("u", {"tags": ("a", "x")}, (("ds_1", "c"),) * pairs)
    told = replace(policy(), tags=terms)
    operation = decide(Record(1, "c", {"tags": ("c",)}), known, told, own=Own(tags=own))
    assert isinstance(operation, Update)
    assert operation.changes == expected


def test_no_tags_are_nothing_to_send():
    """A row without tags is no update where the state is trusted."""
    assert isinstance(decide(Record(1, "c", {"tags": ()}), Remembered("u"), policy()), Keep)


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("New Lead", {"status": ("New Lead", "Qualified Lead")}),
        (None, {"status": (None, "Qualified Lead")}),
        ("Active", {}),
        ("Past Due", {}),
        ("Past due", {}),
        ("Cancelled", {}),
        ("Something new", {}),
    ],
)
def test_computed_status(before, expected):
    """A status that ChartMogul computes is neither compared nor sent."""
    seen = {"status": before} if before else {}

    assert expected == changes({"status": "Qualified Lead"}, seen)


def test_computed_by_the_object_itself():
    """Whether a value is computed is the object's own word: contacts have no such field."""
    record, seen = Record(1, "k", {"status": "Qualified Lead"}), Seen("con_u", {"status": "Active"})

    assert isinstance(decide(record, seen, policy()), Keep)
    assert isinstance(decide(record, seen, replace(policy(), descriptor=CONTACT)), Update)


def test_computed_status_beside_others():
    """Other fields of such a customer are sent all the same."""
    wanted = {"status": "Qualified Lead", "city": "Bonn"}

    assert changes(wanted, {"status": "Active"}) == {"city": (None, "Bonn")}


@pytest.mark.parametrize(
    ("wanted", "seen", "expected"),
    [
        (True, True, True),
        (True, False, False),
        (True, 1, False),
        (1, True, False),
        (False, 0, False),
        (0, None, False),
        (False, None, False),
        (None, None, True),
        (None, "", False),
        ("", None, False),
        (5, Decimal("5.00"), True),
        (Decimal("0.1"), Decimal("0.10"), True),
        (5, "5", False),
        ("a", "a", True),
        ("a", "A", False),
        (("a",), ("a",), True),
        (("a",), "a", False),
        ("2026-01-31T10:00:00Z", "2026-01-31T10:00:00.000Z", True),
        ("2026-01-31T10:00:00Z", "2026-01-31T12:00:00+02:00", True),
        ("2026-01-31T10:00:00Z", "2026-01-31 10:00:00 UTC", True),
        ("2026-01-31T10:00:00Z", "2026-01-31 10:00:00", True),
        ("2026-01-31T00:00:00Z", "2026-01-31", True),
        ("2026-01-31T10:00:00Z", "2026-01-31T10:00:00.001Z", False),
        ("2026-01-31T10:00:00Z", "soon", False),
        ("2026-01-31", "2026-01-31T00:00:00Z", False),
        ("Zoe Z", "Zoe", False),
        ("FizZ", "2026-01-31", False),
    ],
)
def test_same(wanted, seen, expected):
    """One instant in two spellings is the same, `true` and 1 are not."""
    assert expected is same(wanted, seen)


@pytest.mark.parametrize(
    ("name", "wanted", "held", "expected"),
    [
        ("tags", ("a", "b"), ("b", "x", "a"), True),
        ("tags", ("a", "b"), ("a",), False),
        ("tags", ("a",), None, False),
        ("tags", ("A",), (" a",), True),
        ("country", "DE", "DE", True),
        ("country", None, None, True),
        ("country", "DE", None, False),
        ("attributes.on", False, 0, False),
    ],
)
def test_holds(name, wanted, held, expected):
    """An answer shows what was sent if it shows the same, with tags among others."""
    assert holds(name, wanted, held) is expected
