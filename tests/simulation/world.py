"""A world: its plan played from the first scene to the last, and everything that is needed to judge it."""

import asyncio
import json
import random
import shutil
import sqlite3
import tempfile
from collections import abc
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine

from sync.mapping.loader import LoadedMapping, load
from sync.sandbox.people import Customer
from sync.sandbox.sandbox import DATA_SOURCE
from sync.sandbox.world import World as Held
from sync.settings import Settings
from sync.state import engine, process
from sync.state.moments import StateClock
from sync.state.store import Store
from tests.simulation.account import KEY, OTHER_KEY, OTHER_SOURCE, Account
from tests.simulation.book import Shelf
from tests.simulation.loop import Killed, Loop, Stuck
from tests.simulation.plan import Companion, Plan, Scene
from tests.simulation.rows import WORDS, Person, Rows, former
from tests.simulation.worker import CURRENT, EPOCH, Setting, Worker, watch
from tests.unit.sandbox.caller import Caller

#: A scene takes no longer than that, whatever goes wrong in it; seconds.
LONGEST = 24 * 3600.0
#: After the last fault: creates in doubt may be repeated, and look-ups show all; seconds.
_CALM = 1200.0
_A_DAY = 86_400.0 + _CALM
_SALT = bytes(range(32))

_CUSTOMERS = """\
version: 1
name: {name}
source: {{query: "select {query}", read: {read}}}
limits: {{allow_empty: true{clears}}}
destination: {{object: customer}}
live_check: {live_check}
fields:
  external_id: {key}
  company: company
  email: email
  country: {{column: country, on_null: clear{country}}}
{state}attributes:
  plan: {{column: plan, type: String{plan}}}
  seats: {{column: seats, type: Integer{seats}}}
  partner: {{column: partner, type: Boolean}}
  score: {{column: score, type: Decimal}}
tags: [warehouse{segments}]
"""
_TEAMS = """\
version: 1
name: {name}
source: {{query: "select {query}", read: {read}}}
limits: {{allow_empty: true, max_clears: 100%}}
destination: {{object: customer}}
live_check: {live_check}
fields: {{external_id: {key}}}
tags: [{{column: teams, separator: ","}}]
extra_columns: ignore
"""
#: Both mappings of people: whose contacts they are, and which.
_PEOPLE = """\
version: 1
name: {name}
source: {{query: "select {query}", read: {read}}}
destination: {{object: contact}}
live_check: {live_check}
extra_columns: ignore
fields:
  customer_external_id: customer{external_id}
  email: email
"""
_CONTACTS = (
    _PEOPLE
    + """\
  first_name: first_name
  title: {{column: title, on_null: clear}}
attributes: {{role: {{column: role, type: String}}}}
"""
)
_PHONES = f"{_PEOPLE}  phone: phone\n"
_KNOWN = """\
version: 1
name: {name}
source: {{query: "select {query}"}}
limits: {{allow_empty: true}}
destination: {{object: contact}}
mode: update
live_check: {live_check}
fields: {{uuid: uuid, phone: phone}}
"""
_TEXTS = {"contacts": _CONTACTS, "phones": _PHONES, "teams": _TEAMS, "known": _KNOWN}
TYPES = {"plan": "String", "seats": "Integer", "partner": "Boolean", "score": "Decimal"}


@dataclass(slots=True)
class Played:
    """A scene that is over: its processes, and the state before and after it."""

    scene: Scene
    workers: list[Worker]
    #: The state's rows before and after, of dry runs only.
    before: object = None
    after: object = None


@dataclass(slots=True)
class Planned:
    """A plan that was applied, by mapping and key, and what people had edited since it was made."""

    lines: dict[tuple[str, str], Any]
    #: By uuid: the customers as they were once people had edited them, and after the scene.
    edited: dict[str, Customer]
    after: dict[str, Customer] = field(default_factory=dict)


