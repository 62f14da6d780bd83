"""The limiter, on a clock of its own."""

import asyncio
from bisect import bisect_left
from dataclasses import dataclass
from itertools import cycle, pairwise, repeat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.chartmogul.pace import Pace
from tests.unit.chartmogul.scene import Loop

FULL = 40 / 1.02


@dataclass(frozen=True)
class Job:
    """A request that arrives, takes its time, ends somehow, or is cancelled after a while."""

    arrives: float = 0.0
    lasts: float = 0.0
    ends: str = "succeeded"
    cancelled_after: float | None = None
    stall: float = 0.0


def drive(
    jobs: list[Job], per_second: float = 40, connections: int = 20, late: list[float] | None = None
) -> tuple[list[float], int, Pace]:
    """Send jobs through a pace: when they started, how many at once at most, and the pace."""
    loop = Loop(cycle(late) if late else repeat(0.0))
    pace = Pace(per_second, connections, clock=loop, sleep=loop.sleep)
    starts: list[float] = []
    most = 0

    async def request(job: Job) -> None:
        nonlocal most
        async with pace.start():
            starts.append(loop.now)
            most = max(most, pace.under_way)
            loop.now += job.stall
            await loop.sleep(job.lasts)
            getattr(pace, job.ends)()

    async def follow(job: Job) -> None:
        await loop.sleep(job.arrives)
        task = asyncio.ensure_future(request(job))
        if job.cancelled_after is not None:
            await loop.sleep(job.cancelled_after)
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(loop.run([follow(job) for job in jobs]))
    return starts, most, pace


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.sampled_from([0.0, 0.01, 0.1, 0.4]), min_size=1, max_size=120),
    st.sampled_from([1, 7, 40]),
)
def test_departures_are_spaced_however_long_connections_take(delays, per_second):
    """Those that had to open a connection do not leave together with those that had one."""
    loop = Loop(repeat(0.0))
    pace = Pace(per_second, clock=loop, sleep=loop.sleep)
    left: list[float] = []

    async def request(delay: float) -> None:
        async with pace.start():
            await loop.sleep(delay)
            await pace.depart()
            left.append(loop.now)

    asyncio.run(loop.run([request(delay) for delay in delays]))
    assert busiest_second(left) <= per_second


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from([0.0] * 9 + [0.03, 0.2]), min_size=60, max_size=200))
def test_a_pause_between_turn_and_sending_makes_no_burst(pauses):
    """What this process is late with is late for the second's limit, too."""
    loop = Loop(repeat(0.0))
    pace = Pace(clock=loop, sleep=loop.sleep)
    left: list[float] = []

    async def request(pause: float) -> None:
        async with pace.start():
            start = await pace.depart()
            loop.now += pause
            pace.departed(start)
            left.append(loop.now)

    asyncio.run(loop.run([request(pause) for pause in pauses]))
    assert busiest_second(left) <= 40


def busiest_second(starts: list[float]) -> int:
    """The most starts in any second, both ends included but for a microsecond."""
    return max(
        (bisect_left(starts, start + 1 - 1e-6) - place for place, start in enumerate(starts)),
        default=0,
    )


JOBS = st.lists(
    st.builds(
        Job,
        arrives=st.floats(0, 4),
        lasts=st.sampled_from([0.0, 0.001, 0.05, 0.5, 3.0]),
        ends=st.sampled_from(["succeeded"] * 8 + ["throttled", "crowded"]),
        cancelled_after=st.one_of(st.none(), st.none(), st.floats(0, 2)),
        stall=st.sampled_from([0.0] * 9 + [2.0]),
    ),
    max_size=150,
)


@settings(max_examples=60, deadline=None)
@given(
    JOBS,
    st.sampled_from([1, 2, 7, 20, 39, 40]),
    st.sampled_from([1, 3, 20]),
    st.lists(st.sampled_from([0.0, 0.0005, 0.004, 0.02, 0.4, 2.0]), min_size=1, max_size=20),
)
def test_no_second_holds_too_many_starts(jobs, per_second, connections, late):
    """Whatever stalls, oversleeps, fails or is cancelled, both limits hold and nothing leaks."""
    starts, most, pace = drive(jobs, per_second, connections, late)

    assert busiest_second(sorted(starts)) <= per_second
    assert most <= connections
    assert pace.under_way == 0


def test_a_crowd_is_spaced_evenly():
    """400 waiting requests start 39.2 a second, none in a burst."""
    starts, _, _ = drive([Job() for _ in range(400)])

    gaps = [after - before for before, after in pairwise(starts)]
    assert max(gaps) == pytest.approx(1 / FULL)
    assert min(gaps) == pytest.approx(1 / FULL)


def test_a_sleep_that_is_a_little_late_costs_no_tempo():
    """Timers wake some milliseconds late; the average stays at what is allowed."""
    starts, _, _ = drive([Job() for _ in range(400)], late=[0.001, 0.0, 0.004])

    assert len(starts) / (starts[-1] - starts[0]) == pytest.approx(FULL, rel=0.005)


def test_idle_time_saves_nothing_up():
    """After ten quiet seconds the next crowd is as evenly spaced as the first."""
    starts, _, _ = drive([Job(), *(Job(arrives=10) for _ in range(60))])

    gaps = [after - before for before, after in pairwise(starts[1:])]
    assert min(gaps) == pytest.approx(1 / FULL)


def test_a_stall_with_all_slots_taken_ends_in_no_burst():
    """Twenty requests stand still for two seconds; those after them make up for a tenth of a second."""
    starts, most, _ = drive([Job(lasts=2 if n < 20 else 0.01) for n in range(150)])

    assert most == 20
    assert busiest_second(starts) <= 40
    assert busiest_second([2 * start for start in starts]) <= 24


