"""What all requests and answers have in common: calls as values, JSON both ways, pages, fields, attributes.

One module because whoever asks for one kind of record needs all of it.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain
from typing import Any, NoReturn, assert_never
from urllib.parse import parse_qsl, quote, urlencode

import simplejson

from sync.domain.instant import normalise
from sync.domain.objects import Descriptor, Kind
from sync.domain.personal import is_personal
from sync.domain.plan import Seen
from sync.domain.record import ATTRIBUTE, Fields, Value
from sync.domain.spelling import bare

#: The most a page may hold; larger values count as this one (dev.chartmogul.com/docs/pagination).
PER_PAGE = 200

#: The most bytes of a good answer. A record of hundreds of attributes with texts of 255 characters has 150 kB; a page
#: has 200 records, of 40 kB each if all were that long.
LARGEST = 1 << 20
LARGEST_PAGE = 8 << 20

#: The largest exponent of a number that is read as one: some more than doubles have.
_EXPONENT = 400

#: Nothing changed: an answer to an update, without a body.
NOT_MODIFIED = 304

#: What a GET says to be shown which values are pinned, since September 2026: in a list's filters, and alone.
PINS = {"with_overrides": "true"}
WITH_PINS = f"?{urlencode(PINS)}"

#: Texts of fewer characters tell nobody anything: country codes, page sizes.
_SHORTEST = 4
_UUID = re.compile(r"(ds|cus|con)_[0-9a-f-]+$")

#: Reads one value of an answer.
Reader = Callable[[Any], Value]


class Misread(ValueError):
    """A body that is not what this call answers with: HTML, cut-off JSON, another shape."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request: method, encoded path (query included) below the API's URL, and its JSON.

    `repeatable`: carrying it out twice does no harm. `names_record`: a 404 is about a record that
    is gone, not about the address of the API. `empty`: an update or a removal, to which 304 and any
    2xx without a body are good answers; to everything else they are nobody's. `look_first`: not
    even what is documented as not carried out (429) is repeated before somebody has looked. `largest`:
    bytes that a good answer may have.
    """

    method: str
    path: str
    json: Mapping[str, Any] | None = None
    repeatable: bool = True
    names_record: bool = True
    empty: bool = False
    look_first: bool = False
    largest: int = LARGEST

    @property
    def content(self) -> bytes | None:
        """The body as it is sent, decimals digit by digit; None where there is no body."""
        if self.json is None:
            return None
        return simplejson.dumps(self.json, use_decimal=True, allow_nan=False).encode()

    def tells_enough(self, status: int) -> bool:
        """Whether a good answer that shows nothing says enough: of an update only the record shows what it left."""
        return self.method == "DELETE" and status != NOT_MODIFIED

    def texts(self) -> Iterator[str]:
        """The texts in the query and in the body that may be personal, but for the shortest and for uuids."""
        query = parse_qsl(self.path.partition("?")[2])
        for name, text in chain(query, _texts(self.json)):
            if len(text) >= _SHORTEST and not _UUID.match(text) and is_personal(name, text):
                yield text

    @property
    def name(self) -> str:
        """The call for messages: without its query, which may hold e-mails and ids."""
        return f"{self.method} {self.path.partition('?')[0]}"


def _texts(value: object, name: str = "") -> Iterator[tuple[str, str]]:
    """The texts in a body, each with its field; an attribute in a list of them has its key beside it."""
    match value:
        case str():
            yield name, value
        case {"key": str(key), "value": inner}:
            yield from _texts(inner, key)
        case Mapping():
            for key, inner in value.items():
                yield from _texts(inner, key)
        case list() | tuple():
            for inner in value:
                yield from _texts(inner, name)


# What is asked


def stem(uuid: str) -> str:
    """A uuid without the letters before it that say of what, in whatever case it is written."""
    return uuid.rpartition("_")[2].casefold()


def path(*segments: str) -> str:
    """Join path segments, each encoded: no id can leave its place (`..`, `/`) or be empty."""
    if not all(segments):
        raise ValueError("an empty id would ask for the whole list")
    return "".join("/" + quote(segment, safe="").replace(".", "%2E") for segment in segments)


def page_of(place: str, filters: Mapping[str, str | None], *, names_record: bool = False) -> Call:
    """Ask for a page of a list. Never by `page`: contacts ignore it, so such a loop would not end."""
    query = {name: value for name, value in filters.items() if value is not None}
    query["per_page"] = str(PER_PAGE)
    encoded = urlencode(query, quote_via=quote, safe="")
    address = f"{place}?{encoded}"
    return Call("GET", address, names_record=names_record, largest=LARGEST_PAGE)


def filled(fields: Fields) -> dict[str, Value]:
    """The fields that a create sends: None is left out."""
    return {name: value for name, value in fields.items() if value is not None}


def settable_of(descriptor: Descriptor, fields: Fields) -> dict[str, Value]:
    """The fields that an object has and that can be set: no attributes, no tags, nothing of its identity."""
    known = descriptor.fields
    return {name: v for name, v in fields.items() if name in known and known[name].settable}


def attributes_of(fields: Fields) -> dict[str, Value]:
    """The custom attributes among fields, by their bare keys."""
    return {
        name.removeprefix(ATTRIBUTE): value
        for name, value in fields.items()
        if name.startswith(ATTRIBUTE)
    }


# What is answered


def load(body: bytes) -> Any:
    """Read a JSON body, numbers with a fraction as exact decimals; None for an empty one.

    Raises:
        Misread: it is not JSON.
    """
    if not body.strip():
        return None
    try:
        return json.loads(
            body.decode("utf-8-sig"), parse_float=_number, parse_constant=_refuse_constant
        )
    # Some exponents are beyond what a Decimal holds, some nesting beyond what the reader follows.
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise Misread("the answer is not JSON") from error


def _number(written: str) -> Decimal | str:
    """A number with a fraction, digit by digit; of one far beyond what a double holds the text.

    Nothing that ChartMogul keeps is such a number, and to write 1e999999999 out takes a gigabyte.
    """
    number = Decimal(written)
    return number if abs(number.adjusted()) <= _EXPONENT else written


def _refuse_constant(name: str) -> NoReturn:
    raise Misread(f"{name} is not JSON")


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list. `total_pages` is known on the first page of customers only, if at all."""

    entries: tuple[Seen, ...]
    total_pages: int | None
    last: bool
    #: Where the next page begins; meaningless on the last one, where it is filled all the same.
    cursor: str | None = None


