"""The world that a recorded call on contacts needs."""

from base64 import b64decode
from datetime import datetime
from typing import Any

from sync.sandbox import fields
from sync.sandbox.people import Contact, Customer
from sync.sandbox.sandbox import Sandbox
from tests.unit.sandbox.exchange import Exchange
from tests.unit.sandbox.makers import ELSEWHERE, add_source, other

CONTACT_FIELDS = (*fields.CONTACT, "external_id", "custom")


def prepare_contacts(sandbox: Sandbox, exchange: Exchange) -> None:
    """Put there what the answer shows, without what the request brought."""
    body = exchange.body if exchange.status < 400 else {}
    shown = body.get("entries") or ([body] if "uuid" in body else [])
    for one in shown:
        sandbox.world.definitions.update(one["custom"])
        if not exchange.is_alone:
            _own(sandbox, one["customer_uuid"] or other("cus", 0), one)
    match exchange.method, exchange.path.split("/"):
        case "POST", [_, _, _]:
            _leave_position(sandbox, exchange)
        case "POST", [_, _, _, into, _, merged]:
            into_shown = {"uuid": into, **_links(body), "custom": {}, "position": body["position"]}
            _add_contact(sandbox, into_shown, 2)
            _add_contact(sandbox, {**body, "uuid": merged, "position": 99}, 1)
        case "PATCH", _:
            kept = {key: value for key, value in body.items() if key not in (exchange.sent or {})}
            _add_contact(sandbox, {"custom": {}, "position": 0, **kept}, 1)
        case "DELETE", _:
            _own(sandbox, other("cus", 0), {"data_source_uuid": ELSEWHERE})
            links = {"customer_uuid": other("cus", 0), "data_source_uuid": ELSEWHERE}
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
        _add_contact(sandbox, {**shown[-1], "uuid": other("con", 1)}, last - 1)


def _cursor_microsecond(cursor: str) -> int:
    moment = datetime.fromisoformat(b64decode(cursor).decode()[:26] + "+00:00")
    return int(moment.replace(microsecond=0).timestamp()) * 1_000_000 + moment.microsecond


def _leave_position(sandbox: Sandbox, exchange: Exchange) -> None:
    """A contact of the same customer, or of nobody, so that the next position is the recorded one."""
    position = exchange.body["position"] - 1
    if position and "position" not in exchange.sent:
        shown = {"uuid": other("con", 1), "custom": {}, "position": position}
        if exchange.is_alone:
            sandbox.world.put_contact(Contact(shown["uuid"], None, None, 1, position))
        else:
            _add_contact(sandbox, {**shown, **_links(exchange.body)}, 1)


def _links(body: dict[str, Any]) -> dict[str, Any]:
    customer = body["customer_uuid"] or other("cus", 0)
    return {"customer_uuid": customer, "data_source_uuid": body["data_source_uuid"]}


def _own(sandbox: Sandbox, customer_uuid: str, shown: dict[str, Any]) -> None:
    """The customer of a contact."""
    if customer_uuid not in sandbox.world.customers:
        pair = (shown["data_source_uuid"], shown.get("customer_external_id", "X"))
        add_source(sandbox, pair[0], "Custom")
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
