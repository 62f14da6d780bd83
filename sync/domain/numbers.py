"""Numbers: how they are written, and which of them are only near what was meant."""

import math
import struct
from decimal import Decimal
from typing import ClassVar

#: A double tells apart all decimals of so many significant digits, and not all of more.
DIGITS = 15


class Single(float):
    """A number of single precision, as the double that prints its shortest text: 0.1, not 0.10000000149011612."""

    #: Up to here every whole number has a single of its own.
    whole: ClassVar[int] = 2**24


class SixDigits(Single):
    """A number of single precision of which only six digits came."""

    whole: ClassVar[int] = 10**6


class Rounded(float):
    """A double of which only 15 digits came."""

    whole: ClassVar[int] = 10**DIGITS


class Approximate(Decimal):
    """A number that came as floating point: the last of its significant digits may be one off."""


class ApproximateSingle(Approximate):
    """A number that came in single precision: all that round to the same single are one."""


def plain(value: Decimal) -> str:
    """A decimal without exponent, trailing zeros and a sign on zero."""
    if not value:
        return "0"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def single(value: float) -> Single:
    """A single that a driver widened to a double."""
    for digits in range(1, 10):
        shorter = float(format(value, f".{digits}g"))
        if _narrow(shorter) == _narrow(value):
            return Single(shorter)
    return Single(value)  # infinity, and what is no number


def near(value: float) -> Decimal:
    """A finite number of floating point as it is sent: with 15 significant digits where it has a fraction.

    Sums in another order differ in the digits after those.
    """
    if isinstance(value, Single):
        return ApproximateSingle(float.__repr__(value))
    exact = Decimal(float.__repr__(value))
    if abs(exact) >= 10**DIGITS and float(value).is_integer():
        return exact
    return Approximate(format(float(value), f".{DIGITS}g"))


def is_near(wanted: Approximate, seen: int | Decimal) -> bool:
    """Whether a number is one with another that came as floating point."""
    if isinstance(wanted, ApproximateSingle):
        return _narrow(_double(wanted)) == _narrow(_double(seen))
    digit = Decimal(1).scaleb(wanted.adjusted() - DIGITS + 1)
    return bool(wanted) and abs(Decimal(wanted) - seen) <= digit


def _double(value: int | Decimal) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _narrow(value: float) -> float:
    """The single next to a double."""
    try:
        return float(struct.unpack("f", struct.pack("f", value))[0])
    except OverflowError:
        return math.copysign(math.inf, value)