def test_late_starts_are_made_up_for():
    """Answers of very different length take all slots now and then; that costs next to no tempo."""
    starts, _, _ = drive([Job(lasts=(0.01, 0.8, 0.4)[n % 3]) for n in range(1200)])

    assert len(starts) / (starts[-1] - starts[0]) > 0.99 * FULL


def test_nothing_is_made_up_for_after_429():
    """While ChartMogul asks for less, a stall is lost time."""
    slow = [Job(lasts=3, ends="throttled") for _ in range(20)]
    starts, _, _ = drive([*slow, *(Job(lasts=0.3) for _ in range(100))])

    assert busiest_second(starts[20:]) <= 0.7 * FULL + 5


def test_first_come_first_served():
    """Requests start in the order in which they asked, also with one slot."""
    order: list[int] = []
    loop = Loop(repeat(0.0))
    pace = Pace(40, 1, clock=loop, sleep=loop.sleep)

    async def request(number: int) -> None:
        async with pace.start():
            order.append(number)
            await loop.sleep(0.1)

    asyncio.run(loop.run([request(number) for number in range(30)]))
    assert order == list(range(30))


def test_a_cancelled_request_leaves_slot_and_turn_to_the_next():
    """Those cancelled while waiting, for a slot or for the turn, cost the others nothing."""
    waiting = [Job(arrives=0.1, cancelled_after=0.2) for _ in range(50)]
    starts, _, pace = drive([Job(lasts=1), *waiting, Job(arrives=0.2)], connections=1)

    assert starts == pytest.approx([0.0, 1.0])
    assert pace.under_way == 0


async def test_a_slot_that_comes_with_the_cancelling_is_passed_on():
    """Cancelled in the very moment in which its slot comes, a request hands the slot on."""
    pace = Pace(connections=1)
    async with pace.start():
        tasks = [asyncio.ensure_future(_start(pace)) for _ in range(2)]
        await asyncio.sleep(0)
    tasks[0].cancel()

    first, second = await asyncio.gather(*tasks, return_exceptions=True)
    assert (type(first), second) == (asyncio.CancelledError, None)
    assert pace.under_way == 0


async def test_a_slot_never_goes_to_one_who_has_left():
    """Cancelled just before a slot is free, a request is passed over."""
    pace = Pace(connections=1)
    async with pace.start():
        tasks = [asyncio.ensure_future(_start(pace)) for _ in range(2)]
        await asyncio.sleep(0)
        tasks[0].cancel()

    first, second = await asyncio.gather(*tasks, return_exceptions=True)
    assert (type(first), second) == (asyncio.CancelledError, None)
    assert pace.under_way == 0


async def _start(pace: Pace) -> None:
    async with pace.start():
        pass


def test_many_429_together_are_one_cut():
    """429s arrive in bundles: one second sees one cut, to 70 %."""
    _, _, pace = drive([Job(lasts=1, ends="throttled") for _ in range(20)])

    assert pace.allowance == pytest.approx(FULL * 0.7)
    assert pace.connections == 20


def test_tempo_never_falls_below_one_a_second():
    """However many 429s, a request a second remains; less only where the setting says so."""
    jobs = [Job(arrives=2 * n, ends="throttled") for n in range(30)]

    assert drive(jobs)[2].allowance == 1.0
    assert drive(jobs, per_second=0.5)[2].allowance == pytest.approx(0.5 / 1.02)


def test_503_halves_the_parallelism_once_a_second():
    """503 means too many at once: 20, 10, 5, 2, 1, and never none; the tempo stays."""
    seen = []
    for cuts in range(1, 7):
        jobs = [Job(arrives=2 * n, ends="crowded") for n in range(cuts) for _ in range(5)]
        pace = drive(jobs)[2]
        seen.append(pace.connections)

    assert seen == [10, 5, 2, 1, 1, 1]
    assert pace.allowance == pytest.approx(FULL)


def test_both_recover_slowly_up_to_the_setting():
    """Good answers give back what was cut, step by step, and no more than the setting."""
    _, _, pace = drive([Job(ends="crowded"), Job(arrives=1.5, ends="throttled")])
    cut = (pace.connections, pace.allowance)
    for _ in range(20):
        pace.succeeded()
    little = (pace.connections, pace.allowance)
    for _ in range(1000):
        pace.succeeded()

    assert cut == pytest.approx((10, FULL * 0.7))
    assert little == pytest.approx((11, FULL * 0.7 + 1))
    assert (pace.connections, pace.allowance) == (20, FULL)


def test_recovered_slots_let_the_waiting_in():
    """A slot that comes back by recovery is given to the first in the queue at once."""
    crowded = Job(ends="crowded")
    starts, most, _ = drive([crowded, *(Job(arrives=1, lasts=0.5) for _ in range(120))])

    assert len(starts) == 121
    assert most > 10


def test_rate_is_measured_over_five_seconds():
    """The progress line shows what was really started, not what would be allowed."""
    loop = Loop(repeat(0.0))
    pace = Pace(clock=loop, sleep=loop.sleep)
    asyncio.run(loop.run([_start(pace) for _ in range(10)]))

    assert pace.rate == 2.0
    loop.now += 6
    assert pace.rate == 0.0


@pytest.mark.parametrize(("per_second", "connections"), [(41, 20), (40, 21), (0, 20), (40, 0)])
def test_limits_of_chartmogul_cannot_be_set_aside(per_second, connections):
    """No setting goes beyond 40 a second or 20 at once, nor to nothing."""
    with pytest.raises(ValueError, match="at most 40"):
        Pace(per_second, connections)
