"""Calls that make, find, change and delete customers."""

from collections import abc
from typing import Any

from sync.sandbox import fields, pins
from sync.sandbox.answer import (
    Answer,
    Refusal,
    failed,
    found,
    invalid,
    missing,
    not_modified,
    nothing,
    rejected,
    unfit,
)
from sync.sandbox.attributes import Written, read_list, read_patch
from sync.sandbox.history import rewrite
from sync.sandbox.order import Order, Rank, ordered
from sync.sandbox.paging import Keep, customer_page, refuse_number
from sync.sandbox.people import Customer
from sync.sandbox.request import Request
from sync.sandbox.views import view_of
from sync.sandbox.world import World

SETTABLE = (*fields.PLAIN, "email", "country", *fields.DATES, "owner")


def create(world: World, request: Request) -> Answer:
    """POST /v1/customers: 201; never an update, a repeated external id is a 422.

    `primary_contact` is ignored: what it does was never recorded.
    """
    sent, settings = request.sent, world.settings
    values, problems = fields.read_customer(sent, world.users, request.at, settings)
    problems = _identity(world, sent) | problems
    settled, more = fields.settle(dict.fromkeys(SETTABLE) | values, settings)
    if problems | more:
        raise rejected(problems | more)
    status = _status(sent, "New Lead")
    written, tags = _attributes(sent, lambda custom: read_list(world.types, custom, settings))
    pinned = pins.pinned_after(frozenset(), pins.read_pins(sent, Customer))
    pair = (sent["data_source_uuid"], sent["external_id"])
    world.types.update(written.types)
    customer = Customer(
        id=world.next_id(),
        uuid=world.name("cus"),
        main=pair,
        pairs=(pair,),
        created=request.at,
        status=status,
        custom=written.values,
        tags=tags,
        pinned=pinned,
        **settled,
    )
    return found(world.show(world.put(customer), view_of(request)), 201)


def retrieve(world: World, request: Request, uuid: str) -> Answer:
    """GET /v1/customers/{uuid}."""
    return found(world.show(world.customer_read(uuid), view_of(request)))


def update(world: World, request: Request, uuid: str) -> Answer:
    """PATCH /v1/customers/{uuid}: what is left out is kept, one bad field refuses them all.

    Tags are added (whether ChartMogul adds or replaces is not known). external_id and
    data_source_uuid are ignored: sent back unchanged they were accepted, recorded 2023.
    """
    customer, sent, settings = world.customer(uuid), request.sent, world.settings
    values, problems = fields.read_customer(sent, world.users, request.at, settings)
    if not problems:
        before = {name: getattr(customer, name) for name in SETTABLE}
        values, problems = fields.settle(before | values, settings)
    for param, message in problems.items():
        raise invalid(message, param)
    values["status"] = _status(sent, customer.status)
    written, tags = _attributes(sent, lambda custom: read_patch(world.types, custom, settings))
    wanted = pins.read_pins(sent, Customer)
    held = pins.hold(customer, values | written.by_path, wanted, settings.pinned_writes)
    world.types.update(written.types)
    changed = rewrite(
        customer,
        request.at,
        held.values,
        tags=tuple(dict.fromkeys((*customer.tags, *tags))),
        pinned=pins.pinned_after(customer.pinned, wanted),
    )
    if changed is customer and (held.not_modified or settings.not_modified == "nothing_changed"):
        return not_modified()
    return found(world.show(world.put(changed), view_of(request)))


def delete(world: World, request: Request, uuid: str) -> Answer:
    """DELETE /v1/customers/{uuid}: 204 as recorded until 2025, its contacts go too."""
    world.delete(world.customer(uuid).uuid)
    return found({}) if world.settings.generation == "docs" else nothing()


def browse(world: World, request: Request) -> Answer:
    """GET /v1/customers: a filter that ChartMogul does not know is ignored, an empty one too.

    external_id is found exactly as written, on merged customers as well (our choice: neither its
    case rule nor secondary ids are known).
    """
    refuse_number(request, world.settings)
    order, keep = _listed(world, request)
    return found(customer_page(request, order, keep, _shower(world, request)))


