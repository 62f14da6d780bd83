"""The control routes under /sandbox: faults, settings, and a look at everything."""

from collections import Counter, abc
from dataclasses import replace
from typing import Any

from sync.sandbox import answer as answers
from sync.sandbox.answer import Answer, Refusal, decode, found, missing, unfit
from sync.sandbox.faults import read_fault
from sync.sandbox.people import STATUSES
from sync.sandbox.request import read_body
from sync.sandbox.sandbox import Call, Sandbox
from sync.sandbox.world import pack

Query = abc.Mapping[str, str]
Control = abc.Callable[[Sandbox, Query, bytes], Answer]


def steer(sandbox: Sandbox, method: str, path: str, query: Query, body: bytes) -> Answer:
    """Answer a control route; these need no key and count against no limit."""
    control = CONTROLS.get((method, path))
    if control is None:
        return answers.nowhere()
    with sandbox.lock:
        try:
            return control(sandbox, query, body)
        except Refusal as refusal:
            return refusal.answer


def add_faults(sandbox: Sandbox, query: Query, body: bytes) -> Answer:
    """POST /sandbox/faults: one fault or a list of them, see `Fault`."""
    try:
        sent = decode(body)
        faults = [read_fault(one) for one in (sent if isinstance(sent, list) else [sent])]
    except (ValueError, AttributeError):
        raise unfit("faults") from None
    for fault in faults:
        sandbox.faults.add(fault)
    return found({"faults": len(sandbox.faults.counts)}, 201)


def clear_faults(sandbox: Sandbox, query: Query, body: bytes) -> Answer:
    """DELETE /sandbox/faults."""
    sandbox.faults.clear()
    return found({"faults": 0})


def show_requests(sandbox: Sandbox, query: Query, body: bytes) -> Answer:
    """GET /sandbox/requests: `path` and `method` are globs, `summary=1` counts by method."""
    calls = sandbox.calls(query.get("method", "*"), query.get("path", "*"))
    if query.get("summary") == "1":
        return found({"total": len(calls), **Counter(call.method for call in calls)})
    return found({"requests": [_show(call) for call in calls]})


def forget_requests(sandbox: Sandbox, query: Query, body: bytes) -> Answer:
    """DELETE /sandbox/requests."""
    sandbox.requests.clear()
    return found({"requests": []})


def show_state(sandbox: Sandbox, query: Query, body: bytes) -> Answer:
    """GET /sandbox/state: the whole world."""
    return found(pack(sandbox.world))


def reset(sandbox: Sandbox, query: Query, body: bytes) -> Answer:
    """POST /sandbox/reset: an empty account again."""
    sandbox.reset()
    return found({})


def define(sandbox: Sandbox, query: Query, body: bytes) -> Answer:
    """POST /sandbox/definitions: `contact` is a list of keys, `customer` maps keys to types."""
    sent = read_body(body)
    sandbox.world.definitions.update(sent.get("contact", []))
    sandbox.world.types.update(sent.get("customer", {}))
    sandbox.touch()
    shown = {"contact": sorted(sandbox.world.definitions), "customer": sandbox.world.types}
    return found(shown)


def add_users(sandbox: Sandbox, query: Query, body: bytes) -> Answer:
    """POST /sandbox/users: e-mails that can own customers."""
    sandbox.world.users.update(read_body(body).get("users", []))
    sandbox.touch()
    return found({"users": sorted(sandbox.world.users)})


def set_status(sandbox: Sandbox, query: Query, body: bytes) -> Answer:
    """POST /sandbox/statuses: the `status` of the customer `uuid`, also one only invoices give.

    `customer_since` (ISO 8601) and `mrr` (cents) may come with it.
    """
    sent = read_body(body)
    if sent.get("status") not in STATUSES:
        raise unfit("status")
    if "uuid" not in sent:
        raise missing("uuid")
    customer = sandbox.world.customer(str(sent["uuid"]))
    names = ("status", "customer_since", "mrr")
    computed = {name: sent[name] for name in names if name in sent}
    sandbox.touch()
    return found(sandbox.world.show(sandbox.world.put(replace(customer, **computed))))


def adjust(sandbox: Sandbox, query: Query, body: bytes) -> Answer:
    """POST /sandbox/settings: `rate`, `parallel`, `retry_after`, `stale`, `merge_delay`."""
    sent = read_body(body)
    for name, value in sent.items():
        match name:
            case "rate":
                sandbox.limit.most = value
            case "parallel":
                sandbox.slots.most = value
            case "retry_after":
                sandbox.retry_after = value
            case "stale" | "merge_delay":
                setattr(sandbox.world, name, float(value))
            case _:
                raise unfit(name)
    return found(sent)


CONTROLS: dict[tuple[str, str], Control] = {
    ("POST", "/sandbox/faults"): add_faults,
    ("DELETE", "/sandbox/faults"): clear_faults,
    ("GET", "/sandbox/requests"): show_requests,
    ("DELETE", "/sandbox/requests"): forget_requests,
    ("GET", "/sandbox/state"): show_state,
    ("POST", "/sandbox/reset"): reset,
    ("POST", "/sandbox/definitions"): define,
    ("POST", "/sandbox/users"): add_users,
    ("POST", "/sandbox/statuses"): set_status,
    ("POST", "/sandbox/settings"): adjust,
}


def _show(call: Call) -> dict[str, Any]:
    return {
        "method": call.method,
        "path": call.path,
        "query": dict(call.query),
        "status": call.status,
        "dropped": call.dropped,
        "body": call.json,
        "at": call.at,
    }
