"""Options for a warehouse's driver: those of a mapping as the driver takes them, and such as a command is told."""

import json
from collections import abc
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from pydantic import SecretStr
from pydantic_core import PydanticCustomError

from sync.domain.flaw import flaw
from sync.errors import ConfigError, ConfigProblem
from sync.mapping import yaml
from sync.mapping.environment import supply_options
from sync.mapping.interpolation import Environment, names_within

_LIKE = "write it as NAME=VALUE, with ${VARIABLE} in single quotes for what is secret"
#: What is more than a word, or a word in quotes, is YAML.
_AS_YAML = tuple("{[\"'")


def revealed(option: Any) -> Any:
    """Options as the driver takes them."""
    match option:
        case SecretStr():
            return option.get_secret_value()
        case dict():
            return {name: revealed(item) for name, item in option.items()}
        case list():
            return [revealed(item) for item in option]
    return option


def secrets(option: Any) -> abc.Iterator[str]:
    """What of them no message may show."""
    match option:
        case SecretStr():
            yield option.get_secret_value()
        case dict():
            for item in option.values():
                yield from secrets(item)
        case list():
            for item in option:
                yield from secrets(item)


@dataclass(frozen=True, slots=True)
class Told:
    """Options as a mapping writes them, with `${NAME}`, and with what stands for that, which is secret."""

    written: dict[str, Any] = field(default_factory=dict)
    filled: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def variables(self) -> list[str]:
        """The variables that they refer to."""
        return sorted(names_within(self.written))


def read(texts: abc.Iterable[str], environment: Environment) -> Told:
    """Options told as `NAME=VALUE`; a value is text, a number, true or false, or YAML in brackets or quotes.

    Raises:
        ConfigError: one has no name or no value, spells a secret out, or names a variable that is not set.
    """
    written: dict[str, Any] = {}
    for text in texts:
        name, value = _read(text)
        if name in written:
            raise _wrong(f"--option names {name} twice", "take one out")
        written[name] = value
    filled = supply_options(written, environment)
    for name, option in filled.items():
        if (found := _flaw(option)) is not None:
            raise _of(name, found)
    return Told(written, filled)


def _read(text: str) -> tuple[str, Any]:
    """A name and its value; what stands there is not repeated, it may be a secret."""
    name, sign, value = (part.strip() for part in text.partition("="))
    if not sign or not name:
        raise _wrong("an --option is no NAME=VALUE", _LIKE)
    if not value:
        raise _wrong(f"--option {name} has no value", _LIKE)
    if value.startswith(_AS_YAML):
        try:
            return name, _plain(yaml.parse(f"value: {value}", "--option").data["value"])
        except ConfigError:
            raise _wrong(f"--option {name} is no YAML", "write text as it is") from None
    try:
        return name, _number(value)
    except ValueError:
        return name, value


def _number(value: str) -> bool | int | float:
    """What JSON has besides texts. Raises ValueError."""
    found = json.loads(value)
    if not isinstance(found, bool | int | float) or not isfinite(found):
        raise ValueError(value)
    return found


def _plain(value: Any) -> Any:
    """YAML's exact numbers as JSON has them."""
    match value:
        case dict():
            return {name: _plain(item) for name, item in value.items()}
        case list():
            return [_plain(item) for item in value]
        case str() | bool() | int() | None:
            return value
    return float(value)


def _flaw(option: Any) -> PydanticCustomError | None:
    match option:
        case PydanticCustomError():
            return option
        case None:
            return flaw("an option has no value; give one, or take it out")
        case dict():
            return next(filter(None, map(_flaw, option.values())), None)
        case list():
            return next(filter(None, map(_flaw, option)), None)
    return None


def _of(name: str, found: PydanticCustomError) -> ConfigError:
    context = found.context or {}
    hint = str(context.get("hint", ""))
    if "${NAME}" in hint:
        hint = f"write --option '{name}=${{NAME}}', in single quotes, which the shell leaves alone"
    message = str(context.get("message", found))
    return _wrong(message if name in message else f"--option {name}: {message}", hint)


def _wrong(message: str, hint: str) -> ConfigError:
    return ConfigError(ConfigProblem(message, hint, path="--option"))
