"""Calls that make, find, change, merge and delete contacts, which are never unique."""

from collections import abc
from decimal import Decimal
from typing import Any

from sync.sandbox import fields, pins
from sync.sandbox.answer import Answer, deleted, found, invalid, not_modified, unfit
from sync.sandbox.attributes import rounded
from sync.sandbox.history import rewrite
from sync.sandbox.order import Order
from sync.sandbox.paging import Keep, contact_page, refuse_number
from sync.sandbox.people import CUSTOM, Contact
from sync.sandbox.request import Request
from sync.sandbox.settings import Settings
from sync.sandbox.views import view_of
from sync.sandbox.world import NOBODY, World

LAST = 2**31 - 1
"""The last position, which is our choice."""

FILLED = (*fields.CONTACT[:-1], "external_id", "last_seen")
"""Fields whose gaps a merge fills; notes are joined instead."""


def create(world: World, request: Request) -> Answer:
    """POST /v1/contacts: 201, always a new contact, whatever is there already.

    Without a customer it is a contact of nobody (recorded September 2026), unless the setting
    `lone_contacts` has it refused.
    """
    if request.sent.get("customer_uuid") is None and world.settings.lone_contacts == "made":
        return _make(world, request, None, _source_of_nobody(world, request))
    return _create(world, request, request.text("customer_uuid"))


def create_of(world: World, request: Request, uuid: str) -> Answer:
    """POST /v1/customers/{uuid}/contacts: the same, the customer from the path."""
    return _create(world, request, world.customer(uuid).uuid)


def retrieve(world: World, request: Request, uuid: str) -> Answer:
    """GET /v1/contacts/{uuid}."""
    return found(world.show_contact(world.contact_read(uuid), view_of(request)))


def browse(world: World, request: Request) -> Answer:
    """GET /v1/contacts, by all filters at once; which of them go together is not known."""
    return _browse(world, request, request.query.get("customer_uuid"))


def browse_of(world: World, request: Request, uuid: str) -> Answer:
    """GET /v1/customers/{uuid}/contacts."""
    return _browse(world, request, world.customer(uuid).uuid)


def update(world: World, request: Request, uuid: str) -> Answer:
    """PATCH /v1/contacts/{uuid}: what is left out is kept; custom keys by the setting `contact_custom`.

    A contact cannot be moved: customer_uuid and its like are ignored, as in a recording of 2023.
    """
    contact, settings = world.contact(uuid), world.settings
    values = _fields(request, settings)
    values["position"] = _position(request, contact.position)
    custom = _custom(world, request)
    values |= {CUSTOM + key: value for key, value in custom.items()}
    replaces = settings.contact_custom == "replace" and request.sent.get("custom") is not None
    gone = [key for key in contact.custom if key not in custom] if replaces else []
    wanted = pins.read_pins(request.sent, Contact)
    held = pins.hold(contact, values, wanted, settings.pinned_writes)
    pinned = pins.pinned_after(contact.pinned, wanted)
    changed = rewrite(contact, request.at, held.values, removed=gone, pinned=pinned)
    if changed is contact and (held.not_modified or settings.not_modified == "nothing_changed"):
        return not_modified()
    return found(world.show_contact(world.put_contact(changed), view_of(request)))


def delete(world: World, request: Request, uuid: str) -> Answer:
    """DELETE /v1/contacts/{uuid}: 202 with a message; until 2025 200 and an empty object."""
    world.drop_contact(world.contact(uuid).uuid)
    return deleted("Contact deleted") if world.settings.is_current else found({})


def merge(world: World, request: Request, into_uuid: str, from_uuid: str) -> Answer:
    """POST /v1/contacts/{into}/merge/{from}: `into` keeps its values, `from` fills the gaps.

    The answer shows no customer; the contact keeps the one it has (recorded 2023).
    """
    into, other = world.contact(into_uuid), world.contact(from_uuid)
    if into is other:
        raise invalid("A contact cannot be merged into itself.", "from_uuid")
    gaps: fields.Values = {n: getattr(into, n) or getattr(other, n) for n in FILLED}
    gaps["notes"] = " ".join(one.notes for one in (into, other) if one.notes) or None
    new = {CUSTOM + key: value for key, value in other.custom.items() if key not in into.custom}
    world.drop_contact(other.uuid)
    merged = world.put_contact(rewrite(into, request.at, gaps | new))
    return found({**world.show_contact(merged), "customer_uuid": None})


def _create(world: World, request: Request, customer_uuid: str) -> Answer:
    # No error of this call was ever recorded: 400 and 422 in shape a are our choice.
    source = request.text("data_source_uuid")
    if customer_uuid not in world.customers:
        raise invalid("The customer does not exist.", "customer_uuid")
    customer = world.customers[customer_uuid]
    if source not in {pair[0] for pair in customer.pairs}:
        raise invalid("The customer is not part of this data source.", "data_source_uuid")
    return _make(world, request, customer_uuid, source)


