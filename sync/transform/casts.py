"""Casting: a database's value becomes the canonical value of a ChartMogul field, or a reason why not."""

import re
from collections import abc
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from typing import assert_never
from uuid import UUID

from sync.domain import countries, instant
from sync.domain.instant import Infinite
from sync.domain.numbers import Rounded, Single, near, plain
from sync.domain.objects import Field, Kind
from sync.domain.record import Value
from sync.domain.spelling import INVISIBLE, bare
from sync.transform.kind import kind, no_instant

Cast = abc.Callable[[object], Value]
Now = abc.Callable[[], datetime]

KEY_LENGTH = 255
#: Beyond it a JSON number is no longer exact for everyone who reads it.
INTEGER_LIMIT = 2**53
#: What ChartMogul's lists take as a place (`position`).
_PLACES = 2**31 - 1
#: ChartMogul checks addresses itself and answers 422; this only catches what can never be one: a link (`mailto:`), a
#: list, an address in brackets or quotes, one with an invisible character, a domain that begins or ends with a hyphen.
_NEVER = rf"@\s\x00-\x1f\x7f<>()\[\]\\,;:\"{INVISIBLE}"
_LABEL = rf"(?!-)[^{_NEVER}.'!?/|=]+(?<!-)"
_EMAIL = re.compile(rf"[^{_NEVER}]+@{_LABEL}(\.{_LABEL})+")
_DIGITS = re.compile(r"[+-]?[0-9]{1,400}")
_CLEAN = "take zero-width characters, direction marks and byte order marks out of it in SQL"
_ADDRESS = "one bare address, such as ada@example.com: no mailto:, no name, no brackets, no comma"
#: What to do about infinite dates.
ENDLESS = "turn infinity into null in SQL"
_EXACT = "cast the column to a whole number, or to text, where it is still exact"
_REPAIR = "take NUL and other control characters, and broken surrogates, out of it in SQL"
#: Half a surrogate pair, which UTF-8 has not; control characters that no text means, NUL above all.
_BROKEN = re.compile("[\0-\x08\x0e-\x1f\x7f\ud800-\udfff]")
#: What stands for no text at all.
_CONTROLS = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
_HIDDEN = re.compile(f"[{INVISIBLE}]")


