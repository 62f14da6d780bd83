"""A state on each of the two databases, and what its tests hand in."""

from collections import abc
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sync.domain.record import Object
from sync.state.memory import Scope
from sync.state.store import Store


@dataclass
class Clock:
    """A clock that only a test moves."""

    now: datetime = datetime(2026, 1, 31, 10, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def monotonic(self) -> float:
        return self.now.timestamp() - 1_000_000

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture(params=["sqlite", "postgresql"])
def state_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a state may be made, on either database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/state/state.db"
    url: str = request.getfixturevalue("database")
    return url


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(state_url: str, clock: Clock) -> abc.Iterator[Store]:
    opened = Store.open(state_url, clock=clock, monotonic=clock.monotonic)
    yield opened
    opened.close()


@pytest.fixture
def scope(store: Store) -> Scope:
    return store.scope("acc_1", "ds_1", Object.CUSTOMER)
