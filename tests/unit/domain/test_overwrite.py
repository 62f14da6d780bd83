"""Whose value wins: the decision for every policy, and what counts as a mapping's own value."""

from dataclasses import replace
from decimal import Decimal

import pytest

from sync.domain.fingerprint import Hasher
from sync.domain.numbers import Approximate, near
from sync.domain.objects.contact import CONTACT
from sync.domain.objects.customer import CUSTOMER
from sync.domain.overwrite import Edits
from sync.domain.own import Own
from sync.domain.plan import Keep, Policy, Reject, Seen, Update, decide
from sync.domain.policy import Mode, OnAbsent, Overwrite, Overwrites
from sync.domain.record import AttributeType, Record
from sync.domain.tags import OwnTags, TagTerms, marks

HASHER = Hasher(b"salt")
TYPES = {
    "seats": AttributeType.INTEGER,
    "score": AttributeType.DECIMAL,
    "plan": AttributeType.STRING,
    "since": AttributeType.TIMESTAMP,
    "vip": AttributeType.BOOLEAN,
}
GUARDED = (Overwrite.UNLESS_EDITED, Overwrite.REJECT_EDITED)


def policy(how=Overwrite.ALWAYS, descriptor=CUSTOMER, **fields):
    """A mapping that says this of all fields, and that of some."""
    overwrites = Overwrites(how, fields)
    return Policy(Mode.UPSERT, OnAbsent.REJECT, HASHER, descriptor, TYPES, overwrites=overwrites)


def sent(**fields):
    """What the state has of a mapping that sent these values, as every version noted it."""
    return Own(HASHER.fields(fields))


def decided(wanted, shown, how=Overwrite.ALWAYS, own=None, descriptor=CUSTOMER, **fields):
    """What a row becomes."""
    record = Record(1, "k", wanted)
    terms = policy(how, descriptor, **fields)
    return decide(record, Seen("u", shown), terms, own=own or Own())


def owns(name, written, shown, descriptor=CUSTOMER):
    """Whether a shown value is that which a mapping wrote, as it notes what it was shown."""
    owner = policy(descriptor=descriptor).owner
    return owner.owns(Own(shown=frozenset({owner.mark(name, written)})), name, shown)


# The table


@pytest.mark.parametrize("how", list(Overwrite))
def test_what_is_empty_is_filled(how):
    """Whatever a mapping says: an empty field takes the row's value, and nobody is warned."""
    operation = decided({"company": "A"}, {}, how)

    assert isinstance(operation, Update)
    assert (operation.changes, operation.edits) == ({"company": (None, "A")}, Edits())


@pytest.mark.parametrize("how", [Overwrite.ALWAYS, *GUARDED])
def test_own_values_change_with_the_row(how):
    """What the mapping wrote itself is overwritten, and nobody is warned."""
    operation = decided({"company": "B"}, {"company": "A"}, how, sent(company="A"))

    assert isinstance(operation, Update)
    assert (operation.changes, operation.edits) == ({"company": ("A", "B")}, Edits())


def test_if_empty_never_changes_a_value():
    """Not even one that the mapping wrote itself."""
    operation = decided({"company": "B"}, {"company": "A"}, Overwrite.IF_EMPTY, sent(company="A"))

    assert operation == Keep(
        Record(1, "k", {"company": "B"}),
        "u",
        "what others wrote stays in ChartMogul: company",
        Edits(filled=("company",)),
    )


def test_always_overwrites_an_edit():
    """And says so, where the mapping had written another value."""
    operation = decided({"company": "B"}, {"company": "X"}, own=sent(company="A"))

    assert isinstance(operation, Update)
    assert operation.changes == {"company": ("X", "B")}
    assert operation.edits == Edits(overwritten=("company",))


def test_unless_edited_leaves_an_edit():
    """The other fields are sent."""
    operation = decided(
        {"company": "B", "city": "Bonn"},
        {"company": "X", "city": "Ulm"},
        Overwrite.UNLESS_EDITED,
        sent(company="A", city="Ulm"),
    )

    assert isinstance(operation, Update)
    assert operation.changes == {"city": ("Ulm", "Bonn")}
    assert operation.edits == Edits(kept=("company",))


