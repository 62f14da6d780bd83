"""The limiter: how many requests are under way at once, and how soon the next one starts."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic

from sync.chartmogul.renting import Book, Demand, Rental, Terms, Use
from sync.domain.allowance import CLOSEST, DEBT, EVEN, MOST_AT_ONCE, MOST_PER_SECOND, WINDOW

#: Starts that are asked for at once at most, and seconds in which as many were made as may be soon again.
_MOST_WANTED = 10
_RECENT = 0.25

#: A cut answers many refusals that arrive together; seconds between two.
_BETWEEN_CUTS = 1.0
_TEMPO_CUT = 0.7
_SLOWEST = 1.0
#: What one good answer gives back: 13 seconds from half to full tempo, 10 from one slot to twenty.
_TEMPO_STEP = 0.05
_SLOTS_STEP = 0.05

_MEASURED = 5.0


@dataclass(slots=True)
class Start:
    """When a request started, and what it used of the account's allowance where that is shared."""

    at: float
    use: Use | None = None


@dataclass(slots=True)
class Turn:
    """A request that may start, and what it may use of the account's allowance where that is shared."""

    use: Use | None = None


class Gate:
    """Lets one through at a time, first come, first served, evenly spaced; who comes late makes up for it.

    Whatever happens, no second sees more than `per_second` of them.

    Args:
        per_second: the most in any second; below 1, one in so many seconds.
        clock: seconds that only grow.
        sleep: sleeps for as long as it is told.
    """

    def __init__(
        self,
        per_second: float,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[object]],
    ) -> None:
        self._clock, self._sleep = clock, sleep
        self._door = asyncio.Lock()
        most = max(1, int(per_second))
        self._window = max(1.0, most / per_second) * WINDOW
        self._past: deque[Start] = deque(maxlen=most)
        self._due = clock()

    async def let_through(self, tempo: float, *, debt: float) -> Start:
        """Wait for the turn, and say when it came; who is cancelled meanwhile leaves it to the next.

        `debt`: of how many seconds, at most, those that come late may make up for the starts.
        """
        interval = 1 / tempo
        async with self._door:
            while (early := self._soonest(interval) - self._clock()) > 0:
                await self._sleep(early)
            now = self._clock()
            self._due = max(self._due, now - debt) + interval
            self._past.append(Start(now))
            return self._past[-1]

    def follow(self, other: "Gate") -> None:
        """What another gate let through counts here as well."""
        self._past.extend(other._past)
        self._due = max(self._due, other._due)

    def _soonest(self, interval: float) -> float:
        past = self._past
        if not past:
            return self._due
        room = past[0].at + self._window if len(past) == past.maxlen else 0.0
        return max(self._due, room, past[-1].at + interval * CLOSEST)


