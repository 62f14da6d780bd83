"""Sameness: whether ChartMogul holds what is wanted, however the two are spelt."""

from collections import abc
from decimal import Decimal

from sync.domain import tags
from sync.domain.objects import Descriptor
from sync.domain.record import ATTRIBUTE, AttributeType, Value
from sync.domain.spelling import Loose, Shape, same_as_text, same_number, same_text

_LOOSE: abc.Mapping[AttributeType | None, Loose] = {
    type_: Loose(type_) for type_ in (*AttributeType, None)
}


def shape_of(name: str, descriptor: Descriptor, types: abc.Mapping[str, AttributeType]) -> Shape:
    """What the values of a field or an attribute are: it decides which spellings of them are one."""
    if name.startswith(ATTRIBUTE):
        type_ = types.get(name.removeprefix(ATTRIBUTE))
        return type_ if descriptor.locks_types else _LOOSE[type_]
    return descriptor.fields.get(name)


def same(wanted: Value, seen: Value, shape: Shape = None) -> bool:
    """Whether ChartMogul holds what is wanted: one instant in two spellings is, `true` and 1 are not.

    Which spellings are one depends on what the value is, its `shape`: a text attribute is what it says, but for white
    space and invisible characters at its ends, a state of the US has three spellings. An account that has defined an
    attribute of contacts as text shows numbers and truths as texts.
    """
    match wanted, seen:
        case bool(), bool():
            return wanted == seen
        case (bool() | int() | Decimal(), str()) if isinstance(shape, Loose):
            return same_as_text(wanted, seen)
        case (bool(), _) | (_, bool()):
            return False
        case (int() | Decimal(), int() | Decimal()):
            return same_number(wanted, seen)
        case tuple(), tuple():
            return wanted == seen
        case str(), str():
            return same_text(wanted, seen, shape)
    return wanted is None and seen is None


def holds(name: str, wanted: Value, held: Value, shape: Shape = None) -> bool:
    """Whether an answer shows what was sent: a value the same, tags among others."""
    if name == tags.TAGS:
        return tags.holds(wanted, held)
    return same(wanted, held, shape)


def arrived(name: str, change: tuple[Value, Value], held: Value, shape: Shape = None) -> bool:
    """Whether an answer shows what was sent of a change; of tags, that those that had to go are gone as well."""
    return tags.arrived(change, held) if name == tags.TAGS else same(change[1], held, shape)
