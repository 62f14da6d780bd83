"""The thread in which a query is drained, and what becomes of it when the run is asked to end."""

import asyncio
import threading
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from sync.engine.context import Stop
from sync.engine.read.extract import Extract, Patience
from sync.errors import EXIT_TERMINATED, Interrupted, SourceError


class Deaf:
    """A warehouse whose driver waits for a server that says nothing, and does not hear that it should end."""

    def __init__(self):
        self.waits, self.released = threading.Event(), threading.Event()
        self.cancelled = 0
        self.warehouse = SimpleNamespace(cancel=self.cancel, timeout=None)

    def cancel(self):
        self.cancelled += 1

    @contextmanager
    def execute(self):
        self.waits.set()
        self.released.wait()
        raise SourceError("the server went away")
        yield


@pytest.fixture
def deaf():
    """Lets its thread go in the end."""
    deaf = Deaf()
    yield deaf
    deaf.released.set()


class Listener:
    """Hears how long the warehouse lets us wait."""

    def __init__(self):
        self.run = SimpleNamespace(rows=SimpleNamespace(read=0))
        self.waited: list[float] = []
        self.enough = asyncio.Event()

    def stalled(self, seconds):
        self.waited.append(seconds)
        if len(self.waited) == 3:
            self.enough.set()


def extract(
    query: Any, stop: Stop, given_up: float, minute: float = 60, reporter: Any = None
) -> Extract:
    nothing: Any = None
    context: Any = SimpleNamespace(stop=stop)
    listener: Any = reporter or Listener()
    patience = Patience(given_up, minute)
    return Extract(query, nothing, listener, context, nothing, patience=patience)


async def test_a_driver_that_does_not_let_go(deaf):
    """It is asked several times, then nobody waits for it any more."""
    stop = Stop()
    draining = asyncio.ensure_future(extract(deaf, stop, 0.3).drain())
    await asyncio.to_thread(deaf.waits.wait)
    stop.request(EXIT_TERMINATED)
    with pytest.raises(Interrupted, match="the warehouse did not let go of the query"):
        await draining
    assert deaf.cancelled > 1
    assert [t.daemon for t in threading.enumerate() if t.name == "warehouse"] == [True]


async def test_a_server_that_is_gone(deaf):
    """Cancelling may wait for the server as long as it likes: it is asked once, and holds up nobody."""
    stop = Stop()
    deaf.warehouse.cancel = lambda: (deaf.cancel(), deaf.released.wait())
    draining = asyncio.ensure_future(extract(deaf, stop, 0.5).drain())
    await asyncio.to_thread(deaf.waits.wait)
    stop.request(EXIT_TERMINATED)
    with pytest.raises(Interrupted, match="the warehouse did not let go of the query"):
        await draining
    assert deaf.cancelled == 1


async def test_a_driver_that_lets_go(deaf):
    """What it raises then is the interruption."""
    stop = Stop()
    deaf.warehouse.cancel = deaf.released.set
    draining = asyncio.ensure_future(extract(deaf, stop, 60).drain())
    await asyncio.to_thread(deaf.waits.wait)
    stop.request(EXIT_TERMINATED)
    with pytest.raises(Interrupted, match=r"^interrupted while reading$"):
        await draining


async def test_a_long_wait_is_said(deaf):
    """Every minute in which no row came, until there is one."""
    listener = Listener()
    draining = asyncio.ensure_future(extract(deaf, Stop(), 60, 0.05, listener).drain())
    await listener.enough.wait()
    deaf.released.set()
    with pytest.raises(SourceError, match="the server went away"):
        await draining
    assert listener.waited == sorted(listener.waited)


async def test_a_driver_that_does_not_end_in_time(deaf):
    """A time-out holds though the driver knows no way to end a query."""
    deaf.warehouse.timeout = 0.1
    with pytest.raises(SourceError, match=r"as source\.timeout says") as caught:
        await extract(deaf, Stop(), 0.1).drain()
    assert "the driver does not end queries" in caught.value.hint
