"""What there is in a decision: all that a create sets, what an update sends, and the words for what it did not do."""

from collections import abc
from dataclasses import replace

from sync.chartmogul.client import Written
from sync.domain.objects import Descriptor, Field, dropped_beside
from sync.domain.overwrite import Edits
from sync.domain.plan import Changes, Keep, Known, Operation, Seen, Update
from sync.domain.record import Fields, Record, Value
from sync.domain.results import Warned
from sync.domain.sameness import same
from sync.domain.spelling import Shape
from sync.domain.tags import TAGS, added, are_same, removed, texts


def lost(name: str) -> Warned:
    """The warning of an attribute of others that a write took away."""
    what = f"ChartMogul no longer has {name}, which no row sends: it was there before this write"
    return Warned(name, "lost_attributes", what)


def all_of(record: Record) -> Changes:
    """All that a create sets."""
    return {n: (None, value) for n, value in record.fields.items() if value not in (None, ())}


def edits_of(operation: Operation) -> Edits:
    """The edits that a decision has met."""
    return operation.edits if isinstance(operation, Update | Keep) else Edits()


def changes_of(operation: Operation) -> Changes:
    """What an update sends; nothing where there is none."""
    return operation.changes if isinstance(operation, Update) else {}


def cleared(operation: Operation) -> abc.Iterator[str]:
    """The fields that an update empties; tags, where it would take one away."""
    for name, (before, after) in changes_of(operation).items():
        if after is None or (isinstance(before, tuple) and not set(before) <= set(texts(after))):
            yield name


def staying(record: Record, known: Known, edits: Edits) -> Record:
    """The record with the values of others that stay: what is sent along with changes must not overwrite them."""
    shown = known.fields if isinstance(known, Seen) else {}
    theirs = {name: shown[name] for name in edits.stay if name in shown}
    return replace(record, fields={**record.fields, **theirs}) if theirs else record


def taken_along(
    known: Known,
    changes: tuple[Changes, Changes],
    written: Written,
    shape: abc.Callable[[str], Shape],
) -> Changes:
    """What else ChartMogul has changed with what was written, as its answers show: parts of it, such as a state.

    `changes` are those that stuck, and those that were dropped.
    """
    if not isinstance(known, Seen):
        return {}
    stuck, dropped = changes
    shown = {**written.parts, **{name: written.seen.get(name) for name in dropped}}
    before = known.fields
    return {
        name: (before[name], now)
        for name, now in shown.items()
        if name in before
        and _is_part_of(shape(name), stuck)
        and not same(before[name], now, shape(name))
    }


def _is_part_of(shape: Shape, changes: Changes) -> bool:
    return isinstance(shape, Field) and shape.part_of in changes


def but_for(known: Known, along: Changes) -> Known:
    """What is known of a record without what is there no longer."""
    if not along or not isinstance(known, Seen):
        return known
    return replace(known, fields={n: v for n, v in known.fields.items() if n not in along})


def with_what_goes(operation: Operation, known: Known, about: Descriptor) -> Operation:
    """An update with what ChartMogul is known to drop beside its changes, though nobody sends that."""
    if not isinstance(operation, Update) or not isinstance(known, Seen):
        return operation
    changes = operation.changes
    values = {name: after for name, (_, after) in changes.items()}
    along = dropped_beside(known.fields, values, about.fields.get)
    gone: Changes = {name: (known.fields[name], None) for name in along}
    return replace(operation, changes=changes | gone) if gone else operation


def nothing_done(dropped: Changes) -> str:
    """Why an update changed nothing."""
    if dropped:
        return "ChartMogul dropped every change"
    return "ChartMogul says that this changes nothing"


def tags_off(changes: Changes) -> tuple[str, ...]:
    """The tags that changes take off."""
    return removed(changes[TAGS]) if TAGS in changes else ()


def tags_half_way(changes: Changes, written: Written) -> Changes:
    """The change of tags as far as it went, where a later request failed: some are off, others not added yet."""
    if TAGS not in changes or TAGS not in written.confirmed:
        return {}
    before, now = changes[TAGS][0], written.seen.get(TAGS, ())
    return {} if are_same(before, now) else {TAGS: (before, now)}


def to_send(changes: Changes) -> Fields:
    """The values that changes send; of tags those that are missing."""
    fields: dict[str, Value] = {name: after for name, (_, after) in changes.items()}
    if TAGS in changes:
        fields[TAGS] = added(changes[TAGS])
    return fields