@dataclass(slots=True)
class Looked:
    """A scene that only looks, in calm, and what ChartMogul held meanwhile."""

    played: Played
    held: Held

    @property
    def worker(self) -> Worker:
        """Its process."""
        return self.played.workers[0]


@dataclass(slots=True)
class Undone:
    """A run that is put back: its report's lines, by mapping and key, and its scene's rows.

    `before` is what ChartMogul held when the undo began, once people had edited what they edit before it; `after`
    what it held after the scene. `alone`: nobody else changed anything meanwhile.
    """

    run: Worker
    lines: dict[tuple[str, str], Any]
    before: Held
    alone: bool
    after: Held


@dataclass(slots=True)
class World:
    """One plan, played in a folder of its own."""

    plan: Plan
    folder: Path
    account: Account = field(init=False)
    #: Another account, whose processes share the state; where there are any.
    other: Account | None = field(default=None, init=False)
    played: list[Played] = field(default_factory=list, init=False)
    #: The three calm runs at the end: one more run, another one, and one that has lost the state.
    last: list[Worker] = field(default_factory=list, init=False)
    #: Calm runs before those.
    early: list[Worker] = field(default_factory=list, init=False)
    story: list[str] = field(default_factory=list, init=False)
    #: What ChartMogul holds after the first of them.
    held: Held = field(init=False)
    #: And before any run was asked to look at everything; of worlds with deletions only.
    unasked: Held | None = field(default=None, init=False)
    #: When the last run before that began: what is found deleted from then on, later runs make again.
    unasked_since: float = field(default=0.0, init=False)
    #: And a day after everything, in which nobody asked for more than a plain run; where people define the attribute.
    a_day_later: Held | None = field(default=None, init=False)
    #: The calm dry runs that made plans, and what each process that applied one had before it.
    rehearsals: list[Worker] = field(default_factory=list, init=False)
    applied: dict[str, Planned] = field(default_factory=dict, init=False)
    #: What each process that put a run back had before it.
    undone: dict[str, Undone] = field(default_factory=dict, init=False)
    #: What audits and explanations had before them.
    looks: list["Looked"] = field(default_factory=list, init=False)
    #: A calm dry run, and the calm run after it; of worlds with plans.
    foretold: list[Worker] = field(default_factory=list, init=False)
    #: What ChartMogul held after each of them.
    held_then: list[Held] = field(default_factory=list, init=False)
    initial: set[str] = field(default_factory=set, init=False)
    #: The contacts among them, by the keys of their rows.
    uuids: dict[str, str] = field(default_factory=dict, init=False)
    _at: float = field(default=0.0, init=False)
    _number: int = field(default=0, init=False)
    _loop: Loop | None = field(default=None, init=False)
    #: By state: the books in which processes share what an account allows.
    _shelves: dict[Path, Shelf] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.account = Account(self.plan, self.now, self.note, EPOCH.timestamp())
        if any(one.account for scene in self.plan.scenes for one in scene.companions):
            calm = replace(self.plan, stale=0.0, seed=self.plan.seed + 1)
            id_ = "acc_00000000-0000-4000-8000-000000000001"
            self.other = Account(calm, self.now, self.note, EPOCH.timestamp(), OTHER_KEY, id_)

    def now(self) -> float:
        """Seconds since the world began."""
        return self._loop.time() if self._loop is not None else self._at

    def note(self, what: str) -> None:
        """Another line of the story."""
        self.story.append(f"{self.now():9.2f}  {what}")

    def play(self) -> None:
        """All scenes, then the calm ones."""
        shutil.copy(_empty_state(), self.folder / "state.db")
        self._settle()
        self._at = _CALM  # everybody sees by now what was there beforehand
        for scene in self.plan.scenes:
            self._at += scene.pause
            if scene.switches:
                self.note(f"ChartMogul changes: {dict(scene.switches)}")
                self.account.sandbox.set(**dict(scene.switches))
            if scene.kind == "apply":
                self._rehearse(scene)
            if scene.kind == "undo":
                self._at += _CALM  # what was on its way has arrived by then
            self.played.append(self._scene(scene))
        rows = self.plan.scenes[-1].newest if self.plan.scenes else Rows((), ())
        if "plans" in self.plan.kinds:
            dice = random.Random(f"{self.plan.seed} foretold")
            rows = rows.changed(dice).with_newcomer(dice, by_email=self.plan.by_email)
            if self.plan.tagged:
                rows = rows.with_fewer_tags(random.Random(f"{self.plan.seed} fewer tags"))
        # What people merged or deleted comes back with a full run only; it has to see it all.
        calm = Scene(rows, kind="full" if self.plan.meddling or self.plan.undoing else "run")
        if self.plan.skewed or any(scene.elsewhere for scene in self.plan.scenes):
            # A wait that began by a wrong clock, or on another machine, may begin anew in the first run that meets it.
            self._at += _CALM
            self.early.append(self._calm(calm, self.folder / "state.db"))
        if self.plan.undoing:
            for _ in range(2):
                self._at += _CALM
                self.early.append(self._calm(replace(calm, kind="run"), self.folder / "state.db"))
        if "plans" in self.plan.kinds:
            self._at += _CALM
            plain = replace(calm, kind="run")
            for scene in (replace(calm, kind="dry run", plans=False), plain):
                self.foretold.append(self._calm(scene, self.folder / "state.db"))
                self.held_then.append(_copied(self.account.sandbox.world))
        if "deletions" in self.plan.kinds:
            for _ in range(2):
                self._at += _CALM
                plain = replace(calm, kind="run")
                self.early.append(self._calm(plain, self.folder / "state.db"))
            self.unasked = _copied(self.account.sandbox.world)
            self.unasked_since = self.early[-1].began
        if self.plan.defining:
            self._at += _A_DAY
            self.early.append(self._calm(replace(calm, kind="run"), self.folder / "state.db"))
            self.a_day_later = _copied(self.account.sandbox.world)
        again = rows.reversed() if "orders" in self.plan.kinds else rows
        for scene in (calm, replace(calm, kind="run", rows=again)):
            if "looks" in self.plan.kinds:
                self._look(rows)
            self._at += _CALM
            self.last.append(self._calm(scene, self.folder / "state.db"))
            if scene is calm:
                self.held = _copied(self.account.sandbox.world)
        shutil.copy(_empty_state(), self.folder / "lost.db")
        self.last.append(self._calm(replace(calm, kind="run"), self.folder / "lost.db"))

    def _look(self, rows: Rows) -> None:
        """Audit all rows, and explain one; nothing changes meanwhile."""
        for kind in ("audit", "explain"):
            self._at += _CALM
            looked = self._scene(Scene(rows, kind=kind), calm=True)
            self.looks.append(Looked(looked, _copied(self.account.sandbox.world)))

    def _settle(self) -> None:
        """What ChartMogul holds beforehand, made over its own API by somebody else."""
        script = _Script(self.account)
        rows = self.plan.scenes[0].rows if self.plan.scenes else Rows((), ())
        for row in rows.accounts:
            key = former(row.id)
            if key in self.plan.present and key not in self.initial:
                self.initial.add(key)
                script.customer(key)
        for person in (replace(one, customer=former(one.customer)) for one in rows.people):
            wanted = person.key in self.plan.present and person.key not in self.initial
            if wanted and script.contact(person):
                self.initial.add(person.key)
                self.uuids[person.key] = script.uuids[person.key]
            elif person.key in self.plan.astray and script.astray(person):
                self.initial.add(person.key)
            if person.key in self.plan.nobodies:
                script.nobody(person)
        for key in self.plan.pinned:
            script.pin(key)
        self.account.nobodies = {
            uuid: contact
            for uuid, contact in self.account.sandbox.world.contacts.items()
            if contact.customer_uuid is None
        }
        self.account.sandbox.set(**dict(self.plan.switches))

    def _rehearse(self, scene: Scene) -> None:
        """Make a plan of the rows of a scene, once all that was on its way has arrived."""
        self._at += _CALM
        self.plan_file.unlink(missing_ok=True)
        rehearsal = Scene(
            scene.rows, kind="dry run", lacking=scene.lacking, overwrite=scene.overwrite
        )
        self.rehearsals.append(self._calm(rehearsal, self.folder / "state.db"))

    @property
    def plan_file(self) -> Path:
        """Where plans are made."""
        return self.folder / "plan.jsonl"

    def _note_plan(self, workers: abc.Sequence[Worker], scene: Scene) -> Planned:
        """What a scene begins with that applies a plan; people have edited what they edit before it."""
        lines = {}
        if self.plan_file.exists():
            told = [json.loads(line) for line in self.plan_file.read_text().splitlines()[1:]]
            lines = {(line["mapping"], line["key"]): line for line in told}
        customers = self.account.sandbox.world.customers
        edited = {u: c for u, c in customers.items() if c.company == "Edited"}
        planned = Planned(lines, edited)
        for worker in workers:
            self.applied[worker.name] = planned
        return planned

    def _to_undo(self, since: int) -> Worker | None:
        """A run that changed something, after which as many others did; the first where they are fewer."""
        done = [
            worker
            for played in self.played
            for worker in played.workers
            if worker.place == (0, 0) and worker.undoes is None and self.lines(worker, real=True)
        ]
        return done[-1 - since] if len(done) > since else (done[0] if done else None)

    def lines(self, worker: Worker, *, real: bool = False) -> list[Any]:
        """What the report of a process lists as changed; nothing where there is none, or no `real` run's is wanted."""
        if worker.run is None or (real and worker.run.dry_run):
            return []
        file = self.folder / "reports" / worker.run.id / "changes.jsonl"
        lines = file.read_text().splitlines() if file.exists() else []
        read = (json.loads(line, parse_float=Decimal) for line in lines)
        return [line for line in read if line["changes"] and line["uuid"]]

    def _note_undo(self, worker: Worker, run: Worker, scene: Scene, *, alone: bool) -> None:
        """What an undo begins with."""
        assert run.run is not None
        worker.undoes = self.folder / "reports" / run.run.id
        self.note(f"{worker.name} puts back what {run.name} did")
        lines = {(line["mapping"], line["key"]): line for line in self.lines(run)}
        alone = alone and not any(deed.before for deed in scene.deeds)
        self.account.catch_up()  # what a killed process had on its way has arrived by then
        held = _copied(self.account.sandbox.world)
        self.undone[worker.name] = Undone(run, lines, held, alone, held)

    def _calm(self, scene: Scene, state: Path) -> Worker:
        return self._scene(scene, state=state, calm=True).workers[0]

    def _scene(self, scene: Scene, *, state: Path | None = None, calm: bool = False) -> Played:
        state = state or self.folder / "state.db"
        undone = self._to_undo(scene.since) if scene.kind == "undo" else None
        if scene.kind == "undo" and undone is None:
            scene = replace(scene, kind="run")
        self.account.open(None if calm else scene)
        workers: list[Worker] = []

        def point() -> None:
            for worker in workers:
                if worker.task is None or worker.task.done() or worker.dead:
                    continue
                if not worker.is_stopped:
                    with suppress(Killed):
                        worker.step()

        self._loop = loop = Loop(self._at, self._at + LONGEST, point)
        mains = (
            [Companion(0.0)] if scene.second is None else [Companion(0.0), Companion(scene.second)]
        )
        for place, companion in enumerate((*mains, *scene.companions)):
            worker = self._worker(scene, companion, state, loop, later=0 < place < len(mains))
            worker.pauses = [one for one in scene.pauses if one.which == place]
            if scene.clocks:
                worker.skew = scene.clocks[place % len(scene.clocks)]
            workers.append(worker)
        for blow in scene.blows:
            struck = workers[blow.which % len(mains)]
            struck.blow = blow
            if blow.what == "terminate":
                loop.call_later(blow.much, struck.terminate)
        played = Played(scene, workers)
        if scene.looks:
            played.before = _dump(state)
        planned = None if scene.kind != "apply" else self._note_plan(workers[: len(mains)], scene)
        if undone is not None:
            self._note_undo(workers[0], undone, scene, alone=len(mains) == 1)
        self.note(f"a {scene.kind} begins{' in calm' if calm else ''}")
        try:
            with _processes(workers), _state_clock(self.plan, self.now):
                loop.run_until_complete(_together(workers))
        except Stuck as error:
            for worker in workers:
                worker.error = worker.error or error
        finally:
            self._at = loop.time()
            _tear_down(loop)
            self._loop = None
        if scene.looks:
            played.after = _dump(state)
        if planned is not None:
            planned.after = dict(self.account.sandbox.world.customers)
        if undone is not None:
            self.undone[workers[0].name].after = _copied(self.account.sandbox.world)
        return played

    def _worker(
        self, scene: Scene, companion: Companion, state: Path, loop: Loop, *, later: bool
    ) -> Worker:
        self._number += 1
        its = replace(scene, rows=scene.newest) if later else scene
        if later and scene.kind == "undo":
            its = replace(its, kind="run")
        if companion in scene.companions:
            its = replace(scene, kind=companion.kind)
        if later:
            its = replace(its, between=None)
        place = (companion.account, companion.source)
        account = (self.other if companion.account else None) or self.account
        setting = _setting(self.plan, its, self.folder, state, *place)
        worker = Worker(f"process {self._number}", self._number, its, setting, account, loop)
        worker.opened, worker.after, worker.place = self._at, companion.after, place
        worker.plan_file = self.plan_file
        worker.plan, worker.uuids = self.plan, self.uuids
        worker.shelf = self._shelves.setdefault(state, Shelf())
        return worker