@pytest.mark.parametrize(
    ("how", "edits"),
    [
        (Overwrite.IF_EMPTY, Edits(filled=("country", "state"))),
        (Overwrite.UNLESS_EDITED, Edits(kept=("country",), filled=("state",))),
    ],
)
def test_a_state_stays_with_its_country(how, edits):
    """Beside another country ChartMogul drops it, without a word; where the country is the row's it is filled."""
    row = {"country": "US", "state": "US-CA"}
    operation = decided(row, {"country": "DE"}, how)

    assert isinstance(operation, Keep)
    assert operation.edits == edits
    filled = decided(row, {"country": "US"}, how)
    assert isinstance(filled, Update)
    assert filled.changes == {"state": (None, "US-CA")}


def test_a_state_whose_country_is_sent():
    """Both are."""
    operation = decided(
        {"country": "US", "state": "US-CA"},
        {"country": "DE"},
        Overwrite.UNLESS_EDITED,
        sent(country="DE"),
    )

    assert isinstance(operation, Update)
    assert operation.changes.keys() == {"country", "state"}


def test_reject_edited_rejects_the_row():
    """One problem for each edited field; nothing of the row is sent."""
    operation = decided(
        {"company": "B", "city": "Bonn", "zip": "1"},
        {"company": "X", "city": "Y", "zip": "2"},
        Overwrite.REJECT_EDITED,
        sent(company="A", city="Ulm", zip="2"),
    )

    assert isinstance(operation, Reject)
    told = [(one.code, one.field) for one in (operation.problem, *operation.more)]
    assert told == [("edited", "company"), ("edited", "city")]


def test_per_field_and_attribute():
    """What the mapping says of one field goes before what it says of all."""
    operation = decided(
        {"company": "B", "city": "Bonn", "attributes.plan": "pro"},
        {"company": "X", "city": "Y", "attributes.plan": "free"},
        Overwrite.UNLESS_EDITED,
        city=Overwrite.ALWAYS,
        **{"attributes.plan": Overwrite.IF_EMPTY},
    )

    assert isinstance(operation, Update)
    assert operation.changes == {"city": ("Y", "Bonn")}
    assert operation.edits == Edits(kept=("company",), filled=("attributes.plan",))


def test_a_first_meeting_with_a_filled_account():
    """`always` never wrote these values, so nobody has changed them since; `unless_edited` leaves them."""
    wanted, shown = {"company": "B"}, {"company": "X"}
    always = decided(wanted, shown)
    unless = decided(wanted, shown, Overwrite.UNLESS_EDITED)

    assert isinstance(always, Update)
    assert always.edits == Edits()
    assert isinstance(unless, Keep)
    assert unless.edits == Edits(kept=("company",))


def test_a_field_that_is_new_to_the_mapping():
    """It was never written, so its value is nobody's edit, however much else was written."""
    wanted = {"company": "B", "city": "Bonn"}
    operation = decided(wanted, {"company": "A", "city": "Ulm"}, own=sent(company="A"))

    assert isinstance(operation, Update)
    assert operation.edits == Edits()


def test_a_field_in_place_of_another():
    """A field that the mapping no longer names accounts for its own value."""
    operation = decided({"city": "Bonn"}, {"company": "A", "city": "Ulm"}, own=sent(company="A"))

    assert isinstance(operation, Update)
    assert operation.edits == Edits()


def test_an_edit_of_a_row_that_is_as_it_was():
    """The row still says what was sent: the value was surely changed by somebody else."""
    own = sent(company="A", city="Ulm")
    operation = decided({"company": "A", "city": "Bonn"}, {"company": "X", "city": "Ulm"}, own=own)

    assert isinstance(operation, Update)
    assert operation.edits == Edits(overwritten=("company",))


def test_a_value_for_the_first_time():
    """A field that was null in the row, and is empty in ChartMogul, is no edit because another one was edited."""
    changed = {"company": "B", "city": "Ulm"}
    edited = decided(changed, {"company": "X"}, own=sent(company="A"))
    emptied = decided(changed, {"company": "X"}, own=sent(company="A", city="Bonn"))

    assert isinstance(edited, Update)
    assert isinstance(emptied, Update)
    assert edited.edits == Edits(overwritten=("company",))
    assert emptied.edits == Edits(overwritten=("company", "city"))


# A clear is a write like any other


