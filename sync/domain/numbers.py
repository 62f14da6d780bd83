"""How numbers are written."""

from decimal import Decimal


def plain(value: Decimal) -> str:
    """A decimal without exponent, trailing zeros and a sign on zero."""
    if not value:
        return "0"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
