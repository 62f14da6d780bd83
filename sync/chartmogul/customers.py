"""Customers on the wire: what is asked of them, and how what ChartMogul shows is read into canonical values."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sync.chartmogul import wire
from sync.chartmogul.wire import Call, Misread, Page
from sync.domain.objects.customer import CUSTOMER
from sync.domain.plan import Seen
from sync.domain.record import AttributeType, Fields, Value

_READERS = wire.readers(CUSTOMER)
#: What answers about attributes have that show none; whatever says more is an error, or somebody else's.
_BESIDE = frozenset({"message", "overrides"})

# What is asked


def get(uuid: str, *, with_pins: bool = False) -> Call:
    """Ask for one customer, and perhaps for which of its values are pinned."""
    return Call("GET", wire.path("customers", uuid) + (wire.WITH_PINS if with_pins else ""))


def page(
    data_source: str,
    external_id: str | None = None,
    cursor: str | None = None,
    *,
    with_pins: bool = False,
) -> Call:
    """Ask for a page of a data source's customers, or of those with one external id, and perhaps for their pins.

    Without the data source the filter would search all of them: never ask so.
    """
    return wire.page_of(
        "/customers",
        {"data_source_uuid": data_source, "external_id": external_id, "cursor": cursor}
        | (wire.PINS if with_pins else {}),
    )


def create(
    data_source: str, external_id: str, fields: Fields, types: Mapping[str, AttributeType]
) -> Call:
    """Create a customer with typed attributes and tags inside; what is None is left out."""
    filled = wire.filled(fields)
    custom = typed(wire.attributes_of(filled), types)
    tags = {"tags": list(tags_of(filled))} if tags_of(filled) else {}
    attributes = {**({"custom": custom} if custom else {}), **tags}
    body = {
        "data_source_uuid": data_source,
        "external_id": external_id,
        **standard_of(filled),
        **({"attributes": attributes} if attributes else {}),
    }
    return Call("POST", "/customers", body, repeatable=False, names_record=False)


def update(uuid: str, standard: Fields, attributes: Mapping[str, Value]) -> Call:
    """Change standard fields (None empties: an empty string does it) and known attributes."""
    body: dict[str, Any] = {
        name: "" if value is None else value for name, value in standard.items()
    }
    if attributes:
        body["attributes"] = {"custom": dict(attributes)}
    return Call("PATCH", wire.path("customers", uuid), body, empty=True)


def set_attributes(
    uuid: str, attributes: Mapping[str, Value], types: Mapping[str, AttributeType]
) -> Call:
    """Set custom attributes, new ones and `false` included."""
    body = {"custom": typed(attributes, types)}
    return Call("POST", wire.path("customers", uuid, "attributes", "custom"), body, empty=True)


def remove_attributes(uuid: str, keys: Iterable[str]) -> Call:
    """Remove custom attributes from a customer: a DELETE with a body."""
    body = {"custom": list(keys)}
    return Call("DELETE", wire.path("customers", uuid, "attributes", "custom"), body, empty=True)


def add_tags(uuid: str, tags: Iterable[str]) -> Call:
    """Add tags to those that are there."""
    body = {"tags": list(tags)}
    return Call("POST", wire.path("customers", uuid, "attributes", "tags"), body, empty=True)


def remove_tags(uuid: str, tags: Iterable[str]) -> Call:
    """Take tags off a customer: a DELETE with a body."""
    body = {"tags": list(tags)}
    return Call("DELETE", wire.path("customers", uuid, "attributes", "tags"), body, empty=True)


def standard_of(fields: Fields) -> dict[str, Value]:
    """A customer's fields that are neither attributes, nor tags, nor its identity."""
    return wire.settable_of(CUSTOMER, fields)


def parts_of(fields: Fields) -> tuple[str, ...]:
    """The fields that are parts of some of these, and are none of them: a write may take them along."""
    parts = ((name, one.part_of) for name, one in CUSTOMER.fields.items())
    return tuple(name for name, whole in parts if whole in fields and name not in fields)


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


# What is answered


def read(data: Any) -> Seen:
    """Read a customer; a field that is null, empty or missing is left out.

    `external_id` is not among the fields: after a merge a customer has several, all in `pairs`.
    """
    shown = wire.object_of(data)
    attributes = shown.get("attributes")
    nested = attributes if isinstance(attributes, dict) else {}
    found = {name: reader(shown.get(name)) for name, reader in _READERS}
    return Seen(
        uuid=wire.required(shown, "uuid"),
        fields=wire.held({**found, **wire.custom(nested), "tags": _tags(nested)}),
        pairs=_pairs(shown),
        data_source=wire.text(shown.get("data_source_uuid")),
        mrr=_cents(shown.get("mrr")),
        pinned=wire.pins(shown) or frozenset(),
    )


def read_page(data: Any) -> Page:
    """Read a page of customers."""
    return wire.read_page(data, read)


def read_attributes(data: Any) -> Fields | None:
    """All attributes of a customer after some were set or removed; None if the answer has none.

    POST shows them; DELETE answers 204 without a body, `{}`, or what is left: all three were seen.

    Raises:
        Misread: it is an object of another shape, such as a gateway's.
    """
    return wire.custom(data) if isinstance(_told(data, "custom"), dict) else None


def read_tags(data: Any) -> tuple[str, ...] | None:
    """All tags of a customer after some were added or removed; None if the answer does not show them.

    Raises:
        Misread: as in `read_attributes`.
    """
    return _tags(data) if isinstance(_told(data, "tags"), list) else None


def _told(data: Any, name: str) -> Any:
    """What an answer shows under this name; a message may do, beside pins at most, as after the last removal."""
    if data is None or data == {}:
        return None
    shown = wire.object_of(data)
    if name not in shown and not ("message" in shown and shown.keys() <= _BESIDE):
        raise Misread(f"the answer has no {name}")
    return shown.get(name)


def _tags(shown: Mapping[str, Any]) -> tuple[str, ...]:
    values = shown.get("tags")
    return tuple(filter(None, map(wire.text, values))) if isinstance(values, list) else ()


def _cents(shown: Any) -> int | None:
    """An amount in cents; a flag is none."""
    return shown if isinstance(shown, int) and not isinstance(shown, bool) else None


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
            yield wire.clean(source), wire.clean(external_id)
