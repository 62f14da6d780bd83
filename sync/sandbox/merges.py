"""Merging customers and taking them apart again, which ChartMogul accepts now and does later."""

from dataclasses import replace
from typing import Any

from sync.sandbox.answer import Answer, found, invalid, missing, unfit, unknown_customer
from sync.sandbox.order import Order
from sync.sandbox.people import Customer, Pair
from sync.sandbox.request import Request
from sync.sandbox.world import Merge, World


def merge(world: World, request: Request) -> Answer:
    """POST /v1/customers/merges: 202; carried out after `world.merge_delay` seconds."""
    sides = [_side(world, request, name) for name in ("from", "into")]
    if sides[0] is sides[1]:
        raise invalid("A customer cannot be merged into itself.", "into")
    world.merges.append(Merge(request.at + world.merge_delay, sides[0].uuid, sides[1].uuid))
    carry_out(world, request.at)
    return found({}, 202)


def unmerge(world: World, request: Request) -> Answer:
    """POST /v1/customers/unmerges: 202; one pair moves to a customer of its own.

    What the new customer takes along is not recorded: here name, e-mail and company, and the
    contacts of the data source when the old customer leaves it.
    """
    customer = world.customer(request.text("customer_uuid"))
    pair = (request.text("data_source_uuid"), request.text("external_id"))
    if pair not in customer.pairs or len(customer.pairs) == 1:
        raise invalid("The customer was not merged from this one.", "external_id")
    left = tuple(one for one in customer.pairs if one != pair)
    main = customer.main if customer.main in left else left[0]
    world.put(replace(customer, pairs=left, main=main))
    alone = world.put(_alone(world, customer, pair, request.at))
    if pair[0] not in {one[0] for one in left}:
        _move(world, customer.uuid, alone.uuid, pair[0])
    return found({}, 202)


def carry_out(world: World, at: float) -> None:
    """Do the merges that are due. One whose side is gone meanwhile is forgotten."""
    due = [one for one in world.merges if one.due <= at]
    world.merges = [one for one in world.merges if one.due > at]
    for one in due:
        if {one.from_uuid, one.into_uuid} <= world.customers.keys():
            _join(world, world.customers[one.from_uuid], world.customers[one.into_uuid])


def _join(world: World, other: Customer, into: Customer) -> None:
    """The primary keeps its values and fills gaps of attributes; the other's uuid is gone.

    Fields stay the primary's own, tags and ids are combined (help.chartmogul.com, article
    211358589); the tag is recorded. The pairs are sorted, so that the one on top of the object
    is not always the first: that was recorded too.
    """
    pairs = tuple(sorted((*into.pairs, *other.pairs)))
    tags = tuple(dict.fromkeys((*into.tags, *other.tags, "merged-customer")))
    world.drop(other.uuid)
    world.put(replace(into, pairs=pairs, tags=tags, custom={**other.custom, **into.custom}))
    _move(world, other.uuid, into.uuid, None)


def _move(world: World, from_uuid: str, into_uuid: str, source: str | None) -> None:
    for rank in list(world.contacts_of.get(from_uuid, Order()).ranks):
        contact = world.contacts[rank[-1]]
        if source in (None, contact.data_source_uuid):
            world.put_contact(replace(contact, customer_uuid=into_uuid))


def _side(world: World, request: Request, name: str) -> Customer:
    side: Any = request.sent.get(name)
    if side is None:
        raise missing(name)
    if not isinstance(side, dict):
        raise unfit(name)
    if "customer_uuid" in side:
        return world.customer(str(side["customer_uuid"]))
    pair = (str(side.get("data_source_uuid")), str(side.get("external_id")))
    if pair not in world.by_pair:
        raise unknown_customer(pair[1])
    return world.customers[world.by_pair[pair]]


def _alone(world: World, customer: Customer, pair: Pair, at: float) -> Customer:
    return Customer(
        id=world.next_id(),
        uuid=world.name("cus"),
        main=pair,
        pairs=(pair,),
        created=at,
        name=customer.name,
        email=customer.email,
        company=customer.company,
    )