class Pace:
    """Connection slots and turns, first come, first served; one for each account of a process.

    A slot is taken first, then the turn: a turn that had to wait for a slot would come in a burst.
    Opening a connection takes time, too: the first requests would arrive together with those that
    find one open. So there is a second turn where a request really leaves. Where others share the
    account's allowance (`share`), a slot and a turn are only had if they are rented as well.

    Args:
        per_second: starts a second, 1 to 40.
        connections: requests at once, 1 to 20.
        clock: seconds that only grow.
        sleep: sleeps for as long as it is told; not one that an interrupt cuts short.
    """

    def __init__(
        self,
        per_second: float = MOST_PER_SECOND,
        connections: int = MOST_AT_ONCE,
        *,
        clock: Callable[[], float] = monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        if not 0 < per_second <= MOST_PER_SECOND or not 0 < connections <= MOST_AT_ONCE:
            raise ValueError("at most 40 requests a second and 20 at once, and at least some")
        self._clock, self._sleep = clock, sleep
        self._full_tempo = self._tempo = per_second / EVEN
        self._all_slots = self._slots = float(connections)
        self._used = 0
        self._queue: deque[asyncio.Future[None]] = deque()
        self._turns = Gate(per_second, clock, sleep)
        self._departures = Gate(per_second, clock, sleep)
        self._starts: deque[float] = deque()
        #: Those that have a slot, and did not start yet.
        self._ready = 0
        self._rental: Rental | None = None
        self._tempo_cut_at = self._slots_cut_at = clock() - _BETWEEN_CUTS

    def share(self, book: Book, terms: Terms) -> None:
        """From now on nothing starts but what is rented of the account's allowance in this book."""
        self._rental = Rental(book, terms, self._demand, self._let_in, self._sleep)

    def follow(self, other: "Pace") -> None:
        """What another pace let through counts here as well."""
        self._turns.follow(other._turns)
        self._departures.follow(other._departures)

    async def close(self) -> None:
        """Give back what is rented."""
        if self._rental is not None:
            await self._rental.close()

    @asynccontextmanager
    async def start(self) -> AsyncIterator[Turn]:
        """Around one request: entered when it may start, left when it is over.

        Raises:
            StateError: the allowance is shared, and its book cannot be written any more.
        """
        had_to_wait = await self._take_slot()
        try:
            yield await self._turn(self._debt if had_to_wait else 0.0)  # idle time saves nothing up
        finally:
            self._give_back_slot()

    async def _turn(self, debt: float) -> Turn:
        self._ready += 1
        try:
            self._starts.append((await self._turns.let_through(self._tempo, debt=debt)).at)
            self._forget_starts()
            return Turn(None if self._rental is None else await self._rental.take())
        finally:
            self._ready -= 1

    async def depart(self) -> Start:
        """Await this once the connection is open, just before the request goes out."""
        return await self._departures.let_through(self._tempo, debt=self._debt)

    async def claim(self, start: Start, turn: Turn) -> None:
        """Await this after `depart`, and again before the body: nothing may come between this and the sending.

        What the turn may use of a shared allowance is used, or something new where that became void meanwhile.
        StateError as in `start`.
        """
        if self._rental is not None and turn.use is not None:
            start.use = await self._rental.good(start.use or turn.use, gone=start.use is not None)

    def departed(self, start: Start) -> None:
        """Call this when it has gone out: a pause of this process may have come between, and it counts from now."""
        start.at = self._clock()
        if self._rental is not None and start.use is not None:
            self._rental.left(start.use)

    @property
    def allowance(self) -> float:
        """Starts a second that are allowed now."""
        return self._tempo

    @property
    def _debt(self) -> float:
        """Nothing is made up for while ChartMogul asks for less."""
        return DEBT if self._tempo == self._full_tempo else 0.0

    @property
    def connections(self) -> int:
        """Requests at once that are allowed now."""
        most = int(self._slots)
        return most if self._rental is None else min(most, self._rental.connections)

    @property
    def under_way(self) -> int:
        """Slots taken now."""
        return self._used

    @property
    def rate(self) -> float:
        """Starts a second, over the last five."""
        self._forget_starts()
        return len(self._starts) / _MEASURED

    def succeeded(self) -> None:
        """A request was answered: go a little faster again, if it had become slower."""
        self._tempo = min(self._full_tempo, self._tempo + _TEMPO_STEP)
        self._slots = min(self._all_slots, self._slots + _SLOTS_STEP)
        self._let_in()

    def throttled(self) -> None:
        """429: start fewer a second."""
        now = self._clock()
        if now - self._tempo_cut_at >= _BETWEEN_CUTS:
            self._tempo_cut_at = now
            self._tempo = max(min(_SLOWEST, self._full_tempo), self._tempo * _TEMPO_CUT)

    def crowded(self) -> None:
        """503: have fewer under way at once."""
        now = self._clock()
        if now - self._slots_cut_at >= _BETWEEN_CUTS:
            self._slots_cut_at = now
            self._slots = max(1.0, self._slots // 2)

    async def _take_slot(self) -> bool:
        """Take a slot; whether none was free at first."""
        if not self._queue and self._used < self.connections:
            self._used += 1
            return False
        ours = asyncio.get_running_loop().create_future()
        self._queue.append(ours)
        try:
            self._need_slots()
            await ours
        except asyncio.CancelledError:
            if not ours.cancelled():
                self._give_back_slot()  # it came at the very moment of the cancelling
            elif ours in self._queue:
                self._queue.remove(ours)
            raise
        return True

    def _give_back_slot(self) -> None:
        self._used -= 1
        self._let_in()

    def _need_slots(self) -> None:
        if self._rental is not None and self._used < int(self._slots):
            self._rental.need_connections(self._demand().connections)

    def _demand(self) -> Demand:
        """What is worth renting: as much as waits, and as follows on what has just been answered."""
        now = self._clock()
        recent = sum(at > now - _RECENT for at in self._starts)
        starts = min(_MOST_WANTED, self._ready + min(len(self._queue), recent))
        wanted = self._used + len(self._queue)
        connections = min(int(self._slots), wanted + 2) if wanted else 0
        return Demand(starts, connections, self._used)

    def _let_in(self) -> None:
        failure = self._rental and self._rental.failure
        while failure and self._queue:
            first = self._queue.popleft()
            if not first.done():
                first.set_exception(failure)
        while self._queue and self._used < self.connections:
            first = self._queue.popleft()
            if not first.done():
                self._used += 1
                first.set_result(None)

    def _forget_starts(self) -> None:
        while self._starts and self._starts[0] <= self._clock() - _MEASURED:
            self._starts.popleft()