def test_what_was_emptied_by_us_and_filled_by_others():
    """It is an edit: it stays, or is cleared again with a warning."""
    own, shown = sent(country=None, city="Ulm"), {"country": "DE", "city": "Ulm"}
    wanted = {"country": None, "city": "Bonn"}

    unless = decided(wanted, shown, Overwrite.UNLESS_EDITED, own)
    always = decided(wanted, shown, own=own)

    assert isinstance(unless, Update)
    assert (unless.changes, unless.edits) == (
        {"city": ("Ulm", "Bonn")},
        Edits(kept=("country",)),
    )
    assert isinstance(always, Update)
    assert always.changes["country"] == ("DE", None)
    assert always.edits == Edits(overwritten=("country",))


def test_own_values_are_cleared():
    """What the mapping wrote it may empty."""
    operation = decided(
        {"country": None}, {"country": "DE"}, Overwrite.UNLESS_EDITED, sent(country="DE")
    )

    assert isinstance(operation, Update)
    assert operation.changes == {"country": ("DE", None)}


def test_what_we_emptied_is_ours():
    """Filled again by the row without a word."""
    operation = decided({"country": "AT"}, {}, own=sent(country=None))

    assert isinstance(operation, Update)
    assert operation.edits == Edits()


def test_what_others_emptied():
    """`always` fills it and says that somebody had changed it."""
    operation = decided({"company": "A"}, {}, own=sent(company="A"))

    assert isinstance(operation, Update)
    assert operation.edits == Edits(overwritten=("company",))


# What is ours


def test_asked_for_without_an_answer():
    """A value that a write asked for is the mapping's own, though no answer ever told."""
    own = sent(company="A").with_asked(HASHER.fields({"company": "B"}))
    for how in (Overwrite.ALWAYS, *GUARDED):
        operation = decided({"company": "C"}, {"company": "B"}, how, own)
        assert isinstance(operation, Update)
        assert operation.edits == Edits()


def test_asked_for_and_shown_as_a_double():
    """A number of more digits than a double has may have been rounded: it is own either way."""
    owner, exact = policy().owner, Decimal("12345678901234567.1")
    own = Own(asked=owner.written("attributes.score", exact))
    shown = (exact, Decimal("12345678901234568"), Decimal("12345678901234567.2"))

    assert [owner.owns(own, "attributes.score", one) for one in shown] == [True, True, False]


def test_hashes_of_an_older_state_know_other_spellings():
    """It has hashes of what was sent only; a state, a time and a number are shown otherwise."""
    older = {
        "state": "US-NY",
        "lead_created_at": "2026-01-31T10:00:00Z",
        "attributes.since": "2026-01-31T10:00:00Z",
        "attributes.score": Decimal("0.1"),
        "attributes.seats": 5,
    }
    shown = {
        "state": "NY",
        "lead_created_at": "2026-01-31T10:00:00.000Z",
        "attributes.since": "2026-01-31T10:00:00.000Z",
        "attributes.score": Decimal("0.10"),
        "attributes.seats": Decimal("5.0"),
    }
    owner, own = policy().owner, sent(**older)

    assert [name for name, value in shown.items() if not owner.owns(own, name, value)] == []


@pytest.mark.parametrize(
    ("name", "written", "shown"),
    [
        ("email", "Anna@Quince.Example", "anna@quince.example"),
        ("state", "New York", "US-NY"),
        ("state", "ny", "New York"),
        ("country", "DE", "de"),
        ("status", "New Lead", "new_lead"),
        ("company", "Quince", " Quince "),
        ("lead_created_at", "2026-01-31T10:00:00Z", "2026-01-31T11:00:00+01:00"),
        ("attributes.since", "2026-01-31T10:00:00Z", "2026-01-31 10:00:00 UTC"),
        ("attributes.plan", "pro", "pro\u200b"),
        ("attributes.seats", 5, Decimal("5.0")),
        ("attributes.score", near(0.1 + 0.2), Decimal("0.3")),
    ],
)
def test_one_value_in_two_spellings(name, written, shown):
    """They have one normal form."""
    assert owns(name, written, shown)


