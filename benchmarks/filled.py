"""First runs against an account that is filled already, and contacts by the thousand."""

import sqlite3
import tempfile
from collections import abc
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import yaml

from benchmarks import warehouses
from benchmarks.requests import CONTACTS, for_each, off
from benchmarks.stage import Stage
from benchmarks.table import Line, at_most
from sync.sandbox.running import RunningSandbox
from sync.sandbox.sandbox import Sandbox
from tests.sandbox.caller import Caller

_MAPPING = yaml.safe_load(warehouses.MAPPING)
_ATTRIBUTES = _MAPPING["attributes"]


def lines(customers: int, contacts: int) -> abc.Iterator[Line]:
    """Look-ups of customers that are all there, then contacts that are all new, then changed."""
    few = min(10_000, customers // 2)
    small, large = (yield from _customers(few)), (yield from _customers(customers))
    grown = (large - small) * 2**20 / (customers - few)
    name = f"memory of such a run from {few:,} to {customers:,} customers"
    yield at_most(name, grown, "bytes a row", 16)
    with _filled(contacts) as stage:
        stage.mapping(CONTACTS, "people")
        yield from _contacts(stage, contacts, "created", 1.05)
        warehouses.change(stage.folder, 1)
        yield from _contacts(stage, contacts, "updated", 1.0)


def _customers(customers: int) -> abc.Generator[Line, None, float]:
    """The peak of memory is returned as well."""
    with _filled(customers) as stage:
        stage.mapping(warehouses.MAPPING)
        ran = stage.run()
        assert ran.rows == {"read": customers, "unchanged": customers}, ran.rows
        assert all(call.method == "GET" for call in stage.sandbox.sandbox.requests)
    name = f"first run against a filled account, {customers:,} customers, all equal"
    most = customers // 200 + 10
    yield at_most(f"{name}: requests", ran.requests, "", most, f"{ran.cost.wall:.0f} s")
    yield at_most(f"{name}: peak memory", ran.cost.memory, "MB", 200)
    return ran.cost.memory


def _contacts(stage: Stage, rows: int, outcome: str, most: float) -> abc.Iterator[Line]:
    requests, seconds = stage.foresee()
    ran = stage.run()
    each = for_each(ran, rows, outcome)
    name = f"{rows:,} contacts {outcome}, live_check: never"
    yield at_most(f"{name}: requests for each", each, "", most, f"{ran.cost.wall:.0f} s")
    yield at_most(f"{name}: peak memory", ran.cost.memory, "MB", 200)
    yield off(f"{name}: a dry run's estimate of requests", requests, ran.requests)
    yield off(f"{name}: its estimate of seconds", seconds, ran.cost.wall)


@contextmanager
def _filled(customers: int) -> abc.Iterator[Stage]:
    """A warehouse, and an account that holds its customers as a run would leave them."""
    sandbox = Sandbox(rate=None, parallel=None)
    somebody = Caller(sandbox, sandbox.key)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = warehouses.sqlite(folder, customers)
        with closing(sqlite3.connect(folder / "warehouse.db")) as db:
            db.row_factory = sqlite3.Row
            for row in db.execute(warehouses.QUERY):
                somebody.create(str(row["id"]), **_fields(row))
        sandbox.requests.clear()
        with RunningSandbox(sandbox) as running:
            yield Stage(folder, running, url)


def _fields(row: sqlite3.Row) -> dict[str, Any]:
    """What the mapping makes of a row, as it is sent; times in SQLite have no zone."""
    fields = {name: row[column] for name, column in _MAPPING["fields"].items()}
    del fields["external_id"]
    fields["lead_created_at"] = _instant(fields["lead_created_at"])
    return {**fields, "attributes": {"custom": [_attribute(row, key) for key in _ATTRIBUTES]}}


def _attribute(row: sqlite3.Row, key: str) -> dict[str, Any]:
    kind, value = _ATTRIBUTES[key]["type"], row[_ATTRIBUTES[key]["column"]]
    if kind == "Boolean":
        value = bool(value)
    return {"type": kind, "key": key, "value": _instant(value) if kind == "Timestamp" else value}


def _instant(told: str) -> str:
    return told.replace(" ", "T") + "Z"
