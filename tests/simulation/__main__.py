"""`python -m tests.simulation`: many worlds on all processors, and the story of each that breaks a promise."""

import argparse
import gc
import multiprocessing
import multiprocessing.util
import os
import shutil
import sys
import tempfile
import time
from collections import Counter, abc
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import chain
from pathlib import Path

from tests.simulation.kinds import KINDS, draw, named
from tests.simulation.mutations import MUTATIONS, mutated
from tests.simulation.plan import Plan, Skew
from tests.simulation.promises import judge
from tests.simulation.shrink import shrink
from tests.simulation.world import World

#: Memory, where there is some: worlds are small, and many.
_MEMORY = Path("/dev/shm")
#: Failures whose story is made short, which takes a while: the first of those that break the same promises. The
#: others are named.
_TOLD = 3
#: Plain worlds that are played for a broken worker before others are.
_PLAIN = 100
#: Sets of text are in an order of their own in each process, unless told otherwise; a seed has to say it all.
_HASHES = "PYTHONHASHSEED"


@dataclass(frozen=True, slots=True)
class Seen:
    """What one world showed: the promises that broke, and how much happened."""

    seed: int
    broken: dict[str, list[str]]
    story: list[str] = field(default_factory=list)
    events: Counter[str] = field(default_factory=Counter)


@contextmanager
def folder() -> abc.Iterator[Path]:
    """A folder for worlds, gone afterwards."""
    place = _MEMORY if os.access(_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="simulation-", dir=place) as name:
        yield Path(name)


def live(plan: Plan, place: Path) -> Seen:
    """Play a plan in a folder of this name, always the same, and judge it."""
    here = place / "world"
    shutil.rmtree(here, ignore_errors=True)
    here.mkdir()
    world = World(plan, here)
    world.play()
    return Seen(plan.seed, judge(world), world.story, _events(world))


def _events(world: World) -> Counter[str]:
    workers = [worker for played in world.played for worker in played.workers]
    events = Counter({f"{kind} (answer)": n for kind, n in world.account.struck.items()})
    for worker in workers:
        events["processes"] += 1
        if worker.dead:
            events["kills"] += 1
        elif worker.blow is not None and worker.blow.what != "kill":
            events[f"{worker.blow.what} (blow)"] += 1
    for scene in world.plan.scenes:
        events.update(f"people {deed.what}" for deed in scene.deeds)
    for worker in workers:
        events.update(["pauses"] * (worker.stopped > 0))
        events.update(["wrong clocks"] * (worker.skew != Skew(0.0)))
    events["requests"] = len(world.account.effects)
    return events


def _one(seed: int, kinds: tuple[str, ...]) -> Seen:
    return live(draw(seed, kinds), _place())


@cache
def _place() -> Path:
    """This process' folder for all its worlds: engines that know a path know their statements, too."""
    opened = folder()
    place = opened.__enter__()
    multiprocessing.util.Finalize(None, opened.__exit__, (None, None, None), exitpriority=10)
    return place


def first_caught(name: str, seeds: abc.Iterable[int]) -> Seen | None:
    """The first world that shows the promise broken that a mutation breaks.

    Plain worlds come first: they are played in a third of the time, and show most of them.
    """
    mutation, all_seeds = MUTATIONS[name], list(seeds)
    plain = (draw(seed, ()) for seed in all_seeds[:_PLAIN])
    with mutated(name), folder() as place:
        drawn = chain(plain, map(draw, all_seeds))
        worlds = (live(plan, place) for plan in mutation.plans or drawn)
        return next((seen for seen in worlds if mutation.breaks in seen.broken), None)


