"""A place of the campaign: warehouse, state and reports in a folder, and the proxy before the sandbox."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter, abc
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sync.sandbox.running import RunningSandbox
from tests.campaign.proxy import Proxy
from tests.campaign.warehouse import CONTACTS, CUSTOMERS, Warehouse
from tests.support.runner import Place

#: Variables that the program must not inherit; without the last, every process compiles it anew.
_OURS = ("SYNC_", "CHARTMOGUL_", "WAREHOUSE_URL", "PYTHONDONTWRITEBYTECODE")
#: Seconds after which a run counts as hanging; a lost create is looked for for 22.
_HANGS = 180.0
#: Microseconds: creates in doubt are tried again when ten minutes are over.
_TEN_MINUTES = 601 * 1_000_000


@dataclass(frozen=True, slots=True)
class Ended:
    """A run that has ended by itself or was killed (-9)."""

    code: int
    out: str
    err: str


@dataclass(slots=True)
class Site:
    """What the program works on, and the program itself."""

    place: Place
    proxy: Proxy
    warehouse: Warehouse
    codes: Counter[int] = field(default_factory=Counter)
    #: Creates that were in doubt when ten minutes were over.
    doubts: int = 0

    @property
    def requests(self) -> int:
        """How many requests have reached the sandbox."""
        return len(self.place.sandbox.sandbox.requests)

    def start(self, *options: str, **variables: str) -> "subprocess.Popen[str]":
        """Start a run."""
        base = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        told = {
            **self.place.environment,
            "CHARTMOGUL_API_URL": f"http://127.0.0.1:{self.proxy.port}/v1",
            "PYTHONPATH": str(Path(__file__).parents[2]),
            **variables,
        }
        return subprocess.Popen(
            [sys.executable, "-m", "sync", "run", *options],
            cwd=self.place.folder,
            env=base | told,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def end(self, process: "subprocess.Popen[str]") -> Ended:
        """Wait for a run, and count how it ended."""
        try:
            out, err = process.communicate(timeout=_HANGS)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGABRT)
            out, err = process.communicate()
        self.codes[process.returncode] += 1
        return Ended(process.returncode, out, err)

    def run(self, *options: str, **variables: str) -> Ended:
        """A whole run."""
        return self.end(self.start(*options, **variables))

    def wait_for_requests(self, process: "subprocess.Popen[str]", count: int) -> None:
        """Wait until its requests are so many, it has ended, or the rest takes too long after the first."""
        before = self.requests
        for more, seconds in ((1, 20.0), (count, 5.0)):
            until = time.monotonic() + seconds
            while self.requests < before + more and time.monotonic() < until:
                if process.poll() is not None:
                    return
                time.sleep(0.005)

    def age(self) -> None:
        """Let ten minutes be over, for creates in doubt and for files that a killed run has left."""
        for file in self.place.folder.glob("spool-*"):
            os.utime(file, (0, 0))
        if not (self.place.folder / "state.db").exists():
            return
        limit = int(time.time() * 1_000_000) - _TEN_MINUTES
        with suppress(sqlite3.OperationalError):  # killed before there were tables
            fresh = f"from sync_doubts where asked_at > {limit}"
            self.doubts += self.ask_state(f"select count(*) {fresh}")[0][0]
            earlier = ", ".join(
                f"{name} = {name} - {much}"
                for name, much in (("asked_at", _TEN_MINUTES), ("up", _TEN_MINUTES / 1_000_000))
            )
            self.ask_state(f"update sync_doubts set {earlier}")

    def ask_state(self, sql: str) -> list[tuple[Any, ...]]:
        """Look into the state, or change it."""
        with closing(sqlite3.connect(self.place.folder / "state.db", timeout=30)) as db, db:
            return db.execute(sql).fetchall()

    def reports(self) -> list[Path]:
        """The complete reports."""
        folder = self.place.folder / "reports"
        return [p for p in folder.glob("[!.]*") if p.name != "latest"]

    def world(self) -> Any:
        """What the sandbox holds."""
        return self.place.sandbox.sandbox.world


@contextmanager
def opened(folder: Path, chance: random.Random) -> abc.Iterator[Site]:
    """A place of its own in `folder`."""
    folder.mkdir()
    file = folder / "warehouse.db"
    with ExitStack() as stack:
        sandbox = stack.enter_context(RunningSandbox())
        place = Place(folder, sandbox, f"sqlite:///{file}")
        place.write("customers", CUSTOMERS)
        place.write("contacts", CONTACTS)
        port = urlsplit(sandbox.url).port
        assert port is not None
        proxy = stack.enter_context(Proxy(port, random.Random(chance.random())))
        yield Site(place, proxy, Warehouse(file, random.Random(chance.random())))
