"""Spellings: how one value may be written in several ways, and what stays of a text when the ways are taken away."""

import math
import re
from collections import abc
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from sync.domain.instant import canonical, parse
from sync.domain.numbers import Approximate, is_near
from sync.domain.objects import Field, Kind
from sync.domain.record import AttributeType, Value
from sync.domain.states import code_of, spellings_of


@dataclass(frozen=True, slots=True)
class Loose:
    """An attribute whose type the account has defined for itself: numbers and truths may be shown as texts.

    `type` is what the mapping makes of it.
    """

    type: AttributeType | None


#: What a value is, where that is known: a field of the object, or the type of an attribute.
Shape = Field | AttributeType | Loose | None
#: Characters that nobody sees: of no width, for the direction of text, byte order marks.
INVISIBLE = "\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
_ENDS = re.compile(rf"^[\s{INVISIBLE}]+|[\s{INVISIBLE}]+$")
#: A double is shown with no more significant digits than these.
_DIGITS = 17


def bare(text: str) -> str:
    """A text without the white space and the invisible characters at its ends."""
    if text.isascii():
        return text.strip()
    return _ENDS.sub("", text)


def email(text: str) -> str:
    """An address without its case, which accounts keep or lower."""
    return bare(text).lower()


def status(text: str) -> str:
    """A status without its case; filters write it with underscores."""
    return bare(text).replace("_", " ").casefold()


def same_text(wanted: str, seen: str, shape: Shape) -> bool:
    """Whether two texts are one value of this shape; that a record is told by must be the same to the letter."""
    if wanted == seen:
        return True
    if isinstance(shape, Loose):
        shape = shape.type
    if isinstance(shape, Field) and shape.kind is Kind.KEY:
        return False
    if shape is None and wanted.endswith("Z"):
        return _time(wanted) == _time(seen)  # of an unknown type; only canonical times end so
    fold = _folding(shape)
    return fold(wanted) == fold(seen)


def same_number(wanted: int | Decimal, seen: int | Decimal) -> bool:
    """Whether two numbers are one: equal, or one the double next to the other, where a double is all that is shown.

    What came as floating point is one with what differs in its last digit alone.
    """
    if wanted == seen or (isinstance(wanted, Approximate) and is_near(wanted, seen)):
        return True
    if _has_more_than_a_double(seen):
        return False  # this account keeps numbers as they are
    try:
        double = float(wanted)
        return math.isfinite(double) and double == float(seen)
    except OverflowError:
        return False


def same_as_text(wanted: bool | int | Decimal, seen: str) -> bool:
    """Whether a text that is shown is this number, or this truth."""
    text = bare(seen)
    if isinstance(wanted, bool):
        return text.casefold() == str(wanted).casefold()
    try:
        number = Decimal(text)
    except InvalidOperation:
        return False
    return number.is_finite() and same_number(wanted, number)


def normal(value: Value, shape: Shape) -> Value:
    """The one spelling that stands for all of a value: two values have the same one only where they are one value.

    A number is the double that ChartMogul shows of it, unless it has more digits than a double tells.
    """
    match value:
        case bool() | tuple() | None:
            return value
        case int() | Decimal():
            return value if _has_more_than_a_double(value) else as_double(value)
        case str():
            return _normal_text(value, shape)


def spellings(value: Value, shape: Shape) -> tuple[Value, ...]:
    """The spellings of a value that can be told from any of them: the normal one, and all of a state."""
    plain = normal(value, shape)
    states = shape.names_state if isinstance(shape, Field) else False
    more = spellings_of(plain) if states and isinstance(plain, str) else ()
    return (plain, *more)


def _normal_text(text: str, shape: Shape) -> str:
    match shape:
        case Loose(type=type_):
            return _normal_text(text, type_)
        case Field(kind=Kind.KEY):
            return text
        case Field(values=values) if values:
            folded = _folding(shape)(text)
            return next((one for one in values if _folding(shape)(one) == folded), folded)
        case None if text.endswith("Z"):
            return _time(text)
        case _:
            return _folding(shape)(text)


def as_double(number: int | Decimal) -> int | Decimal:
    """A number as it is shown where numbers are doubles; the number itself beyond what these hold."""
    try:
        double = float(number)
    except OverflowError:
        return number
    return Decimal(repr(double)) if math.isfinite(double) else number


def _has_more_than_a_double(number: int | Decimal) -> bool:
    return len(Decimal(number).normalize().as_tuple().digits) > _DIGITS


def _folding(shape: Shape) -> abc.Callable[[str], str]:
    match shape:
        case Field(names_state=True):
            return _state
        case Field(kind=kind):
            return _FOLDINGS.get(kind, bare)
        case AttributeType.TIMESTAMP:
            return _time
        case _:
            return bare


def _country(text: str) -> str:
    return bare(text).upper()


def _state(text: str) -> str:
    plain = bare(text)
    return code_of(plain) or plain


@lru_cache(1024)
def _time(text: str) -> str:
    """A time as we write it, whatever zone and precision it is shown in.

    A record that is compared, and noted, asks for each of its times several times.
    """
    instant = parse(bare(text))
    return bare(text) if instant is None else canonical(instant)


_FOLDINGS: abc.Mapping[Kind, abc.Callable[[str], str]] = {
    Kind.EMAIL: email,
    Kind.COUNTRY: _country,
    Kind.STATUS: status,
    Kind.TIME: _time,
}
