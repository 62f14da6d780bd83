"""What two mappings may not both say."""

from collections import abc
from dataclasses import dataclass
from typing import Protocol

from sync.domain import objects
from sync.domain.record import AttributeType, Object
from sync.errors import ConfigProblem
from sync.mapping.environment import API_KEY
from sync.mapping.interpolation import name_of
from sync.mapping.model import Mapping
from sync.mapping.yaml import Document


class Part(Protocol):
    """A mapping and the file it came from."""

    @property
    def mapping(self) -> Mapping: ...
    @property
    def document(self) -> Document: ...


@dataclass(frozen=True, slots=True)
class Conflict:
    """What two files have against each other, told at its place in the second."""

    problem: ConfigProblem
    files: tuple[str, str]


def find_conflicts(parts: abc.Sequence[Part]) -> list[Conflict]:
    """Names that are taken, and customer attributes that two mappings would type differently."""
    return [*_names(parts), *_attributes(parts)]


def _names(parts: abc.Sequence[Part]) -> abc.Iterator[Conflict]:
    first: dict[str, Part] = {}
    for part in parts:
        other = first.setdefault(part.mapping.name, part)
        if other is not part:
            message = f"{other.document.file} has the same name"
            hint = "give one of the two another name: …"
            problem = part.document.problem(("name",), message, hint)
            yield Conflict(problem, (other.document.file, part.document.file))


def _attributes(parts: abc.Sequence[Part]) -> abc.Iterator[Conflict]:
    """An attribute that a write gives its type has one in the whole account."""
    first: dict[tuple[str, Object, str], tuple[str, AttributeType, str]] = {}
    for part in parts:
        kind = part.mapping.destination.object
        if not objects.of(kind).locks_types:
            continue
        for key, spec in part.mapping.attributes.items():
            said = (key, spec.type, part.document.file)
            before = first.setdefault((_account(part), kind, key.lower()), said)
            if before[:2] != said[:2]:
                differ = _differ(key, spec.type, *before)
                problem = part.document.problem(("attributes", key), *differ)
                yield Conflict(problem, (before[2], part.document.file))


def _differ(
    key: str, kind: AttributeType, old: str, before: AttributeType, file: str
) -> tuple[str, str]:
    if key != old:
        return f"'{key}' and '{old}' in {file} differ only in case", "write both alike"
    hint = "an attribute has one type in a whole ChartMogul account"
    return f"{kind} here, and {before} in {file}", hint


def _account(part: Part) -> str:
    """The variable with the API key: as much as a file tells of the account."""
    destination = part.document.data["destination"]
    return name_of(destination.get("api_key")) or API_KEY