def _tell(seen: Seen, kinds: tuple[str, ...]) -> None:
    """A failure: its seed, what is broken, and the shortest story that shows it."""
    print(f"\nseed {seen.seed} breaks {', '.join(seen.broken)}")

    def still_fails(plan: Plan) -> bool:
        with folder() as place:
            return bool(live(plan, place).broken.keys() & seen.broken.keys())

    plan = shrink(draw(seen.seed, kinds), still_fails)
    with folder() as place:
        small = live(plan, place)
    for name, broken in small.broken.items():
        print(f"  {name}: {broken[0]}")
    print(f"  {len(plan.scenes)} scenes, present: {plan.present}, stale {plan.stale:g} s")
    for name in ("kinds", "switches", "undefined", "nobodies", "astray", "pinned", "server_clock"):
        if value := getattr(plan, name):
            print(f"  {name}: {value}")
    for scene in plan.scenes:
        for one in (*scene.troubles, *scene.blows, *scene.pauses, *scene.clocks, *scene.companions):
            print(f"  {one}")
        print(f"  accounts: {[row.values for row in scene.rows.accounts]}")
        print(f"  people: {[row.values for row in scene.rows.people]}")
    print("\n".join(f"  {line}" for line in small.story), flush=True)


def _spare_the_collector() -> None:
    """Modules live as long as a process does: going through them time and again took a tenth of a campaign."""
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


def campaign(seeds: abc.Sequence[int], processes: int, kinds: tuple[str, ...]) -> int:
    """Play all seeds; how many broke a promise."""
    began, events, broken = time.monotonic(), Counter[str](), 0
    ways, told = set[frozenset[str]](), 0
    with multiprocessing.Pool(processes, _spare_the_collector) as pool:
        one = partial(_one, kinds=kinds)
        for number, seen in enumerate(pool.imap_unordered(one, seeds, chunksize=4), 1):
            events.update(seen.events)
            if seen.broken:
                broken += 1
                ways.add(frozenset(seen.broken))
                if len(ways) > told and told < _TOLD:
                    told += 1
                    _tell(seen, kinds)
                else:
                    print(f"\nseed {seen.seed} breaks {', '.join(seen.broken)}", flush=True)
            if number % 1000 == 0:
                print(f"{number:,} worlds, {broken} broken", flush=True)
    seconds = time.monotonic() - began
    _close(len(seeds), broken, seconds, events)
    return broken


def _close(worlds: int, broken: int, seconds: float, events: Counter[str]) -> None:
    plain = ("processes", "requests")
    faults = sum(count for name, count in events.items() if name not in plain)
    for name, count in events.most_common():
        if name not in plain:
            print(f"{count:10,}  {name}")
    print(
        f"{worlds:,} worlds, {events['processes']:,} processes, {events['requests']:,} requests,"
        f" {faults:,} faults in {seconds:.0f} s: {worlds / seconds:.1f} worlds"
        f" and {faults / seconds:.0f} faults a second; {broken} broke a promise"
    )


def net(most: int) -> int:
    """Show for each broken worker which seed catches it; how many get away."""
    away = 0
    for name, mutation in MUTATIONS.items():
        caught = first_caught(name, range(most))
        away += caught is None
        if caught is None:
            print(f"  NOT CAUGHT in {most} worlds   {name}: {mutation.what}")
        else:
            which = "made for it" if mutation.plans else f"seed {caught.seed}"
            print(f"  {which:11}   {', '.join(caught.broken):40}   {mutation.what}", flush=True)
    return away


def main() -> int:
    """0 where every promise held."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="how many worlds")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="this world alone, with its whole story")
    parser.add_argument("--mutations", action="store_true", help="catch workers that are broken")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--kinds",
        type=named,
        default="default",
        help=f"all, default, none, or some of {', '.join(KINDS)}, with commas between them",
    )
    told = parser.parse_args()
    if os.environ.get(_HASHES) != "0":
        os.execve(
            sys.executable,
            [sys.executable, "-m", "tests.simulation", *sys.argv[1:]],
            {**os.environ, _HASHES: "0"},
        )
    if told.mutations:
        return min(net(told.seeds), 1)
    if told.seed is not None:
        seen = _one(told.seed, told.kinds)
        print("\n".join(seen.story))
        print(f"broken: {seen.broken or 'nothing'}")
        return bool(seen.broken)
    seeds = range(told.first, told.first + told.seeds)
    return min(campaign(seeds, told.processes, told.kinds), 1)


if __name__ == "__main__":
    raise SystemExit(main())
