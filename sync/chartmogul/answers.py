"""What ChartMogul shows, read into canonical values: the way back of every field in `calls`."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NoReturn

import simplejson

from sync.domain.instant import normalise
from sync.domain.plan import Seen
from sync.domain.record import ATTRIBUTE, Fields, Value

_CUSTOMER_FIELDS = (
    "name",
    "email",
    "company",
    "country",
    "state",
    "city",
    "zip",
    "owner",
    "website_url",
    "status",
)
#: Shown with milliseconds, or with `+00:00`, whatever was sent.
_CUSTOMER_TIMES = ("lead_created_at", "free_trial_started_at")
_CONTACT_FIELDS = (
    "external_id",
    "first_name",
    "last_name",
    "title",
    "email",
    "phone",
    "linked_in",
    "twitter",
    "notes",
)


class Misread(ValueError):
    """A body that is not what this call answers with: HTML, cut-off JSON, another shape."""


@dataclass(frozen=True, slots=True)
class Account:
    """The account of the key. `id` is missing in older answers."""

    id: str | None
    name: str
    currency: str


@dataclass(frozen=True, slots=True)
class DataSource:
    """A data source; `system` names its kind: `Custom` or `Import API` where it was made by API."""

    uuid: str
    name: str
    system: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list. `total_pages` is known on the first page of customers only, if at all."""

    entries: tuple[Seen, ...]
    total_pages: int | None
    last: bool
    #: Where the next page begins; meaningless on the last one, where it is filled all the same.
    cursor: str | None = None


def load(body: bytes) -> Any:
    """Read a JSON body, numbers with a fraction as exact decimals; None for an empty one.

    Raises:
        Misread: it is not JSON.
    """
    if not body.strip():
        return None
    try:
        return json.loads(
            body.decode("utf-8-sig"), parse_float=Decimal, parse_constant=_refuse_constant
        )
    # Some exponents are beyond what a Decimal holds, some nesting beyond what the reader follows.
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise Misread("the answer is not JSON") from error


def account(data: Any) -> Account:
    """Read an account."""
    fields = _object(data)
    return Account(
        _text(fields.get("id")), _required(fields, "name"), _text(fields.get("currency")) or ""
    )


def data_source(data: Any) -> DataSource:
    """Read a data source."""
    fields = _object(data)
    return DataSource(
        _required(fields, "uuid"), _text(fields.get("name")) or "", _text(fields.get("system"))
    )


def customer(data: Any) -> Seen:
    """Read a customer; a field that is null, empty or missing is left out.

    `external_id` is not among the fields: after a merge a customer has several, all in `pairs`.
    """
    shown = _object(data)
    attributes = shown.get("attributes")
    nested = attributes if isinstance(attributes, dict) else {}
    found = {
        **{name: _text(shown.get(name)) for name in _CUSTOMER_FIELDS},
        **{name: _time(shown.get(name)) for name in _CUSTOMER_TIMES},
        **custom(nested),
        "tags": tags(nested),
    }
    return Seen(
        uuid=_required(shown, "uuid"),
        fields=_filled(found),
        pairs=_pairs(shown),
        data_source=_text(shown.get("data_source_uuid")),
    )


def contact(data: Any) -> Seen:
    """Read a contact; a field that is null, empty or missing is left out."""
    shown = _object(data)
    found = {
        **{name: _text(shown.get(name)) for name in _CONTACT_FIELDS},
        "position": _scalar(shown.get("position")),
        **custom(shown),
    }
    return Seen(
        uuid=_required(shown, "uuid"),
        fields=_filled(found),
        customer_uuid=_text(shown.get("customer_uuid")),
        customer=_text(shown.get("customer_external_id")),
        data_source=_text(shown.get("data_source_uuid")),
    )


def customers(data: Any) -> Page:
    """Read a page of customers."""
    shown = _object(data)
    return _page(shown, (customer(entry) for entry in _entries(shown)))


def contacts(data: Any) -> Page:
    """Read a page of contacts."""
    shown = _object(data)
    return _page(shown, (contact(entry) for entry in _entries(shown)))


