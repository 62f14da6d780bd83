"""The leases that this process holds, and for how long it may rely on them."""

from collections import abc
from dataclasses import dataclass, field

from sqlalchemy import Connection

from sync.errors import LockedError
from sync.state import leases, process
from sync.state.engine import Database
from sync.state.leases import LASTS, Claim, Freed, Holder, Place
from sync.state.memory import Scope
from sync.state.moments import StateClock

#: Seconds by which the clocks of a machine differ once one of them was set, and not just corrected.
_STEP = 5.0
#: An account's data source: its leases are taken together, and lost together.
_Source = tuple[str, str]


@dataclass(slots=True)
class _Held:
    """The leases of one data source: whose and what they are for, how long they last, when they were last renewed."""

    owner: str
    places: frozenset[Place]
    lasts: float
    #: By the state's clock where that is this machine's own, and by the monotonic clock; the earlier end counts.
    renewed: tuple[float, ...]


@dataclass(slots=True)
class HeldLeases:
    """Takes leases, data source by data source, and knows how long they surely last."""

    database: Database
    clock: StateClock
    _held: dict[_Source, _Held] = field(default_factory=dict, init=False)

    def take(self, scopes: abc.Iterable[Scope], owner: str, lasts: float = LASTS) -> None:
        """Take the leases of all these scopes for so many seconds, or none; `owner` is new in every run.

        Raises:
            LockedError: another process holds one; the message says which process, and since when.
        """
        places = frozenset(map(leases.place_of, scopes))
        claim = Claim(owner, process.current(), lasts)
        started = self._this_moment()
        try:
            self.database.write(lambda c: leases.take(c, places, claim, self.clock.seconds(c)))
        except LockedError:
            self.database.write(lambda c: leases.bring_back(c, self.clock.seconds(c)))
            raise
        for source in {_source(place) for place in places}:
            mine = frozenset(place for place in places if _source(place) == source)
            self._held[source] = _Held(owner, mine, lasts, started)

    def renew(self, owner: str) -> None:
        """Let the leases last anew.

        Raises:
            LockedError: some ran out and were taken over; the others are renewed.
        """
        started = self._this_moment()
        there = set(self.database.write(lambda c: leases.renew(c, owner, self.clock.seconds(c))))
        lost = [source for source, held in self._held.items() if not held.places <= there]
        for source, held in list(self._held.items()):
            if source in lost:
                del self._held[source]
            else:
                held.renewed = started
        if lost:
            raise leases.lost(source for _, source in lost)

    def guard(self, connection: Connection, scope: Scope) -> None:
        """Raise LockedError where a lease that this process holds of a scope is somebody else's by now."""
        place = leases.place_of(scope)
        held = self._held.get(_source(place))
        if held is not None and place in held.places:
            leases.guard(connection, place, held.owner)

    def release(self, owner: str) -> None:
        """Give the leases back."""
        self._held.clear()
        self.database.write(lambda c: leases.release(c, owner))

    def left(self, scope: Scope) -> float:
        """Seconds until the lease of a scope runs out, 0 or less where it is not held."""
        held = self._held.get((scope.account, scope.data_source))
        if held is None or leases.place_of(scope) not in held.places:
            return 0.0
        passed = (now - then for now, then in zip(self._this_moment(), held.renewed, strict=True))
        return held.lasts - max(passed)

    def clock_was_set(self, scope: Scope) -> bool:
        """Whether this machine's clock was set since the lease of a scope was renewed, forward or back."""
        held = self._held.get((scope.account, scope.data_source))
        if held is None:
            return False
        passed = [now - then for now, then in zip(self._this_moment(), held.renewed, strict=True)]
        return max(passed) - min(passed) > _STEP

    def all(self) -> list[Holder]:
        """All leases in the state, whoever holds them."""
        return self.database.read(leases.held)

    def free(self) -> list[Freed | Holder]:
        """Free the leases that are dead, with the reason, and tell of those that are not."""
        here = process.current()
        return self.database.write(lambda c: leases.free(c, here, self.clock.seconds(c)))

    def _this_moment(self) -> tuple[float, ...]:
        return self.clock.local_times()


def _source(place: Place) -> _Source:
    account, data_source, _ = place
    return account, data_source
