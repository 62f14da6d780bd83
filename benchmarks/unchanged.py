"""Unchanged rows: against the bare drain, in memory, and from few to many."""

import tempfile
from collections import abc
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks import warehouses
from benchmarks.measure import Cost, python
from benchmarks.stage import Ran, Stage
from benchmarks.table import Line, at_most, growth
from sync.sandbox.running import RunningSandbox


@dataclass(frozen=True, slots=True)
class Pair:
    """A drain and a run over the same rows, one right after the other."""

    rows: int
    drain: Cost
    run: Ran


def measure(url: str, folder: Path, rows: int, times: int, state: str = "") -> list[Pair]:
    """Pairs over a warehouse that is filled already; the state knows every row."""
    with RunningSandbox() as sandbox:
        stage = Stage(folder, sandbox, url, state)
        stage.mapping(warehouses.MAPPING)
        assert stage.pretend() == rows
        pairs = []
        for _ in range(times):
            drain = python("-m", "benchmarks.drain", url, warehouses.QUERY)
            run = stage.run()
            assert run.rows == {"read": rows, "unchanged": rows}, run.rows
            pairs.append(Pair(rows, drain, run))
        return pairs


def lines(postgres: str, sizes: abc.Sequence[int], times: int = 3) -> abc.Iterator[Line]:
    """PostgreSQL at all sizes, SQLite and a state in PostgreSQL at the smallest but one."""
    found: dict[int, list[Pair]] = {}
    for rows in sizes:
        with tempfile.TemporaryDirectory() as folder:
            warehouses.postgres(postgres, rows)
            found[rows] = measure(postgres, Path(folder), rows, times)
        yield from _ratios("PostgreSQL", found[rows])
    yield from _growth(found)
    rows = sizes[1]
    with tempfile.TemporaryDirectory() as folder:
        url = warehouses.sqlite(Path(folder), rows)
        yield from _ratios("SQLite", measure(url, Path(folder), rows, times))
    with tempfile.TemporaryDirectory() as folder:
        warehouses.postgres(postgres, rows)
        pairs = measure(postgres, Path(folder), rows, times, postgres)
        yield from _ratios("PostgreSQL, state there too", pairs)


def _ratios(where: str, pairs: list[Pair]) -> abc.Iterator[Line]:
    rows = pairs[0].rows
    wall = median(p.run.cost.wall / p.drain.wall for p in pairs)
    cpu = median(p.run.cost.cpu / p.drain.cpu for p in pairs)
    spent = median(p.run.cost.cpu for p in pairs) / rows * 1e6
    drained = median(p.drain.cpu for p in pairs) / rows * 1e6
    name = f"{rows:,} unchanged rows, {where}"
    # The target is that of a million rows from PostgreSQL; the drain of an SQLite file costs next to nothing.
    limit = at_most if rows >= 1_000_000 and where.startswith("PostgreSQL") else _free
    yield limit(f"{name}: seconds ÷ drain", wall, "×", 2.5)
    yield limit(
        f"{name}: CPU ÷ drain", cpu, "×", 2.5, f"{spent:.1f} against {drained:.1f} µs a row"
    )
    yield at_most(f"{name}: requests", max(p.run.requests for p in pairs), "", 5)
    yield at_most(
        f"{name}: peak memory", max(p.run.cost.memory for p in pairs), "MB", 200,
        f"the drain: {max(p.drain.memory for p in pairs):.0f} MB",
    )  # fmt: skip


def _free(measure: str, value: float, unit: str, _: float, note: str = "") -> Line:
    return Line(measure, value, unit, note=note)


def _growth(found: dict[int, list[Pair]]) -> abc.Iterator[Line]:
    sizes = sorted(found)
    small, large = sizes[-2], sizes[-1]
    memory = {rows: min(p.run.cost.memory for p in found[rows]) for rows in sizes}
    yield growth("memory", {rows: memory[rows] for rows in (small, large)}, "rows")
    cpu = {rows: median(p.run.cost.cpu for p in found[rows]) for rows in sizes}
    before = (cpu[small] - cpu[sizes[0]]) / (small - sizes[0])
    after = (cpu[large] - cpu[small]) / (large - small)
    yield at_most(
        f"CPU of a further row above {small:,} ÷ below", after / before, "×", 1.2,
        "without what a start costs",
    )  # fmt: skip
