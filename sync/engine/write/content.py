"""What there is in a decision: all that a create sets, what an update sends, and the words for what it did not do."""

from collections import abc
from dataclasses import replace

from sync.chartmogul.client import Written
from sync.domain.overwrite import Edits
from sync.domain.plan import Changes, Keep, Known, Operation, Seen, Update
from sync.domain.record import Fields, Record, Value
from sync.domain.results import Warned
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