def search(world: World, request: Request) -> Answer:
    """GET /v1/customers/search: the address exactly as it is stored; no customer is a 404."""
    refuse_number(request, world.settings)
    email = request.query.get("email")
    if not email:
        raise missing("email")
    wanted = fields.fold(email, world.settings)
    ranks = {
        rank
        for rank in world.by_email.get(wanted, Order()).ranks
        if (shown := world.customer_shown(rank[-1])) and shown.email == wanted
    }
    if request.query.get("with_associated_emails") == "true":
        ranks |= set(_ranks_by_contact(world, wanted))
    if not ranks:
        message = f'Can\'t find any customers with email: "{email}"'
        raise Refusal(failed(404, message, "email"))
    page = customer_page(request, ordered(ranks), None, _shower(world, request))
    # How many pages there are is never told, but on the first one the key is there.
    return found({name: None if name == "total_pages" else page[name] for name in page})


def _ranks_by_contact(world: World, email: str) -> abc.Iterator[Rank]:
    for rank in world.contacts_by_email.get(email, Order()).ranks:
        owner = world.contacts[rank[-1]].customer_uuid
        if owner is not None and world.customer_shown(owner) is not None:
            yield world.customers[owner].rank


def _identity(world: World, sent: abc.Mapping[str, Any]) -> fields.Problems:
    source, external_id = sent.get("data_source_uuid"), sent.get("external_id")
    problems = {}
    if not isinstance(external_id, str) or not external_id:
        problems["external_id"] = "A unique external ID is required for each customer."
    if world.settings.name_required and not sent.get("name"):
        problems["name"] = "A name is required for each customer."
    if not isinstance(source, str) or source not in world.sources:
        problems["data_source_uuid"] = "A valid data source UUID is required for each customer."
    elif isinstance(external_id, str) and (source, external_id) in world.by_pair:
        taken = "The external ID for this customer already exists in our system."
        problems["external_id"] = taken
    return problems


def _status(sent: abc.Mapping[str, Any], current: str) -> str:
    status, writable = fields.read_status(sent, current)
    if not writable:
        raise unfit("status")
    return status


def _attributes(
    sent: abc.Mapping[str, Any], read: abc.Callable[[object], Written]
) -> tuple[Written, tuple[str, ...]]:
    attributes = sent.get("attributes")
    if attributes is None:
        return Written(), ()
    if not isinstance(attributes, dict):
        raise unfit("attributes")
    tags = attributes.get("tags") or []
    if not isinstance(tags, list) or not all(isinstance(tag, str) and tag for tag in tags):
        raise unfit("attributes[tags]")
    written = read(attributes["custom"]) if attributes.get("custom") else Written()
    return written, tuple(dict.fromkeys(tags))


def _listed(world: World, request: Request) -> tuple[Order, Keep | None]:
    """The narrowest order that holds everything the filters ask for, and what of it to keep."""
    query = request.query
    source, external_id = query.get("data_source_uuid"), query.get("external_id")
    if source and external_id:
        uuid = world.by_pair.get((source, external_id))
        order = ordered([world.customers[uuid].rank] if uuid else [])
    elif external_id:
        order = world.by_external_id.get(external_id, Order())
    elif source:
        order = world.order_in.get(source, Order())
    else:
        order = world.order
    tests = list(_tests(world, request))
    return order, (lambda uuid: all(test(uuid) for test in tests)) if tests else None


def _tests(world: World, request: Request) -> abc.Iterator[Keep]:
    if world.settings.lags:
        yield lambda uuid: world.customer_shown(uuid) is not None
    if "status" in request.query:
        status = fields.read_filter(request.query["status"])
        if status is None:
            raise unfit("status")
        yield lambda uuid: _seen(world, uuid).status == status
    if "system" in request.query:
        system = request.query["system"]
        yield lambda uuid: bool(world.show(_seen(world, uuid))["billing-system-type"] == system)


def _seen(world: World, uuid: str) -> Customer:
    """A customer as look-ups see it; one that is hidden is kept out before."""
    return world.customer_shown(uuid) or world.customers[uuid]


def _shower(world: World, request: Request) -> abc.Callable[[str], dict[str, Any]]:
    view = view_of(request)
    return lambda uuid: world.show(_seen(world, uuid), view)
