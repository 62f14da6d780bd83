from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from sync.domain.record import Object
from sync.domain.results import MappingRun, Requests, Run, Status, Tally
from sync.errors import ConfigError
from sync.state import runs
from sync.state.history import Whose
from sync.state.memory import RejectedRow, Scope
from sync.state.schema import run_mappings
from sync.state.store import Store
from tests.unit.state.conftest import Clock


def part(mapping: str, status: Status | None = None, **more) -> MappingRun:
    path = f"mappings/{mapping}.yml"
    return MappingRun(mapping, path, Object.CUSTOMER, "upsert", "ds_1", status, **more)


def enter(store: Store, id: str, at: datetime, *parts: MappingRun, finished: bool = True) -> Run:
    run = Run(id, False, at, list(parts))
    store.begin_run(run)
    if finished:
        run.finished_at = at + timedelta(seconds=5)
        run.status = Status.SUCCEEDED
        store.finish_run(run)
    return run


def test_whole_run(store: Store, clock: Clock):
    """A run is told as it was entered, all its counts included."""
    full = part(
        "customers",
        Status.COMPLETED_WITH_ERRORS,
        warnings=3,
        left=2,
        seconds=1.25,
        rows=Tally(read=10, created=1, updated=2, unchanged=3, skipped=1, rejected=3),
        requests=Requests({"GET": 3, "POST": 2}, retried=1, throttled=1),
        known_drops={"owner": 2},
    )
    run = enter(store, "run_1", clock.now, full, part("contacts", Status.SUCCEEDED))
    assert run == store.run("run_1")
    assert [run] == store.runs()


def test_the_latest_run_upto_a_moment(store: Store, clock: Clock):
    """Where it is asked what happened last, those by a clock that was ahead are passed over."""
    [one, _] = [enter(store, f"run_{n}", clock.now + timedelta(days=n)) for n in (0, 3)]
    assert store.runs(1, upto=clock.now) == [one]
    assert len(store.runs()) == 2


def test_begun_run(store: Store, clock: Clock):
    """A run that never came to its end is among the others, without a status."""
    enter(store, "run_1", clock.now, part("customers"), finished=False)
    [run] = store.runs()
    assert (run.status, run.finished_at, run.mappings[0].status) == (None, None, None)


def test_no_error_text(store: Store, clock: Clock):
    """The text of an error may quote a row, so it is not kept."""
    enter(store, "run_1", clock.now, part("customers", Status.FAILED, error='"Jane" is no number'))
    [run] = store.runs()
    assert run.mappings[0].error is None


def test_latest_first(store: Store, clock: Clock):
    """Runs come newest first, as many as asked for."""
    for i in range(5):
        enter(store, f"run_{i}", clock.now + timedelta(minutes=i), part("customers"))
    assert [run.id for run in store.runs(2)] == ["run_4", "run_3"]


def test_prefix(store: Store, clock: Clock):
    """The beginning of an id is enough where it fits one run; several are all named."""
    enter(store, "20260131T100000Z-aaaaaa", clock.now, part("customers"))
    enter(store, "20260131T100000Z-bbbbbb", clock.now, part("customers"))
    enter(store, "x%", clock.now, part("customers"))
    enter(store, "x%y", clock.now, part("customers"))
    found = store.run("20260131T100000Z-b")
    assert found is not None
    assert found.id == "20260131T100000Z-bbbbbb"
    exact = store.run("x%")
    assert exact is not None
    assert exact.id == "x%"
    assert store.run("2027") is None
    assert store.run("%") is None
    with pytest.raises(ConfigError, match="names several runs") as caught:
        store.run("2026")
    [problem] = caught.value.problems
    assert problem.hint == "one of: 20260131T100000Z-aaaaaa, 20260131T100000Z-bbbbbb"


def rows_of(store: Store, mapping: str) -> int | None:
    """How many rows the last run of a mapping read."""
    last = store.last_complete(Whose(mapping, "ds_1"), lambda file: True)
    return None if last is None else last.read


def test_last_run(store: Store, clock: Clock):
    """The rows of the last run that came to its end count, whatever broke off since."""
    assert rows_of(store, "customers") is None
    runs = [
        ("run_1", Status.SUCCEEDED, 7),
        ("run_2", Status.COMPLETED_WITH_ERRORS, 9),
        ("run_3", Status.STOPPED, 0),
        ("run_4", Status.FAILED, 0),
    ]
    for i, (id, status, read) in enumerate(runs):
        mapping = part("customers", status, rows=Tally(read=read))
        enter(store, id, clock.now + timedelta(minutes=i), mapping, part("contacts", status))
    some = Run("run_5", False, clock.now + timedelta(hours=1), [part("customers")], whole=False)
    some.mappings[0].status, some.finished_at = Status.SUCCEEDED, some.started_at
    store.finish_run(some)
    clock.forward(7200)
    assert store.run("run_5") == some
    assert rows_of(store, "customers") == 9
    assert rows_of(store, "contacts") == 0
    assert rows_of(store, "other") is None


