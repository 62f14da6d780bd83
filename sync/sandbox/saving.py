"""The world as JSON, to be kept in a file and read back."""

from collections import abc
from dataclasses import fields
from typing import Any

from sync.sandbox.lag import Lag
from sync.sandbox.people import Contact, Customer, Past
from sync.sandbox.world import Merge, World


def pack(world: World) -> dict[str, Any]:
    """The world as JSON, without its indexes and settings."""
    return {
        "format": 1,
        "account": world.account,
        "sources": list(world.sources.values()),
        "types": world.types,
        "definitions": sorted(world.definitions),
        "users": sorted(world.users),
        "last_id": world.last_id,
        "last_created": world.last_created,
        "customers": [_pack(one) for one in world.customers.values()],
        "contacts": [_pack(one) for one in world.contacts.values()],
        "merges": [_pack(one) for one in world.merges],
    }


def unpack(world: World, packed: abc.Mapping[str, Any]) -> None:
    """Fill an empty world with a packed one; what an older one lacks is empty."""
    world.account = packed["account"]
    world.sources = {source["uuid"]: source for source in packed["sources"]}
    world.types = packed["types"]
    world.definitions = set(packed["definitions"])
    world.users = set(packed["users"])
    world.last_id, world.last_created = packed["last_id"], packed["last_created"]
    world.merges = [Merge(**one) for one in packed["merges"]]
    for one in packed["customers"]:
        pairs = tuple((source, external_id) for source, external_id in one["pairs"])
        shape = {"main": (one["main"][0], one["main"][1]), "pairs": pairs}
        made = {"created": float(one["created"]), "tags": tuple(one["tags"])}
        world.put(Customer(**{**one, **shape, **made, **_earlier(one)}))
    for one in packed["contacts"]:
        world.put_contact(Contact(**{**one, **_earlier(one)}))
    # None of them is new.
    world.lag = Lag()


def _pack(value: Customer | Contact | Merge) -> dict[str, Any]:
    return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}


def _plain(value: object) -> object:
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [[one.at, one.values] if isinstance(one, Past) else one for one in value]
    return value


def _earlier(one: abc.Mapping[str, Any]) -> dict[str, Any]:
    past = tuple(Past(float(at), values) for at, values in one.get("past", ()))
    return {"pinned": frozenset(one.get("pinned", ())), "past": past}
