"""Calls on the custom attributes and tags of customers that are there."""

from sync.sandbox import pins
from sync.sandbox.answer import (
    Answer,
    Refusal,
    deleted,
    failed,
    found,
    missing,
    not_modified,
    nothing,
)
from sync.sandbox.attributes import Written, read_list, read_object
from sync.sandbox.fields import fold
from sync.sandbox.history import rewrite
from sync.sandbox.order import Order
from sync.sandbox.people import CUSTOM, Customer
from sync.sandbox.request import Request
from sync.sandbox.views import show_attributes, show_briefly, show_custom, view_of
from sync.sandbox.world import World


def retrieve(world: World, request: Request, uuid: str) -> Answer:
    """GET /v1/customers/{uuid}/attributes."""
    shown, current = world.customer_read(uuid), world.settings.is_current
    return found(show_attributes(shown, current=current, view=view_of(request)))


def add_custom(world: World, request: Request, uuid: str) -> Answer:
    """POST …/attributes/custom: defines what is new, sets the values, answers all there are."""
    customer = world.customer(uuid)
    return _write(
        world, request, customer, read_list(world.types, _custom(request), world.settings)
    )


def update_custom(world: World, request: Request, uuid: str) -> Answer:
    """PUT …/attributes/custom: sets the values of attributes that are defined already."""
    customer = world.customer(uuid)
    return _write(
        world, request, customer, read_object(world.types, _custom(request), world.settings)
    )


def remove_custom(world: World, request: Request, uuid: str) -> Answer:
    """DELETE …/attributes/custom: 202 with those that are left, also where nothing goes.

    The types stay locked. `custom` is missing where none is left, as a client has it. Whether a
    pinned value goes without `overrides` is not known: here as in a plain write.
    """
    customer, wanted = world.customer(uuid), _pins(request)
    gone = dict.fromkeys(CUSTOM + key for key in request.texts("custom"))
    held = pins.hold(customer, gone, wanted, world.settings.pinned_writes)
    keys = [path.removeprefix(CUSTOM) for path in held.values]
    pinned = pins.pinned_after(customer.pinned, wanted)
    left = world.put(rewrite(customer, request.at, {}, removed=keys, pinned=pinned))
    shown = show_custom(left, view_of(request))
    match world.settings.generation:
        case "2026":
            some = {name: value for name, value in shown.items() if name != "custom" or value}
            return deleted("Custom attributes deleted from customer", **some)
        case "2025":
            return nothing()
        case "2016":
            return found({})
        case _:
            return found(shown)


def add_tags(world: World, request: Request, uuid: str) -> Answer:
    """POST …/attributes/tags: adds, never twice, answers all there are."""
    customer = world.customer(uuid)
    tagged = _tag(world, request, customer, request.texts("tags"))
    if tagged is customer and world.settings.attributes_not_modified == "nothing_changed":
        return not_modified()
    return found({"tags": list(tagged.tags)})


def remove_tags(world: World, request: Request, uuid: str) -> Answer:
    """DELETE …/attributes/tags: 200, answers those that are left."""
    customer = world.customer(uuid)
    gone = request.texts("tags")
    left = tuple(tag for tag in customer.tags if tag not in gone)
    world.put(rewrite(customer, request.at, {}, tags=left))
    return found({"tags": list(left)})


def add_custom_by_email(world: World, request: Request) -> Answer:
    """POST /v1/customers/attributes/custom: every customer with the address."""
    written = read_list(world.types, _custom(request), world.settings)
    changed = [_changed(world, request, one, written)[0] for one in _with_email(world, request)]
    world.types.update(written.types)
    return _entries(request, [world.put(one) for one in changed])


def add_tags_by_email(world: World, request: Request) -> Answer:
    """POST /v1/customers/attributes/tags: every customer with the address."""
    tags = request.texts("tags")
    changed = [_tag(world, request, one, tags) for one in _with_email(world, request)]
    return _entries(request, changed)


def _custom(request: Request) -> object:
    if "custom" not in request.sent:
        raise missing("custom")
    return request.sent["custom"]


def _pins(request: Request) -> pins.Pins:
    """Those of attributes; a call on attributes pins nothing else."""
    found = pins.read_pins(request.sent, Customer)
    return {path: wanted for path, wanted in found.items() if path.startswith(CUSTOM)}


def _write(world: World, request: Request, customer: Customer, written: Written) -> Answer:
    changed, held = _changed(world, request, customer, written)
    world.types.update(written.types)
    silent = held.not_modified or world.settings.attributes_not_modified == "nothing_changed"
    if changed is customer and silent:
        return not_modified()
    return found(show_custom(world.put(changed), view_of(request)))


def _changed(
    world: World, request: Request, customer: Customer, written: Written
) -> tuple[Customer, pins.Held]:
    """The customer with these attributes, and what of them was held back; nothing is done yet."""
    wanted = _pins(request)
    held = pins.hold(customer, written.by_path, wanted, world.settings.pinned_writes)
    pinned = pins.pinned_after(customer.pinned, wanted)
    return rewrite(customer, request.at, held.values, pinned=pinned), held


def _tag(world: World, request: Request, customer: Customer, tags: list[str]) -> Customer:
    all_tags = tuple(dict.fromkeys((*customer.tags, *tags)))
    return world.put(rewrite(customer, request.at, {}, tags=all_tags))


def _with_email(world: World, request: Request) -> list[Customer]:
    # That nobody has the address is a 404 on search; here it was never recorded, so the same.
    email = request.text("email")
    ranks = world.by_email.get(fold(email, world.settings), Order()).ranks
    if not ranks:
        message = f'Can\'t find any customers with email: "{email}"'
        raise Refusal(failed(404, message, "email"))
    return [world.customers[rank[-1]] for rank in ranks]


def _entries(request: Request, customers: list[Customer]) -> Answer:
    view = view_of(request)
    return found({"entries": [show_briefly(one, view) for one in customers]})
