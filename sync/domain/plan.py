"""The decision: what would make ChartMogul equal to a record, given what is known of it."""

from collections import abc
from dataclasses import dataclass, fields
from datetime import UTC
from decimal import Decimal
from typing import assert_never

from sync.domain.fingerprint import Hasher
from sync.domain.instant import parse
from sync.domain.objects import Descriptor
from sync.domain.policy import Mode, OnAbsent
from sync.domain.record import Fields, Problem, Record, Value


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the state knows of a key: the uuid, and hashes of what this mapping last sent (no values)."""

    uuid: str
    hashes: frozenset[bytes] = frozenset()


@dataclass(frozen=True, slots=True)
class Seen:
    """What ChartMogul showed of a customer or contact, in canonical values; empty is left out of `fields`.

    `pairs`: a customer's (data source uuid, external id) pairs; more than one after a merge.
    `customer_uuid`, `customer`: a contact's parent, as uuid and as external id.
    """

    uuid: str
    fields: Fields
    pairs: tuple[tuple[str, str], ...] = ()
    customer_uuid: str | None = None
    customer: str | None = None
    data_source: str | None = None


@dataclass(frozen=True, slots=True)
class Met(Seen):
    """What a look-up showed after a create whose answer was lost: somebody may have changed it in between."""

    @classmethod
    def by_look(cls, seen: Seen) -> "Met":
        """A record that a look-up showed, as one that was met."""
        return cls(**{field.name: getattr(seen, field.name) for field in fields(seen)})


@dataclass(frozen=True, slots=True)
class Absent:
    """ChartMogul has no such record."""


Known = Remembered | Seen | Absent
Changes = dict[str, tuple[Value, Value]]


@dataclass(frozen=True, slots=True)
class Create:
    """Send the record as a new one."""

    record: Record
    reason: str


@dataclass(frozen=True, slots=True)
class Update:
    """Send these changes; where `before_known` is false, the befores are unknown, not empty."""

    record: Record
    uuid: str
    changes: Changes
    before_known: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Keep:
    """Nothing differs."""

    record: Record
    uuid: str
    reason: str


@dataclass(frozen=True, slots=True)
class Skip:
    """The mode leaves this record alone; `uuid` is None where ChartMogul has no such record."""

    record: Record
    uuid: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Reject:
    """The mode cannot deliver this record."""

    record: Record
    problem: Problem


Operation = Create | Update | Keep | Skip | Reject


@dataclass(frozen=True, slots=True)
class Policy:
    """What a decision depends on besides the record and what is known of it."""

    mode: Mode
    absent: OnAbsent
    #: Makes the hashes by which dropped values are known again.
    hasher: Hasher
    #: What the record is: some of its fields may be computed by ChartMogul.
    descriptor: Descriptor


def decide(
    record: Record, known: Known, policy: Policy, dropped: abc.Set[bytes] = frozenset()
) -> Operation:
    """What would make ChartMogul equal to `record`, and why.

    `dropped` holds the hashes of values that ChartMogul is known to drop in silence: they are no
    difference until the wanted value changes.
    """
    match known:
        case Absent():
            return _decide_absent(record, policy)
        case _ if policy.mode is Mode.INSERT:
            return Skip(record, known.uuid, "exists already, and the mode is insert")
        case Seen():
            changes = _differences(record.fields, known.fields, policy.descriptor)
        case Remembered():
            changes = {
                name: (None, value)
                for name, value in record.fields.items()
                if policy.hasher.field(name, value) not in known.hashes
            }
        case _:
            assert_never(known)
    changes = {
        name: change
        for name, change in changes.items()
        if policy.hasher.field(name, record.fields[name]) not in dropped
    }
    seen = isinstance(known, Seen)
    if not changes:
        return Keep(record, known.uuid, "equal in ChartMogul" if seen else "nothing changed")
    reason = "differs in ChartMogul" if seen else "changed since it was last sent"
    return Update(record, known.uuid, changes, seen, f"{reason}: {', '.join(changes)}")


def _decide_absent(record: Record, policy: Policy) -> Operation:
    if policy.mode is not Mode.UPDATE:
        return Create(record, "not in ChartMogul")
    if policy.absent is OnAbsent.SKIP:
        return Skip(record, None, "not in ChartMogul, and the mode is update")
    return Reject(
        record,
        Problem(
            "not_found",
            "ChartMogul has no such record, and the mode is update",
            hint="use mode: upsert to create it, or absent: skip",
        ),
    )


def _differences(wanted: Fields, seen: Fields, descriptor: Descriptor) -> Changes:
    changes: Changes = {}
    for name, value in wanted.items():
        before, field = seen.get(name), descriptor.fields.get(name)
        if name == "tags":
            before, value = _tags(before, value)
        elif field is not None and field.is_computed(before):
            continue
        if not same(value, before):
            changes[name] = (before, value)
    return changes


def _tags(before: Value, wanted: Value) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Tags are only ever added: ChartMogul and people add tags of their own."""
    had = before if isinstance(before, tuple) else ()
    adds = wanted if isinstance(wanted, tuple) else ()
    return had, had + tuple(tag for tag in adds if tag not in had)


def same(wanted: Value, seen: Value) -> bool:
    """Whether ChartMogul holds what is wanted: one instant in two spellings is, `true` and 1 are not."""
    match wanted, seen:
        case bool(), bool():
            return wanted == seen
        case (bool(), _) | (_, bool()):
            return False
        case (int() | Decimal(), int() | Decimal()) | (tuple(), tuple()):
            return wanted == seen
        case str(), str():
            return wanted == seen or _same_instant(wanted, seen)
    return wanted is None and seen is None


def _same_instant(wanted: str, seen: str) -> bool:
    if not wanted.endswith("Z"):  # only canonical times end so and parse
        return False
    instant = parse(wanted, UTC)
    return instant is not None and instant == parse(seen, UTC)


def missing_tags(change: tuple[Value, Value]) -> tuple[str, ...]:
    """The tags that a change of tags adds."""
    before, after = change
    had = before if isinstance(before, tuple) else ()
    return tuple(tag for tag in after if tag not in had) if isinstance(after, tuple) else ()


def holds(name: str, wanted: Value, held: Value) -> bool:
    """Whether an answer shows what was sent: a value the same, tags among others."""
    if name == "tags" and isinstance(wanted, tuple):
        return set(wanted) <= set(held if isinstance(held, tuple) else ())
    return same(wanted, held)
