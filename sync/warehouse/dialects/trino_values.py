"""Values out of the JSON that Trino sends; what cannot be read stays text, to be rejected with its row."""

from collections import abc
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sync.warehouse.dialects import late


def _of_text(load: abc.Callable[[str], Any]) -> abc.Callable[[Any], Any]:
    """What reads a text; what is none was read by the driver."""

    def read(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return load(value)
        except (ValueError, OverflowError, ArithmeticError, KeyError, OSError):
            return value

    return read


def _moment(text: str) -> Any:
    """A time of up to twelve digits of fraction, of which six stay; behind it perhaps an offset or a zone's name."""
    day, _, rest = text.partition(" ")
    clock, _, zone = rest.partition(" ")
    whole, _, fraction = clock.partition(".")
    plain = datetime.fromisoformat(f"{day} {whole}.{fraction[:6]:0<6}")
    if not zone:
        return plain
    if zone[0] in "+-":
        return datetime.fromisoformat(f"{plain.isoformat()}{zone}")
    return plain.replace(tzinfo=UTC if zone == "UTC" else ZoneInfo(zone))


#: Exact.
decimal = _of_text(Decimal)
uuid = _of_text(UUID)
day = _of_text(date.fromisoformat)
moment = _of_text(_moment)
time_of_day = _of_text(time.fromisoformat)
span = _of_text(late.Span)
