"""What processes rent of one account's allowance, and how they give it out; on a clock of its own."""

import asyncio
from bisect import bisect_left
from collections import abc
from dataclasses import dataclass, field
from typing import Any

import pytest

from sync.chartmogul.pace import Pace, Start, Turn
from sync.chartmogul.renting import Rental, Terms
from sync.domain import allowance
from sync.domain.allowance import BLOCK, Grant, Visit
from sync.errors import StateError
from tests.simulation.loop import Loop


@dataclass
class Memory:
    """A book in memory, whose visits take a while."""

    takes: float = 0.001
    pages: allowance.Book = field(default_factory=allowance.Book)
    visits: list[Visit] = field(default_factory=list)
    broken: bool = False

    def clock(self) -> float:
        """The loop's."""
        return asyncio.get_running_loop().time()

    async def visit(self, visit: Visit) -> Grant:
        """As any book."""
        self.visits.append(visit)
        await asyncio.sleep(self.takes / 2)
        if self.broken:
            raise StateError("the book is gone", "")
        grant = self.pages.visit(self.clock(), visit)
        await asyncio.sleep(self.takes / 2)
        return grant


def play(job: abc.Coroutine[Any, Any, Any]) -> Any:
    """Run a job in a world in which only sleeping takes time."""
    loop = Loop(0.0, 600.0, lambda: None)
    try:
        return loop.run_until_complete(job)
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()


@dataclass
class Process:
    """Sends requests through a pace that shares a book, one after the other as a run would."""

    book: Memory
    name: str = "one"
    lasts: float = 0.05
    connections: int = 20
    writes: bool = True
    starts: list[float] = field(default_factory=list)
    under_way: int = 0

    def pace(self) -> Pace:
        """One that shares the book."""
        pace = Pace(40, self.connections, clock=self.book.clock)
        pace.share(self.book, Terms(self.name, "acc", self.writes))
        return pace

    async def send(self, pace: Pace, everybody: list[int] | None = None) -> None:
        """One request."""
        async with pace.start() as turn:
            start = await pace.depart()
            await pace.claim(start, turn)
            self.starts.append(self.book.clock())
            pace.departed(start)
            self.under_way += 1
            if everybody is not None:
                everybody.append(self.under_way)
            await asyncio.sleep(self.lasts)
            self.under_way -= 1

    async def work(self, requests: int) -> None:
        """So many of them, 24 at once."""
        pace, left = self.pace(), iter(range(requests))

        async def one() -> None:
            for _ in left:
                await self.send(pace)

        await asyncio.gather(*(one() for _ in range(24)))
        await pace.close()


def busiest_second(starts: abc.Iterable[float]) -> int:
    """The most in any second."""
    times = sorted(starts)
    return max((bisect_left(times, at + 1.0) - n for n, at in enumerate(times)), default=0)


@pytest.mark.parametrize("takes", [0.001, 0.02, 0.1])
@pytest.mark.parametrize("lasts", [0.05, 0.2])
def test_one_alone_loses_nothing(takes, lasts):
    """It has the whole allowance, also where a visit to the book takes long."""
    one = Process(Memory(takes), lasts=lasts)
    play(one.work(400))

    assert len(one.starts) / (one.starts[-1] - one.starts[0]) > 0.975 * 40
    assert busiest_second(one.starts) <= 40