def _copied(held: Held) -> Held:
    """What ChartMogul holds now; its records are never changed in place."""
    return replace(
        held,
        customers=dict(held.customers),
        contacts=dict(held.contacts),
        by_pair=dict(held.by_pair),
    )


async def _together(workers: abc.Sequence[Worker]) -> None:
    async def later(worker: Worker) -> None:
        await asyncio.sleep(worker.after)
        await worker.live()

    await asyncio.gather(*map(later, workers))


@contextmanager
def _processes(workers: abc.Sequence[Worker]) -> abc.Iterator[None]:
    """The machine's processes are those of this scene; a dead one is gone."""
    current, started = process.current, process.started
    alive = {worker.number: worker for worker in workers}

    def start_of(pid: int) -> str | None:
        worker = alive.get(pid)
        return "then" if worker and not worker.dead and not worker.ended else None

    # An engine knows what it has compiled: processes that follow, in whatever world, go on with it.
    engine._sqlite = _engine
    process.current = lambda: CURRENT.get().identity
    process.started = start_of
    try:
        yield
    finally:
        process.current, process.started = current, started
        engine._sqlite = _new_engine


@contextmanager
def _state_clock(plan: Plan, now: abc.Callable[[], float]) -> abc.Iterator[None]:
    """A server's clock for the state, where the plan has one, as if it were PostgreSQL's."""
    own = StateClock.moment, StateClock.now
    if plan.server_clock:

        def moment(_: StateClock, __: object = None) -> datetime:
            return EPOCH + timedelta(seconds=now())

        StateClock.moment = StateClock.now = moment  # type: ignore[method-assign,assignment]  # played, not kept
    try:
        yield
    finally:
        StateClock.moment, StateClock.now = own  # type: ignore[method-assign]


