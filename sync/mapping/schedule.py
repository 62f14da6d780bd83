"""When a mapping runs, as its file says: an interval or cron fields, each with its JSON Schema."""

from datetime import UTC, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from sync.domain.flaw import flaw, wrong
from sync.domain.timetable import read_cron, read_every
from sync.errors import ConfigError
from sync.mapping.part import Part
from sync.mapping.types import REFERENCE_SCHEMA, TEXT_SCHEMA, Zone, text_of

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
CronFields = Annotated[str, PlainValidator(_cron_fields), WithJsonSchema(TEXT_SCHEMA)]


class Schedule(Part):
    """When a mapping runs, where `schedule` is told nothing else."""

    every: Interval | None = Field(
        default=None, description="How often, such as 15m, counted from the start of `schedule`."
    )
    cron: CronFields | None = Field(
        default=None, description="When, as five cron fields, or @hourly and the like."
    )
    timezone: Zone | None = Field(
        default=None, description="The time zone of cron; that of --timezone or TZ, else UTC."
    )

    @model_validator(mode="before")
    @classmethod
    def _choose(cls, raw: Any) -> Any:
        if not isinstance(raw, dict) or raw.keys() - cls.model_fields.keys():
            return raw
        if "every" in raw and "cron" in raw:
            return raw | {"cron": flaw("give either every or cron; both cannot be kept")}
        if "every" not in raw and "cron" not in raw:
            raise flaw("needs exactly one of: every, cron", "such as schedule: {every: 15m}")
        if "timezone" in raw and "cron" not in raw:
            return raw | {"timezone": flaw("goes with cron only; an interval has no time of day")}
        return raw
