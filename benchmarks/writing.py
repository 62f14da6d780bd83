"""CPU per written row, against a bare httpx loop that sends the same bodies."""

import json
import tempfile
from collections import abc
from pathlib import Path
from statistics import median

from benchmarks import warehouses
from benchmarks.measure import python
from benchmarks.stage import Stage
from benchmarks.table import Line, at_most
from sync.sandbox.running import RunningSandbox
from sync.sandbox.sandbox import Sandbox

#: What a start costs is taken out by measuring a few rows and many.
_FEW, _MANY = 100, 900


def lines(times: int = 3) -> abc.Iterator[Line]:
    """Creates only: each is one POST."""
    ours, bare = [], []
    for _ in range(times):
        few, many = _measure(_FEW), _measure(_MANY)
        ours.append((many[0] - few[0]) / (_MANY - _FEW) * 1e3)
        bare.append((many[1] - few[1]) / (_MANY - _FEW) * 1e3)
    ratio = median(one / other for one, other in zip(ours, bare, strict=True))
    note = f"{median(ours):.2f} against {median(bare):.2f} ms a row"
    yield at_most("CPU per written row ÷ bare httpx loop", ratio, "×", 2, note)


def _measure(rows: int) -> tuple[float, float]:
    """Seconds of CPU of a run that creates these rows, and of the loop."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        sandbox = Sandbox(rate=None, parallel=None)
        with RunningSandbox(sandbox) as running:
            stage = Stage(place, running, warehouses.sqlite(place, rows))
            stage.mapping(warehouses.MAPPING)
            ran = stage.run()
            assert ran.rows == {"read": rows, "created": rows}
            bodies = [c.body.decode() for c in sandbox.requests if c.method == "POST"]
        (place / "bodies.json").write_text(json.dumps(bodies))
        with RunningSandbox(Sandbox(rate=None, parallel=None)) as running:
            loop = python(
                "-m", "benchmarks.bare", running.url, running.key, str(place / "bodies.json")
            )
            assert loop.code == 0
            assert len(running.sandbox.requests) == rows
    return ran.cost.cpu, loop.cpu
