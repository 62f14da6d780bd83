"""Tags of a customer: texts that stand side by side, and are one where they differ only in case and outer space."""

from collections import abc
from dataclasses import dataclass

from sync.domain.fingerprint import Hasher
from sync.domain.record import Value
from sync.domain.spelling import bare

#: The name of tags among the fields of a record.
TAGS = "tags"
#: Before the text of a tag, where it is hashed.
_TAG = "tag"


@dataclass(frozen=True, slots=True)
class TagTerms:
    """What a mapping says of tags: those of every row, and whether columns bring each row its own."""

    constants: tuple[str, ...] = ()
    by_row: bool = False


@dataclass(frozen=True, slots=True)
class OwnTags:
    """What the state keeps of the tags of a record, as marks; `uuid` is the record's.

    `had`: those that columns brought the mapping's row when it was last delivered. `added`: those that answered
    requests for the mapping added where a look had not shown them. `of_others`: those that other mappings set,
    `added_for_others`: those of them, and more, that answered requests for other mappings added.
    """

    uuid: str | None = None
    had: frozenset[bytes] = frozenset()
    added: frozenset[bytes] = frozenset()
    of_others: frozenset[bytes] = frozenset()
    added_for_others: frozenset[bytes] = frozenset()

    @property
    def removable(self) -> frozenset[bytes]:
        """The tags that may go once the row has them no more: we added them, and nobody else sets them."""
        return self.ours - self.of_others

    @property
    def ours(self) -> frozenset[bytes]:
        """The tags that our requests added, those that others still set included: they may have let go by then."""
        return self.added | (self.added_for_others & self.had)


def mark(hasher: Hasher, tag: str) -> bytes:
    """8 bytes that stand for a tag, however it is spelt."""
    return hasher.field(_TAG, fold(tag))


def marks(hasher: Hasher, tags: abc.Iterable[str]) -> frozenset[bytes]:
    """The marks of all these tags."""
    return frozenset(mark(hasher, tag) for tag in tags)


def fold(tag: str) -> str:
    """What two tags have in common that are one."""
    return bare(tag).casefold()


def texts(value: Value) -> tuple[str, ...]:
    """The tags that a value holds; none where it holds no tags."""
    return value if isinstance(value, tuple) else ()


def distinct(tags: abc.Iterable[str]) -> tuple[str, ...]:
    """The tags without those that are one with an earlier one, in their order."""
    first: dict[str, str] = {}
    for tag in tags:
        first.setdefault(fold(tag), tag)
    return tuple(first.values())


def without(tags: abc.Iterable[str], others: abc.Iterable[str]) -> tuple[str, ...]:
    """Those of these tags that are not among the others."""
    known = set(map(fold, others))
    return tuple(tag for tag in tags if fold(tag) not in known)


def outdated(shown: Value, wanted: Value, own: OwnTags, hasher: Hasher) -> tuple[str, ...]:
    """The tags that are shown, that a row has no more, and that may go.

    Two tags that differ in spelling alone cannot be told apart by their marks: one of them is somebody else's.
    """
    spelt = [fold(tag) for tag in texts(shown)]
    return tuple(
        tag
        for tag in without(texts(shown), texts(wanted))
        if spelt.count(fold(tag)) == 1 and mark(hasher, tag) in own.removable
    )


def brought(
    before: Value, wanted: Value, gone: abc.Sequence[str] = ()
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The tags before, and once those that are wanted are there and these are gone; those of others stay."""
    had = texts(before)
    return had, tuple(tag for tag in had if tag not in gone) + without(texts(wanted), had)


def among(tags: abc.Iterable[str], others: abc.Iterable[str]) -> tuple[str, ...]:
    """Those of these tags that are among the others."""
    known = set(map(fold, others))
    return tuple(tag for tag in tags if fold(tag) in known)


def added(change: tuple[Value, Value]) -> tuple[str, ...]:
    """The tags that a change adds."""
    before, after = map(texts, change)
    return without(after, before)


def removed(change: tuple[Value, Value]) -> tuple[str, ...]:
    """The tags that a change takes off, as they were shown."""
    before, after = map(texts, change)
    return without(before, after)


def holds(wanted: Value, held: Value) -> bool:
    """Whether tags are there, among others."""
    return not without(texts(wanted), texts(held))


def arrived(change: tuple[Value, Value], held: Value) -> bool:
    """Whether what a change adds is there, and what it takes off is not; others' tags may come and go."""
    return holds(added(change), held) and not among(removed(change), texts(held))


def are_same(one: Value, other: Value) -> bool:
    """Whether two sets of tags are one."""
    return holds(one, other) and holds(other, one)


def are_same_but_for(change: tuple[Value, Value], held: Value) -> bool:
    """Whether the tags that a change does not touch are as they were before it."""
    touched = (*added(change), *removed(change))
    before, now = without(texts(change[0]), touched), without(texts(held), touched)
    return are_same(before, now)


def as_planned(
    change: tuple[Value, Value], planned: tuple[Value, Value]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What of a change a plan lists: no tag more is added, and none more taken off."""
    more, off = among(added(change), added(planned)), among(removed(change), removed(planned))
    had = texts(change[0])
    return had, (*without(had, off), *more)
