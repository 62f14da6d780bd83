"""What a value of a database is, in words."""

from datetime import date, datetime
from decimal import Decimal

from sync.domain.instant import Infinite


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
        case bytes() | bytearray() | memoryview():
            return "binary data"
        case dict():
            return "a JSON object"
        case list() | tuple() | set():
            return "a list"
    return f"a value of type {type(value).__name__}"