@pytest.mark.parametrize("count", [2, 3, 5])
@pytest.mark.parametrize(
    ("takes", "lasts", "used"), [(0.001, 0.05, 0.95), (0.02, 0.2, 0.95), (0.002, 0.45, 0.9)]
)
def test_several_share(count, takes, lasts, used):
    """Together they use nearly all, none has less than four fifths of its part, and no second has more than 40.

    At 0.45 seconds an answer, twenty connections carry little more than forty requests a second, whoever has them.
    """
    book = Memory(takes)
    fleet = [Process(book, f"p{n}", lasts) for n in range(count)]

    async def work() -> None:
        await asyncio.gather(*(one.work(400 // count) for one in fleet))

    play(work())
    starts = sorted(at for one in fleet for at in one.starts)
    until = min(one.starts[-1] for one in fleet)
    during = [at for at in starts if at <= until]

    assert busiest_second(starts) <= 40
    assert len(during) / until > used * 40
    for one in fleet:
        assert sum(at <= until for at in one.starts) > 0.8 * len(during) / count


def test_never_more_than_twenty_at_once():
    """However long the answers take, and whoever comes when all is in use."""
    book, everybody = Memory(), list[int]()
    fleet = [Process(book, f"p{n}", 1.5) for n in range(3)]

    async def work() -> None:
        paces = [one.pace() for one in fleet]

        async def later(one: Process, pace: Pace, seconds: float) -> None:
            await asyncio.sleep(seconds)
            for _ in range(4):
                await one.send(pace)
                everybody.append(sum(other.under_way for other in fleet))

        jobs = (
            later(one, pace, n * 0.4 + k * 0.01)
            for n, (one, pace) in enumerate(zip(fleet, paces, strict=True))
            for k in range(20)
        )
        watch = asyncio.ensure_future(_watch(fleet, everybody))
        await asyncio.gather(*jobs)
        watch.cancel()
        for pace in paces:
            await pace.close()

    play(work())
    assert max(everybody) <= 20
    assert [len(one.starts) for one in fleet] == [80, 80, 80]


async def _watch(fleet: list[Process], everybody: list[int]) -> None:
    while True:
        everybody.append(sum(one.under_way for one in fleet))
        await asyncio.sleep(0.005)


def test_looking_gives_way():
    """Beside one that writes, one that looks has a few requests a second, and all once that is over."""
    book = Memory()
    writing, looking = Process(book, "writes"), Process(book, "looks", writes=False)

    async def work() -> None:
        await asyncio.gather(writing.work(200), looking.work(100))

    play(work())
    until = writing.starts[-1]
    assert len(writing.starts) / until > 34
    assert 2 < sum(at <= until for at in looking.starts) / until < 6
    assert busiest_second([*writing.starts, *looking.starts]) <= 40


def test_what_became_void_is_rented_anew():
    """A request that is ready to leave when its block is over waits for another start."""
    book = Memory()
    one = Process(book)

    async def work() -> tuple[Start, Start, Turn]:
        pace = one.pace()
        async with pace.start() as turn:
            start = await pace.depart()
            await asyncio.sleep(BLOCK)  # as long as opening a connection may take
            await pace.claim(start, turn)
            first = Start(start.at, start.use)
            await asyncio.sleep(BLOCK)  # stopped between headers and body
            await pace.claim(start, turn)
        await pace.close()
        return first, start, turn

    first, start, turn = play(work())
    assert turn.use.permit.until <= first.use.permit.at
    assert first.use.permit.until <= start.use.permit.at
    assert {name for visit in book.visits for name in visit.unused} >= {turn.use.permit.name}
    assert first.use.permit.name not in {n for visit in book.visits for n in visit.unused}


def test_a_few_requests_are_a_few_visits():
    """A run that only asks who it is has no more to do with the book than with ChartMogul."""
    book = Memory()

    async def work() -> None:
        pace = Process(book).pace()
        for _ in range(2):
            await Process(book).send(pace)
        await pace.close()

    play(work())
    assert len(book.visits) <= 7
    assert book.visits[-1].leaves
    assert book.pages.accounts["acc"].tenants == {}


def test_nobody_stays_who_has_nothing_to_do():
    """Half a second later its part is everybody's; the next request rents anew."""
    book = Memory()

    async def work() -> int:
        one = Process(book)
        pace = one.pace()
        await one.send(pace)
        await asyncio.sleep(5)
        visits = len(book.visits)
        assert book.visits[-1].leaves
        await one.send(pace)
        await pace.close()
        return visits

    assert play(work()) < len(book.visits)


def test_connections_are_kept_while_they_are_in_use():
    """A request that takes long is known to all for as long."""
    book = Memory()

    async def work() -> int:
        pace = Process(book).pace()
        sending = asyncio.ensure_future(Process(book, lasts=10.0).send(pace))
        await asyncio.sleep(9)
        held = book.pages.accounts["acc"].tenants["one"].held
        await sending
        await pace.close()
        return held

    assert play(work()) >= 1


@pytest.mark.parametrize("when", ["at once", "later"])
def test_a_book_that_cannot_be_written(when):
    """Whoever waits hears of it, and so does whoever comes later; closing is quiet."""
    book = Memory(broken=when == "at once")

    async def work() -> list[object]:
        one = Process(book)
        pace = one.pace()
        if when == "later":
            await one.send(pace)
            book.broken = True
            await asyncio.sleep(1)
        sending = [asyncio.ensure_future(one.send(pace)) for _ in range(5)]
        ended = await asyncio.gather(*sending, return_exceptions=True)
        ended += await asyncio.gather(one.send(pace), return_exceptions=True)
        await pace.close()
        assert pace.under_way == 0
        return [type(error) for error in ended]

    assert play(work()) == [StateError] * 6


def test_cancelled_while_it_waits():
    """Nothing is lost with a request that is given up: the next one takes its start."""
    book = Memory()

    async def work() -> None:
        one = Process(book)
        pace = one.pace()
        waiting = [asyncio.ensure_future(one.send(pace)) for _ in range(12)]
        await asyncio.sleep(0.03)
        for task in waiting[:-1]:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        await one.send(pace)
        await pace.close()
        assert pace.under_way == 0
        assert len(one.starts) >= 2

    play(work())


def test_closing_what_was_never_used():
    """Nothing was rented, so nobody is told."""
    book = Memory()

    async def work() -> None:
        await Process(book).pace().close()
        rental = Rental(book, Terms("one", "acc"), lambda: None, lambda: None)  # type: ignore[arg-type,return-value]  # never asked
        await rental.close()

    play(work())
    assert book.visits == []


def test_a_pause_while_waiting_for_a_connection():
    """A process that wakes up and still waits for a connection gets it: what it wants is older than any idleness."""
    book = Memory()

    async def job() -> list[float]:
        full = Visit("other", "acc", wants=0, needs=20, holds=20)
        book.pages.visit(book.clock(), full)
        process = Process(book)
        sending = asyncio.ensure_future(process.send(process.pace()))
        await asyncio.sleep(0.2)
        assert process.starts == []
        loop = asyncio.get_running_loop()
        assert isinstance(loop, Loop)
        loop.pass_time(60.0)
        await asyncio.wait_for(sending, 5.0)
        return process.starts

    assert len(play(job())) == 1
