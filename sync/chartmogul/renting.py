"""What this process has rented of an account's allowance, which all processes on one state share."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Protocol

from sync.domain.allowance import Grant, Permit, Visit
from sync.errors import StateError

#: Seconds between two visits to the book, at the most, while there is anything to tell or to keep.
BEAT = 0.25
#: Seconds before the last of the rented starts in which more are rented.
LEAD = 0.06
#: Seconds until the next visit of who got nothing: of who writes, and of who only looks and gives way.
AGAIN, AGAIN_TO_LOOK = 0.03, 0.1
#: Visits never follow each other closer than that; seconds.
_CLOSEST = 0.01
#: Who has had nothing to do for so many seconds leaves the book.
_IDLE = 0.5


class Book(Protocol):
    """The book of an account's allowance, wherever it is kept."""

    def clock(self) -> float:
        """Seconds that only grow, by which its permits are good or void."""
        ...

    async def visit(self, visit: Visit) -> Grant:
        """Tell it what was used, and rent more; StateError where it cannot be written."""
        ...


@dataclass(frozen=True, slots=True)
class Terms:
    """By which a process rents: its own name, the account, whether it writes, and its share."""

    tenant: str
    account: str
    writes: bool = True
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Demand:
    """What a process could use: starts soon, connections; and the connections that it holds."""

    starts: int
    connections: int
    holds: int

    @property
    def is_any(self) -> bool:
        """Whether there is anything to rent, or to keep."""
        return bool(self.holds or self.starts or self.connections)


@dataclass(slots=True, eq=False)
class Use:
    """A permit that was taken, and when its request left, by the book's clock."""

    permit: Permit
    at: float
    told: float | None = None