def _tear_down(loop: Loop) -> None:
    """End what dead processes left behind; none of it has an effect any more."""
    loop.end()
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    if tasks:
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
    loop.close()


_new_engine = engine._sqlite


@cache
def _engine(url: URL, *, writable: bool) -> Engine:
    made = _new_engine(url, writable=writable)
    if writable:
        watch(
            made
        )  # before its first use: else the first world of a process would count otherwise than the others
    return made


@cache
def _empty_state() -> Path:
    """The state of a first run, made once.

    Its salt is always the same: hashes order what is read and sent, and a seed has to say it all.
    """
    file = Path(tempfile.mkdtemp(prefix="simulation-")) / "empty.db"
    Store.open(f"sqlite:///{file}").close()
    with closing(sqlite3.connect(file)) as db, db:
        db.execute("update sync_meta set salt = ?", [_SALT])
    return file


def _setting(
    plan: Plan, scene: Scene, folder: Path, state: Path, account: int, source: int
) -> Setting:
    told = _keys(account, source) | {
        "CHARTMOGUL_API_URL": "https://api.example/v1",
        "SYNC_STATE_URL": f"sqlite:///{state}",
        "SYNC_REPORTS": str(folder / "reports"),
        "SYNC_TMP": str(folder),
    }
    mappings = _mappings(_Terms.of(plan, scene), account, source)
    return Setting(folder, Settings.load(told), mappings)


