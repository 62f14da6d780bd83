"""Spellings: how one value may be written in several ways, and what stays of a text when the ways are taken away."""

import math
import re
from collections import abc
from decimal import Decimal

from sync.domain.instant import canonical, parse
from sync.domain.numbers import Approximate, is_near
from sync.domain.objects import Field, Kind
from sync.domain.record import AttributeType
from sync.domain.states import code_of

#: What a value is, where that is known: a field of the object, or the type of an attribute.
Shape = Field | AttributeType | None
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
    if len(Decimal(seen).normalize().as_tuple().digits) > _DIGITS:
        return False  # more than a double tells: this account keeps numbers as they are
    try:
        double = float(wanted)
        return math.isfinite(double) and double == float(seen)
    except OverflowError:
        return False


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


def _time(text: str) -> str:
    """A time as we write it, whatever zone and precision it is shown in."""
    instant = parse(bare(text))
    return bare(text) if instant is None else canonical(instant)


_FOLDINGS: abc.Mapping[Kind, abc.Callable[[str], str]] = {
    Kind.EMAIL: email,
    Kind.COUNTRY: _country,
    Kind.STATUS: status,
    Kind.TIME: _time,
}
