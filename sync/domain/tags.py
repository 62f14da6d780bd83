"""Tags of a customer: texts that stand side by side, and are one where they differ only in case and outer space."""

from collections import abc

from sync.domain.record import Value
from sync.domain.spelling import bare

#: The name of tags among the fields of a record.
TAGS = "tags"


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


def with_more(before: Value, wanted: Value) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The tags before and after those that are wanted are there: ChartMogul and people add tags of their own."""
    had = texts(before)
    return had, had + without(texts(wanted), had)


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
