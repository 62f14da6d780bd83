"""First runs against an account that is filled already, and contacts by the thousand."""

import json
import tempfile
from base64 import b64encode
from collections import abc
from pathlib import Path
from typing import Any

from benchmarks import warehouses
from benchmarks.requests import CHECKS, CONTACTS
from benchmarks.stage import Stage
from benchmarks.table import Line, at_most
from sync.sandbox.running import RunningSandbox
from sync.sandbox.sandbox import Sandbox

_PLACES = ("company", "email", "country", "city")
_KINDS = {
    "plan": "String", "seats": "Integer", "mrr": "Decimal",
    "last_seen": "Timestamp", "is_partner": "Boolean", "note": "String",
}  # fmt: skip
#: The positions of the columns in a row of the warehouse.
_COLUMNS = [
    "id",
    "company",
    "email",
    "country",
    "lead_created_at",
    "city",
    "plan",
    "seats",
    "is_partner",
    "mrr",
    "last_seen",
    "note",
]


def lines(customers: int, contacts: int) -> abc.Iterator[Line]:
    """Look-ups of customers that are all there, then contacts that are all new, then changed."""
    with tempfile.TemporaryDirectory() as folder, _filled(customers) as running:
        stage = Stage(Path(folder), running, warehouses.sqlite(Path(folder), customers))
        stage.mapping(warehouses.MAPPING)
        ran = stage.run()
        assert ran.rows == {"read": customers, "unchanged": customers}, ran.rows
        assert all(call.method == "GET" for call in running.sandbox.requests)
        name = f"first run against a filled account, {customers:,} customers, all equal"
        most = customers // 200 + 10
        yield at_most(f"{name}: requests", ran.requests, "", most, f"{ran.cost.wall:.0f} s")
        yield at_most(f"{name}: peak memory", ran.cost.memory, "MB", 200)
    with tempfile.TemporaryDirectory() as folder, _filled(contacts) as running:
        stage = Stage(Path(folder), running, warehouses.sqlite(Path(folder), contacts))
        stage.mapping(CONTACTS, "people")
        yield from _contacts(stage, contacts, "created", 1.05)
        warehouses.change(Path(folder), 1)
        yield from _contacts(stage, contacts, "updated", 1.0)


def _contacts(stage: Stage, rows: int, outcome: str, most: float) -> abc.Iterator[Line]:
    ran = stage.run()
    assert ran.rows == {"read": rows, outcome: rows}, ran.rows
    name = f"{rows:,} contacts {outcome}, live_check: never"
    each = (ran.requests - CHECKS) / rows
    yield at_most(f"{name}: requests for each", each, "", most, f"{ran.cost.wall:.0f} s")
    yield at_most(f"{name}: peak memory", ran.cost.memory, "MB", 200)


def _filled(customers: int) -> RunningSandbox:
    """An account that holds the customers of the warehouse as a run would leave them."""
    sandbox = Sandbox(rate=None, parallel=None)
    key = b64encode(f"{sandbox.key}:".encode()).decode()
    for number in range(1, customers + 1):
        content = json.dumps(_body(sandbox.data_source, number)).encode()
        answer = sandbox.answer(
            "POST", "/v1/customers", {}, {"authorization": f"Basic {key}"}, content
        )
        assert answer.status == 201, answer
    sandbox.requests.clear()
    return RunningSandbox(sandbox)


def _body(data_source: str, number: int) -> dict[str, Any]:
    row = dict(zip(_COLUMNS, warehouses.account(number), strict=True))
    instants = {
        name: f"{row[name]}".replace(" ", "T") + "Z" for name in ("lead_created_at", "last_seen")
    }
    values = {**row, **instants, "is_partner": bool(row["is_partner"])}
    return {
        "data_source_uuid": data_source,
        "external_id": str(number),
        **{name: values[name] for name in (*_PLACES, "lead_created_at")},
        "attributes": {
            "custom": [
                {"type": kind, "key": key, "value": values[key]} for key, kind in _KINDS.items()
            ]
        },
    }
