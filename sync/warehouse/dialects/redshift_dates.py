"""Dates and times out of what Redshift sends, exact.

Its driver moves what Python has no date for to the ends of Python's calendar, days before 1582 by some days, and days
that come as text in another style than ISO 8601 to the year 9999.
"""

import re
from collections import abc
from datetime import UTC, date, datetime, timedelta
from struct import Struct
from typing import Any

#: What the driver calls to read a value: all that came, where the value begins, and how long it is.
Read = abc.Callable[[bytes, int, int], Any]
_EPOCH = datetime(2000, 1, 1)
_DAY = 86_400 * 10**6
#: So many days repeat, in the calendar without an end.
_CYCLE, _YEARS = 146_097, 400
_ENDS = {-(2**31): "-infinity", 2**31 - 1: "infinity", -(2**63): "-infinity", 2**63 - 1: "infinity"}
_DAYS, _MICROSECONDS = Struct("!i"), Struct("!q")
_BINARY = 1
_DATE, _TIMESTAMP, _TIMESTAMPTZ = 1082, 1114, 1184
_WRITTEN = re.compile(r"(\d+)([-/.])(\d+)[-/.](\d+)")


def install(driver: Any) -> None:
    """Let a connection of the driver read dates and times so; a value that no date of Python is stays text."""
    style = _style(driver)
    for oid, read in ((_TIMESTAMP, _moment), (_TIMESTAMPTZ, _aware)):
        _replace(driver.redshift_types, oid, read)
    if not _replace(driver.redshift_types, _DATE, _day):
        driver.redshift_types[_DATE] = (
            0,
            lambda data, at, size: written(data[at : at + size].decode(), style),
        )


def _replace(types: Any, oid: int, read: Read) -> bool:
    """Whether a type comes in binary, and is now read by this."""
    binary: bool = types[oid][0] == _BINARY
    if binary:
        types[oid] = (_BINARY, read)
    return binary


def written(text: str, style: str) -> date | str:
    """A date as `datestyle` writes it; what Python has no date for stays text."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        return text
    first, sign, second, third = found.groups()
    if len(first) >= 4:
        year, month, day = first, second, third
    elif sign == "." or style.endswith("DMY"):
        day, month, year = first, second, third
    else:
        month, day, year = first, second, third
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return text


def _day(data: bytes, at: int, size: int) -> date | str:
    (days,) = _DAYS.unpack_from(data, at)
    found = _read(days * _DAY)
    return _ENDS.get(days) or (
        found.date() if isinstance(found, datetime) else found.replace(" 00:00:00", "")
    )


def _moment(data: bytes, at: int, size: int) -> datetime | str:
    (microseconds,) = _MICROSECONDS.unpack_from(data, at)
    return _ENDS.get(microseconds) or _read(microseconds)


def _aware(data: bytes, at: int, size: int) -> datetime | str:
    found = _moment(data, at, size)
    return found.replace(tzinfo=UTC) if isinstance(found, datetime) else found


def _read(microseconds: int) -> datetime | str:
    """A time by the microseconds since 2000; as text in a year that Python has not."""
    try:
        return _EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        cycles, rest = divmod(microseconds, _CYCLE * _DAY)
        near = _EPOCH + timedelta(microseconds=rest)
        year = near.year + cycles * _YEARS
        era = "" if year > 0 else " BC"
        return f"{year if year > 0 else 1 - year:04}{near.isoformat(' ')[4:]}{era}"


def _style(driver: Any) -> str:
    """The session's `datestyle`, such as `SQL, DMY`."""
    told = {bytes(name).lower(): bytes(value) for name, value in driver.parameter_statuses}
    return told.get(b"datestyle", b"").decode()
