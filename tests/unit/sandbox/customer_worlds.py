"""The world that a recorded call on customers needs."""

import itertools
from dataclasses import replace
from datetime import datetime
from typing import Any

from sync.sandbox.people import CUSTOM, Past
from sync.sandbox.sandbox import Sandbox
from tests.unit.sandbox.exchange import Exchange
from tests.unit.sandbox.makers import add_bare, add_shown, add_source, define, other


def prepare_customers(sandbox: Sandbox, exchange: Exchange) -> None:
    """Put there what the answer shows, without what the request brought."""
    body: dict[str, Any] = exchange.body if isinstance(exchange.body, dict) else {}
    match exchange.method, exchange.path.split("/")[3:]:
        case "POST", []:
            _prepare_create(sandbox, exchange)
        case "GET", [] | ["search"]:
            _list_customers(sandbox, exchange, body.get("entries") or body.get("customers") or [])
        case "POST", ["merges"]:
            for side in (exchange.sent["from"], exchange.sent["into"]):
                add_bare(sandbox, side.get("customer_uuid"), **_pair_of(side))
        case "POST", ["unmerges"]:
            _prepare_unmerge(sandbox, exchange)
        case "POST", ["attributes", _]:
            for shown in body["entries"]:
                add_shown(sandbox, _before(shown, {"attributes": _sent_attributes(exchange)}))
        case "PATCH", [uuid] if exchange.status >= 400:
            add_bare(sandbox, uuid)
        case "PATCH", _:
            add_shown(sandbox, _before(body, exchange.sent))
            define(sandbox, body["attributes"]["custom"])
        case _, [uuid, "attributes", *_]:
            _prepare_attributes(sandbox, exchange, uuid, body)
        case "GET", _:
            add_shown(sandbox, body)
        case "DELETE", [uuid]:
            add_bare(sandbox, uuid)


def _prepare_create(sandbox: Sandbox, exchange: Exchange) -> None:
    body = exchange.body
    system = body.get("billing-system-type", "Custom")
    add_source(sandbox, body["data_source_uuid"], system)
    sandbox.world.account["currency"] = body.get("currency", "USD")
    sandbox.world.users.add(str(body.get("owner")))
    sandbox.world.last_id = body.get("id", 1) - 1


def _prepare_unmerge(sandbox: Sandbox, exchange: Exchange) -> None:
    uuid = exchange.sent["customer_uuid"]
    pair = (exchange.sent["data_source_uuid"], exchange.sent["external_id"])
    add_bare(sandbox, uuid)
    add_source(sandbox, pair[0], "Custom")
    customer = sandbox.world.customers[uuid]
    sandbox.world.put(replace(customer, pairs=(pair, *customer.pairs)))


def _prepare_attributes(
    sandbox: Sandbox, exchange: Exchange, uuid: str, body: dict[str, Any]
) -> None:
    """What is there before: what the answer shows, without what was added, with what went."""
    sent = (exchange.sent or {}).get("custom", [])
    written = {one["key"] for one in sent if isinstance(one, dict)}
    written |= {key for key in sent if isinstance(key, str)}
    custom = {key: value for key, value in body.get("custom", {}).items() if key not in written}
    tags = list(body.get("tags", []))
    moved = (exchange.sent or {}).get("tags", [])
    if exchange.method == "DELETE":
        custom = custom | dict.fromkeys(sent, "gone")
        tags += moved
    elif moved:
        tags = [tag for tag in tags if tag not in moved]
    if exchange.method != "POST":
        define(sandbox, body.get("custom", {}))
    add_bare(sandbox, uuid)
    customer = replace(sandbox.world.customers[uuid], custom=custom, tags=tuple(tags))
    if exchange.method in ("GET", "DELETE"):
        customer = replace(customer, pinned=_pinned(body), past=_past(body))
    sandbox.world.put(customer)


def _pinned(body: dict[str, Any]) -> frozenset[str]:
    pinned = body.get("overrides", {}).get("custom", {})
    return frozenset(CUSTOM + key for key in pinned)


def _past(body: dict[str, Any]) -> tuple[Past, ...]:
    """The changes that an answer tells of, of one attribute."""
    shown = body.get("historical_values", {}).get("custom", {})
    return tuple(
        Past(
            datetime.fromisoformat(newer["update_performed_at"]).timestamp(),
            {CUSTOM + key: older["value"]},
        )
        for key, entries in shown.items()
        for newer, older in itertools.pairwise(entries)
    )


def _list_customers(sandbox: Sandbox, exchange: Exchange, shown: list[dict[str, Any]]) -> None:
    """The entries, others before and behind them, and some that no filter lets through."""
    for one in shown:
        add_shown(sandbox, one)
    if not shown:
        return
    body, query = exchange.body, exchange.query
    size = int(query.get("per_page", 200))
    pages = body.get("total_pages") or (2 if body.get("has_more") else 1)
    before = size * (int(query.get("page", 1)) - 1)
    behind = size * pages - len(shown) - before if body.get("has_more") else 0
    template = sandbox.world.customers[shown[0]["uuid"]]
    names = (f"more-{number}" for number in itertools.count())
    for number in range(before + behind):
        pair = (template.main[0], next(names))
        sandbox.world.put(
            replace(
                template,
                id=number + 1 if number < before else 2_000_000_000 + number,
                uuid=other("cus", number),
                main=pair,
                pairs=(pair,),
                customer_since="2001-01-01T00:00:00+00:00" if number < before else None,
            )
        )
    if query.keys() & {"email", "external_id", "data_source_uuid"}:
        add_bare(sandbox, other("cus", 999))


def _sent_attributes(exchange: Exchange) -> dict[str, Any]:
    custom = {one["key"]: one["value"] for one in exchange.sent.get("custom", [])}
    return {"custom": custom, "tags": exchange.sent.get("tags", [])}


def _before(shown: dict[str, Any], sent: dict[str, Any]) -> dict[str, Any]:
    """The customer before a PATCH: without the values that it brought."""
    before = {key: value for key, value in shown.items() if sent.get(key, "-") != value}
    for name in ("lead_created_at", "free_trial_started_at"):
        if name in sent:
            before.pop(name)
    attributes = sent.get("attributes", {})
    custom = shown["attributes"]["custom"]
    kept = {
        key: value
        for key, value in custom.items()
        if attributes.get("custom", {}).get(key, "-") != value
    }
    tags = [tag for tag in shown["attributes"]["tags"] if tag not in attributes.get("tags", [])]
    names = ("external_id", "data_source_uuid")
    identity: dict[str, Any] = {name: shown[name] for name in names if name in shown}
    return {**before, **identity, "attributes": {"custom": kept, "tags": tags}}


def _pair_of(side: dict[str, str]) -> dict[str, str]:
    if "external_id" not in side:
        return {}
    return {"source": side["data_source_uuid"], "external_id": side["external_id"]}
