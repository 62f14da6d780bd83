"""What is asked of ChartMogul: every request that we make, as a value."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import simplejson

from sync.domain.record import ATTRIBUTE, AttributeType, Fields, Value

#: The most a page may hold; larger values count as this one (dev.chartmogul.com/docs/pagination).
PER_PAGE = 200

#: What says whose a record is: set by a create's own arguments, never changed. Tags go elsewhere.
_IDENTITY = frozenset({"data_source_uuid", "customer_uuid", "customer_external_id", "tags"})

#: Texts of fewer characters tell nobody anything: country codes, page sizes.
_SHORTEST = 4
_UUID = re.compile(r"(ds|cus|con)_[0-9a-f-]+$")


@dataclass(frozen=True, slots=True)
class Call:
    """One request: method, encoded path (query included) below the API's URL, and its JSON.

    `repeatable`: carrying it out twice does no harm. `names_record`: a 404 is about a record that
    is gone, not about the address of the API. `empty`: 202 and 204 without a body are good answers;
    so is any to a DELETE. A 200 that shows nothing of what it did is nobody's answer.
    """

    method: str
    path: str
    json: Mapping[str, Any] | None = None
    repeatable: bool = True
    names_record: bool = True
    empty: bool = False

    @property
    def content(self) -> bytes | None:
        """The body as it is sent, decimals digit by digit; None where there is no body."""
        if self.json is None:
            return None
        return simplejson.dumps(self.json, use_decimal=True, allow_nan=False).encode()

    def may_be_empty(self, status: int) -> bool:
        """Whether an answer with this status needs no body."""
        return self.empty and (self.method == "DELETE" or status not in (200, 201))

    def texts(self) -> Iterator[str]:
        """The texts in the query and in the values of the body, but for the shortest and for uuids."""
        query = parse_qsl(self.path.partition("?")[2])
        for text in chain((value for _, value in query), _texts(self.json)):
            if len(text) >= _SHORTEST and not _UUID.match(text):
                yield text

    @property
    def name(self) -> str:
        """The call for messages: without its query, which may hold e-mails and ids."""
        return f"{self.method} {self.path.partition('?')[0]}"


def _texts(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case Mapping():
            for inner in value.values():
                yield from _texts(inner)
        case list() | tuple():
            for inner in value:
                yield from _texts(inner)


def ask_account() -> Call:
    """Ask whose key this is."""
    return Call("GET", "/account", names_record=False)


def ask_data_source(uuid: str) -> Call:
    """Ask for one data source."""
    return Call("GET", _path("data_sources", uuid))


def ask_customer(uuid: str) -> Call:
    """Ask for one customer."""
    return Call("GET", _path("customers", uuid))


def ask_contact(uuid: str) -> Call:
    """Ask for one contact."""
    return Call("GET", _path("contacts", uuid))


def list_customers(
    data_source: str, external_id: str | None = None, cursor: str | None = None
) -> Call:
    """Ask for a page of a data source's customers, or of those with one external id.

    Without the data source the filter would search all of them: never ask so.
    """
    return _page(
        "/customers",
        {"data_source_uuid": data_source, "external_id": external_id, "cursor": cursor},
        names_record=False,
    )


def list_contacts(
    data_source: str | None = None,
    customer_uuid: str | None = None,
    email: str | None = None,
    cursor: str | None = None,
) -> Call:
    """Ask for a page of contacts, narrowed by each filter given. External ids have no filter."""
    filters = {
        "data_source_uuid": data_source,
        "customer_uuid": customer_uuid,
        "email": email,
        "cursor": cursor,
    }
    return _page("/contacts", filters, names_record=customer_uuid is not None)


def create_customer(
    data_source: str, external_id: str, fields: Fields, types: Mapping[str, AttributeType]
) -> Call:
    """Create a customer with typed attributes and tags inside; what is None is left out."""
    filled = {name: value for name, value in fields.items() if value is not None}
    custom = typed(attributes_of(filled), types)
    tags = {"tags": list(tags_of(filled))} if tags_of(filled) else {}
    attributes = {**({"custom": custom} if custom else {}), **tags}
    body = {
        "data_source_uuid": data_source,
        "external_id": external_id,
        **standard_of(filled),
        **({"attributes": attributes} if attributes else {}),
    }
    return Call("POST", "/customers", body, repeatable=False, names_record=False)


def change_customer(uuid: str, standard: Fields, attributes: Mapping[str, Value]) -> Call:
    """Change standard fields (None empties: an empty string does it) and known attributes."""
    body: dict[str, Any] = {
        name: "" if value is None else value for name, value in standard.items()
    }
    if attributes:
        body["attributes"] = {"custom": dict(attributes)}
    return Call("PATCH", _path("customers", uuid), body, empty=True)


def set_attributes(
    uuid: str, attributes: Mapping[str, Value], types: Mapping[str, AttributeType]
) -> Call:
    """Set custom attributes, new ones and `false` included."""
    body = {"custom": typed(attributes, types)}
    return Call("POST", _path("customers", uuid, "attributes", "custom"), body, empty=True)


def remove_attributes(uuid: str, keys: Iterable[str]) -> Call:
    """Remove custom attributes from a customer: a DELETE with a body."""
    body = {"custom": list(keys)}
    return Call("DELETE", _path("customers", uuid, "attributes", "custom"), body, empty=True)


def add_tags(uuid: str, tags: Iterable[str]) -> Call:
    """Add tags to those that are there."""
    body = {"tags": list(tags)}
    return Call("POST", _path("customers", uuid, "attributes", "tags"), body, empty=True)


def create_contact(data_source: str, customer_uuid: str, fields: Fields) -> Call:
    """Create a contact; what is None is left out. Asked twice it makes two contacts."""
    filled = {name: value for name, value in fields.items() if value is not None}
    body = {
        "customer_uuid": customer_uuid,
        "data_source_uuid": data_source,
        **_contact_body(filled),
    }
    return Call("POST", "/contacts", body, repeatable=False)


def change_contact(uuid: str, fields: Fields) -> Call:
    """Change a contact; None empties. `custom` may merge or replace, nobody says: send all keys."""
    return Call("PATCH", _path("contacts", uuid), _contact_body(fields), empty=True)


def standard_of(fields: Fields) -> dict[str, Value]:
    """A customer's fields that are neither attributes, nor tags, nor its identity."""
    return {name: value for name, value in _plain(fields).items() if name != "external_id"}


