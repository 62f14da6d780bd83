"""The decision: what would make ChartMogul equal to a record, given what is known of it."""

from collections import abc
from dataclasses import dataclass, field, fields
from typing import assert_never

from sync.domain import tags
from sync.domain.fingerprint import Hasher
from sync.domain.objects import Descriptor, Field
from sync.domain.overwrite import Edits, rule
from sync.domain.own import Own, Owner
from sync.domain.policy import Mode, OnAbsent, OnDeleted, Overwrites
from sync.domain.record import AttributeType, Fields, Problem, Record, Value
from sync.domain.sameness import same, shape_of
from sync.domain.spelling import Shape
from sync.domain.tags import TagTerms


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the state knows of a key: the uuid, and hashes of what this mapping last sent (no values)."""

    uuid: str
    hashes: frozenset[bytes] = frozenset()


@dataclass(frozen=True, slots=True)
class RememberedToCome(Remembered):
    """In a dry run: what the state would know of a record that a mapping before this one would create; no uuid yet."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What ChartMogul showed of a customer or contact, in canonical values; empty is left out of `fields`.

    `pairs`: a customer's (data source uuid, external id) pairs; more than one after a merge.
    `customer_uuid`, `customer`: a contact's parent, as uuid and as external id. `mrr` is a customer's monthly recurring
    revenue in cents, None where it is not shown. `pinned` are fields whose values are pinned, where a listing was asked
    to show them.
    """

    uuid: str
    fields: Fields
    pairs: tuple[tuple[str, str], ...] = ()
    customer_uuid: str | None = None
    customer: str | None = None
    data_source: str | None = None
    mrr: int | None = None
    pinned: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Met(Seen):
    """What a look-up showed after a create whose answer was lost: somebody may have changed it in between."""

    @classmethod
    def by_look(cls, seen: Seen) -> "Met":
        """A record that a look-up showed, as one that was met."""
        return cls(**{one.name: getattr(seen, one.name) for one in fields(seen)})


@dataclass(frozen=True, slots=True)
class ToCome(Seen):
    """In a dry run: a record that a mapping before this one would create; nobody knows its uuid."""


@dataclass(frozen=True, slots=True)
class SentUnseen(Seen):
    """In a dry run: what a mapping before this one would send of a record that nobody looked at."""


@dataclass(frozen=True, slots=True)
class Absent:
    """ChartMogul has no such record. `deleted`: it had; its uuid is gone, and nothing else bears its key."""

    deleted: bool = False


Known = Remembered | Seen | Absent
#: Why a row is skipped whose record, or whose customer, was deleted in ChartMogul.
DELETED = "deleted there"
Changes = dict[str, tuple[Value, Value]]
_NO_EDITS = Edits()
_NOTHING_OWN = Own()
_NO_TAGS = TagTerms()


@dataclass(frozen=True, slots=True)
class Create:
    """Send the record as a new one."""

    record: Record
    reason: str


@dataclass(frozen=True, slots=True)
class Update:
    """Send these changes; where `before_known` is false, the befores are unknown, not empty.

    `unsent` are fields that differ and are not sent.
    """

    record: Record
    uuid: str
    changes: Changes
    before_known: bool
    reason: str
    edits: Edits = _NO_EDITS
    unsent: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Keep:
    """Nothing differs, or what differs stays, `unsent` among it."""

    record: Record
    uuid: str
    reason: str
    edits: Edits = _NO_EDITS
    unsent: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Skip:
    """The mode leaves this record alone; `uuid` is None where ChartMogul has no such record."""

    record: Record
    uuid: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Reject:
    """The mode, or somebody's edit, keeps this record from being delivered; `more` are further problems."""

    record: Record
    problem: Problem
    more: tuple[Problem, ...] = ()


Operation = Create | Update | Keep | Skip | Reject


@dataclass(frozen=True, slots=True)
class Policy:
    """What a decision depends on besides the record and what is known of it."""

    mode: Mode
    absent: OnAbsent
    #: Makes the hashes by which dropped values are known again.
    hasher: Hasher
    #: What the record is: how its fields may be spelt, and which of them ChartMogul may compute.
    descriptor: Descriptor
    #: The types of its attributes, by their bare keys, as far as they are known.
    types: abc.Mapping[str, AttributeType] = field(default_factory=dict)
    #: What becomes of a record that was deleted in ChartMogul.
    deleted: OnDeleted = OnDeleted.CREATE
    #: Whose value wins, where ChartMogul holds another one.
    overwrites: Overwrites = field(default_factory=Overwrites)
    #: Which tags are those of every row, and whether rows bring their own.
    tags: TagTerms = _NO_TAGS

    @property
    def owner(self) -> Owner:
        """Tells which values are the mapping's own."""
        return Owner(self.hasher, self.shape)

    def shape(self, name: str) -> Shape:
        """What the values of a field or an attribute are."""
        return shape_of(name, self.descriptor, self.types)


