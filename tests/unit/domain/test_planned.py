"""What a plan lets happen: what it lists, while neither the row nor ChartMogul has moved."""

from decimal import Decimal
from typing import Any

import pytest

from sync.domain.fingerprint import Hasher
from sync.domain.objects.customer import CUSTOMER
from sync.domain.overwrite import Edits
from sync.domain.own import Own
from sync.domain.plan import (
    DELETED,
    Absent,
    Create,
    Keep,
    Known,
    Operation,
    Policy,
    Reject,
    Seen,
    Skip,
    Update,
    decide,
)
from sync.domain.planned import CONFLICT, NOT_PLANNED, PlannedLine, allowed
from sync.domain.policy import Mode, OnAbsent, OnDeleted, Overwrite, Overwrites
from sync.domain.record import Fields, Record
from sync.domain.tags import OwnTags, TagTerms, marks

RECORD = Record(3, "c", {"company": "New", "country": "AT", "attributes.seats": 7})
HASH = "the record's"
BEFORE: Fields = {"company": "Old", "country": "DE", "attributes.seats": 7}
CREATED = PlannedLine(HASH, "created", None, {n: (None, v) for n, v in RECORD.fields.items()})
UPDATED = PlannedLine(HASH, "updated", "u", {"company": ("Old", "New"), "country": ("DE", "AT")})


def held_against(
    line: PlannedLine | None,
    known: Known,
    record: Record = RECORD,
    hash: str = HASH,
    **policy: Any,
) -> Operation:
    """What a plan leaves of the decision about a record."""
    chosen = {"mode": Mode.UPSERT, "absent": OnAbsent.REJECT} | policy
    told = Policy(hasher=Hasher(b"salt"), descriptor=CUSTOMER, **chosen)
    return allowed(decide(record, known, told), known, line, hash, told)


def conflicts(operation: Operation) -> list[tuple[str, str | None]]:
    """Who has moved, and in which field."""
    assert isinstance(operation, Reject)
    problems = (operation.problem, *operation.more)
    assert {problem.code for problem in problems} == {CONFLICT}
    return [(problem.message.partition(" has changed")[0], problem.field) for problem in problems]


def seen(**fields: Any) -> Seen:
    """The record as ChartMogul shows it, but for these fields; None is empty."""
    shown = dict(BEFORE) | {name.replace("__", "."): value for name, value in fields.items()}
    return Seen("u", {name: value for name, value in shown.items() if value is not None})


def test_as_planned():
    """While nothing has moved, all happens that is listed."""
    assert isinstance(held_against(CREATED, Absent()), Create)
    update = held_against(UPDATED, seen())
    assert isinstance(update, Update)
    assert (update.changes, update.unsent) == (UPDATED.changes, frozenset())


def test_there_already():
    """What shows what was planned is left; a part of it is sent where only a part is there."""
    assert held_against(UPDATED, seen(company="New", country="AT")) == Keep(
        RECORD, "u", "equal in ChartMogul"
    )
    update = held_against(UPDATED, seen(company="New"))
    assert isinstance(update, Update)
    assert update.changes == {"country": ("DE", "AT")}


def test_a_create_that_was_cut_off():
    """What a create lacks is sent; what is there as planned is left."""
    assert isinstance(held_against(CREATED, seen(company="New", country="AT")), Keep)
    update = held_against(CREATED, seen(company="New", country=None, attributes__seats=None))
    assert isinstance(update, Update)
    assert update.changes == {"country": (None, "AT"), "attributes.seats": (None, 7)}


def test_not_one_field_more():
    """Another difference is not sent, and told as unsent."""
    update = held_against(UPDATED, seen(attributes__seats=5))
    assert isinstance(update, Update)
    assert set(update.changes) == {"company", "country"}
    assert update.unsent == {"attributes.seats"}
    kept = held_against(UPDATED, seen(company="New", country="AT", attributes__seats=5))
    assert isinstance(kept, Keep)
    assert kept.unsent == {"attributes.seats"}


@pytest.mark.parametrize("how", [Overwrite.UNLESS_EDITED, Overwrite.REJECT_EDITED])
def test_values_that_only_the_state_of_the_plan_knew(how):
    """Here nobody knows whose they are; whose win was decided when the plan was made, and they are as they were."""
    update = held_against(UPDATED, seen(), overwrites=Overwrites(how))
    assert isinstance(update, Update)
    assert (update.changes, update.edits, update.unsent) == (UPDATED.changes, Edits(), frozenset())


def test_values_that_a_plan_without_a_state_left_out():
    """They stay, and reject no row: what is listed is sent, and what is left is told."""
    line = PlannedLine(HASH, "updated", "u", {"country": ("DE", "AT")})
    overwrites = Overwrites(of_some={"company": Overwrite.REJECT_EDITED})
    update = held_against(line, seen(), overwrites=overwrites)
    assert isinstance(update, Update)
    assert update.changes == line.changes
    assert (update.edits.stay, update.unsent) == (("company",), frozenset({"company"}))