def attributes_of(fields: Fields) -> dict[str, Value]:
    """The custom attributes among fields, by their bare keys."""
    return {
        name.removeprefix(ATTRIBUTE): value
        for name, value in fields.items()
        if name.startswith(ATTRIBUTE)
    }


def tags_of(fields: Fields) -> tuple[str, ...]:
    """The tags among fields."""
    tags = fields.get("tags")
    return tags if isinstance(tags, tuple) else ()


def typed(
    attributes: Mapping[str, Value], types: Mapping[str, AttributeType]
) -> list[dict[str, Value]]:
    """Attributes in the form that names their types.

    See dev.chartmogul.com/reference/customers/attributes/add.
    """
    return [
        {"type": types[key].value, "key": key, "value": value} for key, value in attributes.items()
    ]


def _plain(fields: Fields) -> dict[str, Value]:
    """The fields that are sent under their own names."""
    return {
        name: value
        for name, value in fields.items()
        if name not in _IDENTITY and not name.startswith(ATTRIBUTE)
    }


def _contact_body(fields: Fields) -> dict[str, Any]:
    """Contacts take attributes as a list of keys and values, without types."""
    custom = [{"key": key, "value": value} for key, value in attributes_of(fields).items()]
    return {**_plain(fields), **({"custom": custom} if custom else {})}


def _page(path: str, filters: Mapping[str, str | None], *, names_record: bool) -> Call:
    """A page of a list. Never by `page`: contacts ignore it, so such a loop would not end."""
    query = {name: value for name, value in filters.items() if value is not None}
    query["per_page"] = str(PER_PAGE)
    encoded = urlencode(query, quote_via=quote, safe="")
    return Call("GET", f"{path}?{encoded}", names_record=names_record)


def _path(*segments: str) -> str:
    """Join path segments, each encoded: no id can leave its place (`..`, `/`) or be empty."""
    if not all(segments):
        raise ValueError("an empty id would ask for the whole list")
    return "".join("/" + quote(segment, safe="").replace(".", "%2E") for segment in segments)
