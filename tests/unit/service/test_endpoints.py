"""/healthz and /metrics, over real HTTP."""

import socket
from collections import abc
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from sync.domain.record import Object
from sync.domain.results import MappingRun, Requests, Run, Status, Tally
from sync.errors import ConfigError
from sync.service.endpoints import Board, EndpointServer, build_app
from sync.service.freshness import Freshness
from sync.service.metrics import Metrics
from sync.state.memory import LastRun

START = datetime(2026, 1, 31, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Clock:
    now = START


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def board() -> Board:
    return Board(START, HOUR, (Freshness("customers", None),))


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def client(board: Board, metrics: Metrics, clock: Clock) -> abc.Iterator[httpx.Client]:
    app = build_app(board, metrics, lambda: clock.now)
    with (
        EndpointServer(app, "127.0.0.1", 0) as monitor,
        httpx.Client(base_url=f"http://127.0.0.1:{monitor.port}") as client,
    ):
        yield client


def succeeded(at: datetime) -> Freshness:
    return Freshness("customers", LastRun("customers", "run_1", Status.SUCCEEDED, at, at, 10))


def test_healthy_at_first(client: httpx.Client):
    """Before the first success a worker has as long as it may take between two."""
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {
        "format": 1,
        "healthy": True,
        "running": False,
        "started_at": "2026-01-31T10:00:00Z",
        "next_run_at": None,
        "max_age_seconds": 3600,
        "last_failure": None,
        "mappings": [
            {
                "mapping": "customers",
                "data_source": None,
                "last_success_at": None,
                "age_seconds": None,
                "run_id": None,
                "status": None,
                "read": None,
                "rejected": None,
                "rejected_new": None,
                "undone": None,
                "too_old": False,
                "healthy": True,
                "healthy_since": None,
                "broken_since": None,
            }
        ],
    }


def test_health_over_time(client: httpx.Client, board: Board, clock: Clock):
    """503 once the last success is too old, 200 again after the next one."""
    seen = []
    for hours, one in [(0.5, None), (1.5, None), (1.6, 1.6), (2.5, None), (2.7, None)]:
        clock.now = START + hours * HOUR
        if one is not None:
            board.freshness = (succeeded(clock.now),)
        seen.append(client.get("/healthz").status_code)
    assert seen == [200, 503, 200, 200, 503]


def test_one_of_several(client: httpx.Client, board: Board, clock: Clock):
    """One mapping that is too old is enough."""
    clock.now = START + 2 * HOUR
    board.freshness = (succeeded(clock.now), Freshness("contacts", None))
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert [shown["too_old"] for shown in answer.json()["mappings"]] == [False, True]


def test_another_clock(client: httpx.Client, board: Board, clock: Clock):
    """Ages are measured by the state's clock, whatever this machine's says and is set to meanwhile.

    A success of the future is none.
    """
    passed = 0.0
    board.monotonic = lambda: passed
    board.__post_init__()
    board.freshness = (succeeded(START + 5 * HOUR),)
    board.looked(START + 5 * HOUR)
    for clock.now in (START, START - 48 * HOUR, START + 48 * HOUR):
        passed += 600
        [shown] = client.get("/healthz").json()["mappings"]
        assert (shown["age_seconds"], shown["too_old"]) == (passed, False)
    passed = 7200
    assert client.get("/healthz").status_code == 503
    board.looked(START - 3 * HOUR)
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["mappings"][0]["last_success_at"] is None


def test_started_by_a_clock_that_was_ahead(client: httpx.Client, board: Board, clock: Clock):
    """What never succeeded since is too old after its time, not once the clock has come so far again."""
    passed = 0.0
    board.monotonic = lambda: passed
    board.started_at = START + 72 * HOUR
    board.__post_init__()
    board.freshness = (Freshness("customers", None),)
    board.looked(START)
    assert client.get("/healthz").status_code == 200
    passed = 7200
    assert client.get("/healthz").status_code == 503


def lines(client: httpx.Client) -> set[str]:
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return {line for line in answer.text.splitlines() if not line.startswith("#")}


def test_metrics(client: httpx.Client, metrics: Metrics):
    """Rows by outcome, requests by method, runs by status and how long they took; runs add up."""
    part = MappingRun(
        "customers",
        "mappings/customers.yml",
        Object.CUSTOMER,
        "upsert",
        "ds_1",
        Status.COMPLETED_WITH_ERRORS,
        rows=Tally(read=10, created=4, updated=3, unchanged=1, rejected=2),
        requests=Requests({"GET": 5, "POST": 4}, retried=1, throttled=2),
    )
    end = START + timedelta(seconds=20)
    run = Run("run_1", False, START, [part], end, Status.COMPLETED_WITH_ERRORS)
    metrics.ended(run)
    metrics.ended(run)
    metrics.failed()
    metrics.missed(3)
    metrics.succeeded(succeeded(end))
    metrics.succeeded(Freshness("contacts", None))
    assert {
        'chartmogul_sync_rows_total{mapping="customers",outcome="created"} 8.0',
        'chartmogul_sync_rows_total{mapping="customers",outcome="skipped"} 0.0',
        'chartmogul_sync_rows_total{mapping="customers",outcome="rejected"} 4.0',
        'chartmogul_sync_requests_total{mapping="customers",method="GET"} 10.0',
        'chartmogul_sync_requests_retried_total{mapping="customers"} 2.0',
        'chartmogul_sync_requests_throttled_total{mapping="customers"} 4.0',
        'chartmogul_sync_runs_total{status="completed_with_errors"} 2.0',
        'chartmogul_sync_runs_total{status="failed"} 1.0',
        'chartmogul_sync_runs_total{status="interrupted"} 0.0',
        "chartmogul_sync_runs_missed_total 3.0",
        "chartmogul_sync_run_seconds_sum 40.0",
        'chartmogul_sync_run_seconds_bucket{le="60.0"} 2.0',
        'chartmogul_sync_last_success_timestamp_seconds{mapping="customers"} 1.76985362e+09',
    } <= lines(client)


def test_two_workers_in_one_process():
    """Their metrics are their own: nothing is registered globally."""
    first, second = Metrics(), Metrics()
    first.failed()
    assert b'runs_total{status="failed"} 1.0' in first.expose()
    assert b'runs_total{status="failed"} 0.0' in second.expose()


@pytest.mark.parametrize(("path", "status"), [("/", 404), ("/healthz/x", 404), ("/metrics", 405)])
def test_nothing_else(client: httpx.Client, path: str, status: int):
    """Pages to read, and nothing to send to."""
    method = "POST" if status == 405 else "GET"
    assert status == client.request(method, path).status_code


def test_taken_port():
    """Said plainly, with what to do about it."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(ConfigError, match=f"cannot listen on 127.0.0.1:{port}") as caught:
            EndpointServer(
                build_app(Board(START, HOUR), Metrics(), lambda: START), "127.0.0.1", port
            )
    assert caught.value.problems[0].hint == "take another one with --port"
