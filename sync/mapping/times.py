"""The values of a mapping that say how often, how long ago, or when; each with its JSON Schema."""

from datetime import UTC, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import PlainValidator, WithJsonSchema

from sync.domain.flaw import wrong
from sync.domain.timetable import read_cron, read_every
from sync.errors import ConfigError
from sync.mapping.types import REFERENCE_SCHEMA, TEXT, text_of

#: A moment, where it does not matter which.
_ANY = datetime(2026, 1, 1, tzinfo=UTC)


def _interval(value: Any) -> str:
    text = text_of(value)
    try:
        read_every(text, _ANY)
    except ConfigError:
        raise wrong("is no interval; write it like 90s, 15m, 2h or 1d") from None
    return text


def _cron_fields(value: Any) -> str:
    text = text_of(value)
    try:
        read_cron(text, ZoneInfo("UTC"))
    except ConfigError:
        hint = "write five fields: minute, hour, day, month, weekday, such as '*/15 * * * *'"
        raise wrong("is no cron expression that is ever due", hint) from None
    return text


_INTERVAL = {"type": "string", "pattern": "^ *[0-9]{1,9} *[smhd] *$"}

Interval = Annotated[
    str, PlainValidator(_interval), WithJsonSchema({"anyOf": [_INTERVAL, REFERENCE_SCHEMA]})
]
CronFields = Annotated[str, PlainValidator(_cron_fields), WithJsonSchema(TEXT)]