def test_tags_that_only_the_state_of_the_plan_knew():
    """Whether another mapping has them too by now ChartMogul does not show: nothing of the row is sent."""
    record = Record(3, "c", {"company": "New", "tags": ("a",)})
    line = PlannedLine(
        HASH, "updated", "u", {"company": ("Old", "New"), "tags": (("a", "b"), ("a",))}
    )
    moved = held_against(line, seen(tags=("a", "b")), record, tags=TagTerms((), by_row=True))
    assert isinstance(moved, Reject)
    assert (moved.problem.code, moved.problem.field) == (CONFLICT, "tags")
    assert moved.problem.message.endswith("has added: b")
    there = held_against(line, seen(tags=("a",)), record, tags=TagTerms((), by_row=True))
    assert isinstance(there, Update)


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (seen(company="Hand"), [("ChartMogul", "company")]),
        (seen(company=None), [("ChartMogul", "company")]),
        (
            seen(company="Hand", country="CH"),
            [("ChartMogul", "company"), ("ChartMogul", "country")],
        ),
        (seen(company="New", country="CH"), [("ChartMogul", "country")]),
        (Absent(), [("ChartMogul", None)]),
        (Absent(deleted=True), [("ChartMogul", None)]),
        (Seen("other", BEFORE), [("ChartMogul", None)]),
    ],
)
def test_chartmogul_has_moved(known, expected):
    """A value that is neither what it was nor what was planned, and a record that is gone or another one."""
    assert conflicts(held_against(UPDATED, known)) == expected


def test_a_record_that_somebody_created():
    """Where it holds other values than planned, nothing of it is written."""
    moved = held_against(CREATED, seen(company="Hand"))
    assert conflicts(moved) == [("ChartMogul", "company"), ("ChartMogul", "country")]


def test_the_row_has_moved():
    """The fields that the plan lists otherwise are named; else it was another field."""
    changed = Record(3, "c", {**RECORD.fields, "company": "Newer"})
    assert conflicts(held_against(UPDATED, seen(), changed, "another")) == [("the row", "company")]
    changed = Record(3, "c", {**RECORD.fields, "attributes.seats": 8})
    assert conflicts(held_against(UPDATED, seen(), changed, "another")) == [("the row", None)]
    assert conflicts(held_against(UPDATED, seen(country="CH"), changed, "another")) == [
        ("the row", None),
        ("ChartMogul", "country"),
    ]


@pytest.mark.parametrize("line", [None, PlannedLine(HASH, "unchanged", "u", {})])
def test_not_planned(line):
    """What would be written and is not listed is skipped; what is equal is equal."""
    assert held_against(line, Absent()) == Skip(RECORD, None, NOT_PLANNED)
    assert held_against(line, seen()) == Skip(RECORD, "u", NOT_PLANNED)
    assert isinstance(held_against(line, Seen("u", RECORD.fields)), Keep)


def test_the_mode_has_its_say():
    """What a mode leaves alone or rejects ends as in any run."""
    assert isinstance(held_against(CREATED, seen(), mode=Mode.INSERT), Skip)
    missing = held_against(UPDATED, Absent(), mode=Mode.UPDATE)
    assert isinstance(missing, Reject)
    assert missing.problem.code == "not_found"
    left = held_against(UPDATED, Absent(deleted=True), deleted=OnDeleted.LEAVE)
    assert left == Skip(RECORD, None, DELETED)


TAGGED = Record(3, "c", {"tags": ("w", "new")})
OURS = Own(tags=OwnTags("u", added=marks(Hasher(b"salt"), ["old", "older"])))


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (("old", "older", "x"), {"tags": (("old", "older", "x"), ("older", "x", "w", "new"))}),
        (("older", "x"), {"tags": (("older", "x"), ("older", "x", "w", "new"))}),
        (("older", "x", "w"), {"tags": (("older", "x", "w"), ("older", "x", "w", "new"))}),
        (("older", "x", "w", "new"), None),
        (("old", "x"), "ChartMogul"),
        (("old", "older", "x", "y"), "ChartMogul"),
    ],
)
def test_removed_tags(shown, expected):
    """No tag more is taken off than was planned; a plan that was cut off between two requests can be applied again."""
    change = (("old", "older", "x"), ("older", "x", "w", "new"))
    line = PlannedLine(HASH, "updated", "u", {"tags": change})
    hasher, by_row = Hasher(b"salt"), TagTerms(by_row=True)
    terms = Policy(Mode.UPSERT, OnAbsent.REJECT, hasher, CUSTOMER, tags=by_row)
    known = Seen("u", {"tags": shown})
    operation = allowed(decide(TAGGED, known, terms, own=OURS), known, line, HASH, terms)
    match operation:
        case Reject():
            assert conflicts(operation) == [(expected, "tags")]
        case Update(changes=changes, unsent=unsent):
            assert changes == expected
            assert unsent == frozenset({"tags"})
        case _:
            assert isinstance(operation, Keep)
            assert expected is None


def test_tags():
    """Tags that somebody added since are a conflict, but for a record that was not there."""
    record = Record(3, "c", {"tags": ("warehouse",)})
    line = PlannedLine(HASH, "updated", "u", {"tags": (("a",), ("a", "warehouse"))})
    added = held_against(line, Seen("u", {"tags": ("a",)}), record)
    assert isinstance(added, Update)
    assert added.changes == {"tags": (("a",), ("a", "warehouse"))}
    assert isinstance(held_against(line, Seen("u", {"tags": ("warehouse", "b")}), record), Keep)
    moved = held_against(line, Seen("u", {"tags": ("a", "b")}), record)
    assert conflicts(moved) == [("ChartMogul", "tags")]
    created = PlannedLine(HASH, "created", None, {"tags": (None, ("warehouse",))})
    assert isinstance(held_against(created, Seen("u", {"tags": ("b",)}), record), Update)
    other = Record(3, "c", {"tags": ("another",)})
    assert conflicts(held_against(line, Seen("u", {"tags": ("a",)}), other, "x")) == [
        ("the row", "tags")
    ]


def test_a_line_of_the_file():
    """Lists are tags, numbers are exact."""
    told = {"tags": [[], ["a"]], "attributes.price": [Decimal("0.10"), None]}
    line = PlannedLine.read({"hash": "h", "outcome": "updated", "uuid": "u", "changes": told})
    assert line.changes == {"tags": ((), ("a",)), "attributes.price": (Decimal("0.10"), None)}
