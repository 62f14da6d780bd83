"""How any value becomes safe JSON: exact numbers, readable dates, valid Unicode."""

import re
from datetime import date, time
from decimal import Decimal
from typing import Any

import simplejson

#: Longer text is of no use for mending a row, and would fill disks.
LONGEST = 1_000
#: Numbers beyond a double's range are valid JSON, yet most readers turn them into infinity.
_EXPONENT = 308
#: What ends a line for many readers of text, moves a terminal's cursor or turns a text's direction, but JSON
#: does not escape.
_OBEYED = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
#: `simplejson.dumps` would make a new encoder for each line, and asking each value whether it is a named tuple would
#: take most of the time.
_LINE = simplejson.JSONEncoder(use_decimal=True, ensure_ascii=False, namedtuple_as_object=False)
_LINES = simplejson.JSONEncoder(
    use_decimal=True, ensure_ascii=False, namedtuple_as_object=False, indent=2
)

Json = str | int | float | bool | Decimal | None | list["Json"]


def plain(value: object, longest: int | None = LONGEST) -> Json:
    """The value as JSON can hold it; text is cut to `longest` characters (None: never).

    Numbers stay numbers where a double can hold their size, bytes become hex, dates ISO 8601, a row
    of values a list, and everything else its text.
    """
    if type(value) is str and value.isascii() and (longest is None or len(value) <= longest):
        return value  # most values, and the match below takes several times as long
    match value:
        case None | bool():
            return value
        case str():
            return cut(sound(value), longest)
        case int():
            return _integer(int(value), longest)
        case Decimal():
            return _decimal(value, longest)
        case float():
            return _decimal(Decimal(repr(float(value))), longest)
        case list() | tuple():
            return [_item(item, longest) for item in value]
        case _:
            return _text(value, longest)


def cut(text: str, longest: int | None) -> str:
    """The text, with an ellipsis in place of what is beyond `longest` characters."""
    if longest is None or len(text) <= longest:
        return text
    return text[: longest - 1] + "…"


def sound(text: str) -> str:
    r"""The text with lone surrogates, which UTF-8 cannot hold, written as `\ud800`."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def dumps(document: object) -> str:
    """JSON of plain values on one line, keys in their order, decimals exact."""
    return _escape(_LINE.encode(document))


def indented(document: object) -> str:
    """JSON text over many lines, for people."""
    return _escape(_LINES.encode(document))


def loads(text: str) -> Any:
    """What `dumps` wrote; numbers with a fraction become Decimals."""
    try:
        return simplejson.loads(text, use_decimal=True)
    except RecursionError:
        raise ValueError("brackets are nested too deeply") from None


def _escape(text: str) -> str:
    if text.isascii() and "\x7f" not in text:
        return text
    return _OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _integer(value: int, longest: int | None) -> Json:
    # Python refuses to print integers of over 4,300 decimal digits; hexadecimal has no limit.
    return value if value.bit_length() < 1024 else cut(hex(value), longest)


def _decimal(value: Decimal, longest: int | None) -> Json:
    if value.is_finite() and abs(value.adjusted()) < _EXPONENT:
        return value
    return cut(str(value), longest)


def _item(value: object, longest: int | None) -> Json:
    return _text(value, longest) if isinstance(value, list | tuple) else plain(value, longest)


def _text(value: object, longest: int | None) -> str:
    try:
        return cut(sound(_written(value)), longest)
    except Exception:  # a foreign type whose own __str__ fails must not end a run
        return f"<{type(value).__name__}>"


def _written(value: object) -> str:
    match value:
        case bytes() | bytearray():
            return value.hex()
        case memoryview():
            return value.tobytes().hex()
        case date() | time():  # a datetime is a date too
            return value.isoformat()
        case _:
            return str(value)
