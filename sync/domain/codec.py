"""Fields and look-ups as text, for files of our own."""

import json
from collections import abc
from decimal import Decimal
from typing import Any

from sync.domain.numbers import Approximate, ApproximateSingle
from sync.domain.plan import Seen
from sync.domain.record import Fields, Value

_ENCODER = json.JSONEncoder()
_DECODER = json.JSONDecoder()
#: What JSON holds as it is; a number with a fraction it would make a double of.
_PLAIN = frozenset({str, int, bool, type(None)})
#: The others, by a name for each. What was a double in the warehouse stays known as one.
_KINDS: abc.Mapping[str, type[Decimal]] = {
    "decimal": Decimal,
    "double": Approximate,
    "single": ApproximateSingle,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def dump(fields: Fields) -> str:
    """Fields as JSON text, decimals digit by digit."""
    return _ENCODER.encode(_written(fields))


def load(text: str) -> dict[str, Value]:
    """The fields that `dump` wrote."""
    return _read(_DECODER.decode(text))


def dump_seen(seen: Seen) -> str:
    """A record that ChartMogul showed, as JSON text."""
    rest = (seen.pairs, seen.customer_uuid, seen.customer, seen.data_source, seen.mrr)
    return _ENCODER.encode((seen.uuid, _written(seen.fields), *rest))


def load_seen(text: str) -> Seen:
    """The record that `dump_seen` wrote."""
    uuid, fields, pairs, *rest = _DECODER.decode(text)
    return Seen(uuid, _read(fields), tuple((source, key) for source, key in pairs), *rest)


def _written(fields: Fields) -> dict[str, Any]:
    return {n: one if type(one) in _PLAIN else _written_value(one) for n, one in fields.items()}


def _read(fields: abc.Mapping[str, Any]) -> dict[str, Value]:
    return {n: one if type(one) in _PLAIN else _read_value(one) for n, one in fields.items()}


def _written_value(value: Value) -> Any:
    return {_NAMES[type(value)]: str(value)} if isinstance(value, Decimal) else value


def _read_value(value: Any) -> Value:
    if isinstance(value, list):
        return tuple(value)
    ((name, text),) = value.items()
    return _KINDS[name](text)
