"""How much of an account's allowance one, two and five processes use together, and what each of them has of it."""

import gc
import tempfile
import time
from collections import abc
from pathlib import Path

from benchmarks.table import Line, at_least, at_most
from sync.sandbox.limits import lognormal
from sync.sandbox.running import RunningSandbox
from sync.sandbox.sandbox import Sandbox
from tests.support.fleet import Fleet, busiest_second, rate
from tests.support.postgres import by_wheel

_ALLOWED = 40
_LATENCY = 0.2


def lines(seconds: float) -> abc.Iterator[Line]:
    """On SQLite and PostgreSQL, for so many seconds each."""
    for count in (1, 2, 5):
        yield from _measure("SQLite", count, "", seconds)
    for count in (1, 2, 5):
        with by_wheel() as url:  # a new state each time
            state = url.render_as_string(hide_password=False)
            yield from _measure("PostgreSQL", count, state, seconds)


def _measure(name: str, count: int, state: str, seconds: float) -> abc.Iterator[Line]:
    gc.freeze()  # a full collection here would look like a burst there
    with tempfile.TemporaryDirectory() as folder, RunningSandbox(_sandbox()) as running:
        state = state or f"sqlite:///{folder}/state/state.db"
        fleet = Fleet(Path(folder), running, state, rows=int(_ALLOWED * (seconds + 30)))
        for _ in range(count):
            fleet.start()
        begin = fleet.wait_for(fleet.all_write) + 1
        time.sleep(seconds + 1)
        end = begin + seconds
        fleet.end()
    calls = fleet.calls()
    refused = sum(call.status in (429, 503) for call in calls)
    each = sorted(rate(fleet.calls(ship), begin, end) for ship in fleet.ships)
    used = rate(calls, begin, end) / _ALLOWED * 100
    what = f"{count} process{'es' if count > 1 else ''}, {name}"
    note = f"{each[0]:.1f} to {each[-1]:.1f} a second each, {refused} answers 429 or 503"
    yield at_least(f"use of the allowance, {what}", used, "%", 95, note)
    yield at_most(f"busiest second at the server, {what}", busiest_second(calls), "", _ALLOWED)


def _sandbox() -> Sandbox:
    return Sandbox(latency=lognormal(_LATENCY))
