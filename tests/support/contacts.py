"""Contacts under test: the real client and sandbox without a network, on a clock that only sleeping moves."""

import asyncio
import json
import random
import sqlite3
import time
from collections import Counter, abc
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from pydantic import SecretStr

from sync.chartmogul.client import Client
from sync.chartmogul.connection import open_http
from sync.chartmogul.health import Health
from sync.chartmogul.pace import Pace
from sync.chartmogul.transport import Transport, Waiting
from sync.cli.outside import http_of, now
from sync.destination.contacts.contacts import Contacts
from sync.destination.contacts.in_doubt import InDoubtCreates
from sync.destination.contacts.index import ContactIndex
from sync.destination.interface import Rival
from sync.destination.parents import ParentResolver
from sync.domain.clock import Clock
from sync.domain.parent import Parent
from sync.domain.plan import Seen
from sync.domain.record import Fields, Record
from sync.domain.results import MappingRun, Requests, Run
from sync.engine.context import Selection, Stop
from sync.engine.paces import Paces
from sync.engine.session import Session, Ways
from sync.engine.spool import Entry
from sync.mapping.loader import load
from sync.report.files import FileReporter
from sync.sandbox.sandbox import DATA_SOURCE, Sandbox
from sync.sandbox.transport import transport
from sync.settings import Settings
from sync.state import moments
from sync.state.memory import Doubt
from sync.state.store import Store
from tests.support.clocks import Hurry
from tests.support.delivering import Allowed
from tests.support.planted_secrets import API_KEY

URL = "http://127.0.0.1:9/v1"
START = datetime(2027, 1, 15, 8, tzinfo=UTC)


def record(row: int = 1, customer: str = "c1", **fields: Any) -> Record:
    """A contact's record, its key as the reader makes it."""
    key = fields.get("external_id") or f"{customer}|{str(fields.get('email')).lower()}"
    return Record(row, key, fields, customer)


def entry(row: int = 1, customer: str = "c1", **fields: Any) -> Entry:
    """The same on its way."""
    return Entry(record(row, customer, **fields), b"")


@dataclass(frozen=True)
class Known:
    """What the state of a square knows, and which rows of the query stand for a record."""

    square: "Square"

    async def parents(self, keys: abc.Sequence[str]) -> abc.Mapping[str, Parent]:
        """The customers that the state remembers."""
        return {key: self.square.remembered[key] for key in keys if key in self.square.remembered}

    async def count_parents(self) -> int:
        """How many of them there are."""
        return len(self.square.remembered)

    async def learn_parent(self, key: str, was: str, now: Parent | None) -> None:
        """A look-up showed a customer otherwise than it is remembered."""
        self.square.learnt.append((key, was, now.uuid if now else None))

    async def is_grave(self, key: str) -> bool | None:
        """Whether a customer that was deleted is left so; None for all others."""
        return self.square.graves.get(key)

    def creates(self, key: str) -> bool:
        """Whether this dry run would create a customer."""
        return key in self.square.coming

    def rejection(self, key: str) -> str | None:
        """No row was rejected."""
        return None

    def met(self, key: str) -> str | None:
        """No customer has another key here than in ChartMogul."""
        return None

    def stored(self, key: str) -> str:
        """No key has an e-mail here."""
        return key

    def renamed(self, uuid: str) -> abc.Sequence[Rival]:
        """No contact has another key here than in ChartMogul."""
        return ()

    def leaves(self, key: str) -> bool:
        """No mapping before this one found it deleted."""
        return False

    def leaves_deleted(self) -> bool:
        """No mapping before this one leaves what was deleted."""
        return False

    def yields(self, row: int) -> bool:
        """No row was rejected for being another one's record."""
        return False

    def of_keys(self, keys: abc.Sequence[str]) -> abc.Sequence[Rival]:
        """No row is known by its key here."""
        return ()

    def of_uuid(self, uuid: str) -> abc.Sequence[int]:
        """The rows that stand for a contact."""
        return self.square.rows.get(uuid, ())

    async def mark_sent(self, keys: abc.Sequence[str], at: datetime) -> None:
        """Creates are about to be sent."""
        self.square.log.append(f"ask {len(self.square.posts())}")
        self.square.doubts |= dict.fromkeys(keys, Doubt(at, lost=False))

    async def mark_lost(self, keys: abc.Sequence[str]) -> None:
        """Their answers are lost."""
        self.square.doubts |= {
            key: Doubt(self.square.doubts[key].asked_at, lost=True) for key in keys
        }

    async def doubts(self, keys: abc.Sequence[str]) -> abc.Mapping[str, Doubt]:
        """Those that are in doubt."""
        return {key: self.square.doubts[key] for key in keys if key in self.square.doubts}

    async def resolve(self, keys: abc.Sequence[str]) -> None:
        """They are in doubt no longer."""
        for key in keys:
            self.square.doubts.pop(key, None)


