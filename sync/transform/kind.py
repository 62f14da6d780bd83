"""What a value of a database is, in words."""

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from sync.domain.instant import Infinite, is_beyond

_NULL = "turn it into null in SQL"
_PARTLY_ZERO = re.compile(r"\d{4}-(?:00-\d\d|\d\d-00)", re.ASCII)


def kind(value: object) -> str:
    """What a value is, for messages that must not hold the value itself."""
    match value:
        case bool():
            return "a Boolean"
        case int():
            return "a whole number"
        case float() | Decimal():
            return "a decimal number"
        case Infinite():
            return "an infinite date or time"
        case str():
            return "text"
        case datetime():
            return "a time"
        case date():
            return "a date"
        case time():
            return "a time of day"
        case timedelta():
            return "a span of time"
        case bytes() | bytearray() | memoryview():
            return "binary data"
        case dict():
            return "a JSON object"
        case list() | tuple() | set():
            return "a list"
    return _NAMED.get(type(value).__name__) or f"a value of type {type(value).__name__}"


#: Types of drivers, which are not imported for this.
_NAMED = {
    "Interval": "a span of time",
    "Span": "a span of time",
    "relativedelta": "a span of time",
    "Range": "a range",
    "Multirange": "a range",
    **dict.fromkeys(
        (
            "IPv4Address",
            "IPv4Interface",
            "IPv4Network",
            "IPv6Address",
            "IPv6Interface",
            "IPv6Network",
        ),
        "an IP address",
    ),
}


def no_instant(value: str | date) -> tuple[str, str]:
    """Why a value that is no instant is none, in words that do not hold it, and the way out."""
    if not isinstance(value, str) or is_beyond(value):
        return "a date before the year 1 or after the year 9999 cannot be sent", _NULL
    if value.startswith("0000-00-00"):
        return "a zero date, as MySQL has them, is no date", f"{_NULL}: nullif(column, 0)"
    if _PARTLY_ZERO.match(value):
        return "a date whose month or day is zero, as MySQL has them, is no date", _NULL
    return f"{kind(value)} that is no existing date or time", "use ISO 8601"
