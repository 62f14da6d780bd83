"""A run that makes progress is alive; its counts can be looked at while it goes on."""

from datetime import UTC, datetime

import pytest

from sync.domain.record import Object
from sync.domain.results import MappingRun, Run, Status
from sync.service.metrics import Metrics
from sync.service.progress import STILL, Progress

NOW = datetime(2026, 1, 31, 10, tzinfo=UTC)


class Seconds:
    now = 0.0

    def __call__(self):
        return self.now


def part(name):
    return MappingRun(name, f"{name}.yml", Object.CUSTOMER, "upsert", "ds_1")


@pytest.fixture
def run():
    return Run("run_1", False, NOW, [part("customers"), part("people")])


def test_alive_while_anything_moves(run):
    """Rows or requests of any mapping; after five minutes without, no more; a broken mapping never."""
    clock = Seconds()
    progress = Progress(clock)
    assert progress.alive() == set()
    progress.started(run)
    assert progress.alive() == {"customers", "people"}
    clock.now = STILL
    run.mappings[0].rows.read = 1
    assert progress.alive() == {"customers", "people"}
    clock.now = 2 * STILL
    run.mappings[1].requests.methods["GET"] = 1
    run.mappings[0].status = Status.FAILED
    assert progress.alive() == {"people"}
    clock.now = 3 * STILL + 1
    assert progress.alive() == set()
    progress.started(run)
    progress.over()
    assert progress.alive() == set()


def test_counted_once(run):
    """What is counted while the run goes on is not counted again at its end, nor what was taken back in between."""
    metrics, customers = Metrics(), run.mappings[0]
    customers.rows.created, customers.requests.methods["POST"] = 3, 4
    metrics.begun(run)
    assert b'rows_total{mapping="customers",outcome="created"} 3.0' in metrics.expose()
    customers.rows.created = 2
    metrics.expose()
    customers.rows.created, customers.requests.methods["POST"] = 5, 6
    run.finished_at, run.status = NOW, Status.SUCCEEDED
    metrics.ended(run)
    shown = metrics.expose()
    assert b'rows_total{mapping="customers",outcome="created"} 5.0' in shown
    assert b'requests_total{mapping="customers",method="POST"} 6.0' in shown
    metrics.begun(run)
    metrics.ended(run)
    assert b'rows_total{mapping="customers",outcome="created"} 10.0' in metrics.expose()


def test_series_of_mappings_that_are_gone(run):
    """They go; and nothing is shown that nobody asked for."""
    metrics = Metrics()
    metrics.ended(run)
    metrics.keep(["people"])
    shown = metrics.expose().decode()
    assert "people" in shown
    assert "customers" not in shown
    assert "_created" not in shown
