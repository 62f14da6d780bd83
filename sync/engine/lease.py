"""What a writing run holds in the state while it lasts: its entry among the runs, and its leases."""

import asyncio
from collections import abc
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import groupby

from sync.domain.results import Run
from sync.errors import LockedError, StateError, SyncError
from sync.state.leases import LASTS
from sync.state.memory import Scope
from sync.state.store import Store

#: Seconds between renewals.
RENEWAL = 15.0
#: Seconds that a lease must still last, besides the time-out of a request, for another write to start.
MARGIN = 10.0
#: Seconds that a lease lasts besides that time-out, so that two renewals in a row may fail.
SPARE = 55.0


@dataclass(slots=True)
class RunLease:
    """Keeps the leases of a run alive, and refuses writes that they might not outlast.

    `timeout`: the seconds that a request may take. `sleep` passes the time between renewals.
    """

    store: Store
    owner: str
    timeout: float
    sleep: abc.Callable[[float], abc.Awaitable[object]] = asyncio.sleep
    _begun: bool = field(default=False, init=False)
    _lost: LockedError | None = field(default=None, init=False)

    async def begin(self, run: Run) -> None:
        """Enter the run into the state."""
        await asyncio.to_thread(self.store.begin_run, run)
        self._begun = True

    @asynccontextmanager
    async def held(
        self, scopes: abc.Iterable[Scope]
    ) -> abc.AsyncIterator[abc.Mapping[Scope, LockedError]]:
        """The leases, renewed until the block ends, then given back; those of a data source all or none.

        What it gives are the scopes whose leases another process holds.
        """
        locked = await asyncio.to_thread(self._take, scopes)
        renewing = asyncio.create_task(self._renew())
        try:
            yield locked
        finally:
            renewing.cancel()
            with suppress(asyncio.CancelledError):
                await renewing
            with suppress(StateError):  # a lease that cannot be given back runs out by itself
                await asyncio.to_thread(self.store.leases.release, self.owner)

    def _take(self, scopes: abc.Iterable[Scope]) -> dict[Scope, LockedError]:
        locked: dict[Scope, LockedError] = {}
        lasts = max(LASTS, self.timeout + SPARE)
        for _, group in groupby(sorted(set(scopes), key=_source), _source):
            together = list(group)
            try:
                self.store.leases.take(together, self.owner, lasts)
            except LockedError as error:
                locked |= dict.fromkeys(together, error)
        return locked

    async def _renew(self) -> None:
        while True:
            await self.sleep(RENEWAL)
            await asyncio.to_thread(self._renew_once)

    def _renew_once(self) -> None:
        try:
            self.store.leases.renew(self.owner)
        except LockedError as error:
            self._lost = error
        except SyncError:
            pass  # `require` stops the writes before the lease runs out

    def of(self, scope: Scope) -> "ScopeLease":
        """The lease of a scope."""
        return ScopeLease(self, scope)

    def require(self, scope: Scope) -> None:
        """Raise LockedError where the lease of a scope does not surely outlast another write."""
        # Others now think that it ran out, or that it never will.
        if self.store.leases.clock_was_set(scope):
            self._renew_once()
        if self.store.leases.left(scope) >= self.timeout + MARGIN:
            return
        if self._lost is not None and self.store.leases.left(scope) == 0:
            raise self._lost
        raise LockedError(
            "the lease of these records could not be renewed in time, so nothing more is written",
            "see whether the state answers (SYNC_STATE_URL), and whether another worker took over; what was sent is"
            " recorded as far as the state answered, and the next run goes on",
        )

    async def finish(self, run: Run) -> None:
        """Write the run's end into its entry."""
        if self._begun:
            await asyncio.to_thread(self.store.finish_run, run)


@dataclass(frozen=True, slots=True)
class ScopeLease:
    """The right to write the records of one scope."""

    leases: RunLease
    scope: Scope

    def require(self) -> None:
        """Raise LockedError where the right would not surely outlast another write."""
        self.leases.require(self.scope)


def _source(scope: Scope) -> tuple[str, str]:
    return scope.account, scope.data_source
