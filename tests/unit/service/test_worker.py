"""The worker of `schedule`: whatever a run, or the state, has to say, the schedule goes on."""

from datetime import UTC, datetime, timedelta

import pytest
import structlog

from sync.errors import ConfigError, ConfigProblem, StateError, SyncError
from sync.service.endpoints import Board
from sync.service.freshness import Known
from sync.service.metrics import Metrics
from sync.service.worker import Worker
from sync.state.history import Whose

NOW = datetime(2026, 1, 31, 10, tzinfo=UTC)


class Runs:
    """Runs that fail, on a state that cannot be read."""

    def __init__(self, error: SyncError):
        self.error = error

    def whose(self, known: Known):
        return [Whose("customers", "ds_1")]

    def timetables(self):
        return {}

    async def run(self, stop, listener, names=None):
        raise self.error

    def freshness(self):
        raise self.error


@pytest.mark.parametrize(
    "error",
    [
        StateError("state sqlite:///state.db: database disk image is malformed"),
        ConfigError(ConfigProblem("SYNC_STATE_URL: SQLite knows no option foo")),
    ],
)
async def test_a_state_that_cannot_be_used(error: SyncError):
    """It is told, the mapping has no success, and the next run is still to come."""
    board = Board(NOW, timedelta(hours=1))
    worker = Worker(Runs(error), board, Metrics(), structlog.get_logger(), lambda: NOW)
    with structlog.testing.capture_logs() as told:
        await worker.work()
    assert [line["event"] for line in told] == ["run_failed", "state_unreadable"]
    assert error.message in told[1]["error"]
    assert [(one.mapping, one.last) for one in board.freshness] == [("customers", None)]
    assert not board.running


class Faulty(Runs):
    """Runs over a fault of the program; each tells what the board shows meanwhile."""

    def __init__(self, board: Board):
        super().__init__(StateError("no state"))
        self.board = board
        self.shown: list[dict[str, object] | None] = []

    async def run(self, stop, listener, names=None):
        self.shown.append(self.board.failure)
        raise KeyError("a row")


async def test_the_last_failure():
    """It is shown while the next run is under way, also that of a fault of the program, and without its words."""
    board = Board(NOW, timedelta(hours=1))
    runs = Faulty(board)
    worker = Worker(runs, board, Metrics(), structlog.get_logger(), lambda: NOW)
    for _ in range(2):
        await worker.work()
    failure = {"at": "2026-01-31T10:00:00Z", "exit_code": 3, "reason": "failed"}
    assert runs.shown == [None, failure]
    assert board.failure == failure
