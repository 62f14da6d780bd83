"""Custom attributes: casting to the five types of ChartMogul, and finding the type of a column by its values."""

import math
import re
from collections import abc
from datetime import UTC, date, tzinfo
from decimal import Decimal
from typing import assert_never
from uuid import UUID

from sync.domain.instant import Infinite, parse
from sync.domain.numbers import plain
from sync.domain.record import AttributeType, Scalar
from sync.transform import casts
from sync.transform.casts import Cast, Miscast, is_broken
from sync.transform.kind import kind

#: dev.chartmogul.com/reference/customers/attributes/add
STRING_LENGTH = 255
#: Beyond a double's range most readers of JSON see infinity or nothing; ours refuses its thousands of digits.
EXPONENT = 308

_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_KEY = re.compile(r"[A-Za-z0-9_]+")
_TRUE = {"true", "t", "1"}
_FALSE = {"false", "f", "0"}


def is_key(name: str) -> bool:
    """Whether an attribute can have this key: letters, digits and underscores only."""
    return _KEY.fullmatch(name) is not None


def _wrong(value: object, wanted: AttributeType, hint: str = "") -> Miscast:
    article = "an" if wanted is AttributeType.INTEGER else "a"
    return Miscast(
        "attribute_type", f"{kind(value)} does not fit {article} {wanted} attribute", hint
    )


def string(value: object, *, truncate: bool = False) -> str:
    """Text of at most 255 characters, from text, whole and decimal numbers, UUIDs and Booleans."""
    match value:
        case Infinite():
            raise _wrong(value, AttributeType.STRING, casts.ENDLESS)
        case str():
            result = value
        case bool():
            result = "true" if value else "false"
        case UUID():
            result = str(value)
        case int():
            result = plain(Decimal(value))
        case Decimal() if value.is_finite():
            result = format(value, "f")
        case _:
            raise _wrong(value, AttributeType.STRING, "cast it to text in SQL")
    if is_broken(result):
        raise Miscast("attribute_type", "a character of this text cannot be sent", "mend it in SQL")
    if len(result) <= STRING_LENGTH:
        return result
    if truncate:
        return result[:STRING_LENGTH]
    raise Miscast(
        "attribute_type",
        f"the text has {len(result)} characters; a String attribute holds {STRING_LENGTH}",
        "shorten it in SQL, or declare the attribute with too_long: truncate",
    )


def integer(value: object) -> int:
    """A whole number within ±2^53."""
    try:
        return casts.whole(value)
    except Miscast as miscast:
        hint = "declare the attribute as Decimal or String if it may hold such values"
        raise Miscast("attribute_type", miscast.message, hint) from None


def decimal(value: object) -> Decimal:
    """An exact decimal number."""
    try:
        match value:
            case bool():
                pass
            case int() | float() | Decimal():
                return _moderate(casts.as_sent(value))
            case str() if _NUMBER.fullmatch(value.strip()):
                return _moderate(Decimal(value.strip()))
    except Miscast as miscast:
        raise Miscast("attribute_type", miscast.message, miscast.hint) from None
    raise _wrong(value, AttributeType.DECIMAL)


def _moderate(number: Decimal) -> Decimal:
    """The number without exponent, as JSON that everybody reads."""
    if number and (abs(number.adjusted()) > EXPONENT or not math.isfinite(float(number))):
        message = f"the number has more than {EXPONENT} digits; a Decimal attribute cannot take it"
        raise Miscast("attribute_type", message, "round it in SQL, or turn it into null")
    return type(number)(plain(number))


def boolean(value: object) -> bool:
    """true/false, 0/1 or t/f."""
    match value:
        case bool():
            return value
        case Decimal() if value.is_snan():
            pass  # it cannot even be compared
        case int() | float() | Decimal() if value in (0, 1):
            return bool(value)
        case str() if (word := value.strip().casefold()) in _TRUE | _FALSE:
            return word in _TRUE
    raise _wrong(value, AttributeType.BOOLEAN, "use true or false")


def timestamp(zone: tzinfo = UTC) -> Cast:
    """A cast to the canonical text of an instant: from dates, times and ISO 8601 text, not from numbers."""
    cast_time = casts.timestamp(zone)

    def cast(value: object) -> Scalar:
        try:
            return str(cast_time(value))
        except Miscast as miscast:
            hint = miscast.hint if isinstance(value, str) else "cast it in SQL"
            raise Miscast("attribute_type", miscast.message, hint) from None

    return cast


def caster(wanted: AttributeType, *, zone: tzinfo = UTC, truncate: bool = False) -> Cast:
    """The cast to an attribute type; it raises `Miscast` with the code `attribute_type`."""
    match wanted:
        case AttributeType.STRING:
            return lambda value: string(value, truncate=truncate)
        case AttributeType.INTEGER:
            return integer
        case AttributeType.DECIMAL:
            return decimal
        case AttributeType.BOOLEAN:
            return boolean
        case AttributeType.TIMESTAMP:
            return timestamp(zone)
        case _:
            assert_never(wanted)


def type_of(value: object) -> AttributeType | None:
    """The type that a single value suggests; None where it can be sent as none."""
    match value:
        case bool():
            return AttributeType.BOOLEAN
        case int():
            return AttributeType.INTEGER
        case float() | Decimal():
            return AttributeType.DECIMAL
        case Infinite():
            return None
        case str() | UUID():
            return AttributeType.STRING
        case date():
            return AttributeType.TIMESTAMP
    return None


def agree(found: abc.Set[AttributeType]) -> AttributeType | None:
    """The one type of a column with these types among its values; None where they disagree."""
    if found == {AttributeType.INTEGER, AttributeType.DECIMAL}:
        return AttributeType.DECIMAL
    return next(iter(found)) if len(found) == 1 else None


def possible(value: object) -> abc.Set[AttributeType]:
    """The types that a value in an answer can have; Timestamps come back as text, decimals may look whole."""
    match value:
        case bool():
            return {AttributeType.BOOLEAN}
        case int():
            return {AttributeType.INTEGER, AttributeType.DECIMAL}
        case Decimal() if value == value.to_integral_value():
            return {AttributeType.INTEGER, AttributeType.DECIMAL}
        case Decimal():
            return {AttributeType.DECIMAL}
        case str() if parse(value, UTC):
            return {AttributeType.STRING, AttributeType.TIMESTAMP}
    return {AttributeType.STRING}