class Square:
    """Contacts of one sandbox, with all that they need; `log` keeps what happened in which order."""

    def __init__(self, remembered: abc.Mapping[str, Parent] | None = None, **sandbox: Any) -> None:
        self.hurry = Hurry()
        self.sandbox = Sandbox(key=API_KEY, rate=None, parallel=None, clock=self.seconds, **sandbox)
        self.http = open_http(URL, SecretStr(API_KEY), 30, 20)
        self.http._transport = transport(self.sandbox, self.hurry.sleep)
        self.requests = Requests()
        waiting = Waiting(self.hurry.sleep, roll=lambda: 0.1)
        pace = Pace(clock=self.hurry.clock, sleep=self.hurry.sleep)
        health = Health(self.hurry.clock)
        looking = Client(Transport(self.http, pace, health, waiting, self.requests))
        self.client = looking.under(Allowed())
        self.remembered = dict(remembered or {})
        self.coming: set[str] = set()
        self.learnt: list[tuple[str, str, str | None]] = []
        self.graves: dict[str, bool] = {}
        self.rows: dict[str, list[int]] = {}
        self.doubts: dict[str, Doubt] = {}
        self.log: list[str] = []
        known = Known(self)
        self.clock = Clock(self.now, self.hurry.clock, self._sleep, lambda: 0.1)
        self.parents = ParentResolver(self.client, DATA_SOURCE, known, known)
        self.index = ContactIndex(self.client, DATA_SOURCE)
        in_doubt = InDoubtCreates(known, self.clock)
        self.in_doubt = in_doubt
        self.contacts = Contacts(
            self.client,
            DATA_SOURCE,
            self.parents,
            self.index,
            in_doubt,
            known,
            self.clock,
        )

    async def __aenter__(self) -> "Square":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()

    def now(self) -> datetime:
        """The time of everybody here, in whole seconds: turns take some hundredths."""
        return START + timedelta(seconds=int(self.hurry.at))

    def seconds(self) -> float:
        """The same, as the sandbox counts."""
        return START.timestamp() + self.hurry.at

    async def _sleep(self, seconds: float) -> None:
        self.log.append(f"wait {seconds:g}")
        await self.hurry.sleep(seconds)

    async def doubting(self, key: str, doubt: Doubt) -> None:
        """An earlier run has left a create in doubt."""
        self.doubts[key] = doubt
        await self.in_doubt.prefetch([key])

    def posts(self) -> list[Any]:
        """The bodies of all creates that were asked for."""
        return [call.json for call in self.sandbox.calls("POST", "/v1/contacts")]

    def asked(self) -> list[str]:
        """Method and path of every request since the last `forget`, the query's filters included."""
        shown = []
        for call in self.sandbox.calls():
            names = [name for name in ("customer_uuid", "external_id") if name in call.query]
            shown.append(" ".join([call.method, call.path.removeprefix("/v1/"), *names]))
        return shown

    def forget(self) -> None:
        """Forget the requests so far."""
        self.sandbox.requests.clear()

    async def customer(self, key: str, source: str = DATA_SOURCE) -> str:
        """A customer that is there already; its uuid."""
        uuid = (await self.client.create_customer(source, key, {}, {})).uuid
        self.forget()
        return uuid

    async def contact(self, customer_uuid: str, **fields: Any) -> Seen:
        """A contact that is there already."""
        seen = await self.client.create_contact(DATA_SOURCE, customer_uuid, fields)
        self.forget()
        return seen

    def merge(self, from_uuid: str, into_uuid: str) -> None:
        """ChartMogul merges two customers."""
        sides = {"from": {"customer_uuid": from_uuid}, "into": {"customer_uuid": into_uuid}}
        assert self._call("POST", "/v1/customers/merges", sides) == 202
        self.forget()

    def delete(self, uuid: str) -> None:
        """Somebody deletes a contact in ChartMogul."""
        assert self._call("DELETE", f"/v1/contacts/{uuid}") == 202
        self.forget()

    def _call(self, method: str, path: str, body: object = None) -> int:
        return call(self.sandbox, method, path, body=body)[0]


