"""The lock file beside mappings, for git: which types the attributes of their customers may have."""

import re
from collections import abc
from dataclasses import dataclass, field
from pathlib import Path

from sync.domain.record import AttributeType
from sync.errors import ConfigError, ConfigProblem
from sync.mapping import yaml
from sync.mapping.rules import nearest
from sync.mapping.text import read_text, shown
from sync.mapping.yaml import Document

#: Its name, in the mappings' folder.
NAME = "attributes.lock.yml"
_KEYS = ("version", "customers")
_KEY = re.compile(r"[A-Za-z0-9_]+")
_WRITES = "`chartmogul-sync check --write-lock` writes it"


@dataclass(frozen=True, slots=True)
class Lock:
    """A sound lock file: attributes of customers, and their types."""

    file: str
    types: abc.Mapping[str, AttributeType]
    document: Document = field(repr=False, compare=False)

    def place(self, key: str) -> str:
        """Where an attribute stands in it: `mappings/attributes.lock.yml:4`."""
        return f"{self.file}:{self.document.problem(('customers', key), '').line}"


def beside(mapping: Path) -> Lock | None:
    """The lock file in the folder of a mapping; None where there is none.

    Raises:
        ConfigError: it cannot be read, or says what no lock file can say; with every problem and its place.
    """
    file = mapping.parent / NAME
    if not (file.exists() or file.is_symlink()):
        return None
    name = shown(file)
    text = read_text(file, name)
    if not text.strip():
        raise ConfigError(ConfigProblem("the lock file is empty", _WRITES, name, 1, 1))
    document = yaml.parse_as_far_as_possible(text, name, "lock")
    if problems := [*document.problems, *_problems(document)]:
        raise ConfigError(*problems)
    customers = document.data["customers"] or {}
    return Lock(name, {key: AttributeType(kind) for key, kind in customers.items()}, document)


def _problems(document: Document) -> abc.Iterator[ConfigProblem]:
    said = document.data
    for key in said.keys() - set(_KEYS):
        close = nearest(key, _KEYS)
        hint = f"did you mean {close!r}?" if close else f"a lock file has: {', '.join(_KEYS)}"
        yield document.problem((key,), f"unknown key {key!r}", hint)
    for key in (key for key in _KEYS if key not in said):
        yield document.problem((), f"key {key!r} is missing", _WRITES)
    version = said.get("version", 1)
    if type(version) is not int or version != 1:
        written = document.written(("version",))
        yield document.problem(("version",), f"version is {written}; this program reads version 1")
    customers = said.get("customers") or {}
    if not isinstance(customers, dict):
        message = "customers holds attributes and their types; put them under it"
        yield document.problem(("customers",), message)
    else:
        yield from _attributes(document, customers)


def _attributes(
    document: Document, customers: abc.Mapping[str, object]
) -> abc.Iterator[ConfigProblem]:
    first: dict[str, str] = {}
    for key, kind in customers.items():
        place = ("customers", key)
        twin = first.setdefault(key.lower(), key)
        if not _KEY.fullmatch(key):
            message = f"no attribute has the key {key!r}: only letters, digits and _ are allowed"
            yield document.problem(place, message)
        elif twin != key:
            yield document.problem(place, f"{twin!r} and {key!r} differ only in case")
        if kind not in list(AttributeType):
            types = ", ".join(AttributeType)
            close = nearest(kind, AttributeType) if isinstance(kind, str) else None
            hint = f"did you mean {close}? The types are {types}" if close else f"one of: {types}"
            yield document.problem(place, f"{document.written(place)} is no type", hint)
