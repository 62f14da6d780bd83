"""Instants: every spelling of a time that we meet, read into UTC and written in one way."""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo

_WRITTEN = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)"
    r"(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?"
    r"(?: ?(?:([Zz]|UTC)|([+-])(\d\d)(?::?(\d\d))?))?)?",
    re.ASCII,
)
#: What is between the numbers of `2026-01-31T10:00:00.000Z`, and how it may end.
_USUAL = ("--T::", "-- ::")
_USUAL_END = re.compile(r"(\.\d{3})?Z?", re.ASCII)
#: Years that Python has no dates of.
_BEYOND = re.compile(r"([+-]?\d{5,}|-\d{4})-\d\d-\d\d", re.ASCII)
_BEFORE_CHRIST = (" BC", " (BC)")


class Infinite(str):
    """The text of a date or time without end, which some databases have and nobody can be sent."""

    __slots__ = ()


def canonical(instant: datetime) -> str:
    """Write an instant as `2026-01-31T10:00:00Z`, with `.123` only if there are milliseconds.

    Smaller parts are cut off, not rounded. A datetime without zone counts as UTC.
    """
    plain = instant.astimezone(UTC).replace(tzinfo=None) if instant.tzinfo else instant
    exact = "milliseconds" if plain.microsecond >= 1000 else "seconds"
    return plain.isoformat(timespec=exact) + "Z"


def parse(written: str | date, zone: tzinfo = UTC) -> datetime | None:
    """Read a date, a datetime or ISO 8601 text into an instant in UTC; None if it is none.

    `zone` holds where nothing else is said. A pure date is midnight UTC. Text is a date, then
    perhaps `T` or a space, hours and minutes, seconds, up to nine digits of fraction, and `Z`,
    ` UTC` or an offset.
    """
    try:
        match written:
            case str():
                return _read(written.strip(), zone)
            case datetime():
                return (written if written.tzinfo else written.replace(tzinfo=zone)).astimezone(UTC)
        return datetime.combine(written, time(), UTC)
    except (ValueError, OverflowError):
        return None


def is_beyond(written: str) -> bool:
    """Whether a text is a date before the year 1 or after the year 9999, as databases write them.

    `0044-03-15 BC`, `0044-03-15 (BC) 10:00:00`, `-0043-03-15`, `10000-01-01`.
    """
    text = written.strip()
    if _BEYOND.match(text):
        return True
    return any(era in text for era in _BEFORE_CHRIST) and re.search(r"\d", text) is not None


def is_pure_date(written: object) -> bool:
    """Whether a value is a date without a time, which is midnight UTC in every zone."""
    if isinstance(written, str):
        found = _WRITTEN.fullmatch(written.strip())
        return found is not None and found[4] is None
    return isinstance(written, date) and not isinstance(written, datetime)


def normalise(written: str) -> str | None:
    """Rewrite the text of an instant in the canonical way; None if it is none."""
    instant = parse(written)
    return None if instant is None else canonical(instant)


def _read(text: str, zone: tzinfo) -> datetime | None:
    """Read text; ValueError or OverflowError for a time that does not exist."""
    if text[4:17:3] in _USUAL and _USUAL_END.fullmatch(text, 19) and text[11:13] != "24":
        plain = datetime.fromisoformat(text)  # as nearly all are written: several times as fast
        return plain if plain.tzinfo else plain.replace(tzinfo=zone).astimezone(UTC)
    found = _WRITTEN.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, universal, sign, hours, minutes = (
        found.groups()
    )
    if hour is None:
        return datetime(int(year), int(month), int(day), tzinfo=UTC)
    microsecond = int((fraction or "0")[:6].ljust(6, "0"))
    offset = UTC if universal else _offset(sign, hours, minutes) if sign else zone
    plain = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second or 0))
    return plain.replace(microsecond=microsecond, tzinfo=offset).astimezone(UTC)


def _offset(sign: str, hours: str, minutes: str | None) -> timezone:
    """Read `+`, `05`, `30` as a zone; ValueError beyond a day or an hour."""
    if int(minutes or 0) > 59:
        raise ValueError("an offset has at most 59 minutes")
    distance = timedelta(hours=int(hours), minutes=int(minutes or 0))
    return timezone(-distance if sign == "-" else distance)
