"""What is done to values when a row is looked into: hashes of rows know them as the driver gave them."""

from collections import abc
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sync.domain.instant import Infinite

Load = abc.Callable[[Any], Any]
_ENDLESS = frozenset({"infinity", "-infinity"})
#: What DuckDB's driver makes of infinity: these very objects, which no date that it reads is.
_OUTERMOST = (date.max, date.min, datetime.max, datetime.min)


@dataclass(frozen=True, slots=True)
class Span:
    """A span of time as the database gives it, which nobody can be sent."""

    given: object

    def __str__(self) -> str:
        return str(self.given)


def by_type(
    loads: abc.Mapping[Any, Load], types: abc.Iterable[Any]
) -> tuple[tuple[int, Load], ...]:
    """The columns whose type, in their order, has something to be done to its values, and what that is."""
    return tuple((i, loads[type_]) for i, type_ in enumerate(types) if type_ in loads)


def unpadded(value: Any) -> Any:
    """Text of a type of fixed width without the blanks, or the NUL characters, that fill it up."""
    return value.rstrip(" \0") if isinstance(value, str) else value


def endless(value: Any) -> Any:
    """A date or time; the text of an infinite one is known as such."""
    return Infinite(value) if isinstance(value, str) and value in _ENDLESS else value


def ending(value: Any) -> Any:
    """A date or time; the ends of Python's calendar themselves, and no other value that equals them, are infinite."""
    if any(value is end for end in _OUTERMOST):
        return Infinite("infinity" if value.year > 1 else "-infinity")
    return value


def outermost(value: Any) -> Any:
    """The same where a driver gives other objects: then the last and the first of days cannot be told from infinity."""
    plain = value.replace(tzinfo=None) if isinstance(value, datetime) else value
    if plain not in _OUTERMOST:
        return value
    return Infinite("infinity" if plain.year > 1 else "-infinity")


def written(load: Load) -> Load:
    """Dates out of text as PostgreSQL writes them; what Python has no date for stays text, or is infinite."""

    def read(text: str) -> Any:
        if text in _ENDLESS:
            return Infinite(text)
        try:
            return load(text.encode())
        except Exception:  # of whatever sort: one value is no reason to end a run
            return text

    return read


def zoned(load: Load, zone: str) -> Load:
    """A moment out of a local time with the short name of its zone, as the styles beside ISO write it.

    `load` reads the time, `zone` is the session's. Where an hour comes twice, the name tells which it is.
    """

    def read(written: bytes) -> datetime:
        text, _, name = written.decode().rpartition(" ")
        local: datetime = load(text.encode())
        if name[0] in "+-":
            return datetime.fromisoformat(f"{local.isoformat()}{_offset(name)}")
        for fold in (0, 1):
            moment = local.replace(tzinfo=ZoneInfo(zone), fold=fold)
            if moment.tzname() == name:
                return moment
        raise ValueError(f"{zone} has no {name} then")

    return read


def _offset(name: str) -> str:
    """An offset of hours, perhaps minutes, as ISO 8601 wants it."""
    digits = name[1:].replace(":", "")
    return f"{name[0]}{digits[:2]}:{digits[2:4] or '00'}"
