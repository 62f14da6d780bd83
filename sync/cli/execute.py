"""`run`: everything is opened here, handed to the session, and closed again."""

import asyncio
import gc
import signal
import sys
import time
from collections import abc
from contextlib import AsyncExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sync.allowance.opening import open_book
from sync.cli import broken_run
from sync.cli import plan as plans
from sync.cli.config import Prepared, prepare_run
from sync.cli.follow import follow, leave_metrics, warner
from sync.cli.formats import Output
from sync.cli.outside import clock_until, http_of, now
from sync.domain.events import Reporter
from sync.domain.results import Run
from sync.engine.context import Selection, Stop
from sync.engine.read.query import MappingQuery
from sync.engine.session import Session, Ways
from sync.engine.task import MappingTask
from sync.errors import EXIT_INTERRUPTED, EXIT_TERMINATED, ConfigError, SyncError
from sync.mapping.loader import LoadedMapping
from sync.mapping.survey import Barred
from sync.report import logs, retention
from sync.report.files import FileReporter
from sync.report.log import LogReporter
from sync.report.several import Several
from sync.report.summary import summary
from sync.settings import Settings
from sync.state.store import Store

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger


class Teller(Protocol):
    """Makes what tells people of a run while it goes on; where it is `quiet`, the log does."""

    def __call__(self, *, quiet: bool) -> Reporter:
        """The reporter."""
        ...


#: What asks for an end, and the exit code that it gives.
SIGNALS = {signal.SIGINT: EXIT_INTERRUPTED, signal.SIGTERM: EXIT_TERMINATED}


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a run is told of: in which form, with reports in which folder, and how many rows of a dry run.

    Where there is a `log`, which is the caller's, it takes the place of terminal and standard error.
    """

    output: Output = field(default_factory=Output)
    reports: Path | None = None
    rows: int | None = None
    log: "FilteringBoundLogger | None" = None


def run(
    paths: abc.Sequence[Path],
    selection: Selection,
    wanted: Wanted,
    *,
    dry_run: bool,
    plan: Path | None = None,
) -> int:
    """Run the mappings and say how it went; the exit code.

    What is wrong with settings, mappings or the state fails the run, or its own mapping: see `broken_run`.
    """
    prepared = prepare_run(paths)
    conducting = conduct(prepared, selection, dry_run=dry_run, wanted=wanted, plan=plan)
    ended, _ = carry_out(conducting, prepared, selection, wanted, dry_run=dry_run)
    return ended.exit_code


def carry_out(
    conducting: abc.Coroutine[None, None, Run],
    prepared: Prepared,
    selection: Selection,
    wanted: Wanted,
    *,
    dry_run: bool,
) -> tuple[Run, SyncError | None]:
    """A run and what follows it: the run, and the error that ended it before its first row."""
    broken = None
    try:
        ended = asyncio.run(conducting)
    except SyncError as error:
        broken, prepared = error, replace(prepared, survey=prepared.survey.barring(error))
        ended = broken_run.enter(prepared, error, dry_run=dry_run, whole=selection.whole)
        if wanted.log is None:
            broken_run.tell(prepared, ended, error)
    settings, reports = prepared.settings, wanted.reports
    if wanted.output.given:
        print_run(ended, wanted, reports or settings.reports)
    warn = warner(settings, wanted.log)
    if prepared.state_is_known:
        follow(settings, ended, reports, warn=warn)
    leave_metrics(settings, ended, warn)
    return ended, broken


def print_run(run: Run, wanted: Wanted, reports: Path) -> None:
    """Print a run that is over as it was asked for: what `report` prints of it, where it has left a report."""
    from sync.cli.run_formats import from_folder, from_summary
    from sync.report.gathered import Gathered
    from sync.report.preview import ROWS

    output, folder = wanted.output, reports / run.id
    if folder.is_dir() and not output.as_json:
        rows = ROWS if wanted.rows is None else wanted.rows
        values = output.values or run.dry_run
        output.write(from_folder(output, folder, rows, values=values))
    else:
        output.write(from_summary(output, summary(run), Gathered()))


async def conduct(
    prepared: Prepared,
    selection: Selection,
    *,
    dry_run: bool,
    wanted: Wanted | None = None,
    stop: Stop | None = None,
    listener: Reporter | None = None,
    plan: Path | None = None,
) -> Run:
    """A run over the mappings that may run; those that may not have failed in it. A plan takes all of them or none.

    Raises:
        ConfigError: none may, no report can be written, or the plan does not fit.
        StateError: the state cannot be opened.
    """
    found = prepared.survey
    if not found.may_run or (plan is not None and found.problems):
        raise ConfigError(*found.problems)
    told = wanted is not None and wanted.log is not None
    if found.problems and not told and logs.style(prepared.settings.log, sys.stderr) == "text":
        broken_run.show(prepared)
    return await execute(
        prepared.settings,
        found.sound,
        selection,
        dry_run=dry_run,
        wanted=wanted,
        stop=stop,
        listener=listener,
        barred=found.barred,
        unsound=found.unsound,
        plan=plan,
    )


async def execute(
    settings: Settings,
    mappings: abc.Sequence[LoadedMapping],
    selection: Selection,
    *,
    dry_run: bool,
    wanted: Wanted | None = None,
    stop: Stop | None = None,
    listener: Reporter | None = None,
    barred: abc.Sequence[Barred] = (),
    unsound: abc.Sequence[str] = (),
    task: abc.Callable[..., MappingTask] = MappingTask,
    teller: "Teller | None" = None,
    query: abc.Callable[[LoadedMapping], MappingQuery] = MappingQuery.open,
    undid: str | None = None,
    plan: Path | None = None,
) -> Run:
    """One run over loaded mappings, with everything it needs opened and closed again.

    Signals end it, unless the caller has a `stop` of its own. `task` is what takes a mapping through it, `teller` makes
    what tells of it besides files and log, for people; `undid` is the run that this one puts back. `plan` is the file
    that a dry run makes, or a run applies.
    """
    own, wanted = stop or Stop(), wanted or Wanted()
    reports = wanted.reports or settings.reports
    with nullcontext() if stop else signals(own):
        async with AsyncExitStack() as stack:
            given, quiet = (plan, selection, mappings, settings), wanted.log is not None
            planned = plans.opened(*given, dry_run=dry_run, quiet=quiet)
            selection, writer = stack.enter_context(planned)
            opened = Store.open_read_only if dry_run else Store.open
            store = await asyncio.to_thread(opened, settings.state_url)
            stack.callback(store.close)
            files = FileReporter(reports, now, writer)
            reporter = _reporter(files, settings, store, wanted, teller, dry_run=dry_run)
            if listener is not None:
                reporter = Several(reporter, listener)
            stack.callback(reporter.close)
            clock, http = clock_until(own), http_of(settings)
            book = await asyncio.to_thread(open_book, settings.state_url)
            stack.callback(book.close)
            ways = Ways(clock, http, query, book)
            session = Session(settings, store, own, reporter, stack, ways, task)
            stack.enter_context(_short_collections())
            ended = await session.conduct(
                mappings, selection, dry_run=dry_run, barred=barred, unsound=unsound, undid=undid
            )
        if not own.requested():  # a supervisor kills after ten seconds; the next run has the time
            await asyncio.to_thread(retention.after, ended, reports, settings.keeping)
        return ended


@contextmanager
def _short_collections() -> abc.Iterator[None]:
    """Let the garbage collector pass over what was there before the run.

    A full collection of all modules takes 50 ms, in which no request starts.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@contextmanager
