"""Records put straight into a sandbox's world, as far as a recorded answer shows them."""

from typing import Any

import pycountry

from sync.sandbox import data_sources
from sync.sandbox.people import Customer
from sync.sandbox.sandbox import Sandbox

ELSEWHERE = "ds_99999999-9999-4999-8999-999999999999"
RENAMED = {"Lead": "New Lead", "Past due": "Past Due"}


def add_shown(sandbox: Sandbox, shown: dict[str, Any]) -> None:
    """A customer as an answer shows it; numbers of 2016 may be missing."""
    sources = shown.get("data_source_uuids", [shown.get("data_source_uuid", ELSEWHERE)])
    ids = shown.get("external_ids", [shown["external_id"]])
    main = (shown.get("data_source_uuid", ELSEWHERE), shown["external_id"])
    for source in sources:
        add_source(sandbox, source, shown.get("billing-system-type", "Custom"))
    sandbox.world.account["currency"] = shown.get("currency", "USD")
    sandbox.world.users.add(str(shown.get("owner")))
    attributes, address = shown.get("attributes", {}), shown.get("address", {})
    define(sandbox, attributes.get("custom", {}))
    plain = ("name", "email", "company", "lead_created_at", "free_trial_started_at", "owner")
    texts: dict[str, Any] = {name: shown.get(name) or None for name in (*plain, "website_url")}
    sandbox.world.put(
        Customer(
            id=shown.get("id", 1) if isinstance(shown.get("id", 1), int) else 1,
            uuid=shown["uuid"],
            main=main,
            pairs=tuple(zip(sources, ids, strict=True)),
            created=0,
            country=shown.get("country") or _code(address.get("country")),
            state=shown.get("state") or None,
            city=shown.get("city") or address.get("city") or None,
            zip=shown.get("zip") or address.get("address_zip") or None,
            status=RENAMED.get(shown.get("status", "New Lead"), shown.get("status", "New Lead")),
            customer_since=shown.get("customer-since"),
            mrr=shown.get("mrr", 0),
            custom=attributes.get("custom", {}),
            tags=tuple(attributes.get("tags", ())),
            **texts,
        )
    )


def add_bare(
    sandbox: Sandbox, uuid: str | None, source: str = ELSEWHERE, external_id: str | None = None
) -> None:
    """A customer of which nothing but its names matters."""
    if uuid in sandbox.world.customers:
        return
    add_source(sandbox, source, "Custom")
    number = sandbox.world.next_id()
    pair = (source, external_id or f"bare-{number}")
    name = uuid or other("cus", 5_000 + number)
    sandbox.world.put(Customer(number, name, pair, (pair,), 0))


def add_source(sandbox: Sandbox, uuid: str, system: str) -> None:
    """A data source, unless it is there."""
    if uuid not in sandbox.world.sources:
        source = data_sources.make(uuid, f"Source {uuid}", 0)
        known = "Custom" if system == "Import API" else system
        sandbox.world.sources[uuid] = {**source, "system": known}


def define(sandbox: Sandbox, custom: dict[str, Any]) -> None:
    """Attributes of these names, of the types that their values show."""
    types = {bool: "Boolean", int: "Integer", str: "String"}
    for key, value in custom.items():
        if type(value) in types:
            timestamp = key == "timestamp_key"
            sandbox.world.types[key] = "Timestamp" if timestamp else types[type(value)]


def _code(name: str | None) -> str | None:
    return None if name is None else str(pycountry.countries.lookup(name).alpha_2)


def other(prefix: str, number: int) -> str:
    """A uuid that no recording has."""
    return f"{prefix}_ffffffff-0000-4000-8000-{number:012d}"
