"""What stands against types that the next write would lock for good."""

from collections import abc

from sync.domain import objects
from sync.domain.typed import Typed
from sync.mapping.loader import LoadedMapping
from sync.transform.contract import Disagreement
from sync.transform.declaration import declaration

_LOCKED = "ChartMogul locks a type at its first write, for good"
_PASTE = (
    "see that {} is right, and paste the lines below into the mapping;"
    " where it has attributes: already, put them under that"
)


def objections(
    loaded: LoadedMapping,
    types: abc.Mapping[str, Typed],
    problems: abc.Iterable[Disagreement] = (),
) -> list[Disagreement]:
    """What stands against these types besides `problems`; nothing where a write locks none."""
    if not objects.of(loaded.mapping.destination.object).locks_types:
        return []
    known = {problem.key for problem in problems}
    found = _undeclared({key: typed for key, typed in types.items() if key not in known})
    return [found] if found else []


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
