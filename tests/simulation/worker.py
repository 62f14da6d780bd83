"""One process of the worker: the real code, with doors to the outside that close when it dies."""

import asyncio
import io
import random
import sqlite3
from collections import Counter, abc
from contextlib import AsyncExitStack, suppress
from contextvars import Context, ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

from sync.chartmogul.connection import open_http
from sync.cli.retry import of_state
from sync.domain.allowance import LASTS
from sync.domain.clock import Clock
from sync.domain.events import Reporter
from sync.domain.explained import Explained
from sync.domain.results import Run
from sync.engine.audit.task import Audit, AuditTask
from sync.engine.context import Retry, Selection, Stop
from sync.engine.explanation import ExplainTask
from sync.engine.limits import RAILS
from sync.engine.plan_file import PlanFile
from sync.engine.read.query import MappingQuery
from sync.engine.session import Session, Ways
from sync.engine.task import MappingTask
from sync.engine.undo.task import UndoTask
from sync.errors import EXIT_TERMINATED, SyncError
from sync.mapping.loader import LoadedMapping
from sync.report import logs, undoable
from sync.report.files import FileReporter
from sync.report.log import LogReporter
from sync.report.plan_writer import PlanWriter
from sync.report.several import Several
from sync.settings import Settings
from sync.state.process import Process
from sync.state.store import Store
from tests.simulation.account import Account
from tests.simulation.book import Shelf, WorldBook
from tests.simulation.loop import Ice, Killed, Loop
from tests.simulation.plan import Blow, Pause, Plan, Scene, Skew
from tests.simulation.warehouse import STATE, WIDTH, Warehouse, broken_off

