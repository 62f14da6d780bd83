"""Calls on data sources, and on the account they belong to."""

from collections import abc
from typing import Any

from sync.sandbox import moments
from sync.sandbox.answer import Answer, deleted, deprecated, found, missing, nothing, rejected
from sync.sandbox.request import Request
from sync.sandbox.world import World

CORE = ("uuid", "name", "system", "created_at", "status")
EXTRAS = ("processing_status", "auto_churn_subscription_setting", "invoice_handling_setting")
ACCOUNT = ("id", "name", "currency", "time_zone", "week_start_on")
INCLUDES = (
    "churn_recognition",
    "churn_when_zero_mrr",
    "auto_churn_subscription",
    "refund_handling",
    "proximate_movement_reclassification",
)

_HANDLING = {
    "create_subscription_when_invoice_is": "open",
    "update_subscription_when_invoice_is": "open",
    "prevent_subscription_for_invoice_voided": True,
    "prevent_subscription_for_invoice_refunded": False,
    "prevent_subscription_for_invoice_written_off": True,
}


def ping(world: World, request: Request) -> Answer:
    """GET /v1/ping."""
    return found({"data": "pong!"})


def account(world: World, request: Request) -> Answer:
    """GET /v1/account, with the settings that `include` names."""
    wanted = request.query.get("include", "").split(",")
    names = [*ACCOUNT, *(name for name in INCLUDES if name in wanted)]
    return found({name: world.account[name] for name in names if name in world.account})


def make(uuid: str, name: str, at: float) -> dict[str, Any]:
    """A data source as the API makes them since 2025."""
    return {
        "uuid": uuid,
        "name": name,
        "system": "Custom",
        "created_at": moments.show(moments.stamp(at)),
        "status": "idle",
        "processing_status": {"processed": 0, "failed": 0, "pending": 0},
        "auto_churn_subscription_setting": {"enabled": False, "interval": 30},
        "invoice_handling_setting": {"manual": _HANDLING, "automatic": _HANDLING},
    }


def create(world: World, request: Request) -> Answer:
    """POST /v1/data_sources: 400 without a name, 422 for an empty one or one in use."""
    if "name" not in request.sent:
        raise missing("name")
    name = request.sent["name"]
    if not isinstance(name, str) or not name:
        raise rejected({"name": "A name is required for each data source."})
    if any(source["name"] == name for source in world.sources.values()):
        raise rejected({"name": "Has already been taken."})
    source = make(world.name("ds"), name, request.at)
    world.sources[source["uuid"]] = source
    return found(_show(source, request.query), 201)


def browse(world: World, request: Request) -> Answer:
    """GET /v1/data_sources: all at once, filtered by `name` and `system`, exactly."""
    if "page" in request.query:
        raise deprecated("page")
    shown = [
        _show(source, request.query)
        for source in world.sources.values()
        if all(source[key] == request.query.get(key, source[key]) for key in ("name", "system"))
    ]
    return found({"data_sources": shown})


def retrieve(world: World, request: Request, uuid: str) -> Answer:
    """GET /v1/data_sources/{uuid}."""
    return found(_show(world.source(uuid), request.query))


def delete(world: World, request: Request, uuid: str) -> Answer:
    """DELETE /v1/data_sources/{uuid}: 202, and its customers go with it; 204 until 2025."""
    world.empty(world.source(uuid)["uuid"])
    del world.sources[uuid]
    return deleted("Source deleted") if world.settings.is_current else nothing()


def empty(world: World, request: Request, uuid: str) -> Answer:
    """DELETE /v1/data_sources/{uuid}/all: 204, the source itself stays."""
    world.empty(world.source(uuid)["uuid"])
    return nothing()


def purge(world: World, request: Request, uuid: str) -> Answer:
    """DELETE /v1/data_sources/{uuid}/dependent: 204; what it deletes, the sandbox never has."""
    world.source(uuid)
    return nothing()


def _show(source: abc.Mapping[str, Any], query: abc.Mapping[str, str]) -> dict[str, Any]:
    extras = [name for name in EXTRAS if query.get(f"with_{name}") == "true"]
    return {name: source[name] for name in (*CORE, *extras)}
