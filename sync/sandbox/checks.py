"""Values from outside, held against the types and bounds that a dataclass gives its fields."""

import math
from collections import abc
from dataclasses import Field, dataclass, field, fields
from decimal import Decimal
from functools import cache
from types import NoneType, UnionType
from typing import (
    Any,
    ClassVar,
    Literal,
    Protocol,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

import simplejson


class Dataclass(Protocol):
    """What `fields` takes."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


UNIONS = (UnionType, Union)
"""Both spellings of "or" in a type."""


class Misfit(ValueError):
    """A value that cannot be taken; `name` is what it was for, the message a whole sentence."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


@dataclass(frozen=True, slots=True)
class Bounds:
    """The least and the most a number may be."""

    least: float
    most: float


_NONE = Bounds(-math.inf, math.inf)


def bounded(default: Any, least: float = 0, most: float = 1_000_000_000) -> Any:
    """A field of a dataclass with bounds, which hold for its numbers."""
    return field(default=default, metadata={"bounds": Bounds(least, most)})


def read(kind: type[Dataclass], sent: object) -> dict[str, Any]:
    """The arguments for such a dataclass, out of JSON.

    Raises:
        Misfit: it is no object, or has a key that is no field.
    """
    if not isinstance(sent, abc.Mapping):
        raise Misfit(kind.__name__.lower(), f"A JSON object is wanted, not {_shown(sent)}.")
    names = [one.name for one in fields(kind)]
    for name in sent:
        if name not in names:
            raise Misfit(str(name), f"{_shown(name)} is none of {', '.join(names)}.")
    hints = _hints(kind)
    return {name: _plain(hints[name], value) for name, value in sent.items()}


def check(value: Dataclass) -> None:
    """Misfit, where a field has a value that its type or bounds do not allow."""
    hints = _hints(type(value))
    for one in fields(value):
        held = getattr(value, one.name)
        if not _fits(hints[one.name], held, _bounds(one)):
            message = f"{one.name} is {allowed(type(value), one.name)}, not {_shown(held)}."
            raise Misfit(one.name, message)


def allowed(kind: type[Dataclass], name: str) -> str:
    """The values that a field takes, in words."""
    one = next(one for one in fields(kind) if one.name == name)
    return _words(_hints(kind)[name], _bounds(one))


@cache
def _hints(kind: type[Dataclass]) -> dict[str, Any]:
    return get_type_hints(kind)


def _bounds(one: Field[Any]) -> Bounds:
    bounds: Bounds = one.metadata.get("bounds", _NONE)
    return bounds


def _plain(hint: Any, value: object) -> object:
    """JSON has lists for tuples, and numbers with a fraction come as exact decimals."""
    if isinstance(value, Decimal) and float in (hint, *get_args(hint)):
        return float(value)
    return tuple(value) if isinstance(value, list) else value


def _fits(hint: Any, value: object, bounds: Bounds) -> bool:
    if get_origin(hint) in UNIONS:
        return any(_fits(one, value, bounds) for one in get_args(hint))
    if get_origin(hint) is Literal:
        return isinstance(value, str | int) and value in get_args(hint)
    if get_origin(hint) is tuple:
        return isinstance(value, tuple) and all(isinstance(one, str) for one in value)
    if hint is int or hint is float:
        kinds = int if hint is int else int | float
        number = isinstance(value, kinds) and not isinstance(value, bool)
        return number and _within(value, bounds)
    return isinstance(value, hint)


def _within(value: Any, bounds: Bounds) -> bool:
    return bool(bounds.least <= value <= bounds.most)


def _words(hint: Any, bounds: Bounds) -> str:
    if get_origin(hint) in UNIONS:
        return " or ".join(_words(one, bounds) for one in get_args(hint))
    if get_origin(hint) is Literal:
        return " or ".join(simplejson.dumps(one) for one in get_args(hint))
    if get_origin(hint) is tuple:
        return "a list of texts"
    if hint is int or hint is float:
        whole = "whole " if hint is int else ""
        return f"a {whole}number from {bounds.least:,} to {bounds.most:,}"
    return {bool: "true or false", str: "a text", NoneType: "null"}[hint]


def _shown(value: object) -> str:
    text = simplejson.dumps(
        value, use_decimal=True, ensure_ascii=False, default=str, allow_nan=True
    )
    return text if len(text) <= 80 else f"{text[:80]}…"