@pytest.mark.parametrize(
    ("name", "written", "shown"),
    [
        ("company", "Quince", "quince"),
        ("city", "New York", "NY"),
        ("state", "Bavaria", "BAVARIA"),
        ("attributes.plan", "US-NY", "NY"),
        ("attributes.plan", "2026-01-31T10:00:00Z", "2026-01-31T10:00:00.000Z"),
        ("attributes.plan", "Pro", "pro"),
        ("attributes.plan", "5", 5),
        ("attributes.plan", "true", True),
        ("attributes.vip", True, 1),
        ("attributes.vip", False, 0),
        ("attributes.seats", 9007199254740991, 9007199254740990),
        ("attributes.score", Decimal("0.1"), Decimal("0.1000000000000000055")),
        ("attributes.score", Decimal("1.00000000000000000001"), Decimal("1.00000000000000000002")),
        ("attributes.score", Decimal("0.3"), Decimal("0.30000000000000004")),
        ("company", None, "None"),
    ],
)
def test_two_values_are_never_one(name, written, shown):
    """Section by section: what the comparison tells apart has two normal forms."""
    assert not owns(name, written, shown)


def test_keys_are_told_to_the_letter():
    """A contact's external id in another case is another one."""
    assert not owns("external_id", "A1", "a1", CONTACT)


def test_the_tolerance_is_no_edit():
    """An approximate number that differs in its last digit alone is what the row would send."""
    wanted = {"attributes.score": Approximate("0.3"), "city": "Bonn"}
    shown = {"attributes.score": Decimal("0.300000000000001"), "city": "Ulm"}
    operation = decided(wanted, shown, Overwrite.REJECT_EDITED, sent(city="Ulm"))

    assert isinstance(operation, Update)
    assert operation.changes == {"city": ("Ulm", "Bonn")}


# What has its own rules


@pytest.mark.parametrize(
    ("constants", "had"), [((), ()), ((), ("a",)), (("w",), ()), (("w",), ("a",))]
)
def test_tags_that_changed_are_no_edit(constants, had):
    """Other tags than before are own values of tags: they do not make a field look as if it had been written before."""
    sent = HASHER.fields({"city": "Bonn", "tags": (*constants, *had)})
    own = Own(sent, tags=OwnTags("u", marks(HASHER, had)))
    record = Record(1, "k", {"city": "Bonn", "company": "ACME", "tags": (*constants, "b")})
    tags = ("theirs", *constants, *had)
    shown = Seen("u", {"city": "Bonn", "company": "Theirs", "tags": tags})
    terms = replace(policy(), tags=TagTerms(constants, by_row=True))
    operation = decide(record, shown, terms, own=own)
    assert isinstance(operation, Update)
    assert (*operation.changes, operation.edits) == ("company", "tags", Edits())


def test_tags_are_added_whatever_is_said():
    """They overwrite nothing."""
    operation = decided({"tags": ("new",)}, {"tags": ("theirs",)}, Overwrite.REJECT_EDITED)

    assert isinstance(operation, Update)
    assert operation.changes == {"tags": (("theirs",), ("theirs", "new"))}


def test_a_computed_status_is_no_edit():
    """ChartMogul computes it from invoices: it is neither compared nor sent."""
    operation = decided({"status": "New Lead"}, {"status": "Active"}, Overwrite.REJECT_EDITED)

    assert operation == Keep(Record(1, "k", {"status": "New Lead"}), "u", "equal in ChartMogul")


def test_a_contact_is_adopted_whatever_is_said():
    """Its external id names it: an edit of that is mended."""
    operation = decided(
        {"external_id": "c1"}, {"external_id": "old"}, Overwrite.UNLESS_EDITED, descriptor=CONTACT
    )

    assert isinstance(operation, Update)
    assert operation.changes == {"external_id": ("old", "c1")}


def test_found_rewritten():
    """The value that was overwritten is back: nobody types it twice, something writes it."""
    owner, own = policy().owner, sent(company="A")
    again = Own(own.sent, frozenset({owner.foreign("company", "X")}))

    first = decided({"company": "A"}, {"company": "X"}, own=own)
    second = decided({"company": "A"}, {"company": "X"}, own=again)
    other = decided({"company": "A"}, {"company": "Y"}, own=again)

    assert [one.edits for one in (first, second, other)] == [
        Edits(overwritten=("company",)),
        Edits(rewritten=("company",)),
        Edits(overwritten=("company",)),
    ]


def test_a_known_drop_is_no_edit():
    """What ChartMogul drops is no difference, and what it shows instead was not changed by anybody."""
    record = Record(1, "k", {"owner": "new@quince.example"})
    shown = Seen("u", {"owner": "old@quince.example"})
    dropped = HASHER.fields(record.fields)

    assert decide(record, shown, policy(), dropped) == Keep(record, "u", "equal in ChartMogul")
