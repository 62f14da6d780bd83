"""The world that a recorded exchange needs, made out of the exchange itself."""

import itertools
from base64 import b64decode
from dataclasses import replace
from datetime import datetime
from typing import Any

import pycountry

from sync.sandbox import data_sources, fields
from sync.sandbox.people import Contact, Customer
from sync.sandbox.sandbox import ACCOUNT, Sandbox
from tests.sandbox.exchange import Exchange

ELSEWHERE = "ds_99999999-9999-4999-8999-999999999999"
RENAMED = {"Lead": "New Lead", "Past due": "Past Due"}
CONTACT_FIELDS = (*fields.CONTACT, "external_id", "custom")


def prepare(sandbox: Sandbox, exchange: Exchange) -> None:
    """Put into the world what was there before the exchange, as far as its answer tells."""
    parts = exchange.path.split("/")[2:]
    match exchange.method, parts:
        case _, ["ping"]:
            if exchange.status >= 500:
                sandbox.fail(
                    status=exchange.status,
                    body=exchange.body,
                    content_type=exchange.content_type,
                )
        case _, ["account"]:
            sandbox.world.account = {**ACCOUNT, **exchange.body}
        case _, ["data_sources", *_]:
            _prepare_sources(sandbox, exchange)
        case _, ["contacts", *_]:
            _prepare_contacts(sandbox, exchange)
        case _, ["customers", *_] if exchange.status < 400 or exchange.method == "PATCH":
            _prepare_customers(sandbox, exchange)


def _prepare_sources(sandbox: Sandbox, exchange: Exchange) -> None:
    body = exchange.body or {}
    listed = body.get("data_sources", [body] if exchange.method == "GET" else [])
    for shown in listed if exchange.status == 200 else []:
        source = data_sources.make(shown["uuid"], shown["name"], exchange.at)
        sandbox.world.sources[shown["uuid"]] = {**source, **shown}
    if exchange.method == "DELETE" and exchange.status == 204:
        _add_source(sandbox, exchange.uuids[0], "Custom")


def _prepare_contacts(sandbox: Sandbox, exchange: Exchange) -> None:
    body = exchange.body if exchange.status < 400 else {}
    shown = body.get("entries") or ([body] if "uuid" in body else [])
    for one in shown:
        sandbox.world.definitions.update(one["custom"])
        _own(sandbox, one["customer_uuid"] or _other("cus", 0), one)
    match exchange.method, exchange.path.split("/"):
        case "POST", [_, _, _]:
            _leave_position(sandbox, exchange)
        case "POST", [_, _, _, into, _, other]:
            into_shown = {"uuid": into, **_links(body), "custom": {}, "position": body["position"]}
            _add_contact(sandbox, into_shown, 2)
            _add_contact(sandbox, {**body, "uuid": other, "position": 99}, 1)
        case "PATCH", _:
            kept = {key: value for key, value in body.items() if key not in (exchange.sent or {})}
            _add_contact(sandbox, {"custom": {}, "position": 0, **kept}, 1)
        case "DELETE", _:
            _own(sandbox, _other("cus", 0), {"data_source_uuid": ELSEWHERE})
            links = {"customer_uuid": _other("cus", 0), "data_source_uuid": ELSEWHERE}
            shown_gone = {"uuid": exchange.uuids[0], **links, "custom": {}, "position": 1}
            _add_contact(sandbox, shown_gone, 1)
        case "GET", _:
            _list_contacts(sandbox, exchange, shown)


def _list_contacts(sandbox: Sandbox, exchange: Exchange, shown: list[dict[str, Any]]) -> None:
    if not shown:
        return
    last = _cursor_microsecond(exchange.body["cursor"]) if "cursor" in exchange.body else 1
    for age, one in enumerate(reversed(shown)):
        _add_contact(sandbox, one, last + age)
    if exchange.body.get("has_more"):
        _add_contact(sandbox, {**shown[-1], "uuid": _other("con", 1)}, last - 1)


def _cursor_microsecond(cursor: str) -> int:
    moment = datetime.fromisoformat(b64decode(cursor).decode()[:26] + "+00:00")
    return int(moment.replace(microsecond=0).timestamp()) * 1_000_000 + moment.microsecond


def _leave_position(sandbox: Sandbox, exchange: Exchange) -> None:
    """A contact of the same customer, so that the next position is the recorded one."""
    position = exchange.body["position"] - 1
    if position and "position" not in exchange.sent:
        shown = {"uuid": _other("con", 1), **_links(exchange.body), "custom": {}}
        _add_contact(sandbox, {**shown, "position": position}, 1)


def _links(body: dict[str, Any]) -> dict[str, Any]:
    customer = body["customer_uuid"] or _other("cus", 0)
    return {"customer_uuid": customer, "data_source_uuid": body["data_source_uuid"]}


def _own(sandbox: Sandbox, customer_uuid: str, shown: dict[str, Any]) -> None:
    """The customer of a contact."""
    if customer_uuid not in sandbox.world.customers:
        pair = (shown["data_source_uuid"], shown.get("customer_external_id", "X"))
        _add_source(sandbox, pair[0], "Custom")
        if pair in sandbox.world.by_pair:
            return
        sandbox.world.put(Customer(sandbox.world.next_id(), customer_uuid, pair, (pair,), 0))


def _add_contact(sandbox: Sandbox, shown: dict[str, Any], created: int) -> None:
    values = {name: shown[name] for name in CONTACT_FIELDS if name in shown}
    place = {"position": shown["position"], "created": created}
    links = {**_links(shown)}
    if links["customer_uuid"] not in sandbox.world.customers:
        pair = (shown["data_source_uuid"], shown["customer_external_id"])
        links["customer_uuid"] = sandbox.world.by_pair[pair]
    sandbox.world.put_contact(Contact(uuid=shown["uuid"], **links, **place, **values))


