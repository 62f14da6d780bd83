"""When a mapping runs, as its file says."""

from typing import Any

from pydantic import Field, model_validator

from sync.domain.flaw import flaw
from sync.mapping.part import Part
from sync.mapping.times import CronFields, Interval
from sync.mapping.types import Zone


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