class Miscast(ValueError):
    """A value that its field cannot take: a code, a message and a hint; none of them holds the value."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


def caster(field: Field, zone: tzinfo, now: datetime, clock: Now | None = None) -> Cast:
    """The cast to what ChartMogul takes for a field; `zone` is that of times without one, `now` bounds past times.

    `clock`: where time goes on while rows are read; what lies after `now` is measured by it.
    """
    match field.kind:
        case Kind.KEY:
            return key
        case Kind.TEXT:
            return line
        case Kind.EMAIL:
            return email
        case Kind.COUNTRY:
            return country
        case Kind.STATUS:
            return status(field.values)
        case Kind.TIME:
            return past(zone, now, clock) if field.past else timestamp(zone)
        case Kind.WHOLE:
            return place
        case _:
            assert_never(field.kind)


def is_empty(value: object) -> bool:
    """Whether a value counts as null: ChartMogul knows no difference between null and blank text."""
    return value is None or (isinstance(value, str) and not bare(value))


def is_sendable(value: object) -> bool:
    """Whether any field could take a value of this type; JSON, lists and binary data are for none."""
    return isinstance(value, str | int | float | Decimal | UUID | date)


def is_finite(value: object) -> bool:
    """Whether a value is anything but NaN and infinity, which no type takes."""
    if isinstance(value, float | Decimal):
        return Decimal(value).is_finite()
    return not isinstance(value, Infinite)


def is_broken(text: str) -> bool:
    """Whether a text holds half a surrogate pair or a control character, which nobody can be sent.

    Those that lay text out are none, unless it is all of control characters.
    """
    return bool(_BROKEN.search(text) or _CONTROLS.fullmatch(text))


def text(value: object) -> str:
    """Text as it is; numbers as people write them; dates in ISO 8601."""
    match value:
        case Infinite():
            raise Miscast("not_finite", f"{kind(value)} cannot be sent", ENDLESS)
        case str() if is_broken(value):
            raise Miscast("invalid_text", "a character of this text cannot be sent", _REPAIR)
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case UUID():
            return str(value)
        case int() | float() | Decimal():
            return plain(as_sent(value))
        case date():  # datetime is one too
            return value.isoformat()
    raise Miscast("invalid_text", f"{kind(value)} cannot be sent as text", "cast it to text in SQL")


def line(value: object) -> str:
    """Text without the white space and the invisible characters at its ends."""
    if isinstance(value, str) and not isinstance(value, Infinite):
        value = bare(value)
    return bare(text(value))


def finite(value: float | Decimal) -> Decimal:
    """The number exactly as the database prints it, never through binary rounding."""
    number = Decimal(float.__repr__(value) if isinstance(value, float) else value)
    if not number.is_finite():
        raise Miscast("not_finite", "NaN and infinity cannot be sent", "turn them into null in SQL")
    return number


def as_sent(value: float | Decimal) -> Decimal:
    """The number as it is sent: exact, but where floating point has a fraction, and then with 15 significant digits."""
    found = finite(value)
    return near(value) if isinstance(value, float) else found


def key(value: object) -> str:
    """A key: text, or an integral number without `.0`; never blank, padded or over 255 characters.

    Floating point is none where two whole numbers may have become one.
    """
    match value:
        case Infinite():
            raise Miscast("invalid_key", f"{kind(value)} cannot be a key", ENDLESS)
        case str():
            return _checked_key(value)
        case bool():
            raise Miscast("invalid_key", "a key cannot be a Boolean")
        case UUID():
            return str(value)
        case int() | float() | Decimal():
            number = finite(value)
            if number != number.to_integral_value():
                raise Miscast("invalid_key", "a key cannot be a fraction")
            if isinstance(value, float) and not _is_exact(value):
                message = "the key came as floating point, in which other keys are the same number"
                raise Miscast("invalid_key", message, _EXACT)
            return _checked_key(plain(number))
    raise Miscast("invalid_key", f"a key cannot be {kind(value)}", "cast it to text in SQL")


def _is_exact(value: float) -> bool:
    """Whether no other whole number is this one, too."""
    limit = value.whole if isinstance(value, Single | Rounded) else INTEGER_LIMIT
    return abs(value) <= limit


def _checked_key(key: str) -> str:
    if not key.strip():
        raise Miscast("invalid_key", "the key is blank")
    if key != key.strip():
        raise Miscast("invalid_key", "the key is padded with spaces", "trim it in SQL")
    if _HIDDEN.search(key):
        raise Miscast("invalid_key", "the key has a character that nobody sees", _CLEAN)
    if len(key) > KEY_LENGTH:
        message = f"the key has {len(key)} characters; {KEY_LENGTH} at most are allowed"
        raise Miscast("invalid_key", message)
    if is_broken(key):
        raise Miscast("invalid_key", "a character of this key cannot be sent", _REPAIR)
    return key


def email(value: object) -> str:
    """An e-mail address, surrounding spaces removed."""
    address = text(value).strip()
    if not _EMAIL.fullmatch(address):
        raise Miscast("invalid_email", "this is no e-mail address", _ADDRESS)
    return address


def country(value: object) -> str:
    """An upper-case ISO 3166-1 alpha-2 code."""
    written = text(value).strip()
    if code := countries.code(written):
        return code
    meant = countries.meant(written)
    hint = (
        f"write {meant}, in SQL or by map in the mapping"
        if meant
        else "use two letters: DE, not Germany or DEU; GB, not UK"
    )
    raise Miscast("invalid_country", "this is no ISO 3166-1 alpha-2 country code", hint)


def moment(zone: tzinfo = UTC) -> abc.Callable[[object], datetime]:
    """A cast to an instant; `zone` is that of values without one, and a pure date is midnight UTC."""

    def cast(value: object) -> datetime:
        if isinstance(value, Infinite):
            raise Miscast("invalid_time", f"{kind(value)} cannot be sent", ENDLESS)
        if not isinstance(value, str | date):
            raise Miscast("invalid_time", f"{kind(value)} is no date or time", "cast it in SQL")
        found = instant.parse(value, zone)
        if found is None:
            raise Miscast("invalid_time", *no_instant(value))
        return found

    return cast


def timestamp(zone: tzinfo = UTC) -> Cast:
    """A cast to the canonical text of an instant in UTC."""
    to_moment = moment(zone)
    return lambda value: instant.canonical(to_moment(value))


def past(zone: tzinfo, now: datetime, clock: Now | None = None) -> Cast:
    """Like `timestamp`, but not in the future: lead and trial dates must lie in the past.

    That is not after `now` or, where there is a `clock`, not after the moment in which the row is cast.
    """
    to_moment = moment(zone)

    def cast(value: object) -> Value:
        found = to_moment(value)
        if found > now and (clock is None or found > clock()):
            raise Miscast(
                "date_in_future",
                "the date lies after the start of this run",
                "ChartMogul takes only past dates here",
            )
        return instant.canonical(found)

    return cast


def status(values: abc.Sequence[str]) -> Cast:
    """A cast to one of these statuses, in whatever case it comes."""
    folded = {known.casefold(): known for known in values}

    def cast(value: object) -> str:
        known = folded.get(text(value).strip().replace("_", " ").casefold())
        if known is None:
            allowed = ", ".join(values)
            raise Miscast("invalid_status", "this status cannot be set", f"use one of: {allowed}")
        return known

    return cast


def whole(value: object) -> int:
    """An integer within ±2^53, also from an integral decimal or digits."""
    match value:
        case bool():
            pass
        case int():
            return _bounded(value)
        case float() | Decimal() if (number := finite(value)) == number.to_integral_value():
            return _bounded(number)
        case str() if _DIGITS.fullmatch(value.strip()):
            return _bounded(int(value))
    raise Miscast("invalid_integer", f"{kind(value)} is no whole number here")


def _bounded(number: int | Decimal) -> int:
    if -INTEGER_LIMIT <= number <= INTEGER_LIMIT:
        return int(number)
    raise Miscast("invalid_integer", "the number is beyond ±2^53")


def place(value: object) -> int:
    """A place in a list: a whole number within ±(2^31-1)."""
    number = whole(value)
    if abs(number) > _PLACES:
        raise Miscast("invalid_integer", "the number is beyond ±(2^31-1)")
    return number
