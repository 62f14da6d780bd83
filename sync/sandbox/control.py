"""The control routes under /sandbox: faults, settings, and a look at everything."""

from collections import Counter, abc
from dataclasses import replace
from typing import Any

from sync.sandbox import answer as answers
from sync.sandbox import moments
from sync.sandbox.answer import Answer, Refusal, decode, failed, found
from sync.sandbox.attributes import TYPES
from sync.sandbox.checks import Misfit
from sync.sandbox.faults import read_fault
from sync.sandbox.people import STATUSES
from sync.sandbox.sandbox import Call, Sandbox
from sync.sandbox.saving import pack
from sync.sandbox.settings import explain

Query = abc.Mapping[str, str]
Control = abc.Callable[[Sandbox, Query, bytes], Answer]

_MOST_CENTS = 10**15


def steer(sandbox: Sandbox, method: str, path: str, query: Query, body: bytes) -> Answer:
    """Answer a control route; these need no key and count against no limit.

    What cannot be done is a 400 with a sentence, and nothing of it is.
    """
    control = CONTROLS.get((method, path))
    if control is None:
        return answers.nowhere()
    with sandbox.lock:
        try:
            return control(sandbox, query, body)
        except Misfit as misfit:
            return failed(400, str(misfit), misfit.name)
        except Refusal as refusal:
            return refusal.answer


def add_faults(sandbox: Sandbox, query: Query, body: bytes) -> Answer:
    """POST /sandbox/faults: one fault or a list of them, see `Fault`."""
    sent = _json(body)
    for fault in [read_fault(one) for one in (sent if isinstance(sent, list) else [sent])]:
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
    sent = _object(body, "contact", "customer")
    keys = _texts(sent, "contact")
    types = sent.get("customer", {})
    if not isinstance(types, dict) or not all(kind in TYPES for kind in types.values()):
        raise Misfit("customer", f"customer maps keys to types: {', '.join(TYPES)}.")
    sandbox.world.definitions.update(keys)
    sandbox.world.types.update(types)
    sandbox.touch()
    shown = {"contact": sorted(sandbox.world.definitions), "customer": sandbox.world.types}
    return found(shown)


def add_users(sandbox: Sandbox, query: Query, body: bytes) -> Answer:
    """POST /sandbox/users: e-mails that can own customers."""
    sandbox.world.users.update(_texts(_object(body, "users"), "users"))
    sandbox.touch()
    return found({"users": sorted(sandbox.world.users)})


def set_status(sandbox: Sandbox, query: Query, body: bytes) -> Answer:
    """POST /sandbox/statuses: the `status` of the customer `uuid`, also one only invoices give.

    `customer_since` and `last_seen` (ISO 8601) and `mrr` (cents) may come with it.
    """
    sent = _object(body, "uuid", "status", "customer_since", "last_seen", "mrr")
    if sent.get("status") not in STATUSES:
        raise Misfit("status", f"status is one of {', '.join(STATUSES)}.")
    if not isinstance(sent.get("uuid"), str):
        raise Misfit("uuid", "uuid is that of a customer.")
    computed: dict[str, Any] = {
        name: _computed(name, sent[name]) for name in sent if name != "uuid"
    }
    customer = sandbox.world.customer(sent["uuid"])
    sandbox.touch()
    return found(sandbox.world.show(sandbox.world.put(replace(customer, **computed))))


def show_settings(sandbox: Sandbox, query: Query, body: bytes) -> Answer:
    """GET /sandbox/settings: every switch, what it is, what it may be, and what it does."""
    return found({"settings": explain(sandbox.settings)})


def adjust(sandbox: Sandbox, query: Query, body: bytes) -> Answer:
    """POST /sandbox/settings: changes some switches, or none where one of them cannot be."""
    sent = _object(body)
    sandbox.set(**sent)
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
    ("GET", "/sandbox/settings"): show_settings,
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


def _json(body: bytes) -> Any:
    try:
        return decode(body)
    except ValueError:
        raise Misfit("body", "The body is not valid JSON.") from None


def _object(body: bytes, *known: str) -> dict[str, Any]:
    """The JSON object of a body; Misfit where it is none, or has other keys than those known."""
    sent = _json(body or b"{}")
    if not isinstance(sent, dict):
        raise Misfit("body", "The body is not a JSON object.")
    for name in sent:
        if known and name not in known:
            raise Misfit(name, f"{name[:80]} is none of {', '.join(known)}.")
    return sent


def _texts(sent: abc.Mapping[str, Any], name: str) -> list[str]:
    texts = sent.get(name, [])
    if not isinstance(texts, list) or not all(isinstance(one, str) for one in texts):
        raise Misfit(name, f"{name} is a list of texts.")
    return texts


def _computed(name: str, value: object) -> Any:
    """A value as it is held: times in the form in which they are shown."""
    if name == "status":
        return value
    if name == "mrr":
        if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _MOST_CENTS:
            raise Misfit(name, f"mrr is a whole number of cents, up to {_MOST_CENTS:,}.")
        return value
    moment = moments.read(value) if isinstance(value, str) else None
    if moment is None and value is not None:
        raise Misfit(name, f"{name} is a time in ISO 8601, or null.")
    if moment is None:
        return None
    return moments.show(moment) if name == "last_seen" else moment.isoformat()
