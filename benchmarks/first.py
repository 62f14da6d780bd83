"""First syncs: everything is new, so every row is built, kept and decided about; memory must not grow with them."""

import tempfile
from collections import abc
from pathlib import Path

from benchmarks import warehouses
from benchmarks.measure import Cost
from benchmarks.stage import Stage
from benchmarks.table import Line, at_most, growth
from sync.sandbox.running import RunningSandbox


def lines(small: int, large: int) -> abc.Iterator[Line]:
    """Dry runs, which do all but send: at 40 a second a million creates take seven hours."""
    costs = {rows: _preview(rows) for rows in (small, large)}
    for rows, cost in costs.items():
        each = f"{cost.wall:.0f} s, {cost.cpu / rows * 1e6:.0f} µs of CPU a row"
        name = f"dry run of a first sync, {rows:,} rows: peak memory"
        yield at_most(name, cost.memory, "MB", 200, each)
    yield growth("memory", {rows: cost.memory for rows, cost in costs.items()}, "new rows")


def _preview(rows: int) -> Cost:
    with tempfile.TemporaryDirectory() as name, RunningSandbox() as sandbox:
        folder = Path(name)
        stage = Stage(folder, sandbox, warehouses.sqlite(folder, rows))
        stage.mapping(warehouses.MAPPING)
        ran = stage.run("--dry-run")
        assert ran.rows == {"read": rows, "created": rows}, ran.rows
        return ran.cost