def _source_of_nobody(world: World, request: Request) -> str | None:
    """Recorded without a data source; one that is sent alone is kept, which is our choice."""
    if request.sent.get("data_source_uuid") is None:
        return None
    source = request.text("data_source_uuid")
    if source not in world.sources:
        raise invalid("The data source does not exist.", "data_source_uuid")
    return source


def _make(world: World, request: Request, customer_uuid: str | None, source: str | None) -> Answer:
    values, custom = _fields(request, world.settings), _custom(world, request)
    contact = Contact(
        position=_position(request, _next_position(world, customer_uuid)),
        uuid=world.name("con"),
        customer_uuid=customer_uuid,
        data_source_uuid=source,
        created=world.next_created(request.at),
        custom=custom,
        pinned=pins.pinned_after(frozenset(), pins.read_pins(request.sent, Contact)),
        **values,
    )
    return found(world.show_contact(world.put_contact(contact), view_of(request)), 201)


def _browse(world: World, request: Request, customer_uuid: str | None) -> Answer:
    refuse_number(request, world.settings)
    tests = list(_tests(world, request))
    keep = (lambda uuid: all(test(_seen(world, uuid)) for test in tests)) if tests else None
    if world.settings.lags:
        keep = _visible(world, keep)
    view = view_of(request)
    order = _narrowest(world, request, customer_uuid)
    show = lambda uuid: world.show_contact(_seen(world, uuid), view)  # noqa: E731
    return found(contact_page(request, order, keep, show))


def _narrowest(world: World, request: Request, customer_uuid: str | None) -> Order:
    """The shortest order that holds everything the filters ask for."""
    query, settings = request.query, world.settings
    if customer_uuid:
        return world.contacts_of.get(customer_uuid, Order())
    if external_id := _external_id(request, settings):
        return world.contacts_by_external_id.get(external_id, Order())
    if email := query.get("email"):
        return world.contacts_by_email.get(fields.fold(email, settings), Order())
    if (source := query.get("data_source_uuid")) and not settings.lone_contacts_listed:
        return world.contacts_in.get(source, Order())
    return world.contact_order


def _external_id(request: Request, settings: Settings) -> str | None:
    """The filter of September 2026, which an older API ignores; an empty one is none."""
    works = settings.contact_external_id_filter == "works"
    return request.query.get("external_id") if works else None


def _tests(world: World, request: Request) -> abc.Iterator[abc.Callable[[Contact], bool]]:
    query, settings = request.query, world.settings
    if external_id := _external_id(request, settings):
        yield lambda contact: contact.external_id == external_id
    if email := query.get("email"):
        folded = fields.fold(email, settings)
        yield lambda contact: contact.email == folded
    if source := query.get("data_source_uuid"):
        nobody = settings.lone_contacts_listed
        yield (
            lambda contact: (
                contact.data_source_uuid == source or (nobody and contact.customer_uuid is None)
            )
        )
    if customer_external_id := query.get("customer_external_id"):
        yield lambda contact: world.customer_id_of(contact) == customer_external_id


def _seen(world: World, uuid: str) -> Contact:
    """A contact as look-ups see it; one that is hidden is kept out before."""
    return world.contact_shown(uuid) or world.contacts[uuid]


def _visible(world: World, keep: Keep | None) -> Keep:
    return lambda uuid: world.contact_shown(uuid) is not None and (keep is None or keep(uuid))


def _fields(request: Request, settings: Settings) -> fields.Values:
    values, problems = fields.read_contact(request.sent, settings)
    for param, message in problems.items():
        raise invalid(message, param)
    return values


def _position(request: Request, otherwise: int) -> int:
    position = request.sent.get("position")
    if position is None:
        return otherwise
    if not isinstance(position, int) or isinstance(position, bool) or abs(position) > LAST:
        raise unfit("position")
    return position


def _next_position(world: World, customer_uuid: str | None) -> int:
    ranks = world.contacts_of.get(customer_uuid or NOBODY, Order()).ranks
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
        known = isinstance(one, dict) and {"key", "value"} <= set(one)
        if not known or not isinstance(one["key"], str):
            raise unfit("custom")
    defined = [one for one in custom if one["key"] in world.definitions]
    return {one["key"]: _kept(one["key"], one["value"], world.settings) for one in defined}


def _kept(key: str, value: object, settings: Settings) -> object:
    if isinstance(value, Decimal) and settings.decimals == "double":
        return rounded(value, key)
    return value
