"""Every object is described soundly, and every field of it goes all the way: mapping, row, body, answer."""

from collections import abc
from dataclasses import dataclass
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from sync.chartmogul import contacts, customers
from sync.chartmogul.wire import Call, load
from sync.domain import objects
from sync.domain.objects import Descriptor, Field, Kind
from sync.domain.plan import Seen
from sync.domain.record import AttributeType, Fields, Object
from sync.mapping.json_schema import json_schema
from tests.support import bench
from tests.support.samples import sample, samples

EVERY_OBJECT = pytest.mark.parametrize(
    "descriptor", [objects.of(kind) for kind in Object], ids=list(Object)
)
EVERY_FIELD = pytest.mark.parametrize(
    ("descriptor", "field"),
    [
        pytest.param(objects.of(kind), field, id=f"{kind}.{field.name}")
        for kind in Object
        for field in objects.of(kind).fields.values()
    ],
)
ATTRIBUTE = {"attributes.plan": "pro"}
TYPES = {"plan": AttributeType.STRING}


@dataclass(frozen=True)
class Wire:
    """How a record of an object is written, and how an answer that shows it is read."""

    create: abc.Callable[[Fields], Call]
    update: abc.Callable[[Fields], Call]
    read: abc.Callable[[Any], Seen]


WIRES = {
    Object.CUSTOMER: Wire(
        lambda fields: customers.create("ds_1", "k1", fields, TYPES),
        lambda fields: customers.update("cus_1", customers.standard_of(fields), {}),
        customers.read,
    ),
    Object.CONTACT: Wire(
        lambda fields: contacts.create("ds_1", "cus_1", fields),
        lambda fields: contacts.update("con_1", fields),
        contacts.read,
    ),
}


def together(descriptor: Descriptor) -> dict[str, Field]:
    """The fields that one mapping can have: what names a record by itself goes with no other key."""
    return {name: one for name, one in descriptor.fields.items() if name != descriptor.own_name}


def whole(descriptor: Descriptor) -> bench.Raw:
    """A mapping that gives every field from a column of its own name."""
    mapping = bench.CUSTOMER | {
        "destination": {"object": descriptor.object.value, "data_source": "ds_1"},
        "fields": {name: name for name in together(descriptor)},
        "attributes": {"plan": {"column": "plan", "type": "String"}},
    }
    return mapping | ({"tags": ["warehouse"]} if descriptor.tags else {})


@EVERY_OBJECT
def test_described_soundly(descriptor):
    """What the parts of a description say of one another holds."""
    fields, known_by = descriptor.fields, descriptor.known_by
    assert objects.of(descriptor.object) is descriptor
    assert {name: field.name for name, field in fields.items()} == {name: name for name in fields}
    assert all(field.description.endswith(".") for field in fields.values())
    assert [name for name in descriptor.required if fields[name].kind is not Kind.KEY] == []
    assert [n for n, f in fields.items() if bool(f.values) != (f.kind is Kind.STATUS)] == []
    assert [n for n, f in fields.items() if f.past and f.kind is not Kind.TIME] == []
    assert [n for n, f in fields.items() if not f.settable and f.kind is not Kind.KEY] == []
    assert set(known_by) <= fields.keys()
    assert len(known_by) != 1  # it would be required
    if descriptor.parent is None:
        assert (len(descriptor.keys), known_by) == (1, ())
        return
    parent = objects.of(descriptor.parent)
    assert descriptor.keys[0] == f"{parent.noun}_{parent.keys[0]}"
    assert descriptor.keys[0] in descriptor.required
    assert set(known_by[:1]) <= set(descriptor.keys[1:])
    assert not fields[descriptor.keys[0]].settable


def test_abilities():
    """Customers' attributes get their types by a write, and their keys are unique; contacts are the other way."""
    customer, contact = objects.of(Object.CUSTOMER), objects.of(Object.CONTACT)

    assert (customer.tags, customer.locks_types, customer.unique_keys) == (True, True, True)
    assert (contact.tags, contact.locks_types, contact.unique_keys) == (False, False, False)
    assert (customer.parent, contact.parent) == (None, Object.CUSTOMER)
    assert (customer.keys, contact.keys) == (
        ("external_id",),
        ("customer_external_id", "external_id", "uuid"),
    )
    assert (customer.own_name, contact.own_name) == (None, "uuid")
    assert (customer.required, contact.required) == (("external_id",), ("customer_external_id",))
    assert (customer.known_by, contact.known_by) == ((), ("external_id", "email"))
    assert [name for name, field in customer.fields.items() if field.merges] == ["website_url"]


@EVERY_OBJECT
def test_all_fields_go_all_the_way(tmp_path, descriptor):
    """A row with every field makes a record with every field, and every request that writes it carries all."""
    names = [*together(descriptor), "plan"]
    row = [*(sample(field) for field in together(descriptor).values()), "pro"]
    record = bench.record(bench.builder(tmp_path, whole(descriptor), *names), *row)
    wire = WIRES[descriptor.object]
    tags = {"tags": ("warehouse",)} if descriptor.tags else {}
    settable = samples(descriptor)

    assert record.fields == settable | ATTRIBUTE | tags
    for call in (wire.create(record.fields), wire.update(record.fields)):
        body = load(call.content or b"")
        assert {name: body.get(name) for name in settable} == settable


@EVERY_FIELD
def test_a_field_comes_back(descriptor, field):
    """What a create sends of a field is read from an answer that shows it, or it is no field but an identity."""
    wire, sent = WIRES[descriptor.object], {field.name: sample(field)}
    shown = wire.read({"uuid": "any_1", **load(wire.create(sent).content or b"")})

    assert shown.fields == (sent if field.settable else {})


@EVERY_OBJECT
def test_editors_take_every_field(descriptor):
    """The JSON Schema accepts a mapping of all fields, and one with each in its long form."""
    schema = Draft202012Validator(json_schema())
    long = {name: {"column": name, "on_null": "reject"} for name in together(descriptor)}
    for name in descriptor.required:
        del long[name]["on_null"]

    assert [e.message for e in schema.iter_errors(whole(descriptor))] == []
    assert [e.message for e in schema.iter_errors(whole(descriptor) | {"fields": long})] == []


@EVERY_FIELD
def test_only_times_have_a_zone(tmp_path, descriptor, field: Field):
    """`timezone` goes with a time, for the loader and for editors alike; with anything else it is a mistake."""
    mapping = whole(descriptor)
    zoned = {field.name: {"column": field.name, "timezone": "UTC"}}
    if field.name == descriptor.own_name:
        mapping |= {"fields": zoned | {"title": "title"}, "mode": "update"}
    else:
        mapping["fields"] = mapping["fields"] | zoned
    is_time = field.kind is Kind.TIME
    path = f"fields.{field.name}.timezone"
    message = f"{field.name} holds no time; take timezone out"

    found = bench.misfits(tmp_path, mapping, *descriptor.fields, "plan")

    assert found == ([] if is_time else [(path, message, "")])
    assert Draft202012Validator(json_schema()).is_valid(mapping) is is_time
