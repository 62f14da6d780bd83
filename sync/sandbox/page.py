"""The page for people: what the sandbox holds, and what it was asked."""

from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import jinja2

from sync.sandbox import moments
from sync.sandbox.answer import Answer
from sync.sandbox.order import Order
from sync.sandbox.sandbox import Call, Sandbox
from sync.sandbox.world import NOBODY, World

MOST = 1_000
"""Customers and contacts shown; the rest is a count."""

RECENT = 50
"""Requests shown, the newest first."""

LONGEST = 2_000
"""Characters of a request's body that are shown."""


def render(sandbox: Sandbox) -> Answer:
    """One self-contained HTML page."""
    with sandbox.lock:
        view = _view(sandbox)
    page = _template().render(view)
    return Answer(200, {"content-type": "text/html; charset=utf-8"}, page.encode())


@cache
def _template() -> jinja2.Template:
    text = Path(__file__).with_name("page.html").read_text(encoding="utf-8")
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    return environment.from_string(text)


def _view(sandbox: Sandbox) -> dict[str, Any]:
    world = sandbox.world
    newest = islice(reversed(sandbox.requests), RECENT)
    return {
        "account": world.account,
        "key": sandbox.key,
        "sources": [_source(world, uuid) for uuid in world.sources],
        "types": sorted(world.types.items()),
        "definitions": sorted(world.definitions),
        "customers": [_customer(world, rank[-1]) for rank in world.order.ranks[:MOST]],
        "customer_count": len(world.customers),
        "contacts": [_contact(world, rank[-1]) for rank in world.contact_order.ranks[:MOST]],
        "contact_count": len(world.contacts),
        "requests": [_request(call) for call in newest],
        "request_count": len(sandbox.requests),
        "most": MOST,
    }


def _source(world: World, uuid: str) -> dict[str, Any]:
    count = len(world.order_in.get(uuid, Order()))
    return {**world.sources[uuid], "customers": count}


def _customer(world: World, uuid: str) -> dict[str, Any]:
    customer = world.customers[uuid]
    contacts = len(world.contacts_of.get(uuid, Order()))
    return {**world.show(customer), "contacts": contacts}


def _contact(world: World, uuid: str) -> dict[str, Any]:
    contact = world.contacts[uuid]
    names = (contact.first_name, contact.last_name)
    return {
        **world.show_contact(contact),
        "full_name": " ".join(name for name in names if name),
        "customer": world.customers.get(contact.customer_uuid or NOBODY),
    }


def _request(call: Call) -> dict[str, Any]:
    return {
        "method": call.method,
        "path": call.path,
        "query": dict(call.query),
        "status": call.status,
        "dropped": call.dropped,
        "at": moments.show(moments.stamp(call.at)),
        "body": call.body[:LONGEST].decode(errors="replace"),
    }
