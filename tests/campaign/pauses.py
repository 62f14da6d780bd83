"""A pause: a run is stopped for longer than its lease lasts, another one delivers, and the first one goes on."""

import random
import signal
import subprocess
import time
from dataclasses import dataclass, field

from tests.campaign import proof
from tests.campaign.proxy import Weather
from tests.campaign.site import Ended, Site
from tests.campaign.wave import KILLED, LOCKED, Waves

#: Seconds: a lease lasts 90, and 15 may be gone since it was renewed.
_SHORTEST, _LONGEST, _STEP = 70.0, 130.0, 2.0
#: How the stopped run may end: done, rows rejected, no usable answer, its data source taken over.
_ENDS = (0, 1, 3, LOCKED, KILLED)


@dataclass(slots=True)
class Pauses:
    """What one place goes through; `wrong` is empty where every promise was kept."""

    site: Site
    chance: random.Random
    #: New accounts before the run that is stopped.
    new: int
    wrong: list[str] = field(default_factory=list)
    #: How many runs were stopped in mid-run.
    stopped: int = 0

    def take_one(self) -> None:
        """Stop a run, deliver newer values with another one, and let the first go on; then all must be there."""
        site, chance = self.site, self.chance
        site.warehouse.change(self.new)
        site.proxy.weather = Weather(chance.choice((0.0, 0.0, 0.1)))
        first = site.start("--json")
        site.wait_for_requests(first, chance.randint(1, 60))
        if first.poll() is None:
            first.send_signal(signal.SIGSTOP)
            self.stopped += 1
            site.proxy.calm()
            site.warehouse.change(self.new // 4)
            self._overtake(first)
        else:
            self._judge(site.end(first))
        waves = Waves(site, chance, self.new)
        waves.come_of_age()
        waves.settle()
        self.wrong += waves.wrong

    def _overtake(self, first: "subprocess.Popen[str]") -> None:
        """Another run does all that there is to do; what it delivered stays, whatever the first one goes on with.

        One that was stopped while it wrote into the state holds its lock: then nobody can take its place (exit 3), and
        it may go on.
        """
        other = self._deliver()
        self._judge(other)
        missing = set(proof.lost(self.site))
        first.send_signal(signal.SIGCONT)
        if self.chance.random() < 0.3:
            time.sleep(self.chance.uniform(0.0, 1.0))
            first.kill()
        self._judge(self.site.end(first))
        twice = proof.duplicates(self.site)
        self.wrong += [f"a run that was stopped went on: {what}" for what in twice]
        stale = set(proof.lost(self.site)) - missing if other.code in (0, 1) else set()
        self.wrong += [f"a run that was stopped went on: {what}" for what in sorted(stale)]

    def _deliver(self) -> Ended:
        """The first run that is not told that the data source is taken."""
        began = time.monotonic()
        time.sleep(_SHORTEST)
        while (ended := self.site.run("--json")).code == LOCKED:
            if time.monotonic() - began > _LONGEST:
                self.wrong.append(f"a lease outlives its {_LONGEST:g} seconds: {ended.err}")
                break
            time.sleep(_STEP)
        return ended

    def _judge(self, ended: Ended) -> None:
        if ended.code not in _ENDS or "Traceback" in ended.err:
            self.wrong.append(f"a run ended with {ended.code}: {ended.err[-2000:]}")
