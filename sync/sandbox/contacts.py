"""Calls that make, find, change, merge and delete contacts, which are never unique."""

from collections import abc
from dataclasses import replace
from typing import Any

from sync.sandbox import fields
from sync.sandbox.answer import Answer, found, invalid, unfit
from sync.sandbox.order import Order
from sync.sandbox.paging import Keep, contact_page
from sync.sandbox.people import Contact
from sync.sandbox.request import Request
from sync.sandbox.world import World

FILLED = (*fields.CONTACT[:-1], "external_id")
"""Fields whose gaps a merge fills; notes are joined instead."""


def create(world: World, request: Request) -> Answer:
    """POST /v1/contacts: 201, always a new contact, whatever is there already."""
    return _create(world, request, request.text("customer_uuid"))


def create_of(world: World, request: Request, uuid: str) -> Answer:
    """POST /v1/customers/{uuid}/contacts: the same, the customer from the path."""
    return _create(world, request, world.customer(uuid).uuid)


def retrieve(world: World, request: Request, uuid: str) -> Answer:
    """GET /v1/contacts/{uuid}."""
    return found(world.show_contact(world.contact(uuid)))


def browse(world: World, request: Request) -> Answer:
    """GET /v1/contacts: no filter by external_id is known, so there is none."""
    return _browse(world, request, request.query.get("customer_uuid"))


def browse_of(world: World, request: Request, uuid: str) -> Answer:
    """GET /v1/customers/{uuid}/contacts."""
    return _browse(world, request, world.customer(uuid).uuid)


def update(world: World, request: Request, uuid: str) -> Answer:
    """PATCH /v1/contacts/{uuid}: what is left out is kept; custom keys are merged (our choice).

    A contact cannot be moved: customer_uuid and its like are ignored, as in a recording of 2023.
    """
    contact = world.contact(uuid)
    values = _fields(request)
    position = _position(request, contact.position)
    custom = {**contact.custom, **_custom(world, request)}
    changed = replace(contact, position=position, custom=custom, **values)
    return found(world.show_contact(world.put_contact(changed)))


def delete(world: World, request: Request, uuid: str) -> Answer:
    """DELETE /v1/contacts/{uuid}: 200 and an empty object, not 204."""
    world.drop_contact(world.contact(uuid).uuid)
    return found({})


def merge(world: World, request: Request, into_uuid: str, from_uuid: str) -> Answer:
    """POST /v1/contacts/{into}/merge/{from}: `into` keeps its values, `from` fills the gaps.

    The answer shows no customer; the contact keeps the one it has (recorded 2023).
    """
    into, other = world.contact(into_uuid), world.contact(from_uuid)
    if into is other:
        raise invalid("A contact cannot be merged into itself.", "from_uuid")
    gaps = {name: getattr(into, name) or getattr(other, name) for name in FILLED}
    notes = " ".join(one.notes for one in (into, other) if one.notes) or None
    world.drop_contact(other.uuid)
    merged = replace(into, notes=notes, custom={**other.custom, **into.custom}, **gaps)
    return found({**world.show_contact(world.put_contact(merged)), "customer_uuid": None})


def _create(world: World, request: Request, customer_uuid: str) -> Answer:
    # No error of this call was ever recorded: 400 and 422 in shape a are our choice.
    source = request.text("data_source_uuid")
    if customer_uuid not in world.customers:
        raise invalid("The customer does not exist.", "customer_uuid")
    customer = world.customers[customer_uuid]
    if source not in {pair[0] for pair in customer.pairs}:
        raise invalid("The customer is not part of this data source.", "data_source_uuid")
    values, custom = _fields(request), _custom(world, request)
    contact = Contact(
        position=_position(request, _next_position(world, customer_uuid)),
        uuid=world.name("con"),
        customer_uuid=customer_uuid,
        data_source_uuid=source,
        created=world.next_created(request.at),
        custom=custom,
        **values,
    )
    return found(world.show_contact(world.put_contact(contact)), 201)


def _browse(world: World, request: Request, customer_uuid: str | None) -> Answer:
    query = request.query
    if customer_uuid:
        order = world.contacts_of.get(customer_uuid, Order())
    elif query.get("email"):
        order = world.contacts_by_email.get(query["email"], Order())
    elif query.get("data_source_uuid"):
        order = world.contacts_in.get(query["data_source_uuid"], Order())
    else:
        order = world.contact_order
    tests = list(_tests(world, request))
    keep = (lambda uuid: all(test(uuid) for test in tests)) if tests else None
    show = lambda uuid: world.show_contact(world.contacts[uuid])  # noqa: E731
    return found(contact_page(request, order, keep, show))


def _tests(world: World, request: Request) -> abc.Iterator[Keep]:
    query = request.query
    if world.stale:
        yield lambda uuid: not world.hidden(world.contacts[uuid].created / 1e6, request.at)
    if email := query.get("email"):
        yield lambda uuid: world.contacts[uuid].email == email
    if source := query.get("data_source_uuid"):
        yield lambda uuid: world.contacts[uuid].data_source_uuid == source
    if external_id := query.get("customer_external_id"):
        yield lambda uuid: bool(
            world.show_contact(world.contacts[uuid])["customer_external_id"] == external_id
        )


def _fields(request: Request) -> fields.Values:
    values, problems = fields.read_contact(request.sent)
    for param, message in problems.items():
        raise invalid(message, param)
    return values


def _position(request: Request, otherwise: int) -> int:
    position = request.sent.get("position")
    if position is None:
        return otherwise
    if not isinstance(position, int) or isinstance(position, bool):
        raise unfit("position")
    return position


def _next_position(world: World, customer_uuid: str) -> int:
    ranks = world.contacts_of.get(customer_uuid, Order()).ranks
    return max((world.contacts[rank[-1]].position for rank in ranks), default=0) + 1


def _custom(world: World, request: Request) -> dict[str, Any]:
    """A list of `{key, value}` without types; a key that the account lacks is dropped in silence.

    Recorded: the same request kept its values in one account and lost them in another.
    """
    custom = request.sent.get("custom")
    if custom is None:
        return {}
    if not isinstance(custom, list):
        raise unfit("custom")
    for one in custom:
        if not isinstance(one, dict) or not {"key", "value"} <= set(one):
            raise unfit("custom")
    return {one["key"]: one["value"] for one in custom if one["key"] in world.definitions}