def _keys(account: int, source: int) -> dict[str, str]:
    """The variables that mappings name."""
    return {
        "WAREHOUSE_URL": "sqlite:///unused.db",
        "CHARTMOGUL_API_KEY": OTHER_KEY if account else KEY,
        "CHARTMOGUL_DATA_SOURCE": OTHER_SOURCE if source else DATA_SOURCE,
    }


@dataclass(frozen=True, slots=True)
class _Terms:
    """What of a plan the mappings say."""

    live_check: str
    by_email: bool
    queries: tuple[tuple[str, str], ...]
    states: bool
    overwrite: str
    renaming: bool
    mapped: bool
    tagged: bool
    read: str
    #: The columns of accounts that they take no notice of.
    lacking: tuple[str, ...]

    @classmethod
    def of(cls, plan: Plan, scene: Scene) -> "_Terms":
        """Those of a plan, and of a scene of it."""
        return cls(
            live_check=plan.live_check,
            by_email=plan.by_email,
            queries=tuple(plan.all_queries.items()),
            states=plan.states,
            overwrite=scene.overwrite or plan.overwrite,
            renaming=plan.renaming,
            mapped=plan.mapped,
            tagged=plan.tagged,
            read="fingerprints" if plan.buckets else "rows",
            lacking=scene.lacking,
        )

    @property
    def told(self) -> dict[str, str]:
        """What is put into the texts of mappings."""
        maps = dict.fromkeys(WORDS, "")
        if self.mapped:
            maps = {name: f", map: {_flow(words)}" for name, words in WORDS.items()}
        unused = ["teams", *self.lacking] + ([] if self.states else ["state"])
        unused += [] if self.renaming else ["was"]
        unused += [] if self.tagged else ["segments"]
        return maps | {
            "live_check": self.live_check,
            "clears": ", max_clears: 100%" if self.tagged else "",
            "segments": ', {column: segments, separator: ","}' if self.tagged else "",
            "read": self.read,
            "external_id": "" if self.by_email else "\n  external_id: id",
            "key": "{column: id, was: was}" if self.renaming else "id",
            "state": ("  state: state\n" if self.states else "")
            + f"ignore_columns: [{', '.join(unused)}]\n",
        }


