"""Fields and look-ups as text, for files of our own."""

import simplejson

from sync.domain.plan import Seen
from sync.domain.record import Fields, Value


def dump(fields: Fields) -> str:
    """Fields as JSON text, decimals digit by digit."""
    return simplejson.dumps(fields, use_decimal=True)


def load(text: str) -> dict[str, Value]:
    """The fields that `dump` wrote."""
    loaded: dict[str, Value] = simplejson.loads(text, use_decimal=True)
    if "tags" in loaded:
        loaded["tags"] = tuple(loaded["tags"])  # type: ignore[arg-type]  # JSON has only lists
    return loaded


def dump_seen(seen: Seen) -> str:
    """A record that ChartMogul showed, as JSON text."""
    plain = {
        "uuid": seen.uuid,
        "fields": seen.fields,
        "pairs": seen.pairs,
        "customer_uuid": seen.customer_uuid,
        "customer": seen.customer,
        "data_source": seen.data_source,
    }
    return simplejson.dumps(plain, use_decimal=True)


def load_seen(text: str) -> Seen:
    """The record that `dump_seen` wrote."""
    plain = simplejson.loads(text, use_decimal=True)
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
    )