def _prepare_customers(sandbox: Sandbox, exchange: Exchange) -> None:
    body = exchange.body if isinstance(exchange.body, dict) else {}
    match exchange.method, exchange.path.split("/")[3:]:
        case "POST", []:
            _prepare_create(sandbox, exchange)
        case "GET", [] | ["search"]:
            _list_customers(sandbox, exchange, body.get("entries", body.get("customers", [])))
        case "POST", ["merges"]:
            for side in (exchange.sent["from"], exchange.sent["into"]):
                _add_bare(sandbox, side.get("customer_uuid"), **_pair_of(side))
        case "POST", ["unmerges"]:
            _prepare_unmerge(sandbox, exchange)
        case "POST", ["attributes", _]:
            for shown in body["entries"]:
                _add_shown(sandbox, _before(shown, {"attributes": _sent_attributes(exchange)}))
        case "PATCH", [uuid] if exchange.status >= 400:
            _add_bare(sandbox, uuid)
        case "PATCH", _:
            _add_shown(sandbox, _before(body, exchange.sent))
            _define(sandbox, body["attributes"]["custom"])
        case _, [uuid, "attributes", *_]:
            _prepare_attributes(sandbox, exchange, uuid, body)
        case "GET", _:
            _add_shown(sandbox, body)
        case "DELETE", [uuid]:
            _add_bare(sandbox, uuid)


def _prepare_create(sandbox: Sandbox, exchange: Exchange) -> None:
    body = exchange.body
    system = body.get("billing-system-type", "Custom")
    _add_source(sandbox, body["data_source_uuid"], system)
    sandbox.world.account["currency"] = body.get("currency", "USD")
    sandbox.world.users.add(body.get("owner"))
    sandbox.world.last_id = body.get("id", 1) - 1


def _prepare_unmerge(sandbox: Sandbox, exchange: Exchange) -> None:
    uuid = exchange.sent["customer_uuid"]
    pair = (exchange.sent["data_source_uuid"], exchange.sent["external_id"])
    _add_bare(sandbox, uuid)
    _add_source(sandbox, pair[0], "Custom")
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
        _define(sandbox, body.get("custom", {}))
    _add_bare(sandbox, uuid)
    customer = sandbox.world.customers[uuid]
    sandbox.world.put(replace(customer, custom=custom, tags=tuple(tags)))


def _list_customers(
    sandbox: Sandbox, exchange: Exchange, shown: list[dict[str, Any]]
) -> None:
    """The entries, others before and behind them, and some that no filter lets through."""
    for one in shown:
        _add_shown(sandbox, one)
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
                uuid=_other("cus", number),
                main=pair,
                pairs=(pair,),
                customer_since="2001-01-01T00:00:00+00:00" if number < before else None,
            )
        )
    if query.keys() & {"email", "external_id", "data_source_uuid"}:
        _add_bare(sandbox, _other("cus", 999))


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
    identity = {name: shown[name] for name in ("external_id", "data_source_uuid") if name in shown}
    return {**before, **identity, "attributes": {"custom": kept, "tags": tags}}


def _add_shown(sandbox: Sandbox, shown: dict[str, Any]) -> None:
    """A customer as an answer shows it; numbers of 2016 may be missing."""
    sources = shown.get("data_source_uuids", [shown.get("data_source_uuid", ELSEWHERE)])
    ids = shown.get("external_ids", [shown["external_id"]])
    main = (shown.get("data_source_uuid", ELSEWHERE), shown["external_id"])
    for source in sources:
        _add_source(sandbox, source, shown.get("billing-system-type", "Custom"))
    sandbox.world.account["currency"] = shown.get("currency", "USD")
    sandbox.world.users.add(shown.get("owner"))
    attributes, address = shown.get("attributes", {}), shown.get("address", {})
    _define(sandbox, attributes.get("custom", {}))
    plain = ("name", "email", "company", "lead_created_at", "free_trial_started_at", "owner")
    texts = {name: shown.get(name) or None for name in (*plain, "website_url")}
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


def _add_bare(
    sandbox: Sandbox, uuid: str | None, source: str = ELSEWHERE, external_id: str | None = None
) -> None:
    """A customer of which nothing but its names matters."""
    if uuid in sandbox.world.customers:
        return
    _add_source(sandbox, source, "Custom")
    number = sandbox.world.next_id()
    pair = (source, external_id or f"bare-{number}")
    name = uuid or _other("cus", 5_000 + number)
    sandbox.world.put(Customer(number, name, pair, (pair,), 0))


def _pair_of(side: dict[str, str]) -> dict[str, str]:
    if "external_id" not in side:
        return {}
    return {"source": side["data_source_uuid"], "external_id": side["external_id"]}


def _add_source(sandbox: Sandbox, uuid: str, system: str) -> None:
    if uuid not in sandbox.world.sources:
        source = data_sources.make(uuid, f"Source {uuid}", 0)
        known = "Custom" if system == "Import API" else system
        sandbox.world.sources[uuid] = {**source, "system": known}


def _define(sandbox: Sandbox, custom: dict[str, Any]) -> None:
    types = {bool: "Boolean", int: "Integer", str: "String"}
    for key, value in custom.items():
        if type(value) in types:
            timestamp = key == "timestamp_key"
            sandbox.world.types[key] = "Timestamp" if timestamp else types[type(value)]


def _code(name: str | None) -> str | None:
    return None if name is None else str(pycountry.countries.lookup(name).alpha_2)


def _other(prefix: str, number: int) -> str:
    return f"{prefix}_ffffffff-0000-4000-8000-{number:012d}"
