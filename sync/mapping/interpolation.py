"""References to the environment: `${NAME}`, `${NAME:-default}`, and `$${` for a literal `${`."""

import re
from collections import abc
from typing import Any

from pydantic import SecretStr
from pydantic_core import PydanticCustomError

from sync.domain.flaw import flaw
from sync.errors import ConfigError

Environment = abc.Mapping[str, str]

#: A value, and where in the text its reference begins → what is put there.
Put = abc.Callable[[str, int], str]

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_REFERENCE = re.compile(
    rf"\$(?P<literal>\$)\{{|\$\{{(?P<name>{_NAME})(?P<default>:-[^}}]*)?\}}|(?P<broken>\$\{{)"
)
_PLAIN = re.compile(rf"\$\{{({_NAME})\}}")


class Open(abc.Mapping[str, str]):
    """An environment in which a reference to what is not set stays as it is written."""

    def __init__(self, environment: Environment) -> None:
        self._inner = environment

    def __getitem__(self, name: str) -> str:
        try:
            return self._inner[name]
        except ConfigError:  # a file that cannot be read
            raise KeyError(name) from None

    def __iter__(self) -> abc.Iterator[str]:
        return iter(self._inner)

    def __len__(self) -> int:
        return len(self._inner)


def name_of(text: Any) -> str | None:
    """The variable's name where `text` is one reference without a default, and nothing else."""
    found = _PLAIN.fullmatch(text) if isinstance(text, str) else None
    return found[1] if found else None


def mask(text: str, stand_in: str) -> str:
    """`text` with `stand_in` for references without a default, and with the others' defaults."""

    def replace(found: re.Match[str]) -> str:
        if found["literal"]:
            return "${"
        return found["default"][2:] if found["default"] else stand_in

    return _REFERENCE.sub(replace, text)


def names_in(text: str) -> set[str]:
    """The variables that `text` refers to."""
    return {found["name"] for found in _REFERENCE.finditer(text) if found["name"]}


def references(text: str) -> abc.Iterator[re.Match[str]]:
    """The references in a text, with their places."""
    return _REFERENCE.finditer(text)


def fill(data: Any, environment: Environment, withheld: abc.Set[str] = frozenset()) -> Any:
    """A copy of `data` with every reference replaced, in values only; what cannot be is a flaw.

    So is a reference to a variable that is `withheld`.
    """
    match data:
        case str():
            return fill_text(data, environment, withheld)
        case dict():
            return {key: fill(value, environment, withheld) for key, value in data.items()}
        case list():
            return [fill(item, environment, withheld) for item in data]
        case _:
            return data


def _as_it_is(value: str, _: int) -> str:
    return value


def fill_secrets(data: Any, environment: Environment, withheld: abc.Set[str]) -> Any:
    """A copy of `data` with every reference replaced, and all that holds a reference made a secret."""
    match data:
        case str():
            filled = fill_text(data, environment, withheld)
            return SecretStr(filled) if isinstance(filled, str) and names_in(data) else filled
        case dict():
            return {k: fill_secrets(item, environment, withheld) for k, item in data.items()}
        case list():
            return [fill_secrets(item, environment, withheld) for item in data]
        case _:
            return data


def names_within(data: Any) -> set[str]:
    """The variables that the texts of a part of a mapping refer to."""
    match data:
        case str():
            return names_in(data)
        case dict():
            return {name for item in data.values() for name in names_within(item)}
        case list():
            return {name for item in data for name in names_within(item)}
    return set()


def fill_text(
    text: str, environment: Environment, withheld: abc.Set[str], put: Put = _as_it_is
) -> str | PydanticCustomError:
    """A text with every reference replaced, or the flaw in it; `put` makes of a value what goes to its place."""
    missing: list[str] = []
    if secret := sorted(names_in(text) & withheld):
        message = f"{secret[0]} is a secret, which would show in reports or be sent from here"
        return flaw(message, "only source.url and destination.api_key take a secret, each its own")

    def replace(found: re.Match[str]) -> str:
        value = _value(found, environment)
        if value is None and isinstance(environment, Open):
            return found[0]
        if value is None:
            missing.append(found["name"])
        return put(value or "", found.start())

    if any(_is_broken(found) for found in _REFERENCE.finditer(text)):
        return flaw("'${' begins no reference; write ${NAME}, ${NAME:-default}, or $${ for '${'")
    try:
        filled = _REFERENCE.sub(replace, text)
    except ConfigError as error:
        return flaw(error.problems[0].message)
    return unset(*dict.fromkeys(missing)) if missing else filled


def _is_broken(found: re.Match[str]) -> bool:
    return bool(found["broken"]) or "${" in (found["default"] or "")


def _value(found: re.Match[str], environment: Environment) -> str | None:
    """As in a shell: a default stands in for a variable that is empty, too."""
    if found["literal"]:
        return "${"
    value = environment.get(found["name"])
    if found["default"] is None:
        return value
    return value or found["default"][2:]


def unset(*names: str) -> PydanticCustomError:
    """The flaw of variables that the environment does not have."""
    both = " and ".join(names)
    verb, them = ("is", "it") if len(names) == 1 else ("are", "them")
    return flaw(f"{both} {verb} not set", f"set {them} in the environment or in .env")