def test_last_runs(store: Store, clock: Clock):
    """Each mapping's latest run of a status is told, with its times."""
    later = clock.now + timedelta(minutes=1)
    enter(store, "run_1", clock.now, part("a", Status.SUCCEEDED), part("b", Status.SUCCEEDED))
    enter(store, "run_2", later, part("a", Status.FAILED), part("b", Status.SUCCEEDED))
    clock.forward(120)
    last = {run.mapping: run for run in store.history([Status.SUCCEEDED]).runs}
    assert {mapping: run.run for mapping, run in last.items()} == {"a": "run_1", "b": "run_2"}
    assert later + timedelta(seconds=5) == last["b"].finished_at
    assert {r.mapping: r.run for r in store.history([Status.FAILED]).runs} == {"a": "run_2"}


def test_runs_of_the_future(store: Store, clock: Clock):
    """A success of the future is none, and neither is a failure; the rows of the last run are known all the same."""
    ahead = clock.now + timedelta(days=2)
    enter(store, "run_1", ahead, part("a", Status.SUCCEEDED, rows=Tally(read=9)))
    assert store.history([Status.SUCCEEDED]).runs == []
    assert rows_of(store, "a") == 9
    enter(store, "run_2", clock.now, part("a", Status.SUCCEEDED, rows=Tally(read=4)))
    enter(store, "run_3", ahead, part("a", Status.FAILED))
    assert [run.run for run in store.history([Status.SUCCEEDED]).runs] == ["run_2"]
    assert store.history([Status.FAILED]).runs == []
    assert rows_of(store, "a") == 4


def test_data_sources_are_apart(store: Store, clock: Clock):
    """A mapping that feeds two data sources has a history in each, and an account that was known then."""
    for n, source in enumerate(("ds_1", "ds_2", "ds_2")):
        fed = part("a", Status.SUCCEEDED, rows=Tally(read=n), account="acc", query=-5)
        fed.data_source = source
        enter(store, f"run_{n}", clock.now + timedelta(seconds=n), fed)
    found = store.history([Status.SUCCEEDED]).runs
    assert {(run.data_source, run.run) for run in found} == {("ds_1", "run_0"), ("ds_2", "run_2")}
    assert {(run.account, run.query, run.file) for run in found} == {("acc", -5, "mappings/a.yml")}
    assert rows_of(store, "a") == 0


def test_rejected_keys(store: Store, scope: Scope, clock: Clock):
    """The keys that a run rejected are known, even after a later run delivered or rejected them."""
    key = "cus_1|jane@example.com"
    enter(store, "run_1", clock.now, part("customers"))
    enter(store, "run_2", clock.now + timedelta(minutes=1), part("customers"))
    enter(store, "run_3", clock.now + timedelta(minutes=2), part("customers"))
    first = [RejectedRow("a", "refused"), RejectedRow(key, "refused")]
    store.remember(scope, "customers", "run_1", first)
    store.remember(scope, "contacts", "run_1", [RejectedRow("b", "refused")])
    store.remember(scope, "customers", "run_2", [RejectedRow("a", "refused")])
    store.remember(scope, "customers", "run_2", [RejectedRow("a", "refused")])
    assert {
        "customers": frozenset({"a", store.stored(key)}),
        "contacts": frozenset({"b"}),
    } == store.rejected_keys("run_1")
    assert {"customers": frozenset({"a"})} == store.rejected_keys("run_2")
    assert store.rejected_keys("run_3") == {}
    assert store.last_rejecting_run() == "run_2"


def test_nothing_rejected(store: Store):
    """Without a rejected row there is no run to retry."""
    assert store.last_rejecting_run() is None


def test_pruned(store: Store, scope: Scope, clock: Clock, monkeypatch: pytest.MonkeyPatch):
    """Rejected rows are known for the latest runs only, so that the state does not grow for ever."""
    monkeypatch.setattr(runs, "KEPT", 2)
    for i in range(4):
        store.remember(scope, "customers", f"run_{i}", [RejectedRow("a", "refused")])
        enter(store, f"run_{i}", clock.now + timedelta(minutes=i), part("customers"))
    known = [bool(store.rejected_keys(f"run_{i}")) for i in range(4)]
    assert known == [False, False, True, True]
    assert len(store.runs()) == 4


def test_runs_go_after_a_year(store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch):
    """Older ones go with their mappings' parts, but never the newest: a clock that is years ahead empties no state."""
    monkeypatch.setattr(runs, "KEPT", 2)
    for days in (0, 10, 364, 366):
        enter(store, f"run_{days}", clock.now + timedelta(days=days), part("customers"))
    assert [run.id for run in store.runs()] == ["run_366", "run_364", "run_10"]
    enter(store, "run_of_2126", clock.now + timedelta(days=36_500), part("customers"))
    assert [run.id for run in store.runs()] == ["run_of_2126", "run_366"]
    parts = store.database.read(lambda c: c.execute(select(run_mappings.c.run)).scalars().all())
    assert sorted(parts) == ["run_366", "run_of_2126"]


def test_failed_before_the_first_row(store: Store, clock: Clock):
    """A run that never came to read is a run all the same, failed with all its mappings, and known as broken."""
    run = Run("run_1", False, clock.now, [part("a", reason="config"), part("b", Status.LOCKED)])
    run.exit_code = 2
    store.fail_run(run)
    found = store.run("run_1")
    assert found is not None
    assert (found.status, found.exit_code, found.finished_at) == (Status.FAILED, 2, clock.now)
    assert [one.status for one in found.mappings] == [Status.FAILED, Status.LOCKED]
    assert [one.reason for one in found.mappings] == ["config", None]
    assert [one.mapping for one in store.history([Status.FAILED]).runs] == ["a"]
