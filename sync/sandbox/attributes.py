"""Custom attributes of customers: their types, locked by the first write for the whole account."""

import math
import re
from collections import abc
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sync.sandbox import moments
from sync.sandbox.answer import invalid, missing, unfit
from sync.sandbox.people import CUSTOM
from sync.sandbox.settings import DEFAULT, Settings

LONGEST = 255
"""Characters of a String (dev.chartmogul.com/reference/customers/attributes/add)."""

TYPES = ("String", "Integer", "Decimal", "Timestamp", "Boolean")
TRUE = (True, "TRUE", "true", "t", 1, "1")
FALSE = (False, "FALSE", "false", "f", 0, "0")


@dataclass(frozen=True, slots=True)
class Written:
    """What a request makes of the attributes, once all of it is found sound.

    `values` go to the customer, `types` are the keys that it defines.
    """

    values: abc.Mapping[str, Any] = field(default_factory=dict)
    types: abc.Mapping[str, str] = field(default_factory=dict)

    @property
    def by_path(self) -> dict[str, Any]:
        """The values by `custom.key`."""
        return {CUSTOM + key: value for key, value in self.values.items()}


def read_list(
    known: abc.Mapping[str, str], custom: object, settings: Settings = DEFAULT
) -> Written:
    """The form of POST, a list of `{type, key, value}`: defines what is new, sets the values.

    How ChartMogul answers a type that differs from the locked one is not known; here the whole
    request is refused with 422 and nothing of it is applied.
    """
    if not isinstance(custom, list):
        raise unfit("custom")
    types: dict[str, str] = {}
    values: dict[str, Any] = {}
    for one in custom:
        key, kind, value = _parts(one)
        if {**known, **types}.get(key, kind) != kind:
            raise invalid(f'The attribute "{key}" has another type.', "custom[0][type]")
        types[key], values[key] = kind, fit(kind, key, value, settings)
    return Written(values, {key: kind for key, kind in types.items() if key not in known})


def read_object(
    known: abc.Mapping[str, str], custom: object, settings: Settings = DEFAULT
) -> Written:
    """The form of PATCH and PUT, `{key: value}` or `{key: {value, source}}`.

    A key without a definition is dropped in silence: "the attribute must first be created with
    POST" (dev.chartmogul.com/reference/update-custom-attributes-of-customer); what the miss
    answers is not known, so this is our choice.
    """
    if not isinstance(custom, dict):
        raise unfit("custom")
    plain = {key: _bare(value) for key, value in custom.items()}
    defined = [key for key in plain if key in known]
    return Written({key: fit(known[key], key, plain[key], settings) for key in defined})


def read_patch(
    known: abc.Mapping[str, str], custom: object, settings: Settings = DEFAULT
) -> Written:
    """`attributes.custom` of PATCH /v1/customers, in either form.

    `false` is dropped in silence, as recorded in October 2023.
    """
    read = read_list if isinstance(custom, list) else read_object
    written = read(known, custom, settings)
    kept = {key: value for key, value in written.values.items() if value is not False}
    return Written(kept, written.types)


def fit(kind: str, key: str, value: object, settings: Settings = DEFAULT) -> Any:
    """The value as it is stored; 422 when it does not fit the type (the wording is ours)."""
    match kind, value:
        case "String", str() if len(value) <= LONGEST:
            return value
        case "String", str():
            raise invalid(f'The value of "{key}" is too long (maximum is 255).', "custom[0][value]")
        case "Integer", int() if not isinstance(value, bool):
            return value
        case "Decimal", int() | Decimal() if not isinstance(value, bool):
            return rounded(Decimal(value), key) if settings.decimals == "double" else value
        case "Timestamp", str() if (moment := moments.echo(value)) is not None:
            return moment
        case "Boolean", bool() | str() | int() if value in TRUE or value in FALSE:
            return value in TRUE
    raise invalid(f'The value of "{key}" is not a valid {kind}.', "custom[0][value]")


def rounded(number: Decimal, key: str) -> Decimal:
    """The double next to a number, with all the digits that JSON shows of it: 7 is 7.0 then."""
    double = float(number)
    if not math.isfinite(double):
        raise invalid(f'The value of "{key}" is out of range.', "custom[0][value]")
    return Decimal(repr(double))


def _parts(one: object) -> tuple[str, str, object]:
    # The index in `param` is always 0, whichever is the bad one (chartmogul-node issue #26).
    if not isinstance(one, dict):
        raise unfit("custom")
    for part in ("type", "key", "value"):
        if part not in one:
            raise missing(f"custom[0][{part}]")
    key, kind = one["key"], one["type"]
    if kind not in TYPES:
        raise unfit("custom[0][type]")
    # "Alphanumeric characters and underscores" say the docs; refusing the rest is our choice.
    if not isinstance(key, str) or not re.fullmatch(r"[A-Za-z0-9_]+", key):
        raise unfit("custom[0][key]")
    return key, kind, one["value"]


def _bare(value: object) -> object:
    if isinstance(value, dict) and "value" in value:
        return value["value"]
    return value