#: The process that runs at the moment; asked by the state's leases.
CURRENT: "ContextVar[Worker]" = ContextVar("current")
#: How statements begin that note what is about to be sent.
_NOTES = {"create": "insert into sync_doubts", "update": "update sync_synced"}
EPOCH = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a process works: folders, settings and mappings."""

    folder: Path
    settings: Settings
    mappings: tuple[LoadedMapping, ...]


@dataclass(frozen=True, slots=True)
class _Errand:
    """What a process is asked for: which rows, of which mappings, and what takes them through the phases."""

    selection: Selection
    mappings: tuple[LoadedMapping, ...]
    task: abc.Callable[..., MappingTask] = MappingTask
    #: The run that it puts back.
    undid: str | None = None


@dataclass(slots=True)
class Start:
    """A request that left a process, and when it was over: None for one of a process that died."""

    at: float
    method: str
    path: str
    #: Path and query of a GET.
    question: str = ""
    ended: float | None = None
    #: From when on it counts for nobody: its process died, or was stopped, and others took its connection.
    lapsed: float | None = None


@dataclass(slots=True, eq=False)
class Worker:
    """A process from its start to its end, and what became of it."""

    name: str
    number: int
    #: As it sees it: with the rows that it reads.
    scene: Scene
    setting: Setting
    account: Account
    loop: Loop
    blow: Blow | None = None
    pauses: list[Pause] = field(default_factory=list)
    skew: Skew = field(default_factory=lambda: Skew(0.0))
    #: When the scene began.
    opened: float = 0.0
    #: When it starts, after the scene began; its account and its data source.
    after: float = 0.0
    place: tuple[int, int] = (0, 0)
    #: Where the book lies in which all who use this state share an account's allowance.
    shelf: Shelf = field(default_factory=Shelf)
    #: Where plans are made.
    plan_file: Path = field(default_factory=Path)
    #: The report of the run that it puts back; None: it does something else.
    undoes: Path | None = None
    #: The keys that it asks for again, and what it has explained.
    retries: Retry | None = None
    explained: Explained | None = None
    #: A key as its state holds it.
    stored: abc.Callable[[str], str] = str
    dead: bool = False
    run: Run | None = None
    #: An error that reached the top: one of ours ends the program with its code, any other is a bug.
    error: BaseException | None = None
    began: float = 0.0
    ended: float = 0.0
    asked_to_end: float | None = None
    denied: float | None = None
    full_disk: bool = False
    #: Whether its state was locked for a while.
    barred: bool = False
    starts: list[Start] = field(default_factory=list)
    under_way: int = 0
    most_under_way: int = 0
    log: io.StringIO = field(default_factory=io.StringIO)
    stop: Stop = field(default_factory=Stop)
    task: "asyncio.Task[None] | None" = None
    plan: Plan = field(default_factory=lambda: Plan(0))
    #: The contacts that ChartMogul had beforehand, by the keys of their rows.
    uuids: abc.Mapping[str, str] = field(default_factory=dict)
    _dice: random.Random = field(default_factory=lambda: random.Random(0))
    _points: int = 0
    _batches: int = 0
    _statements: int = 0
    _commits: int = 0
    _steps: int = 0
    #: Seconds for which its machine slept, and for which it was stopped at all.
    asleep: float = 0.0
    stopped: float = 0.0
    #: The pause that it is in, and what waits meanwhile.
    pause: Pause | None = None
    _ice: Ice | None = None
    #: The point at which it is killed, once it went on.
    _fatal: int | None = None
    _signalled: bool = False
    #: What the statements since the last commit note, and how many commits noted it.
    _notes: set[str] = field(default_factory=set)
    _noted: Counter[str] = field(default_factory=Counter)

    @property
    def identity(self) -> Process:
        """As the machine would tell it."""
        host = f"host-{self.number}" if self.scene.elsewhere else "host"
        return Process(host, host, self.number, "then")

    @property
    def exit_code(self) -> int | None:
        """What the program ends with; None for one that was killed, or that has a bug."""
        if self.run is not None:
            return self.run.exit_code
        return self.error.exit_code if isinstance(self.error, SyncError) else None

    async def live(self) -> None:
        """From the first step to the last."""
        CURRENT.set(self)
        self.began = self.loop.time()
        self.task = asyncio.current_task()
        try:
            self.run = await self._run()
        except (Killed, asyncio.CancelledError):
            assert self.dead
        except BaseException as error:
            self.error = error
        finally:
            self.ended = self.loop.time()
            self.account.note(f"{self.name} ends: {self._how()}")

    def _how(self) -> str:
        if self.dead:
            return "killed"
        if self.run is None:
            return f"exit {self.exit_code} {self.error!r}"
        told = "; ".join(m.error for m in self.run.mappings if m.error)
        told = told.replace(self.run.id, "RUN").replace(str(self.setting.folder), "")
        return f"exit {self.exit_code} {told}"

    async def _run(self) -> Run:
        dry_run = self.scene.looks
        settings = self.setting.settings
        async with AsyncExitStack() as stack:
            store = self._open_store(dry_run=dry_run)
            stack.callback(store.close)
            self.stored = store.stored
            errand = self._errand(stack, store)
            reporter = self._reporter(store, errand.selection)
            stack.callback(reporter.close)
            session = Session(
                settings,
                store,
                self.stop,
                reporter,
                stack,
                self._ways(),
                errand.task,
            )
            return await session.conduct(
                errand.mappings, errand.selection, dry_run=dry_run, undid=errand.undid
            )

    def _ways(self) -> Ways:
        chance = random.Random(self.number).random
        clock = Clock(self.clock, self.monotonic, self._sleep, chance)
        return Ways(clock, self._http, self._query, WorldBook(self.shelf, self))

    def _errand(self, stack: AsyncExitStack, store: Store) -> "_Errand":
        """What it is there for, as the commands would have it."""
        mappings = self.setting.mappings
        match self.scene.kind:
            case "undo" if self.undoes is not None:
                return self._undo(self.undoes)
            case "retry":
                selection = of_state(store).selection()
                if selection.retry is not None and selection.retry.keys:
                    self.retries = selection.retry
                    return _Errand(selection, mappings)
            case "audit":
                task = partial(AuditTask, audit=Audit())
                return _Errand(Selection(full=True, lifted=frozenset(RAILS)), mappings, task)
            case "explain":
                return self._explain(self.scene.rows.accounts[0].id)
        return _Errand(self._selection(stack), mappings)

    def _explain(self, key: str) -> "_Errand":
        self.explained = Explained(key)
        task = partial(ExplainTask, explained=self.explained)
        selection = Selection(keys=frozenset({key}), lifted=frozenset(RAILS))
        mine = [
            one
            for one in self.setting.mappings
            if key in self.scene.rows.keys_of(one.mapping.source.query or "")
        ]
        return _Errand(selection, tuple(mine[:1]), task)

    def _undo(self, folder: Path) -> "_Errand":
        parts = undoable.read(undoable.folder_of(folder.parent, folder.name))
        undoables = {one.mapping: one for _, one in parts}
        by_name = {loaded.mapping.name: loaded for loaded in self.setting.mappings}
        keys = frozenset(past.key for one in undoables.values() for past in one.past)
        task = partial(UndoTask, undoables=undoables, foreseen={})
        mappings = tuple(by_name[name] for name in undoables)
        return _Errand(Selection(keys=keys), mappings, task, folder.name)

    def _selection(self, stack: AsyncExitStack) -> Selection:
        """What it is asked for: a dry run may make a plan, and one may be applied, where there is any."""
        if self.scene.kind == "dry run":
            return Selection(salt=b"salt") if self.scene.plans else Selection()
        if self.scene.kind == "apply" and self.place == (0, 0) and self.plan_file.exists():
            plan = PlanFile.open(self.plan_file, self.setting.folder)
            stack.callback(plan.close)
            return Selection(plan=plan, canary=self.scene.canary)
        return Selection(full=self.scene.kind == "full", canary=self.scene.canary)

    def clock(self) -> datetime:
        """The time, as its wall clock has it."""
        now = self.loop.time()
        return EPOCH + timedelta(seconds=now + self.skew.at(now - self.opened))

    def monotonic(self) -> float:
        """Seconds that only grow, and that stand still while the machine sleeps."""
        return self.loop.time() - self.asleep

    def since_boot(self) -> float:
        """Seconds since its machine was booted; those in which it slept are among them."""
        return self.loop.time()

    # The doors

    def _open_store(self, *, dry_run: bool) -> Store:
        url, boot = self.setting.settings.state_url, self.identity.host
        opened = Store.open_read_only if dry_run else Store.open
        return opened(url, clock=self.clock, monotonic=self.since_boot, boot=boot)

    def before_statement(self, statement: str) -> None:
        """Called before each statement on the state."""
        self._check_alive()
        if self.pauses:
            words = statement.lower()
            self._notes.update(by for by, begin in _NOTES.items() if words.startswith(begin))
        self._statements += 1
        blow = self._blow("state")
        if blow and blow.at <= self._statements < blow.at + blow.much:
            self.barred = True
            self.account.note(f"{self.name}: the state is locked")
            cause = sqlite3.OperationalError("database is locked")
            raise OperationalError("statement", None, cause)

    def before_commit(self) -> None:
        """Called before each commit of the state."""
        self._commits += 1
        blow = self._blow("kill at a commit")
        if blow is not None and blow.at == self._commits:
            self._die()
        self.point()
        self._wants_pause("commit", self._commits)
        for by in self._notes:
            self._noted[by] += 1
            self._wants_pause(by, self._noted[by])
        self._notes.clear()

    def _reporter(self, store: Store, selection: Selection) -> Reporter:
        blow = self._blow("report")
        reports = self.setting.folder / "reports"
        plan = None
        if selection.salt is not None and self.place == (0, 0):
            plan = PlanWriter(self.plan_file, selection.salt)
        files = _Files(reports, self.clock, self, blow.at if blow else None, plan)
        log = logs.logger("json", self.log)
        return Several(files, LogReporter(log, clock=self.monotonic, mask=store.stored))

    async def _sleep(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self.stop.event.wait(), seconds)

    def _query(self, loaded: LoadedMapping) -> MappingQuery:
        between = self.scene.between if self.plan.buckets else None
        waver = self._waver if self.plan.wavering else None
        rows, before = self.scene.rows, self._before_batch
        source: Any = Warehouse(rows, before, between, self.plan.buckets, waver, uuids=self.uuids)
        return MappingQuery(loaded, source, loaded.mapping.source.query or "")

    def _waver(self, rows: list[tuple[Any, ...]]) -> None:
        """Another order, and other values in a column of accounts that no mapping takes.

        Of rows that are one record by now the first counts: there the order stays.
        """
        if not self.plan.merging:
            self._dice.shuffle(rows)
        if not self.plan.states and rows and len(rows[0]) == WIDTH:
            changed = self._dice.randrange(len(rows))
            row = rows[changed]
            rows[changed] = (*row[:STATE], f"{self._dice.randrange(9)}", *row[STATE + 1 :])

    def _before_batch(self) -> None:
        self.point()
        self._batches += 1
        blow = self._blow("source")
        if blow and self._batches == blow.at + 1:
            self.account.note(f"{self.name}: the warehouse breaks off")
            raise broken_off()

    def _http(self, key: SecretStr) -> httpx.AsyncClient:
        settings = self.setting.settings
        way = _Way(self)
        return open_http(settings.api_url, key, settings.timeout, settings.connections, way)

    async def request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and count it."""
        self._check_alive()
        trace = request.extensions.get("trace")
        if trace is not None:  # as httpcore does, once there is a connection
            await trace("http11.send_request_headers.started", {})
            self._check_alive()
        url = request.url
        question = url.raw_path.decode() if request.method == "GET" else ""
        start = Start(self.loop.time(), request.method, url.path, question)
        self.starts.append(start)
        if trace is not None:
            await trace("http11.send_request_body.complete", {})
        self._wants_pause("request", len(self.starts))
        blow = self._blow("revoke") or self._blow("read only")
        if blow and len(self.starts) == blow.at:
            self.account.note(f"{self.name}: the key is no longer good ({blow.what})")
            self.account.revoked = blow.what
        creates = [s for s in self.starts if s.method == "POST" and s.path == "/v1/contacts"]
        blow = self._blow("kill at a create")
        fatal = blow is not None and len(creates) == blow.at and creates[-1] is self.starts[-1]
        fatal = fatal or self._removes_tags(start)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            response = await self.account.answer(self, request, self._die if fatal else None)
        finally:
            start.ended = self.loop.time()
            self.under_way -= 1
        stranger = response.extensions.get("stranger", False)
        denials = (401, 402, 407) if stranger else (401, 402, 403)
        if response.status_code in denials and self.denied is None:
            self.denied = self.loop.time()
        return response

    def _removes_tags(self, start: Start) -> bool:
        """Whether it is killed as this request is on its way: it takes tags off, and others were to be added then."""
        blow = self._blow("kill at a removal")
        removals = [s for s in self.starts if s.method == "DELETE" and s.path.endswith("/tags")]
        return blow is not None and len(removals) == blow.at and removals[-1] is start

    # Its pauses

    def step(self) -> None:
        """Between two steps of its loop: it may be stopped here, or die."""
        self._steps += 1
        self._wants_pause("step", self._steps)
        if self.pause is not None:
            self._halt(self.pause)
        else:
            self.point()

    @property
    def is_stopped(self) -> bool:
        """Whether it does nothing for now, and goes on some day."""
        return self._ice is not None

    def _wants_pause(self, by: str, number: int) -> None:
        if self.pauses:
            due = (one for one in self.pauses if (one.by, one.at) == (by, number))
            self.pause = self.pause or next(due, None)

    def _halt(self, pause: Pause) -> None:
        how = "the machine sleeps" if pause.suspended else "stopped"
        self.account.note(f"{self.name}: {how} for {pause.seconds:g} s")
        self.account.hold(self)
        self._let_lapse()
        self._ice = self.loop.freeze(lambda context: context.get(CURRENT) is self)
        self.loop.call_later(pause.seconds, self._go_on, context=Context())

    def _go_on(self) -> None:
        pause, ice = self.pause, self._ice
        assert pause is not None
        assert ice is not None
        self.account.note(f"{self.name}: goes on")
        self.pauses.remove(pause)
        self.pause = self._ice = None
        asleep = pause.seconds if pause.suspended else 0.0
        self.asleep += asleep
        self.stopped += pause.seconds
        if pause.killed is not None:
            self._fatal = self._points + pause.killed
        if pause.killed == 0:
            self._die()
        self.loop.thaw(ice, asleep)
        if self._signalled:
            self.terminate()

    # Its death

    def point(self) -> None:
        """Something happens here; raises Killed where the process dies of it."""
        self._points += 1
        blow = self._blow("kill")
        if (blow is not None and blow.at == self._points) or self._fatal == self._points:
            self._die()
        self._check_alive()

    def terminate(self) -> None:
        """SIGTERM."""
        if self.is_stopped:
            self._signalled = True
        elif not self.dead and not self.ended:
            self.account.note(f"{self.name}: SIGTERM")
            self.asked_to_end = self.loop.time()
            self.stop.request(EXIT_TERMINATED)

    def _die(self) -> None:
        """SIGKILL: from now on nothing that it does has an effect."""
        arrives = self.blow.much if self.blow else 0.0
        self.account.note(f"{self.name}: SIGKILL")
        self.dead = True
        self._let_lapse()
        self.account.lose(self, arrives)
        if self.task is not None and self.task is not asyncio.current_task(self.loop):
            self.task.cancel()

    def _let_lapse(self) -> None:
        """Who does not visit the book loses its connections to others, whatever it has under way."""
        for start in self.starts:
            if start.ended is None and start.lapsed is None:
                start.lapsed = self.loop.time() + LASTS

    def _check_alive(self) -> None:
        if self.dead:
            raise Killed

    def _blow(self, what: str) -> Blow | None:
        return self.blow if self.blow and self.blow.what == what else None


