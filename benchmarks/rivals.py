"""The same rows, server and limits for others: what they need to create, to change and to do nothing."""

import json
import tempfile
from collections import abc
from dataclasses import dataclass
from pathlib import Path

from benchmarks import warehouses
from benchmarks.measure import python
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
    """What one tool needed for one task."""

    tool: str
    task: str
    seconds: float
    requests: int
    refused: int
    said: str


def efforts(rows: int = 400) -> abc.Iterator[Effort]:
    """At 120 ms an answer, both limits on."""
    for tool in ("chartmogul-sync", "script on the official client"):
        sandbox = Sandbox(latency=lognormal(0.12))
        with tempfile.TemporaryDirectory() as folder, RunningSandbox(sandbox) as running:
            stage = Stage(Path(folder), running, warehouses.sqlite(Path(folder), rows))
            stage.mapping(_MAPPING)
            for task, every in _TASKS.items():
                if every:
                    warehouses.change(Path(folder), every)
                with sandbox.lock:
                    sandbox.requests.clear()
                seconds, said = (_ours if tool == "chartmogul-sync" else _careful)(stage)
                refused = sum(call.status in (429, 503) for call in sandbox.requests)
                yield Effort(tool, task, seconds, len(sandbox.requests), refused, said)


def _ours(stage: Stage) -> tuple[float, str]:
    ran = stage.run()
    rows = {name: count for name, count in ran.rows.items() if name != "read"}
    return ran.cost.wall, json.dumps(rows)


def _careful(stage: Stage) -> tuple[float, str]:
    sandbox, path = stage.sandbox, str(stage.folder / "warehouse.db")
    cost = python(
        "-m", "benchmarks.careful", path, sandbox.url, sandbox.key, sandbox.data_source
    )  # fmt: skip
    assert cost.code == 0
    return cost.wall, cost.out.strip()


def lines() -> abc.Iterator[Line]:
    """Requests and seconds of each tool and task."""
    for effort in efforts():
        name = f"{effort.tool}, {effort.task} (400 rows)"
        yield Line(f"{name}: requests", effort.requests, "", note=f"{effort.refused} refused")
        yield Line(f"{name}: time", effort.seconds, "s", note=effort.said)
