"""Fields and look-ups as text, for files of our own."""

from collections import abc
from decimal import Decimal
from typing import Any

import simplejson

from sync.domain.numbers import Approximate, ApproximateSingle
from sync.domain.plan import Seen
from sync.domain.record import Fields, Value

#: `simplejson.loads` would make a new one for each text.
_DECODER = simplejson.JSONDecoder(parse_float=Decimal)
#: Numbers that JSON would make exact.
_KINDS: abc.Mapping[str, type[Approximate]] = {"double": Approximate, "single": ApproximateSingle}


def dump(fields: Fields) -> str:
    """Fields as JSON text, decimals digit by digit."""
    written = {name: _written(value) for name, value in fields.items()}
    return simplejson.dumps(written, use_decimal=True)


def load(text: str) -> dict[str, Value]:
    """The fields that `dump` wrote."""
    return {name: _read(value) for name, value in _DECODER.decode(text).items()}


def _written(value: Value) -> Any:
    for name, kind in _KINDS.items():
        if type(value) is kind:
            return {name: str(value)}
    return value


def _read(value: Any) -> Value:
    match value:
        case list():
            return tuple(value)
        case dict():
            ((name, text),) = value.items()
            return _KINDS[name](text)
    read: Value = value
    return read


def dump_seen(seen: Seen) -> str:
    """A record that ChartMogul showed, as JSON text."""
    plain = {
        "uuid": seen.uuid,
        "fields": seen.fields,
        "pairs": seen.pairs,
        "customer_uuid": seen.customer_uuid,
        "customer": seen.customer,
        "data_source": seen.data_source,
        "mrr": seen.mrr,
    }
    return simplejson.dumps(plain, use_decimal=True)


def load_seen(text: str) -> Seen:
    """The record that `dump_seen` wrote."""
    plain = _DECODER.decode(text)
    fields = plain["fields"]
    if "tags" in fields:
        fields["tags"] = tuple(fields["tags"])
    pairs = tuple((source, key) for source, key in plain["pairs"])
    return Seen(
        plain["uuid"],
        fields,
        pairs,
        plain["customer_uuid"],
        plain["customer"],
        plain["data_source"],
        plain["mrr"],
    )
