"""What stands against types that the next write would lock for good."""

from collections import abc

from sync.domain import objects
from sync.domain.record import AttributeType
from sync.domain.typed import Typed
from sync.mapping.loader import LoadedMapping
from sync.mapping.lock_file import Lock
from sync.transform.contract import Disagreement
from sync.transform.declaration import declaration, name

_LOCKED = "ChartMogul locks a type at its first write, for good"
_PASTE = (
    "see that {} is right, and paste the lines below into the mapping, under attributes: where it has that already;"
    " or `chartmogul-sync check --write-lock` accepts all types as they are, in a lock file"
)
#: What a lock file begins with.
_HEAD = """\
# The types of customers' custom attributes, which ChartMogul never changes. Keep this file in git.
# `chartmogul-sync check --write-lock` adds to it what is new, and changes no type that is there.
version: 1
"""


def locked(loaded: LoadedMapping) -> abc.Mapping[str, AttributeType]:
    """The types that the lock file beside a mapping has, where a write would lock one."""
    lock = loaded.lock if objects.of(loaded.mapping.destination.object).locks_types else None
    return lock.types if lock else {}


def objections(
    loaded: LoadedMapping,
    types: abc.Mapping[str, Typed],
    problems: abc.Iterable[Disagreement] = (),
    *,
    accepting: bool = False,
) -> list[Disagreement]:
    """What stands against these types besides `problems`; nothing where a write locks none.

    `accepting`: what the lock file lacks, and what is only suggested, is about to be written into it.
    """
    if not objects.of(loaded.mapping.destination.object).locks_types:
        return []
    told = {problem.key for problem in problems}
    left = {key: typed for key, typed in types.items() if key not in told}
    found = list(_of_lock_file(loaded.lock, left, accepting=accepting)) if loaded.lock else []
    if accepting:
        return found
    suggestion = _undeclared(left)
    return [*found, suggestion] if suggestion else found


def _of_lock_file(
    lock: Lock, types: abc.Mapping[str, Typed], *, accepting: bool
) -> abc.Iterator[Disagreement]:
    folded = {key.lower(): key for key in lock.types}
    for key, typed in types.items():
        there, twin = lock.types.get(key), folded.get(key.lower())
        if there is not None and there is not typed.type:
            yield Disagreement(
                key,
                f"attribute {key!r} would be sent as {typed.type} ({typed.origin}),"
                f" but {lock.place(key)} has it as {there}",
                "correct the mapping; the lock file only if ChartMogul does not have that type",
            )
        elif there is None and twin is not None:
            message = f"attribute {key!r} and {twin!r}, in {lock.place(twin)}, differ only in case"
            yield Disagreement(key, message, f"call it {twin}, or give it a name of its own")
        elif there is None and not accepting and not typed.suggested:
            yield Disagreement(
                key,
                f"attribute {key!r}, {typed.type} ({typed.origin}), is not in {lock.file}",
                "see that its type is right; `chartmogul-sync check --write-lock` then adds it",
            )


def _undeclared(types: abc.Mapping[str, Typed]) -> Disagreement | None:
    """Types that nothing but today's values suggests, with the lines to paste."""
    suggested = {key: typed.type for key, typed in sorted(types.items()) if typed.suggested}
    if not suggested:
        return None
    names = ", ".join(map(repr, suggested))
    if len(suggested) == 1:
        message, each = f"the type of attribute {names} is only suggested, by its values", "it"
    else:
        message, each = (
            f"the types of attributes {names} are only suggested, by their values",
            "each",
        )
    lines = (declaration(key, key, kind) for key, kind in suggested.items())
    paste = "\n".join(("attributes:", *lines))
    return Disagreement(next(iter(suggested)), f"{message}: {_LOCKED}", _PASTE.format(each), paste)


def lock_text(types: abc.Mapping[str, AttributeType]) -> str:
    """A lock file with these types, sorted."""
    if not types:
        return f"{_HEAD}customers: {{}}\n"
    lines = (f"  {name(key)}: {kind.value}\n" for key, kind in sorted(types.items()))
    return "".join((_HEAD, "customers:\n", *lines))