def signals(
    stop: Stop, taken: abc.Collection[signal.Signals] = tuple(SIGNALS)
) -> abc.Iterator[None]:
    """The first signal asks for an end; the second one ends the process as it always would."""
    loop = asyncio.get_running_loop()

    def ask(which: signal.Signals) -> None:
        stop.request(SIGNALS[which])
        loop.remove_signal_handler(which)

    for which in taken:
        loop.add_signal_handler(which, ask, which)
    try:
        yield
    finally:
        for which in taken:
            loop.remove_signal_handler(which)


def _reporter(
    files: FileReporter,
    settings: Settings,
    store: Store,
    wanted: Wanted,
    teller: "Teller | None" = None,
    *,
    dry_run: bool,
) -> Reporter:
    """Files first: the terminal names their folder, and shows what they have gathered."""
    if wanted.log is not None:
        return Several(files, LogReporter(wanted.log, clock=time.monotonic, mask=store.stored))
    as_log = logs.style(settings.log, sys.stderr) == "json"
    if teller is not None:
        terminal = teller(quiet=as_log)
    else:
        preview = dry_run and not wanted.output.given
        terminal = _terminal(settings, store, wanted, files, quiet=as_log, preview=preview)
    if not as_log:
        return Several(files, terminal)
    log = logs.logger("json", sys.stderr, environment=settings.environment)
    logs.adopt(log)
    lines = LogReporter(log, clock=time.monotonic, mask=store.stored)
    return Several(files, terminal, lines) if dry_run else Several(files, lines)


def _terminal(
    settings: Settings,
    store: Store,
    wanted: Wanted,
    files: FileReporter,
    *,
    quiet: bool,
    preview: bool,
) -> Reporter:
    """For people: progress on stderr unless `quiet`, and what a dry run found on stdout."""
    from rich.console import Console

    from sync.report.terminal import Shown, TerminalReporter

    return TerminalReporter(
        Console(stderr=True, highlight=False, quiet=quiet),
        Console(highlight=False) if preview else None,
        clock=time.monotonic,
        allowance=settings.rate,
        mask=store.stored,
        reports=wanted.reports or settings.reports,
        shown=Shown(wanted.rows, files.gathered, values=wanted.output.values),
    )