@dataclass(slots=True, eq=False)
class Rental:
    """Rents starts and connections while there is demand, and gives them out, first come, first served.

    Args:
        book: where the account's processes meet.
        terms: what is rented, and how.
        demand: what could be used, asked before each visit.
        changed: called after each visit.
        sleep: sleeps for as long as it is told, by a clock that goes as the book's does.
    """

    book: Book
    terms: Terms
    demand: Callable[[], Demand]
    changed: Callable[[], None]
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    _permits: deque[Permit] = field(default_factory=deque, init=False)
    _used: list[Use] = field(default_factory=list, init=False)
    _unused: list[float] = field(default_factory=list, init=False)
    _lent: int = field(default=0, init=False)
    _until: float = field(default=0.0, init=False)
    _door: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)
    _visited: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _wanted: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _attendant: "asyncio.Task[None] | None" = field(default=None, init=False)
    _failure: Exception | None = field(default=None, init=False)
    _busy_at: float = field(default=0.0, init=False)
    _took: float = field(default=0.0, init=False)
    #: How many wait for a start.
    _waiting: int = field(default=0, init=False)
    #: The connections that the last visit asked for.
    _asked: int = field(default=0, init=False)

    @property
    def connections(self) -> int:
        """How many may be in use now."""
        return self._lent if self.book.clock() < self._until else 0

    @property
    def failure(self) -> Exception | None:
        """Why nothing can be rented any more."""
        return self._failure

    def need_connections(self, count: int) -> None:
        """Say that so many could be used; StateError as in `need`."""
        if count > self._asked or self._attendant is None or self._attendant.done():
            self.need()

    def need(self) -> None:
        """Say that there is something to rent; StateError where the book cannot be written any more."""
        if self._failure is not None:
            raise self._failure
        self._wanted.set()
        if self._attendant is None or self._attendant.done():
            self._attendant = asyncio.ensure_future(self._attend())

    async def good(self, use: Use, *, gone: bool) -> Use:
        """What was taken, if it is good at this very moment, else a new start; `gone`: it was used already."""
        if self.book.clock() < use.permit.until:
            use.at = self.book.clock()
            return use
        if not gone and use in self._used:
            self._used.remove(use)
        if not gone:
            self._unused.append(use.permit.name)
        return await self.take()

    async def take(self) -> Use:
        """A start that is good at this very moment.

        Raises:
            StateError: the book cannot be written any more.
        """
        self._waiting += 1
        try:
            return await self._taken()
        finally:
            self._waiting -= 1

    async def _taken(self) -> Use:
        async with self._door:
            while True:
                permit = self._next()
                early = 0.0 if permit is None else permit.at - self.book.clock()
                if permit is None:
                    await self._news()
                elif early > 0:
                    await self.sleep(early)
                else:
                    return self._use(self._permits.popleft())

    def left(self, use: Use) -> None:
        """Its request has gone out: it counts from now."""
        use.at = self.book.clock()

    async def close(self) -> None:
        """Give everything back, as far as the book can be written."""
        if self._attendant is None:
            return
        self._attendant.cancel()
        with suppress(asyncio.CancelledError):
            await self._attendant
        if self._failure is None:
            with suppress(StateError):
                await self._leave()

    def _use(self, permit: Permit) -> Use:
        self._used.append(Use(permit, self.book.clock()))
        if not self._permits:
            self.need()
        return self._used[-1]

    def _next(self) -> Permit | None:
        """The first start that is not void."""
        now = self.book.clock()
        while self._permits and now >= self._permits[0].until:
            self._unused.append(self._permits.popleft().name)
        return self._permits[0] if self._permits else None

    async def _news(self) -> None:
        self._visited.clear()
        self.need()
        await self._visited.wait()
        if self._failure is not None:
            raise self._failure

    async def _attend(self) -> None:
        """Visit the book again and again, until there is nothing to do."""
        try:
            self._busy_at = self.book.clock()
            while (demand := self._demand()).is_any or self.book.clock() < self._busy_at + _IDLE:
                self._wanted.clear()
                if await self._visit(demand):
                    await self.sleep(AGAIN if self.terms.writes else AGAIN_TO_LOOK)
                else:
                    await self._nap(self._pause())
            await self._leave()
        except Exception as error:  # whatever it is, those who wait hear of it
            self._failure = error
        self._tell()
        if self._wanted.is_set() and self._failure is None:
            self._attendant = asyncio.ensure_future(self._attend())

    def _demand(self) -> Demand:
        """What is in use or waited for now; a pause of this process may have made the last use long ago."""
        demand = self.demand()
        return replace(demand, starts=max(demand.starts, self._waiting))

    async def _visit(self, demand: Demand) -> bool:
        """Once; whether something was wanted and not given."""
        began = self.book.clock()
        self._asked = demand.connections
        self._next()
        if demand.is_any:
            self._busy_at = began
        told = self._told(demand)
        grant = await self.book.visit(told)
        self._took = self.book.clock() - began
        self._permits.extend(grant.permits)
        self._lent, self._until = grant.connections, grant.until
        self._tell()
        lacks = grant.connections < min(demand.connections, demand.holds + 1)
        return lacks or (demand.starts > 0 and not self._permits)

    def _told(self, demand: Demand) -> Visit:
        terms, news = self.terms, [use for use in self._used if use.told != use.at]
        visit = Visit(
            terms.tenant,
            terms.account,
            terms.writes,
            terms.share,
            demand.starts,
            demand.connections,
            demand.holds,
            tuple((use.permit.name, use.at) for use in news),
            tuple(self._unused),
        )
        for use in news:
            use.told = use.at
        now = self.book.clock()
        self._used = [use for use in self._used if now < use.permit.until or use.told != use.at]
        self._unused.clear()
        return visit

    def _pause(self) -> float:
        """Seconds until the next visit: more is rented when half of it is over, or the last start is near."""
        now = self.book.clock()
        ahead = [permit.at for permit in self._permits if permit.at > now]
        if not ahead:
            return BEAT
        lead = max(LEAD, 2 * self._took)
        due = max(ahead[0], min(ahead[len(ahead) // 2], ahead[-1] - lead))
        return min(BEAT, max(_CLOSEST, due - now))

    async def _nap(self, seconds: float) -> None:
        """Until then, or until more is wanted than there is."""
        closest = min(seconds, _CLOSEST)
        await self.sleep(closest)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wanted.wait(), seconds - closest)

    async def _leave(self) -> None:
        self._lent = self._asked = 0
        self._unused += [permit.name for permit in self._permits]
        self._permits.clear()
        told = self._told(Demand(0, 0, 0))
        leaving = Visit(
            told.tenant,
            told.account,
            told.writes,
            started=told.started,
            unused=told.unused,
            leaves=True,
        )
        await self.book.visit(leaving)

    def _tell(self) -> None:
        self._visited.set()
        self.changed()
