"""A campaign: waves over several places at once, and what they add up to."""

import random
import time
from collections import Counter, abc
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.campaign import proof
from tests.campaign.pauses import Pauses
from tests.campaign.proxy import CUTS, Trick
from tests.campaign.site import Site, opened
from tests.campaign.wave import KILLED, Waves


@dataclass(frozen=True, slots=True)
class Plan:
    """How many kills and cuts there are to be at least, in all; the rest is how they are shared out."""

    kills: int
    cuts: int
    seed: int
    places: int = 3
    #: Runs that are stopped for longer than their lease lasts, each in a place of its own, all at the same time.
    pauses: int = 0
    #: Kills in a wave, and new accounts in each, which bring two people along.
    each: int = 25
    new: int = 40


@dataclass(frozen=True, slots=True)
class Result:
    """What one place, or all of them, went through; `wrong` is empty where every promise was kept."""

    kills: int
    pauses: int
    moments: Counter[str]
    tricks: Counter[Trick]
    codes: Counter[int]
    rows: int
    requests: int
    doubts: int
    duplicates: int
    lost: int
    wrong: tuple[str, ...]
    seconds: float

    @property
    def runs(self) -> int:
        """All runs, those that were killed included."""
        return sum(self.codes.values())

    @property
    def cuts(self) -> int:
        """How often the network took an answer away."""
        return sum(self.tricks[trick] for trick in CUTS)


def conduct(plan: Plan, folder: Path, tell: abc.Callable[[str], None]) -> Result:
    """Carry a campaign out, in folders of its own below `folder`: first the kills and cuts, then the pauses."""
    began = time.monotonic()
    with ThreadPoolExecutor(plan.places) as pool:
        shares = list(pool.map(lambda n: _place(plan, folder, n, tell), range(plan.places)))
    with ThreadPoolExecutor(max(plan.pauses, 1)) as pool:
        shares += pool.map(lambda n: _paused(plan, folder, n, tell), range(plan.pauses))
    return Result(
        sum(one.kills for one in shares),
        sum(one.pauses for one in shares),
        sum((one.moments for one in shares), Counter()),
        sum((one.tricks for one in shares), Counter()),
        sum((one.codes for one in shares), Counter()),
        sum(one.rows for one in shares),
        sum(one.requests for one in shares),
        sum(one.doubts for one in shares),
        sum(one.duplicates for one in shares),
        sum(one.lost for one in shares),
        tuple(problem for one in shares for problem in one.wrong),
        time.monotonic() - began,
    )


def _place(plan: Plan, folder: Path, number: int, tell: abc.Callable[[str], None]) -> Result:
    began = time.monotonic()
    chance = random.Random(f"{plan.seed} {number}")
    with opened(folder / f"place-{number}", chance) as site:
        waves = Waves(site, chance, plan.new)
        share = -(-plan.kills // plan.places), -(-plan.cuts // plan.places)
        waves.until(*share, plan.each, tell)
        return _result(site, waves.kills, 0, waves.moments, waves.wrong, began)


def _paused(plan: Plan, folder: Path, number: int, tell: abc.Callable[[str], None]) -> Result:
    began = time.monotonic()
    chance = random.Random(f"{plan.seed} pause {number}")
    with opened(folder / f"pause-{number}", chance) as site:
        pauses = Pauses(site, chance, plan.new)
        pauses.take_one()
        tell(f"{site.place.folder.name}: {pauses.stopped} pauses, {site.requests} requests")
        killed = site.codes[KILLED]
        return _result(site, killed, pauses.stopped, Counter(), pauses.wrong, began)


def _result(
    site: Site,
    kills: int,
    pauses: int,
    moments: Counter[str],
    wrong: list[str],
    began: float,
) -> Result:
    return Result(
        kills,
        pauses,
        moments,
        site.proxy.counts,
        site.codes,
        site.warehouse.rows,
        site.requests,
        site.doubts,
        len(proof.duplicates(site)),
        len(proof.lost(site)),
        tuple(wrong),
        time.monotonic() - began,
    )