def _flow(words: abc.Mapping[Any, str]) -> str:
    """A value map: what each word stands for."""
    return "{" + ", ".join(f"{word}: {value}" for value, word in words.items()) + "}"


@cache
def _mappings(terms: _Terms, account: int, source: int) -> tuple[LoadedMapping, ...]:
    told = _keys(account, source)
    with tempfile.TemporaryDirectory() as folder:
        for name, query in terms.queries:
            text = _TEXTS.get(name) or _without(_CUSTOMERS, terms.lacking)
            text += f"overwrite: {terms.overwrite}\n"
            if terms.overwrite == "if_empty":  # nothing is ever emptied then
                text = text.replace("on_null: clear", "on_null: keep")
            Path(folder, f"{name}.yml").write_text(
                text.format(name=name, query=query, **terms.told)
            )
        return tuple(load([Path(folder)], told))


def _without(mapping: str, columns: abc.Collection[str]) -> str:
    """A mapping without the lines of these fields and attributes."""
    lines = mapping.splitlines(keepends=True)
    return "".join(
        line for line in lines if not (line[:2] == "  " and line.split(":")[0].strip() in columns)
    )


def _dump(state: Path) -> dict[str, list[Any]]:
    """Every row of the state."""
    with closing(sqlite3.connect(state)) as db:
        names = [
            name for (name,) in db.execute("select name from sqlite_master where type='table'")
        ]
        return {
            name: db.execute(f"select * from {name} order by 1, 2").fetchall() for name in names
        }


