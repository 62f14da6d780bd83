"""What an audit, an undo and an applied plan cost in requests, and an audit in seconds beside a loop over its pages."""

from collections import abc
from pathlib import Path

from benchmarks import warehouses
from benchmarks.filled import account
from benchmarks.measure import python
from benchmarks.stage import Ran, Stage
from benchmarks.table import Line, at_least, at_most
from sync.sandbox.limits import constant

#: Seconds that a page takes, the server's own work aside.
_LATENCIES = (0.05, 0.15)
_PAGE = 200
#: Every so manieth account changes.
_EVERY = 50
#: The accounts that change bring an attribute that none had.
_MORE = warehouses.MAPPING.replace(
    "select * from accounts",
    f"select *, case when id % {_EVERY} = 0 then 'gold' end as segment from accounts",
).replace("attributes:\n", "attributes:\n  segment: {column: segment, type: String}\n")


def lines(customers: int) -> abc.Iterator[Line]:
    """An audit of all that is equal; then one account in fifty changes, is put back, and changes again by a plan."""
    with account(customers) as stage:
        stage.mapping(warehouses.MAPPING)
        stage.run()
        yield from _audit(stage, customers)
        ran, needed = _changed(stage)
        name = f"{ran.rows['updated']:,} changed customers among {customers:,}"
        yield _overlap(stage, f"a run of {name}")
        yield _undo(stage, ran, f"undo of {name}", customers, 1)
        yield _plan(stage, f"a plan of {name}", needed)
        stage.mapping(_MORE)
        ran, _ = _changed(stage)
        yield _undo(stage, ran, f"undo of {name}, with removals", customers, 2)


def _audit(stage: Stage, customers: int) -> abc.Iterator[Line]:
    name, most = f"audit of {customers:,} customers", customers / _PAGE + 5
    yield at_most(f"{name}: requests", _requests(stage, "audit"), "", most)
    for latency in _LATENCIES:
        yield _beside_pages(stage, f"{name}, {latency * 1e3:.0f} ms a page", latency)


def _beside_pages(stage: Stage, name: str, latency: float) -> Line:
    """An audit between two loops that fetch the same pages, one right after the other."""
    running = stage.sandbox
    running.sandbox.latency = constant(latency)
    pages = ("-m", "benchmarks.pages", running.url, running.key, running.data_source)
    before, audit, after = python(*pages), stage.ask("audit"), python(*pages)
    running.sandbox.latency = constant(0.0)
    loop = (before.wall + after.wall) / 2
    note = f"{audit.wall:.1f} s; {before.wall:.1f} s before it and {after.wall:.1f} s after it"
    return at_most(f"{name}: seconds ÷ bare loop", audit.wall / loop, "×", 1.5, note)


def _changed(stage: Stage, *options: str) -> tuple[Ran, int]:
    """A run after one account in fifty has changed, and its requests."""
    warehouses.change(stage.folder, _EVERY)
    stage.sandbox.sandbox.requests.clear()
    ran = stage.run(*options)
    return ran, len(stage.sandbox.sandbox.calls())


def _overlap(stage: Stage, name: str) -> Line:
    """How much of its looking the run that was just made did after its first write: no rail had to wait for it."""
    methods = [call.method for call in stage.sandbox.sandbox.calls()]
    after = methods[methods.index("PATCH") :].count("GET") / methods.count("GET")
    return at_least(f"{name}: look-ups made after the first write", after * 100, "%", 75)


def _undo(stage: Stage, ran: Ran, name: str, customers: int, each: int) -> Line:
    """What it takes to put back what a run changed, `each` requests a record."""
    most = customers / _PAGE + each * ran.rows["updated"] + 10
    return at_most(f"{name}: requests", _requests(stage, "undo", ran.summary["run_id"]), "", most)


def _plan(stage: Stage, name: str, needed: int) -> Line:
    """A plan that is made and applied; `needed` is what a run of as many changes took."""
    file = Path("plan.jsonl")
    warehouses.change(stage.folder, _EVERY)
    stage.run("--dry-run", "--plan", str(file))
    requests = _requests(stage, "run", "--plan", str(file))
    return at_most(f"{name}, applied: requests", requests, "", needed, "as a run takes")


def _requests(stage: Stage, *arguments: str) -> int:
    """The requests of a command."""
    stage.sandbox.sandbox.requests.clear()
    stage.ask(*arguments)
    return len(stage.sandbox.sandbox.calls())
