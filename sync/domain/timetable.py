"""When runs are due: an interval or cron fields, in a time zone."""

import re
from collections import abc
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sync.errors import ConfigError, ConfigProblem

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_LONGEST = timedelta(days=366)
#: How many due times to look at for the longest break between two: more than a week of `*/15 9-17 * * 1-5`.
_AHEAD = 400
#: Without `--jitter`: a tenth of the time until the next slot, but no more than this.
_JITTER = timedelta(seconds=10)
#: Without `--max-age`: this many of the longest breaks, and at least an hour: a first run may take that long.
_BREAKS, _LEAST_AGE = 3, timedelta(hours=1)


class Timetable(Protocol):
    """Says when runs are due; all times are aware."""

    def after(self, moment: datetime) -> datetime:
        """The first due time later than `moment`, in UTC."""
        ...


@dataclass(frozen=True, slots=True)
class Every:
    """Due at `start` and whole intervals after it, so that long runs move nothing."""

    interval: timedelta
    start: datetime

    def after(self, moment: datetime) -> datetime:
        """The first due time later than `moment`, in UTC."""
        passed = (moment - self.start) // self.interval
        return (self.start + max(passed + 1, 0) * self.interval).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Cron:
    """Due as five cron fields say, by the clock of a time zone.

    Where clocks are put back, `30 2 * * *` is due once, at the first 2:30, and `*/30 * * * *` twice; where they are put
    forward, what falls into the missing hour is due right after it. That is how cron itself does it.
    """

    fields: str
    zone: ZoneInfo

    def after(self, moment: datetime) -> datetime:
        """The first due time later than `moment`, in UTC."""
        from croniter import croniter  # not before there are fields to be read

        found = croniter(self.fields, moment.astimezone(self.zone))
        while True:
            due: datetime = found.get_next(datetime)
            if due.astimezone(UTC) > moment and not self._is_repeat(due):
                return due.astimezone(UTC)

    def _is_repeat(self, due: datetime) -> bool:
        """Whether a fixed hour comes for the second time today, because clocks were put back."""
        hours = self.fields.split()[1]
        first = due.replace(tzinfo=self.zone, fold=0)
        return "*" not in hours and due.utcoffset() != first.utcoffset()


def read_duration(text: str) -> timedelta:
    """`90s`, `15m`, `2h`, `1d`.

    Raises:
        ConfigError: it is something else, or longer than a year.
    """
    found = re.fullmatch(r"\s*(\d{1,9})\s*([smhd])\s*", text)
    if found is None:
        raise _wrong(f"{text!r} is no length of time", "write it like 90s, 15m, 2h or 1d")
    length = timedelta(seconds=int(found[1]) * _UNITS[found[2]])
    if length > _LONGEST:
        raise _wrong(f"{text!r} is longer than a year")
    return length


def read_every(text: str, start: datetime) -> Every:
    """A timetable from `15m`; the first run is due at `start`.

    Raises:
        ConfigError: as `read_duration`, and for less than a second.
    """
    interval = read_duration(text)
    if not interval:
        raise _wrong("an interval has to be longer than nothing")
    return Every(interval, start)


def read_cron(text: str, zone: ZoneInfo) -> Cron:
    """A timetable from `*/15 * * * *`, `0 6 * * mon-fri` or `@daily`.

    Raises:
        ConfigError: it is something else, or never due.
    """
    hint = "write five fields: minute, hour, day, month, weekday, such as '*/15 * * * *'"
    fields = " ".join(text.split())
    if fields.startswith("@"):
        fields = _ALIASES.get(fields.lower(), "")
    if len(fields.split()) != 5 or re.search(r"(?<![a-z])[rh](?![a-z])", fields, re.I):
        raise _wrong(f"{text!r} is no cron expression", hint)
    cron = Cron(fields, zone)
    try:
        cron.after(datetime(2026, 1, 1, tzinfo=UTC))
    except (ValueError, KeyError) as error:
        raise _wrong(f"{text!r} is no cron expression: {error}", hint) from error
    return cron


_ALIASES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}


def read_zone(name: str | None, environment: abc.Mapping[str, str]) -> ZoneInfo:
    """The zone of that name, else that of TZ, else UTC.

    Raises:
        ConfigError: there is no such zone.
    """
    wanted = name or environment.get("TZ", "").removeprefix(":") or "UTC"
    try:
        return ZoneInfo(wanted)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        message = f"{wanted!r} is no time zone"
        raise _wrong(message, "write it like Europe/Berlin; set --timezone or TZ") from None


def _wrong(message: str, hint: str = "") -> ConfigError:
    return ConfigError(ConfigProblem(message, hint))


def due_times(timetable: Timetable, moment: datetime) -> abc.Iterator[datetime]:
    """All due times later than `moment`, without end."""
    while True:
        moment = timetable.after(moment)
        yield moment


def skipped(timetable: Timetable, begun: datetime, now: datetime) -> int:
    """How many due times passed while a run went on; 1000 at most are counted."""
    count = 0
    for due in islice(due_times(timetable, begun), 1000):
        if due > now:
            break
        count += 1
    return count


def delay(timetable: Timetable, due: datetime, jitter: timedelta | None, roll: float) -> timedelta:
    """How much later than due a run starts, so that workers do not all start at once.

    `roll` is a number from 0 to 1. It stays below the time until the next due time.
    """
    room = timetable.after(due) - due
    most = min(room / 10, _JITTER) if jitter is None else min(jitter, room)
    return most * roll


def max_age(timetable: Timetable, now: datetime) -> timedelta:
    """How old the last success may become before something is wrong, if nobody says so."""
    longest = max(later - due for due, later in pairwise(islice(due_times(timetable, now), _AHEAD)))
    return max(_BREAKS * longest, _LEAST_AGE)