@dataclass(slots=True)
class _Script:
    """Somebody else's script, which fills the account beforehand."""

    account: Account
    uuids: dict[str, str] = field(default_factory=dict)

    def customer(self, external_id: str) -> None:
        body = {
            "data_source_uuid": DATA_SOURCE,
            "external_id": external_id,
            "company": "By hand",
            "city": "Unmapped",
            "attributes": {"custom": [{"type": "Integer", "key": "seats", "value": 1}]},
        }
        self.uuids[external_id] = self._post("/customers", body)["uuid"]

    def contact(self, person: Person) -> bool:
        """Whether there is such a customer."""
        if person.customer not in self.uuids:
            return False
        external_id = person.id if len(person.email) % 2 else None
        owner = self.uuids[person.customer]
        self.uuids[person.key] = self._contact(owner, person, external_id)
        return True

    def _contact(self, owner: str, person: Person, external_id: str | None) -> str:
        body = {
            "customer_uuid": owner,
            "data_source_uuid": DATA_SOURCE,
            "email": person.email.upper(),
            "last_name": "Unmapped",
        }
        if external_id is not None:
            body["external_id"] = external_id
        made: str = self._post("/contacts", body)["uuid"]
        return made

    def astray(self, person: Person) -> bool:
        """The contact of a person, under another customer; whether there is any."""
        others = [key for key, uuid in self.uuids.items() if uuid.startswith("cus")]
        others = [key for key in others if key != person.customer]
        if others and person.key not in self.uuids:
            self.uuids[person.key] = self._contact(self.uuids[others[0]], person, person.id)
        return person.key in self.uuids

    def nobody(self, person: Person) -> None:
        """A contact of nobody who looks like this one."""
        body = {"email": person.email, "external_id": person.id, "data_source_uuid": DATA_SOURCE}
        self._post("/contacts", {**body, "first_name": "Nobody"})

    def pin(self, key: str) -> None:
        """Give the record of this key a value that is pinned."""
        uuid = self.uuids.get(key, "")
        if uuid.startswith("cus"):
            pinned = {"company": "Pinned", "overrides": {"company": True}}
            self._post(f"/customers/{uuid}", pinned, "PATCH")
        elif uuid:
            self._post(
                f"/contacts/{uuid}", {"title": "Pinned", "overrides": {"title": True}}, "PATCH"
            )

    def _post(self, path: str, body: dict[str, Any], method: str = "POST") -> Any:
        answer = Caller(self.account.sandbox, KEY)(method, path, body)
        assert answer.status in (200, 201), answer
        return answer.json
