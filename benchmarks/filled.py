"""First runs against an account that is filled already, and contacts by the thousand."""

import tempfile
from collections import abc
from contextlib import contextmanager
from pathlib import Path

from benchmarks import warehouses
from benchmarks.measure import python
from benchmarks.others import bodies
from benchmarks.requests import CONTACTS, for_each, off
from benchmarks.stage import Stage
from benchmarks.table import Line, at_most, growth
from sync.sandbox.limits import constant
from sync.sandbox.running import RunningSandbox
from sync.sandbox.sandbox import Sandbox
from tests.unit.sandbox.caller import Caller

#: Seconds that an answer takes, the server's own work aside.
_LATENCIES = (0.005, 0.15)


def lines(customers: int, contacts: int) -> abc.Iterator[Line]:
    """Look-ups of customers that are all there, then contacts that are all new, then changed."""
    few = min(10_000, customers // 2)
    small, large = (yield from _customers(few)), (yield from _customers(customers))
    yield growth("memory of such a run", {few: small, customers: large}, "customers")
    with account(contacts) as stage:
        stage.mapping(CONTACTS, "people")
        yield from _contacts(stage, contacts, "created", 1.05)
        warehouses.change(stage.folder, 1)
        yield from _contacts(stage, contacts, "updated", 1.0)


def _customers(customers: int) -> abc.Generator[Line, None, float]:
    """The peak of memory is returned as well."""
    with account(customers) as stage:
        stage.mapping(warehouses.MAPPING)
        ran = stage.run()
        assert ran.rows == {"read": customers, "unchanged": customers}, ran.rows
        assert all(call.method == "GET" for call in stage.sandbox.sandbox.requests)
        name = f"first run against a filled account, {customers:,} customers, all equal"
        most = customers // 200 + 10
        yield at_most(f"{name}: requests", ran.requests, "", most, f"{ran.cost.wall:.0f} s")
        yield at_most(f"{name}: peak memory", ran.cost.memory, "MB", 200)
        for latency in _LATENCIES:
            yield _beside_pages(stage, f"{name}, {latency * 1e3:.0f} ms a page", latency)
    return ran.cost.memory


def _beside_pages(stage: Stage, name: str, latency: float) -> Line:
    """Such a run against a loop that fetches the same pages, one right after the other.

    The server's own work is this process's, and part of neither's CPU.
    """
    running = stage.sandbox
    running.sandbox.latency = constant(latency)
    loop = python("-m", "benchmarks.pages", running.url, running.key, running.data_source)
    stage.forget()
    run = stage.run()
    running.sandbox.latency = constant(0.0)
    rows = run.rows["unchanged"]
    note = (
        f"{run.cost.wall:.1f} against {loop.wall:.1f} s;"
        f" {run.cost.cpu / rows * 1e6:.0f} against {loop.cpu / rows * 1e6:.0f} µs of CPU a row"
    )
    return at_most(f"{name}: seconds ÷ bare loop", run.cost.wall / loop.wall, "×", 1.3, note)


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
def account(customers: int) -> abc.Iterator[Stage]:
    """A warehouse, and an account that holds its customers as a run would leave them."""
    sandbox = Sandbox(rate=None, parallel=None)
    somebody = Caller(sandbox, sandbox.key)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = warehouses.sqlite(folder, customers)
        for row in bodies.rows(str(folder / "warehouse.db")):
            somebody.create(str(row["id"]), **bodies.new(row))
        sandbox.requests.clear()
        with RunningSandbox(sandbox) as running:
            yield Stage(folder, running, url)
