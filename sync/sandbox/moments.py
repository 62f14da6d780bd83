"""Times as ChartMogul reads and shows them."""

import re
from datetime import UTC, datetime


def read(text: str) -> datetime | None:
    """A time from ISO 8601 or `2016-10-01 23:55:00 UTC`; no zone is UTC; None if it is no time."""
    try:
        moment = datetime.fromisoformat(re.sub(r"\s*UTC$", "+00:00", text.strip()))
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def show(moment: datetime) -> str:
    """`2016-10-01T23:55:00.000Z`, as recorded."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def echo(text: str) -> str | None:
    """A time that was sent, in the form in which it comes back; None if it is no time."""
    moment = read(text)
    return None if moment is None else show(moment)


def stamp(at: float) -> datetime:
    """Seconds since 1970 as a time."""
    return datetime.fromtimestamp(at, UTC)


def say(moment: datetime) -> str:
    """`1 Oct 2016, 23:55` as people write it; midnight is a day alone."""
    day = f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"
    return day if not (moment.hour or moment.minute or moment.second) else f"{day}, {moment:%H:%M}"


def say_exactly(moment: datetime) -> str:
    """`1 Oct 2016, 23:55:02`."""
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}, {moment:%H:%M:%S}"


#: Not by strftime, which speaks the language of the machine.
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
