"""The same rows, server and limits for others: what they need to create, to change and to do nothing."""

import json
import tempfile
from collections import Counter, abc
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from benchmarks import warehouses
from benchmarks.measure import Cost, python
from benchmarks.others import bodies, by_drt
from benchmarks.stage import Stage
from benchmarks.table import Line
from sync.sandbox.limits import lognormal
from sync.sandbox.running import RunningSandbox
from sync.sandbox.sandbox import Sandbox

_MAPPING = warehouses.MAPPING + "live_check: never\n"
#: Task → which accounts change before it: every so manieth, or none.
_TASKS = {"create all": 0, "change one in ten": 10, "nothing changed": 0}


@dataclass(frozen=True, slots=True)
class Effort:
    """What one tool needed for one task, what it said, and how many rows were right at the server afterwards."""

    tool: str
    task: str
    seconds: float
    requests: int
    refused: int
    right: int
    said: str


def efforts(rows: int = 400) -> abc.Iterator[Effort]:
    """At 120 ms an answer, both limits on."""
    for tool, deliver in _TOOLS.items():
        sandbox = Sandbox(latency=lognormal(0.12))
        with tempfile.TemporaryDirectory() as folder, RunningSandbox(sandbox) as running:
            stage = Stage(Path(folder), running, warehouses.sqlite(Path(folder), rows))
            for task, every in _TASKS.items():
                if every:
                    warehouses.change(Path(folder), every)
                with sandbox.lock:
                    sandbox.requests.clear()
                seconds, said = deliver(stage)
                refused = sum(call.status in (429, 503) for call in sandbox.requests)
                sent = len(sandbox.requests)
                yield Effort(tool, task, seconds, sent, refused, _right(stage), said)


def _right(stage: Stage) -> int:
    """How many accounts the server holds as the warehouse has them."""
    held = {
        customer.main[1]: (customer.company, customer.custom.get("seats"))
        for customer in stage.sandbox.sandbox.world.customers.values()
    }
    rows = bodies.rows(str(stage.folder / "warehouse.db"))
    return sum(held.get(str(row["id"])) == (row["company"], row["seats"]) for row in rows)


def _ours(stage: Stage) -> tuple[float, str]:
    stage.mapping(_MAPPING)
    ran = stage.run()
    rows = {name: count for name, count in ran.rows.items() if name != "read"}
    return ran.cost.wall, json.dumps(rows)


def _client(stage: Stage) -> tuple[float, str]:
    return _told(python("-m", "benchmarks.others.by_client", *_where(stage)))


def _dlt(stage: Stage) -> tuple[float, str]:
    folder = str(stage.folder / "dlt")
    return _told(python("-m", "benchmarks.others.by_dlt", *_where(stage), folder))


def _drt(stage: Stage) -> tuple[float, str]:
    folder, sandbox = stage.folder / "drt", stage.sandbox
    variables = by_drt.project(
        folder, stage.folder / "warehouse.db", sandbox.url, sandbox.data_source
    )
    cost = python(
        "-m", "benchmarks.others.by_drt",
        environment=variables | {"CHARTMOGUL_API_KEY": sandbox.key}, folder=folder,
    )  # fmt: skip
    ended: Counter[str] = Counter()
    for sync in json.loads(cost.out)["syncs"]:
        ended.update({word: sync[f"rows_{word}"] for word in ("synced", "failed")})
    return cost.wall, json.dumps(+ended)


def _where(stage: Stage) -> tuple[str, ...]:
    sandbox = stage.sandbox
    path = str(stage.folder / "warehouse.db")
    return (path, sandbox.url, sandbox.key, sandbox.data_source)


def _told(cost: Cost) -> tuple[float, str]:
    """What is printed last; a tool that gave up says so."""
    said = cost.out.strip().splitlines() or ["nothing"]
    return cost.wall, said[-1] if cost.code == 0 else f"gave up (exit {cost.code}): {said[-1]}"


_TOOLS: dict[str, abc.Callable[[Stage], tuple[float, str]]] = {
    "chartmogul-sync": _ours,
    "script on the official client": _client,
    "dlt, custom destination": _dlt,
    "drt-core, REST destination": _drt,
}


def lines() -> abc.Iterator[Line]:
    """Requests and seconds of each tool and task."""
    if missing := [name for name in ("chartmogul", "dlt", "drt") if find_spec(name) is None]:
        raise SystemExit(f"Not installed: {', '.join(missing)} (pip install --group bench).")
    for effort in efforts():
        name = f"{effort.tool}, {effort.task} (400 rows)"
        refused = f"{effort.refused} refused, {effort.right} rows right afterwards"
        yield Line(f"{name}: requests", effort.requests, "", note=refused)
        yield Line(f"{name}: time", effort.seconds, "s", note=effort.said)
