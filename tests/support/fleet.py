"""Several processes of the program on one state, and what the server saw of them together."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from bisect import bisect_left
from collections import abc
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from sync.sandbox.running import RunningSandbox
from sync.sandbox.sandbox import DATA_SOURCE, Call
from tests.unit.sandbox.caller import Caller

_MAPPING = """\
version: 1
name: accounts{number}
source: {{query: "select id, company from accounts"}}
destination: {{object: customer, data_source: {source}}}
fields: {{external_id: id, company: company}}
"""
_OURS = ("SYNC_", "CHARTMOGUL_", "WAREHOUSE_URL")
_ROOT = Path(__file__).parents[2]


@dataclass(slots=True)
class Ship:
    """One process, and the data source that it writes."""

    number: int
    source: str
    process: "subprocess.Popen[str]"


@dataclass(slots=True)
class Fleet:
    """Processes that share a state; each writes customers of a data source of its own."""

    folder: Path
    sandbox: RunningSandbox
    state: str
    #: Another account, for some of them.
    other: RunningSandbox | None = None
    rows: int = 4000
    ships: list[Ship] = field(default_factory=list)

    def __post_init__(self) -> None:
        with closing(sqlite3.connect(self.folder / "warehouse.db")) as db, db:
            db.execute("create table accounts (id text, company text)")
            some = ((f"acc_{n}", f"Company {n}") for n in range(self.rows))
            db.executemany("insert into accounts values (?, ?)", some)

    def start(
        self,
        *options: str,
        account: RunningSandbox | None = None,
        second: str = "",
        **variables: str,
    ) -> Ship:
        """One more process; `second` names the key of another account, for a second mapping."""
        server, number = account or self.sandbox, len(self.ships)
        made = Caller(server.sandbox, server.key)("POST", "/data_sources", {"name": f"S{number}"})
        place = self.folder / f"process{number}"
        place.mkdir()
        (place / "accounts.yml").write_text(
            _MAPPING.format(number=number, source=made.json["uuid"])
        )
        if second:
            destination = f"object: customer, api_key: '{second}', data_source: {DATA_SOURCE}"
            text = _MAPPING.format(number="_of_another", source=DATA_SOURCE)
            text = re.sub(r"destination: {.*?}", f"destination: {{{destination}}}", text)
            (place / "another.yml").write_text(text)
        told = {
            "WAREHOUSE_URL": f"sqlite:///{self.folder / 'warehouse.db'}",
            "CHARTMOGUL_API_URL": server.url,
            "CHARTMOGUL_API_KEY": server.key,
            "SYNC_STATE_URL": self.state,
            "SYNC_REPORTS": str(place / "reports"),
            "SYNC_TMP": str(place),
            "SYNC_LOG": "json",
            "PYTHONPATH": str(_ROOT),
            **variables,
        }
        base = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        with (place / "log").open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "sync", *(options or ("run",)), str(place)],
                cwd=place,
                env=base | told,
                stdout=log,
                stderr=log,
                text=True,
            )
        ship = Ship(number, made.json["uuid"], process)
        self.ships.append(ship)
        return ship

    def calls(self, ship: Ship | None = None, server: RunningSandbox | None = None) -> list[Call]:
        """What a server saw: of all, or the writes of one."""
        calls = [
            call
            for call in (server or self.sandbox).sandbox.calls()
            if call.path != "/v1/data_sources"
        ]
        if ship is None:
            return calls
        return [
            call
            for call in calls
            if call.method == "POST" and call.json["data_source_uuid"] == ship.source
        ]

    def wait_for(self, condition: abc.Callable[[], bool], seconds: float = 60.0) -> float:
        """Until something is so; the moment, in seconds since 1970."""
        until = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < until, self.said()
            assert all(ship.process.poll() is None for ship in self.ships), self.said()
            time.sleep(0.02)
        return time.time()

    def all_write(self) -> bool:
        """Whether each process has begun to write."""
        servers = [one for one in (self.sandbox, self.other) if one is not None]
        return all(any(self.calls(ship, server) for server in servers) for ship in self.ships)

    def end(self) -> list[int]:
        """Ask all to end, and wait; their exit codes."""
        for ship in self.ships:
            if ship.process.poll() is None:
                ship.process.send_signal(signal.SIGCONT)
                ship.process.send_signal(signal.SIGTERM)
        return [ship.process.wait(30) for ship in self.ships]

    def said(self) -> str:
        """The logs, for a failure."""
        return "\n".join(
            (self.folder / f"process{n}" / "log").read_text()[-2000:]
            for n in range(len(self.ships))
        )


def busiest_second(calls: abc.Iterable[Call]) -> int:
    """The most requests in any second, as the server counts them."""
    times = sorted(call.at for call in calls)
    return max((bisect_left(times, at + 1.0) - n for n, at in enumerate(times)), default=0)


def rate(calls: abc.Iterable[Call], begin: float, end: float) -> float:
    """Requests a second between two moments."""
    return sum(begin <= call.at < end for call in calls) / (end - begin)