def decide(
    record: Record,
    known: Known,
    policy: Policy,
    dropped: abc.Set[bytes] = frozenset(),
    own: Own = _NOTHING_OWN,
) -> Operation:
    """What would make ChartMogul equal to `record`, and why.

    `dropped` holds the hashes of values that ChartMogul is known to drop in silence: they alone are no difference, but
    an update for another reason tries them again. `own` tells the mapping's own values from those of others.
    """
    match known:
        case Absent(deleted=True) if policy.deleted is OnDeleted.LEAVE:
            return Skip(record, None, DELETED)
        case Absent():
            return _decide_absent(record, policy)
        case _ if policy.mode is Mode.INSERT:
            return Skip(record, known.uuid, "exists already, and the mode is insert")
        case Seen():
            return _decide_seen(record, known, policy, dropped, own)
        case Remembered():
            return _decide_remembered(record, known, policy, dropped)
        case _:
            assert_never(known)


def _decide_seen(
    record: Record, seen: Seen, policy: Policy, dropped: abc.Set[bytes], own: Own
) -> Operation:
    gone = _outdated(record, seen, policy, own)
    differences = _differences(record.fields, seen.fields, policy, gone)
    terms = (policy.owner, policy.overwrites, policy.tags)
    ruling = rule(differences, record.fields, seen.fields, own, terms)
    if ruling.rejected:
        first, *more = ruling.problems()
        return Reject(record, first, tuple(more))
    changes, edits = ruling.changes, ruling.edits
    if _are_dropped(changes, record, policy, dropped):
        stay = f"what others wrote stays in ChartMogul: {', '.join(edits.stay)}"
        reason = stay if edits.stay else "equal in ChartMogul"
        return Keep(record, seen.uuid, reason, edits.only_kept())
    reason = f"differs in ChartMogul: {', '.join(changes)}"
    return Update(record, seen.uuid, changes, True, reason, edits)


def _decide_remembered(
    record: Record, known: Remembered, policy: Policy, dropped: abc.Set[bytes]
) -> Operation:
    changes: Changes = {
        name: (None, value)
        for name, value in record.fields.items()
        if policy.hasher.field(name, value) not in known.hashes and value != ()
    }
    if _are_dropped(changes, record, policy, dropped):
        return Keep(record, known.uuid, "nothing changed")
    reason = f"changed since it was last sent: {', '.join(changes)}"
    return Update(record, known.uuid, changes, False, reason)


def _are_dropped(changes: Changes, record: Record, policy: Policy, dropped: abc.Set[bytes]) -> bool:
    """Whether ChartMogul is known to drop all of these changes."""
    return all(policy.hasher.field(name, record.fields[name]) in dropped for name in changes)


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


def _outdated(record: Record, seen: Seen, policy: Policy, own: Own) -> tuple[str, ...]:
    """The tags that a row has no more, and that may go.

    Of a customer that was merged, others may mean the same tag; what is noted of another record says nothing of this.
    """
    if not policy.tags.by_row or len(seen.pairs) > 1 or own.tags.uuid != seen.uuid:
        return ()
    shown, wanted = seen.fields.get(tags.TAGS), record.fields.get(tags.TAGS)
    return tags.outdated(shown, wanted, own.tags, policy.hasher)


def _differences(
    wanted: Fields, seen: Fields, policy: Policy, gone: tuple[str, ...] = ()
) -> Changes:
    changes: Changes = {}
    for name, value in wanted.items():
        before = seen.get(name)
        if value == before and type(value) is type(before):  # as nearly all are: no shape is needed
            continue
        shape = policy.shape(name)
        if name == tags.TAGS:
            before, value = tags.brought(before, value, gone)
        elif isinstance(shape, Field) and shape.is_computed(before):
            continue
        if not same(value, before, shape):
            changes[name] = (before, value)
    return changes