def call(
    sandbox: Sandbox,
    method: str,
    path: str,
    query: abc.Mapping[str, str] | None = None,
    body: object = None,
) -> tuple[int, Any]:
    """Ask a sandbox directly: the status, and the JSON."""
    authorization = httpx.BasicAuth(sandbox.key, "")._auth_header
    headers = {"authorization": authorization, "content-type": "application/json"}
    sent = b"" if body is None else json.dumps(body).encode()
    answer = sandbox.answer(method, path, query or {}, headers, sent)
    return answer.status, answer.json


def quick() -> Sandbox:
    """A sandbox without limits, whose uuids cost no chance."""
    numbers = count(1)
    return Sandbox(key=API_KEY, rate=None, parallel=None, new_uuid=lambda: UUID(int=next(numbers)))


@dataclass(slots=True)
class Town:
    """Whole runs over a warehouse, a state and a sandbox, in this process and without a network."""

    folder: Path
    sandbox: Sandbox = field(default_factory=quick)
    warehouse: str = ""
    state: str = ""
    #: How much later than now the next run takes place, and what now is.
    later: timedelta = timedelta()
    now: abc.Callable[[], datetime] = now
    #: The boot of the machine.
    boot: str = "a boot"
    #: What the program is told besides.
    more: dict[str, str] = field(default_factory=dict)
    #: The longest that a run slept: looks after lost answers, repeats, and its turns.
    slept: float = 0.0
    #: For how many seconds the process was stopped so far: its lease has run on.
    stopped: float = 0.0

    def __post_init__(self) -> None:
        self.warehouse = self.warehouse or f"sqlite:///{self.folder / 'warehouse.db'}"
        self.state = self.state or f"sqlite:///{self.folder / 'state.db'}"

    def clock(self) -> datetime:
        """The moment in which the next run takes place."""
        return self.now() + self.later + timedelta(seconds=self.stopped)

    def since_boot(self) -> float:
        """The seconds for which the machine has run by then."""
        return moments.since_boot() + self.later.total_seconds() + self.stopped

    def write(self, name: str, text: str) -> None:
        """A mapping file."""
        file = self.folder / "mappings" / f"{name}.yml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)

    def table(self, name: str, columns: str, *rows: abc.Sequence[object]) -> None:
        """A table of an SQLite warehouse, as it is from now on."""
        with closing(sqlite3.connect(self.folder / "warehouse.db")) as db, db:
            db.execute(f"drop table if exists {name}")
            db.execute(f"create table {name} ({columns})")
            marks = ", ".join("?" for _ in columns.split(","))
            db.executemany(f"insert into {name} values ({marks})", rows)

    def run(self, *, dry_run: bool = False, full: bool = False) -> Run:
        """A whole run of all mappings; whatever became of a row, the counts add up."""
        return self.run_with(Selection(full=full), dry_run=dry_run)

    def run_with(self, selection: Selection, *, dry_run: bool = False) -> Run:
        """A whole run of all mappings with this selection."""
        self.sandbox.requests.clear()
        run = asyncio.run(self._run(selection, dry_run))
        assert all(mapping.rows.unprocessed == 0 or mapping.error for mapping in run.mappings)
        return run

    def _open(self, url: str, dry_run: bool) -> Store:
        opened = Store.open_read_only if dry_run else Store.open
        return opened(url, clock=self.clock, monotonic=self.since_boot, boot=self.boot)

    async def _run(self, selection: Selection, dry_run: bool) -> Run:
        told = {
            "WAREHOUSE_URL": self.warehouse,
            "CHARTMOGUL_API_URL": URL,
            "CHARTMOGUL_API_KEY": API_KEY,
            "CHARTMOGUL_DATA_SOURCE": DATA_SOURCE,
            "SYNC_STATE_URL": self.state,
            "SYNC_REPORTS": str(self.folder / "reports"),
            "SYNC_TMP": str(self.folder),
            **self.more,
        }
        settings = Settings.load(told)
        hurry = Hurry()
        async with AsyncExitStack() as stack:
            store = self._open(settings.state_url, dry_run)
            stack.callback(store.close)
            reporter = FileReporter(settings.reports, self.clock)
            stack.callback(reporter.close)
            clock = Clock(self.clock, time.monotonic, hurry.sleep, random.random)
            session = Session(
                settings, store, Stop(), reporter, stack, Ways(clock, http_of(settings))
            )
            session.paces = Paces(settings, clock=hurry.clock, sleep=hurry.sleep)
            http = open_http(URL, SecretStr(API_KEY), 30, 20)
            http._transport = transport(self.sandbox, hurry.sleep)
            stack.push_async_callback(http.aclose)
            waiting = Waiting(hurry.sleep)
            session._clients[SecretStr(API_KEY)] = Client(
                Transport(http, session.paces.of(None), session.health, waiting)
            )
            mappings = load([self.folder / "mappings"], told)
            run = await session.conduct(mappings, selection, dry_run=dry_run)
        self.slept = hurry.at
        return run

    def writes(self) -> Counter[str]:
        """How many writes of each kind the last run sent."""
        calls = (call for call in self.sandbox.requests if call.method != "GET")
        return Counter(f"{call.method} {call.path.split('/')[2]}" for call in calls)

    def contacts(self) -> list[dict[str, Any]]:
        """All contacts that the sandbox holds, the oldest first."""
        world = self.sandbox.world
        found = sorted(world.contacts.values(), key=lambda contact: contact.created)
        return [world.show_contact(contact) for contact in found]

    def lines(self, name: str) -> list[dict[str, Any]]:
        """The lines of a report of the newest run, a dry run included."""
        newest = max(
            (path for path in (self.folder / "reports").iterdir() if path.name != "latest"),
            key=lambda path: path.stat().st_mtime_ns,
        )
        return [json.loads(line) for line in (newest / name).read_text().splitlines()]

    def codes(self, mapping: str = "contacts") -> dict[int, str]:
        """The code of every rejected row of the newest run."""
        return {
            line["row"]: line["code"]
            for line in self.lines("errors.jsonl")
            if line["mapping"] == mapping
        }


def counts(run: Run, mapping: str = "contacts") -> dict[str, int]:
    """How the rows of one mapping ended, without the zeros."""
    found: MappingRun = next(one for one in run.mappings if one.mapping == mapping)
    rows = found.rows
    assert rows.read == rows.decided, found.error
    names = ("created", "updated", "unchanged", "skipped", "rejected")
    return {name: getattr(rows, name) for name in names if getattr(rows, name)}


def fields(seen: Seen) -> Fields:
    """What is known of a contact, but for the position that ChartMogul gives."""
    return {name: value for name, value in seen.fields.items() if name != "position"}
