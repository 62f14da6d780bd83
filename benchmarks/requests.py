"""How many requests a row costs."""

import tempfile
from collections import abc
from pathlib import Path

from benchmarks import warehouses
from benchmarks.stage import Ran, Stage
from benchmarks.table import Line, at_most
from sync.sandbox.running import RunningSandbox
from sync.sandbox.sandbox import Sandbox

#: Account and data source, asked for at the start of every run.
_CHECKS = 2
_ROWS = 400
_NEVER = warehouses.MAPPING + "live_check: never\n"
_TAGGED = _NEVER + "tags: [warehouse]\n"
CONTACTS = """\
version: 1
name: people
source:
  query: select id || '-p' as id, id as account, email, company as title from accounts
destination:
  object: contact
fields:
  external_id: id
  customer_external_id: account
  email: email
  title: title
live_check: never
"""


def lines() -> abc.Iterator[Line]:
    """Creates, updates and contacts, at as many requests a second as ChartMogul allows."""
    with (
        tempfile.TemporaryDirectory() as folder,
        RunningSandbox(Sandbox(rate=None, parallel=None)) as sandbox,
    ):
        stage = Stage(Path(folder), sandbox, warehouses.sqlite(Path(folder), _ROWS))
        stage.mapping(_TAGGED)
        yield _each("created customer, with attributes and tags", stage, "created", 1.005)
        warehouses.change(Path(folder), 1)
        yield _each("updated customer, live_check: never", stage, "updated", 1.0)
        yield _estimate(stage, Path(folder))
        yield _live(stage, Path(folder))
        (stage.folder / "state.db").unlink()
        again = stage.run()
        assert again.rows == {"read": _ROWS, "unchanged": _ROWS}, again.rows
        yield at_most(
            f"first run against a filled account of {_ROWS}", again.requests, "requests", 2 + 10
        )
        (stage.folder / "mappings" / "accounts.yml").unlink()
        stage.mapping(CONTACTS, "people")
        yield _each("created contact, look-ups included", stage, "created", 1.05)
        warehouses.change(Path(folder), 1)
        yield _each("updated contact, live_check: never", stage, "updated", 1.0)


def _each(name: str, stage: Stage, outcome: str, most: float) -> Line:
    each = for_each(stage.run(), _ROWS, outcome)
    return at_most(f"requests per {name}", each, "", most, f"{_ROWS} rows, checks not counted")


def for_each(ran: Ran, rows: int, outcome: str) -> float:
    """The requests for each row of a run in which all ended the same way, checks not counted."""
    assert ran.rows == {"read": rows, outcome: rows}, ran.rows
    return (ran.requests - _CHECKS) / rows


def _estimate(stage: Stage, folder: Path) -> Line:
    warehouses.change(folder, 2)
    foreseen, _ = stage.foresee()
    return off("a dry run's estimate of requests", foreseen, stage.run().requests)


def off(name: str, foreseen: float, needed: float) -> Line:
    """How far an estimate is from what was needed, in percent."""
    note = f"{foreseen:,.0f} foreseen, {needed:,.0f} needed"
    return at_most(f"{name} is off by", abs(foreseen / needed - 1) * 100, "%", 10, note)


def _live(stage: Stage, folder: Path) -> Line:
    """`live_check: changed` after one row in ten has changed, against the same with `never`."""
    needed: list[Ran] = []
    for mapping in (_TAGGED, _TAGGED.replace("never", "changed")):
        stage.mapping(mapping)
        stage.run()
        warehouses.change(folder, 10)
        needed.append(stage.run())
    never, changed = needed
    assert never.rows == changed.rows, changed.rows
    most = min(_ROWS // 10, _ROWS // 200 + 1)
    added = changed.requests - never.requests
    stage.mapping(_TAGGED)
    return at_most(f"what live_check: changed adds for 40 of {_ROWS}", added, "requests", most)