def read_page(data: Any, read: Callable[[Any], Seen]) -> Page:
    """Read a page. Only `has_more` ends a list: the cursor is filled on the last page, too.

    See dev.chartmogul.com/docs/pagination.
    """
    shown = object_of(data)
    entries = shown.get("entries")
    if not isinstance(entries, list):
        raise Misread("the answer has no entries")
    more, cursor, total = shown.get("has_more"), shown.get("cursor"), shown.get("total_pages")
    if not isinstance(more, bool):
        raise Misread("the answer does not say whether there is more")
    if more and not (isinstance(cursor, str) and cursor):
        raise Misread("the answer has more pages but no cursor")
    counted = isinstance(total, int) and not isinstance(total, bool)
    return Page(
        tuple(map(read, entries)), total if counted else None, not more, cursor if more else None
    )


def object_of(data: Any) -> dict[str, Any]:
    """The JSON object that an answer is."""
    if not isinstance(data, dict):
        raise Misread("the answer is not a JSON object")
    return data


def required(shown: Mapping[str, Any], name: str) -> str:
    """A text that every such answer has."""
    value = shown.get(name)
    if not isinstance(value, str) or not value:
        raise Misread(f"the answer has no {name}")
    return clean(value)


def readers(descriptor: Descriptor) -> tuple[tuple[str, Reader], ...]:
    """How each field is read that an answer shows under its own name; what is no field's value is elsewhere."""
    fields = descriptor.fields.values()
    return tuple((field.name, _reader(field.kind)) for field in fields if field.settable)


def _reader(kind: Kind) -> Reader:
    match kind:
        case Kind.KEY | Kind.TEXT | Kind.EMAIL | Kind.COUNTRY | Kind.STATUS:
            return text
        case Kind.TIME:
            return time
        case Kind.WHOLE:
            return scalar
        case _:
            assert_never(kind)


def custom(shown: Mapping[str, Any]) -> dict[str, Value]:
    """The custom attributes inside an object that shows them under `custom`."""
    attributes = shown.get("custom")
    values = attributes if isinstance(attributes, dict) else {}
    return held({ATTRIBUTE + clean(key): scalar(value) for key, value in values.items()})


def pins(data: Any) -> frozenset[str] | None:
    """The fields that an answer shows as pinned, whose values a plain write may not replace; None where it tells none.

    Attributes of a customer stand one level deeper than those of a contact, and than in answers about attributes.
    """
    shown = data.get("overrides") if isinstance(data, dict) else None
    if not isinstance(shown, dict):
        return None
    nested = shown.get("attributes")
    deeper = nested if isinstance(nested, dict) else {}
    plain = {name for name, pinned in shown.items() if pinned is True}
    keys = {**_keys(shown.get("custom")), **_keys(deeper.get("custom"))}
    return frozenset(plain | {ATTRIBUTE + clean(key) for key, on in keys.items() if on is True})


def _keys(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def held(fields: Fields) -> dict[str, Value]:
    """The fields that an answer shows a value of: null, empty, blank and missing are one."""
    return {name: value for name, value in fields.items() if not _is_empty(value)}


def _is_empty(value: Value) -> bool:
    return not bare(value) if isinstance(value, str) else value in (None, ())


def scalar(value: Any) -> Value:
    """A value as it is; lists and objects, which nobody should have sent, as their JSON."""
    match value:
        case str():
            return clean(value)
        case None | bool() | int() | Decimal():
            return value
    return simplejson.dumps(value, use_decimal=True, sort_keys=True)


def text(value: Any) -> str | None:
    """The text of a standard field: also where a number came instead."""
    match scalar(value):
        case None:
            return None
        case bool(flag):
            return str(flag).lower()
        case other:
            return str(other)


def time(value: Any) -> str | None:
    """An instant, which is shown with milliseconds, or with `+00:00`, whatever was sent."""
    shown = text(value)
    return None if shown is None else normalise(shown) or shown


def clean(text: str) -> str:
    """Half a surrogate pair is legal in JSON, but in no file or terminal that it may go to."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
