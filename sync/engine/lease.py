"""What a writing run holds in the state while it lasts: its entry among the runs, and its leases."""

import asyncio
from collections import abc
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from sync.domain.results import Run
from sync.errors import LockedError, StateError, SyncError
from sync.state.memory import Scope
from sync.state.store import Store

#: Seconds between renewals; a lease lasts 90.
RENEWAL = 15.0


@dataclass(slots=True)
class RunLease:
    """Keeps the leases of a run alive, and refuses writes that they might not outlast."""

    store: Store
    owner: str
    #: Seconds that a lease must still last for another write to start: the time-out of a request, and ten.
    margin: float
    _begun: bool = field(default=False, init=False)
    _held: bool = field(default=False, init=False)

    async def begin(self, run: Run) -> None:
        """Enter the run into the state."""
        await asyncio.to_thread(self.store.begin_run, run)
        self._begun = True

    @asynccontextmanager
    async def held(self, scopes: abc.Sequence[Scope]) -> abc.AsyncIterator[None]:
        """All leases, or none of them (LockedError); renewed until the block ends, then given back."""
        await asyncio.to_thread(self.store.take_leases, scopes, self.owner)
        self._held = True
        renewing = asyncio.create_task(self._renew())
        try:
            yield
        finally:
            renewing.cancel()
            with suppress(asyncio.CancelledError):
                await renewing
            self._held = False
            with suppress(StateError):  # a lease that cannot be given back runs out by itself
                await asyncio.to_thread(self.store.release_leases, self.owner)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(RENEWAL)
            with suppress(SyncError):  # `ready` stops the writes before the lease runs out
                await asyncio.to_thread(self.store.renew_leases, self.owner)

    def ready(self) -> None:
        """Raise LockedError where the leases do not surely outlast another write."""
        if self.store.lease_left() < self.margin:
            raise LockedError(
                "the lease of these records could not be renewed in time, so nothing more is written",
                "the state store did not answer, or another worker took over; the next run goes on",
            )

    async def finish(self, run: Run) -> None:
        """Write the run's end into its entry."""
        if self._begun:
            await asyncio.to_thread(self.store.finish_run, run)
