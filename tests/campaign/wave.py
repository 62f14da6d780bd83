"""A wave: the warehouse changes, runs are killed and cut off, then all is calm and everything must be there."""

import random
import time
from collections import Counter, abc
from dataclasses import dataclass, field

from tests.campaign import proof
from tests.campaign.proxy import CUTS, Trick, Weather
from tests.campaign.site import Ended, Site

#: The exit code of a process that was killed.
KILLED = -9
#: After so many kills the warehouse changes in mid-wave.
_STEP = 5
#: The exit code where another process writes.
LOCKED = 5
#: What a run in a storm is told: it gives up on a request early, and on the whole world soon.
STORMY = {"SYNC_TIMEOUT": "1", "SYNC_OUTAGE": "6"}
_RATES = (0.0, 0.05, 0.15, 0.3)


@dataclass(slots=True)
class Waves:
    """The waves that roll over one place, and what they have shown so far."""

    site: Site
    chance: random.Random
    #: New accounts in every wave.
    new: int
    wrong: list[str] = field(default_factory=list)
    #: How many requests had come when a run was killed, in words.
    moments: Counter[str] = field(default_factory=Counter)

    @property
    def kills(self) -> int:
        """How many runs were killed."""
        return self.site.codes[KILLED]

    @property
    def cuts(self) -> int:
        """How often the network took an answer away."""
        return sum(self.site.proxy.counts[trick] for trick in CUTS)

    def until(self, kills: int, cuts: int, each: int, tell: abc.Callable[[str], None]) -> None:
        """Wave after wave, of `each` kills at most, until there were so many of both."""
        wave = 0
        while (self.kills < kills or self.cuts < cuts) and not self.wrong:
            wave += 1
            self.roll(min(each, max(kills - self.kills, 0)), enough=cuts)
            tell(
                f"{self.site.place.folder.name}: wave {wave}, {self.kills} kills, {self.cuts} cuts,"
                f" {self.site.warehouse.rows} rows, {self.site.requests} requests"
            )

    def roll(self, kills: int, enough: int) -> None:
        """One wave with so many kills, and undisturbed runs after it."""
        goal = self.kills + kills
        self.site.warehouse.change(self.new)
        for _ in range(0, kills, _STEP):
            self.come_of_age()
            self.site.warehouse.change(self.new // 4)
            enough_now = min(self.kills + _STEP, goal)
            while self.kills < enough_now:
                self._kill_one()
        if self.cuts < enough:
            self._disturb()
        self.come_of_age()
        self.settle()

    def _kill_one(self) -> None:
        """A run in some weather, killed at some moment; sometimes another one is started beside it."""
        site, chance = self.site, self.chance
        site.proxy.weather = Weather(chance.choice(_RATES))
        before = site.requests
        processes = [site.start("--json", **STORMY)]
        if chance.random() < 0.1:
            processes.append(site.start("--json", **STORMY))
        for process in processes:
            if chance.random() < 0.8:
                site.wait_for_requests(process, chance.randint(1, 40))
            self._pause(chance.choice((0.02, 0.2, 0.8)))
            process.kill()
        ends = [site.end(process) for process in processes]
        asked = site.requests - before
        for ended in ends:
            if ended.code == KILLED:
                self.moments["before its first request" if not asked else "among requests"] += 1
            elif not (ended.code == LOCKED and len(ends) > 1):
                self._judge(ended)

    def _pause(self, seconds: float) -> None:
        time.sleep(self.chance.uniform(0, seconds))

    def _disturb(self) -> None:
        """A run that nobody kills, but the network is bad; then one that finds nobody at all."""
        self.site.proxy.weather = Weather(0.15)
        self._judge(self.site.run("--json", **STORMY))
        self.site.proxy.weather = Weather(1.0, (Trick.RESET_BEFORE, Trick.RESET_AFTER))
        ended = self.site.run("--json", SYNC_TIMEOUT="1", SYNC_OUTAGE="1")
        if ended.code != 3:
            self.wrong.append(f"nobody answered, and a run ended with {ended.code}")
        self._judge(ended)

    def come_of_age(self) -> None:
        """All that was held back arrives, and ten minutes pass."""
        self.site.proxy.calm()
        self.site.age()

    def settle(self) -> None:
        """Undisturbed, one run does what is left; after it there is nothing to send, even if all is compared."""
        ended = self.site.run("--json")
        self._judge(ended)
        if ended.code != 0:
            self.wrong.append(f"undisturbed, a run ended with {ended.code}: {ended.out}")
        self._go_on()
        self.wrong += proof.duplicates(self.site) + proof.lost(self.site)
        self.wrong += proof.torn(self.site) + proof.unrecorded(self.site)
        self._go_on("--full")

    def _go_on(self, *options: str) -> None:
        """A further run, in which everything is as it should be."""
        sent = self._writes()
        self._judge(self.site.run("--json", *options))
        if more := self._writes() - sent:
            self.wrong.append(f"a further run {' '.join(options)} sent {more} writes")

    def _writes(self) -> int:
        return sum(call.method != "GET" for call in self.site.place.sandbox.sandbox.calls())

    def _judge(self, ended: Ended) -> None:
        self.wrong += proof.untrue(ended)
