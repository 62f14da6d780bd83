"""A run's leases: taken data source by data source, kept alive, and asked before each write."""

import asyncio
from collections import abc
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from sync.domain.record import Object
from sync.engine.lease import RENEWAL, RunLease
from sync.errors import LockedError
from sync.state.leases import Holder
from sync.state.memory import Scope
from sync.state.store import Store
from tests.unit.state.conftest import Clock


@dataclass(slots=True)
class Naps:
    """Sleeps that end when a test says so; `taken` is how long each was meant to be."""

    taken: list[float] = field(default_factory=list)
    turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    asleep: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)
        self.asleep.release()
        await self.turn.acquire()

    async def next(self) -> None:
        """End this sleep, and wait for the next one."""
        await self.asleep.acquire()
        self.turn.release()
        await self.asleep.acquire()
        self.asleep.release()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> abc.Iterator[Store]:
    url = f"sqlite:///{tmp_path}/state.db"
    with closing(Store.open(url, clock=clock, monotonic=clock.monotonic)) as opened:
        yield opened


def scopes(store: Store) -> tuple[Scope, Scope, Scope]:
    """Customers and contacts of one data source, and customers of another."""
    return (
        store.scope("acc", "ds_1", Object.CUSTOMER),
        store.scope("acc", "ds_1", Object.CONTACT),
        store.scope("acc", "ds_2", Object.CUSTOMER),
    )


def holders(store: Store) -> dict[tuple[str, str], Holder]:
    """Who holds what: data source and object."""
    return {holder.place[1:]: holder for holder in store.leases.all()}


@pytest.mark.parametrize(("slowest", "lasts"), [(1, 90), (30, 90), (35, 90), (36, 91), (600, 655)])
async def test_length(store: Store, clock: Clock, slowest: float, lasts: float):
    """A lease lasts 90 seconds, or 55 more than a request may take; it says so, and is good for a write at once."""
    scope, *_ = scopes(store)
    lease = RunLease(store, "run_1", slowest)
    async with lease.held([scope]):
        holder = holders(store)["ds_1", "customer"]
        assert holder.lasts == lasts
        assert holder.expires - holder.renewed == lasts
        lease.of(scope).require()
        clock.forward(lasts - slowest - 10)
        lease.of(scope).require()
        clock.forward(1)
        with pytest.raises(LockedError, match="could not be renewed in time"):
            lease.of(scope).require()
    assert holders(store) == {}


async def test_by_data_source(store: Store):
    """Of a data source whose lease is held elsewhere nothing is taken; another one's is, and may be written."""
    customers, contacts, others = scopes(store)
    rival = replace(store)
    rival.leases.take([contacts], "rival")
    lease = RunLease(store, "run_1", 30)
    async with lease.held([others, customers, contacts]) as locked:
        assert locked.keys() == {customers, contacts}
        assert "the contacts of ds_1 are being written by process" in locked[customers].message
        found = {place: holder.owner for place, holder in holders(store).items()}
        assert found == {("ds_1", "contact"): "rival", ("ds_2", "customer"): "run_1"}
        lease.of(others).require()
        with pytest.raises(LockedError):
            lease.of(customers).require()


async def test_renewed(store: Store, clock: Clock):
    """Every 15 seconds the leases last anew."""
    scope, _, other = scopes(store)
    naps = Naps()
    lease = RunLease(store, "run_1", 30, naps)
    async with lease.held([scope, other]):
        for _ in range(8):
            clock.forward(RENEWAL)
            await naps.next()
        lease.of(scope).require()
        assert holders(store)["ds_2", "customer"].renewed == clock.now.timestamp()
    assert set(naps.taken) == {RENEWAL}
    assert RENEWAL == 15


async def test_taken_over(store: Store, clock: Clock):
    """A lease that another process took over is noticed; the lease of another data source is still good."""
    scope, _, other = scopes(store)
    naps = Naps()
    lease = RunLease(store, "run_1", 30, naps)
    async with lease.held([scope, other]):
        clock.forward(100)
        rival = replace(store)
        rival.leases.take([scope], "rival")
        await naps.next()
        with pytest.raises(LockedError, match="the records of ds_1 ran out and another process"):
            lease.of(scope).require()
        lease.of(other).require()
    assert {holder.owner for holder in holders(store).values()} == {"rival"}


async def test_clock_set_forward(store: Store, clock: Clock):
    """A clock that is set forward ends no run whose lease nobody took in that moment; one that was taken is lost."""
    scope, *_ = scopes(store)
    ticking = [0.0]
    store.clock.monotonic = lambda: ticking[0]
    lease = RunLease(store, "run_1", 30)
    async with lease.held([scope]):
        clock.forward(3 * 3600)
        lease.of(scope).require()
        clock.forward(3 * 3600)
        replace(store).leases.take([scope], "rival")
        with pytest.raises(LockedError, match="another process took it over"):
            lease.of(scope).require()


async def test_clock_set_back(store: Store, clock: Clock):
    """A clock that is set back leaves no lease that ends in days: it is renewed in that moment."""
    scope, *_ = scopes(store)
    ticking = [0.0]
    store.clock.monotonic = lambda: ticking[0]
    lease = RunLease(store, "run_1", 30)
    async with lease.held([scope]):
        clock.forward(-3 * 86400)
        ticking[0] = 51.0
        lease.of(scope).require()
        assert holders(store)["ds_1", "customer"].expires == clock.now.timestamp() + 90
        ticking[0] = 102.0
        clock.forward(51)
        with pytest.raises(LockedError, match="in time"):
            lease.of(scope).require()
