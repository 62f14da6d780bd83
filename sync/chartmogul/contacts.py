"""Contacts on the wire: what is asked of them, and how what ChartMogul shows is read into canonical values."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from sync.chartmogul import wire
from sync.chartmogul.wire import Call, Page
from sync.domain.objects.contact import CONTACT
from sync.domain.plan import Seen
from sync.domain.record import Fields

_READERS = wire.readers(CONTACT)
_ANYBODY: Mapping[str, str] = MappingProxyType({})
_NOBODYS: Mapping[str, str | None] = MappingProxyType({"customer_uuid": None})

# What is asked


def get(uuid: str, *, with_pins: bool = False) -> Call:
    """Ask for one contact, and perhaps for which of its values are pinned."""
    return Call("GET", wire.path("contacts", uuid) + (wire.WITH_PINS if with_pins else ""))


def page(
    data_source: str | None = None,
    customer_uuid: str | None = None,
    email: str | None = None,
    cursor: str | None = None,
    external_id: str | None = None,
    *,
    with_pins: bool = False,
) -> Call:
    """Ask for a page of contacts, narrowed by each filter given, and perhaps for their pins.

    Older APIs ignore the filter of external ids.
    """
    filters = {
        "data_source_uuid": data_source,
        "customer_uuid": customer_uuid,
        "email": email,
        "external_id": external_id,
        "cursor": cursor,
    } | (wire.PINS if with_pins else {})
    return wire.page_of("/contacts", filters, names_record=customer_uuid is not None)


def create(data_source: str, customer_uuid: str, fields: Fields) -> Call:
    """Create a contact; what is None is left out. Asked twice it makes two contacts."""
    body = {
        "customer_uuid": customer_uuid,
        "data_source_uuid": data_source,
        **_body(wire.filled(fields)),
    }
    return Call("POST", "/contacts", body, repeatable=False, look_first=True)


def update(uuid: str, fields: Fields) -> Call:
    """Change a contact; None empties. `custom` may merge or replace, nobody says: send all keys."""
    return Call("PATCH", wire.path("contacts", uuid), _body(fields), empty=True)


def owner(data_source: str | None, customer_uuid: str | None) -> dict[str, str]:
    """Whose contacts are asked for, as an answer would say it."""
    said = {"customer_uuid": customer_uuid, "data_source_uuid": data_source}
    return {name: uuid for name, uuid in said.items() if uuid is not None}


def _body(fields: Fields) -> dict[str, Any]:
    """Contacts take attributes as a list of keys and values, without types."""
    attributes = wire.attributes_of(fields)
    custom = [{"key": key, "value": value} for key, value in attributes.items()]
    return {**wire.settable_of(CONTACT, fields), **({"custom": custom} if custom else {})}


# What is answered


def read(data: Any, asked: Mapping[str, str | None] = _ANYBODY) -> Seen:
    """Read a contact; a field that is null, empty or missing is left out.

    Whose it is stands in every answer that was recorded. Where an answer should leave it out, it is what was `asked`
    for; null is nobody, whatever was asked for.

    Raises:
        Misread: nothing says whose it is, so it may be anybody's.
    """
    shown = {**asked, **wire.object_of(data)}
    if "customer_uuid" not in shown:
        raise wire.Misread("the answer does not say whose contact it is")
    found = {name: reader(shown.get(name)) for name, reader in _READERS}
    return Seen(
        uuid=wire.required(shown, "uuid"),
        fields=wire.held({**found, **wire.custom(shown)}),
        customer_uuid=wire.text(shown.get("customer_uuid")),
        customer=wire.text(shown.get("customer_external_id")),
        data_source=wire.text(shown.get("data_source_uuid")),
        pinned=wire.pins(shown) or frozenset(),
    )


def read_page(data: Any, asked: Mapping[str, str] = _ANYBODY) -> Page:
    """Read a page of contacts that were `asked` for by these filters; what shows no owner is nobody's, and no match."""
    return wire.read_page(data, lambda entry: read(entry, {**_NOBODYS, **asked}))
