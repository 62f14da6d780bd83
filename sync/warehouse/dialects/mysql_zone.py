"""The time zone of a MySQL session: TIMESTAMP values are shown in it, and it belongs to the user's query, not to us."""

from bisect import bisect_right
from collections import abc
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

#: A local time becomes a moment.
ToMoment = abc.Callable[[datetime], datetime]

_EPOCH = datetime(1970, 1, 1)
#: Seconds. Clocks are set at a quarter of an hour, and TIMESTAMP goes from 1970 to 2038.
_QUARTER, _MONTH, _LAST = 900, 900 * 96 * 30, 2**31 - 900
_OFFSET = "timestampdiff(second, '1970-01-01', from_unixtime({0})) - {0}"
_TOGETHER = 500
Ask = abc.Callable[[str], tuple[Any, ...]]


def of_session(ask: Ask) -> ToMoment:
    """What reads the local times of a session; `ask` gives the one row of a query.

    A zone that has no name which is known here is asked of the server, offset by offset.
    """
    told, system = ask("select @@session.time_zone, @@system_time_zone")
    name = system if told == "SYSTEM" else told
    if name in ("UTC", "GMT", "+00:00"):
        return lambda local: local.replace(tzinfo=UTC)
    if told[:1] in ("+", "-"):
        zone = datetime.fromisoformat(f"2026-01-01T00:00{name}").tzinfo
        return lambda local: local.replace(tzinfo=zone).astimezone(UTC)
    if "/" in name:
        with suppress(ZoneInfoNotFoundError):
            known = ZoneInfo(name)
            return lambda local: local.replace(tzinfo=known).astimezone(UTC)
    return _Clock(*_changes(ask)).moment


@dataclass(frozen=True, slots=True)
class _Clock:
    """When a clock was set, in seconds since 1970, and its offset from then on."""

    starts: list[int]
    offsets: list[int]

    def moment(self, local: datetime) -> datetime:
        seconds = int((local - _EPOCH).total_seconds())
        for place in range(
            max(0, bisect_right(self.starts, seconds - 86_400) - 1), len(self.starts)
        ):
            offset = self.offsets[place]
            last = place + 1 == len(self.starts)
            if last or seconds - offset < self.starts[place + 1]:
                return local.replace(tzinfo=timezone(timedelta(seconds=offset))).astimezone(UTC)
        raise AssertionError("the last offset holds for ever")


def _changes(ask: Ask) -> tuple[list[int], list[int]]:
    """Month by month, then ever closer where two neighbours differ."""
    known = dict(_offsets(ask, range(0, _LAST, _MONTH)))
    while wanted := [(a + b) // 2 // _QUARTER * _QUARTER for a, b in _apart(known)]:
        known |= _offsets(ask, wanted)
    starts = [0, *(later for _, later in _pairs(known))]
    return starts, [known[start] for start in starts]


def _pairs(known: dict[int, int]) -> abc.Iterator[tuple[int, int]]:
    """Neighbours with different offsets."""
    moments = sorted(known)
    return ((a, b) for a, b in pairwise(moments) if known[a] != known[b])


def _apart(known: dict[int, int]) -> abc.Iterator[tuple[int, int]]:
    return ((a, b) for a, b in _pairs(known) if b - a > _QUARTER)


def _offsets(ask: Ask, moments: abc.Sequence[int]) -> abc.Iterator[tuple[int, int]]:
    for first in range(0, len(moments), _TOGETHER):
        some = moments[first : first + _TOGETHER]
        row = ask("select " + ", ".join(_OFFSET.format(moment) for moment in some))
        yield from zip(some, map(int, row), strict=True)
