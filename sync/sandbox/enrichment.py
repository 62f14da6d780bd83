"""Calls on the custom attributes and tags of customers that are there."""

from collections import abc
from dataclasses import replace
from typing import Any

from sync.sandbox.answer import Answer, Refusal, failed, found, missing, nothing
from sync.sandbox.attributes import read_list, read_object
from sync.sandbox.order import Order
from sync.sandbox.people import Customer
from sync.sandbox.request import Request
from sync.sandbox.world import World


def retrieve(world: World, request: Request, uuid: str) -> Answer:
    """GET /v1/customers/{uuid}/attributes."""
    customer = world.customer(uuid)
    shown = {"tags": list(customer.tags), "stripe": {}, "custom": dict(customer.custom)}
    return found(shown)


def add_custom(world: World, request: Request, uuid: str) -> Answer:
    """POST …/attributes/custom: defines what is new, sets the values, answers all there are."""
    customer = world.customer(uuid)
    written = read_list(world.types, _custom(request))
    world.types.update(written.types)
    return _all_custom(_set(world, customer, written.values))


def update_custom(world: World, request: Request, uuid: str) -> Answer:
    """PUT …/attributes/custom: sets the values of attributes that are defined already."""
    customer = world.customer(uuid)
    return _all_custom(_set(world, customer, read_object(world.types, _custom(request)).values))


def remove_custom(world: World, request: Request, uuid: str) -> Answer:
    """DELETE …/attributes/custom: 204 without a body (2023); the types stay locked."""
    customer = world.customer(uuid)
    gone = request.texts("custom")
    left = {key: value for key, value in customer.custom.items() if key not in gone}
    world.put(replace(customer, custom=left))
    return nothing()


def add_tags(world: World, request: Request, uuid: str) -> Answer:
    """POST …/attributes/tags: adds, never twice, answers all there are."""
    customer = world.customer(uuid)
    tagged = _tag(world, customer, request.texts("tags"))
    return found({"tags": list(tagged.tags)})


def remove_tags(world: World, request: Request, uuid: str) -> Answer:
    """DELETE …/attributes/tags: answers those that are left."""
    customer = world.customer(uuid)
    gone = request.texts("tags")
    left = tuple(tag for tag in customer.tags if tag not in gone)
    world.put(replace(customer, tags=left))
    return found({"tags": list(left)})


def add_custom_by_email(world: World, request: Request) -> Answer:
    """POST /v1/customers/attributes/custom: every customer with the address."""
    written = read_list(world.types, _custom(request))
    chosen = _with_email(world, request)
    world.types.update(written.types)
    return _entries(world, [_set(world, one, written.values) for one in chosen])


def add_tags_by_email(world: World, request: Request) -> Answer:
    """POST /v1/customers/attributes/tags: every customer with the address."""
    tags = request.texts("tags")
    return _entries(world, [_tag(world, one, tags) for one in _with_email(world, request)])


def _custom(request: Request) -> object:
    if "custom" not in request.sent:
        raise missing("custom")
    return request.sent["custom"]


def _set(world: World, customer: Customer, values: abc.Mapping[str, Any]) -> Customer:
    return world.put(replace(customer, custom={**customer.custom, **values}))


def _tag(world: World, customer: Customer, tags: list[str]) -> Customer:
    return world.put(replace(customer, tags=tuple(dict.fromkeys((*customer.tags, *tags)))))


def _with_email(world: World, request: Request) -> list[Customer]:
    # That nobody has the address is a 404 on search; here it was never recorded, so the same.
    email = request.text("email")
    ranks = world.by_email.get(email, Order()).ranks
    if not ranks:
        message = f'Can\'t find any customers with email: "{email}"'
        raise Refusal(failed(404, message, "email"))
    return [world.customers[rank[-1]] for rank in ranks]


def _all_custom(customer: Customer) -> Answer:
    return found({"custom": dict(customer.custom)})


def _entries(world: World, customers: list[Customer]) -> Answer:
    return found({"entries": [world.show(one) for one in customers]})