def _before_statement(_connection: object, _cursor: object, statement: str, *_: object) -> None:
    CURRENT.get().before_statement(statement)


def watch(engine: Engine) -> None:
    """Let whoever uses the state through this engine notice it, from its first statement on."""
    event.listen(engine, "before_cursor_execute", _before_statement)
    event.listen(engine, "commit", lambda _: CURRENT.get().before_commit())


class _Way(httpx.AsyncBaseTransport):
    """Instead of the network."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """See Worker.request."""
        return await self._worker.request(request)


class _Files(FileReporter):
    """Reports of a process that may die, on a disk that may be full after some writes."""

    def __init__(
        self,
        reports: Path,
        clock: abc.Callable[[], datetime],
        worker: Worker,
        room: int | None,
        plan: PlanWriter | None = None,
    ) -> None:
        super().__init__(reports, clock, plan)
        self._worker = worker
        self._room = room

    def started(self, run: Run) -> None:
        """As ever, while it lives."""
        self._worker.point()
        super().started(run)

    def finished(self, run: Run) -> None:
        """As ever, while it lives."""
        self._worker.point()
        super().finished(run)

    def _flush(self) -> None:
        self._worker.point()
        if self._room is not None:
            self._room -= 1
            if self._room <= 0:
                self._worker.full_disk = True
                raise OSError(28, "No space left on device")
        super()._flush()
