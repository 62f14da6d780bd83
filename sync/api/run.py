"""`run` from Python."""

import asyncio
import signal
import threading
from collections import abc
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sync.api import asked, values
from sync.api.asked import AnyPath, Names, Paths
from sync.api.thread import apart
from sync.cli.config import oddities, survey_run
from sync.cli.environ import variables_of
from sync.cli.execute import SIGNALS, Wanted, carry_out, conduct, signals
from sync.cli.plan import paths_for
from sync.domain.results import Run
from sync.engine.context import Selection, Stop
from sync.engine.limits import read_rails
from sync.errors import EXIT_INTERRUPTED, ConfigError, ConfigProblem, SyncError
from sync.report.logs import of_python
from sync.report.summary import summary
from sync.settings import Settings

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

_DEFAULT = (Path("mappings"),)


def run(
    paths: Paths | None = None,
    *,
    dry_run: bool = False,
    full: bool = False,
    limit: int | None = None,
    keys: Names | None = None,
    select: Names | None = None,
    exclude: Names | None = None,
    override: Names | None = None,
    plan: AnyPath | None = None,
    canary: int | None = None,
    reports: AnyPath | None = None,
    env_file: AnyPath | None = None,
) -> values.Run:
    """Bring ChartMogul up to date with the warehouse, as the command `run` does; the values of its `summary.json`.

    `paths` are files and folders, `mappings` unless given; the others are the command's options. The environment and
    `.env` are read as the command reads them. State, reports, metrics and messages are the same. Rejected rows, rails
    and servers that say no are in what is returned: look at `status` and `exit_code`, and at `error` of each mapping.

    Nothing is printed. Steps, warnings and rejected rows go to the logger `sync` of `logging`, without values.

    It may be called from any thread. Where an event loop runs in the calling thread, the run has a thread of its own,
    and the loop stands still meanwhile; `await asyncio.to_thread(run, …)` lets it go on. In the main thread SIGINT and
    SIGTERM, where nobody else handles them, end the run in order first and then do what they always do.

    Raises:
        ConfigError: no mapping may run, or an option does not fit; nothing was sent.
        StateError: the state cannot be opened.
    """
    lifted = read_rails(asked.names("override", override or None))
    _guard(limit, canary, dry_run=dry_run)
    only = frozenset(asked.names("keys", keys)) or None
    selection = Selection(limit, only, full, lifted, canary=canary)
    file = asked.path(plan)
    given = () if paths is None else asked.paths(paths)
    files = paths_for(given, file, dry_run=dry_run, default=_DEFAULT)
    variables = variables_of(asked.path(env_file))
    files = asked.chosen(files, select, exclude, variables)
    prepared = survey_run(files, variables)
    wanted = Wanted(reports=asked.path(reports), log=_log(prepared.settings))
    _tell(oddities(files, variables, prepared), wanted)
    conducting = partial(conduct, prepared, selection, dry_run=dry_run, wanted=wanted, plan=file)
    going = _Going()
    work = partial(going.carry_out, conducting, prepared, selection, wanted, dry_run=dry_run)
    ended, broken = apart(work, going.interrupt)
    if broken is not None:
        raise broken
    return values.run_of(summary(ended))


def _log(settings: Settings) -> "FilteringBoundLogger":
    log, environment = of_python(), settings.environment
    return log.bind(environment=environment) if environment else log


def _tell(odd: abc.Iterable[str], wanted: Wanted) -> None:
    assert wanted.log is not None
    for message in odd:
        wanted.log.warning("warning", message=message)


def _guard(limit: int | None, canary: int | None, *, dry_run: bool) -> None:
    """Raise ConfigError where numbers are none, or options do not go together."""
    for name, number in (("limit", limit), ("canary", canary)):
        if number is not None and number < 1:
            raise ConfigError(ConfigProblem(f"{name} is {number}; it takes a number from 1"))
    if canary and dry_run:
        message = "canary is for a run that writes: a dry run sends nothing"
        raise ConfigError(ConfigProblem(message, "leave one of the two out"))


class _Going:
    """A run that goes on, and can be asked from another thread to end."""

    def __init__(self) -> None:
        self._stop = Stop()
        self._loop: asyncio.AbstractEventLoop | None = None

    def carry_out(
        self,
        conducting: abc.Callable[..., abc.Coroutine[None, None, Run]],
        *given: Any,
        dry_run: bool,
    ) -> tuple[Run, SyncError | None]:
        """The run and the error that ended it before its first row; then a signal does what it does."""
        taken = _unhandled()
        ended = carry_out(self._conduct(conducting, taken), *given, dry_run=dry_run)
        for which in taken:
            if SIGNALS[which] == self._stop.exit_code:
                signal.raise_signal(which)
        return ended

    def interrupt(self) -> None:
        """Let requests under way end, and send no other."""
        if self._loop is None:
            self._stop.request(EXIT_INTERRUPTED)
            return
        with suppress(RuntimeError):  # it is over
            self._loop.call_soon_threadsafe(self._stop.request, EXIT_INTERRUPTED)

    async def _conduct(
        self,
        conducting: abc.Callable[..., abc.Coroutine[None, None, Run]],
        taken: abc.Collection[signal.Signals],
    ) -> Run:
        self._loop = asyncio.get_running_loop()
        with signals(self._stop, taken):
            return await conducting(stop=self._stop)


def _unhandled() -> tuple[signal.Signals, ...]:
    """The signals that nobody handles, where this thread may do so."""
    if threading.current_thread() is not threading.main_thread():
        return ()
    usual = (signal.SIG_DFL, signal.default_int_handler)
    return tuple(which for which in SIGNALS if signal.getsignal(which) in usual)
