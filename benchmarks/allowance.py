"""How much of the 40 requests a second a run uses while there is work, at several latencies."""

import gc
import tempfile
from collections import abc
from itertools import pairwise
from math import exp
from pathlib import Path

from benchmarks import warehouses
from benchmarks.stage import Stage
from benchmarks.table import Line, at_least
from sync.sandbox.limits import lognormal
from sync.sandbox.running import RunningSandbox
from sync.sandbox.sandbox import Call, Sandbox
from tests.unit.sandbox.caller import Caller

_ALLOWED = 40
#: The mean of the answers' times over their median, which the sandbox is told.
_MEAN = exp(0.4**2 / 2)
_OBJECT = "  object: customer"


def lines(rows: int) -> abc.Iterator[Line]:
    """A first run of so many creates at each latency, then five mappings, then two data sources, that share one run."""
    for milliseconds in (50, 200, 450):
        yield _measure(f"{milliseconds} ms", rows, milliseconds / 1000, 1)
    yield _measure("450 ms on average", rows, 0.45 / _MEAN, 1)
    yield _measure("200 ms, five mappings", rows, 0.2, 5)
    yield _measure("200 ms, two data sources", rows, 0.2, 2, sources=2)


def _measure(name: str, rows: int, latency: float, mappings: int, sources: int = 1) -> Line:
    """Each mapping has its share of the rows, and its data source in turn."""
    gc.freeze()  # a full collection here would look like a burst there
    sandbox = Sandbox(latency=lognormal(latency))
    with tempfile.TemporaryDirectory() as folder, RunningSandbox(sandbox) as running:
        stage = Stage(Path(folder), running, warehouses.sqlite(Path(folder), rows))
        known = [sandbox.data_source, *(_source(sandbox) for _ in range(sources - 1))]
        for n in range(mappings):
            content = warehouses.MAPPING.replace("name: accounts", f"name: accounts{n}")
            content = content.replace(_OBJECT, f"{_OBJECT}\n  data_source: {known[n % sources]}")
            share = f"select * from accounts where id % {mappings} = {n}"
            stage.mapping(content.replace(warehouses.QUERY, share), f"accounts{n}")
        ran = stage.run()
        assert ran.rows == {"read": rows, "created": rows}, ran.rows
    return _line(name, list(sandbox.requests), sandbox.calls("POST", "/v1/customers"))


def _source(sandbox: Sandbox) -> str:
    """Another data source of the account."""
    made = Caller(sandbox, sandbox.key)("POST", "/data_sources", {"name": "Billing"})
    return str(made.json["uuid"])


def _line(name: str, calls: list[Call], writes: list[Call]) -> Line:
    times = sorted(call.at for call in writes)
    rate = (len(times) - 1) / (times[-1] - times[0])
    refused = sum(call.status in (429, 503) for call in calls)
    gap = max(later - sooner for sooner, later in pairwise(times))
    note = f"{rate:.2f} a second, {refused} answers 429 or 503, longest gap {gap:.2f} s"
    return at_least(f"use of the allowance at {name}", rate / _ALLOWED * 100, "%", 97, note)