def custom(shown: Mapping[str, Any]) -> Fields:
    """The custom attributes inside an object that shows them under `custom`."""
    attributes = shown.get("custom")
    values = attributes if isinstance(attributes, dict) else {}
    return _filled({ATTRIBUTE + _clean(key): _scalar(value) for key, value in values.items()})


def tags(shown: Mapping[str, Any]) -> tuple[str, ...]:
    """The tags inside an object that shows them under `tags`."""
    values = shown.get("tags")
    return tuple(filter(None, map(_text, values))) if isinstance(values, list) else ()


def all_custom(data: Any) -> Fields | None:
    """All attributes of a customer after some were set or removed; None if the answer has none.

    POST shows them; DELETE answers 204 without a body, `{}`, or what is left: all three were seen.
    """
    if data is None or not isinstance(_object(data).get("custom"), dict):
        return None
    return custom(data)


def all_tags(data: Any) -> tuple[str, ...] | None:
    """All tags of a customer after some were added; None if the answer does not show them."""
    if data is None or not isinstance(_object(data).get("tags"), list):
        return None
    return tags(data)


def _object(data: Any) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise Misread("the answer is not a JSON object")
    return data


def _required(shown: Mapping[str, Any], name: str) -> str:
    value = shown.get(name)
    if not isinstance(value, str) or not value:
        raise Misread(f"the answer has no {name}")
    return _clean(value)


def _entries(shown: Mapping[str, Any]) -> list[Any]:
    entries = shown.get("entries")
    if not isinstance(entries, list):
        raise Misread("the answer has no entries")
    return entries


def _page(shown: Mapping[str, Any], entries: Iterable[Seen]) -> Page:
    """Read a page. Only `has_more` ends a list: the cursor is filled on the last page, too.

    See dev.chartmogul.com/docs/pagination.
    """
    more, cursor, total = shown.get("has_more"), shown.get("cursor"), shown.get("total_pages")
    if not isinstance(more, bool):
        raise Misread("the answer does not say whether there is more")
    if more and not (isinstance(cursor, str) and cursor):
        raise Misread("the answer has more pages but no cursor")
    counted = isinstance(total, int) and not isinstance(total, bool)
    return Page(tuple(entries), total if counted else None, not more, cursor if more else None)


def _pairs(shown: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """The pairs of a customer: `external_ids[i]` belongs to `data_source_uuids[i]`.

    The pair at the top is one of them, not always the first; old answers have no other.
    """
    found = list(_zipped(shown.get("data_source_uuids"), shown.get("external_ids")))
    top = list(_zipped([shown.get("data_source_uuid")], [shown.get("external_id")]))
    return tuple(dict.fromkeys(found + top))


def _zipped(sources: Any, ids: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(sources, list) or not isinstance(ids, list):
        return
    for source, external_id in zip(sources, ids, strict=False):
        if isinstance(source, str) and isinstance(external_id, str):
            yield _clean(source), _clean(external_id)


def _filled(fields: Fields) -> Fields:
    return {name: value for name, value in fields.items() if value not in (None, "", ())}


def _scalar(value: Any) -> Value:
    """An attribute's value; lists and objects, which nobody should have sent, as their JSON."""
    match value:
        case str():
            return _clean(value)
        case None | bool() | int() | Decimal():
            return value
    return simplejson.dumps(value, use_decimal=True, sort_keys=True)


def _text(value: Any) -> str | None:
    """The text of a standard field: also where a number came instead."""
    match _scalar(value):
        case None:
            return None
        case bool(flag):
            return str(flag).lower()
        case other:
            return str(other)


def _time(value: Any) -> str | None:
    text = _text(value)
    return None if text is None else normalise(text) or text


def _clean(text: str) -> str:
    """Half a surrogate pair is legal in JSON, but in no file or terminal that it may go to."""
    return text.encode("utf-8", "replace").decode()


def _refuse_constant(name: str) -> NoReturn:
    raise Misread(f"{name} is not JSON")
