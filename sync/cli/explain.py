"""`explain`: one key of a mapping, with all that is known of it and what would be done about it; nothing is written."""

import asyncio
import os
import sys
from collections import abc
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

from sync.allowance.opening import open_book
from sync.cli.config import settings_and_mappings
from sync.cli.environ import tell, variables, warnings
from sync.cli.execute import signals
from sync.cli.formats import Output
from sync.cli.outside import clock_until, http_of
from sync.cli.progress import Progress
from sync.cli.say import say
from sync.domain.events import Phase
from sync.domain.explained import Explained
from sync.domain.results import MappingRun, PartlyWritten, Result, Run
from sync.engine.context import Selection, Stop
from sync.engine.explanation import ExplainTask
from sync.engine.limits import RAILS
from sync.engine.session import Session, Ways
from sync.errors import EXIT_CONFIG, EXIT_OK, EXIT_REJECTED, ConfigError, ConfigProblem
from sync.mapping.choice import Choice
from sync.mapping.loader import LoadedMapping
from sync.mapping.variables import Variables
from sync.report import explanation, explanation_text, logs
from sync.report.plain import indented
from sync.report.words import sentence, visible
from sync.settings import Settings
from sync.state.store import Store

_FOLDER = Path("mappings")


def explain(mapping: str, key: str, output: Output) -> int:
    """Say all there is to say of a key; 0 where a row has it, whatever becomes of that row, 2 where none has.

    `mapping` is a file, or the name of a mapping in mappings/. Where the mapping fails, its exit code.

    Raises:
        ConfigError: there is no such mapping, or it is not sound.
        StateError: the state cannot be read.
    """
    given = variables()
    file = _file(mapping, given)
    try:
        settings, [loaded] = settings_and_mappings(given, [file], disabled=True)
    finally:
        tell(warnings(given, [file]), given)
    if not loaded.mapping.enabled:
        name = visible(loaded.mapping.name)
        say(
            f"Warning: no run takes {name} (enabled: false); this is what one would do",
            to=sys.stderr,
        )
    found = Explained(key)
    run = asyncio.run(_conduct(settings, loaded, found))
    [part] = run.mappings
    error = part.error
    if error is None and run.exit_code not in (EXIT_OK, EXIT_REJECTED):
        error = "interrupted"
    missing = error is None and not found.rows
    if missing:
        error = f"no row of {part.mapping} ({part.file}) has the key {key!r}"
    _show(part, found, error, output, whole=missing or bool(found.rows))
    if missing:
        return EXIT_CONFIG
    return run.exit_code if error else EXIT_OK


def _file(mapping: str, given: Variables) -> Path:
    """The file that is meant; ConfigError where it is not one mapping."""
    path = Path(mapping)
    if os.path.isdir(path):
        message = f"{mapping} is a folder, and a key is explained by one mapping"
        raise ConfigError(ConfigProblem(message, "name its file, or the mapping"))
    if path.is_file() or path.suffix in (".yml", ".yaml"):
        return path
    if mapping.startswith("label:"):
        message = "a label may stand for several mappings, and a key is explained by one"
        raise ConfigError(ConfigProblem(message, "name the mapping, or its file"))
    try:
        return Choice((mapping,)).files([_FOLDER], given)[0]
    except ConfigError as error:
        raise ConfigError(*(_asked(one) for one in error.problems)) from error


def _asked(problem: ConfigProblem) -> ConfigProblem:
    """The problem, without the option that nobody gave here."""
    return replace(problem, message=problem.message.removeprefix("--select: "))


async def _conduct(settings: Settings, loaded: LoadedMapping, found: Explained) -> Run:
    """A dry run of the rows of one key: without reports, without a lease, on a state that is only read."""
    stop = Stop()
    listener = _Listener(found, quiet=logs.style(settings.log, sys.stderr) == "json")
    with signals(stop):
        async with AsyncExitStack() as stack:
            store = await asyncio.to_thread(Store.open_read_only, settings.state_url)
            stack.callback(store.close)
            book = await asyncio.to_thread(open_book, settings.state_url)
            stack.callback(book.close)
            ways = Ways(clock_until(stop), http_of(settings), book=book)
            task = partial(ExplainTask, explained=found)
            session = Session(settings, store, stop, listener, stack, ways, task)
            selection = Selection(keys=frozenset({found.key}), lifted=frozenset(RAILS))
            return await session.conduct([loaded], selection, dry_run=True)


class _Listener(Progress):
    """Keeps what becomes of the rows; only warnings, and a warehouse that lets us wait, are said at once."""

    def __init__(self, found: Explained, *, quiet: bool) -> None:
        super().__init__(quiet=quiet)
        self._found = found

    def phase(self, mapping: MappingRun, phase: Phase, total: int | None) -> None:
        """Nothing: one key is soon explained."""

    def rows(self, mapping: MappingRun, results: abc.Sequence[Result]) -> None:
        """Keep them by their rows."""
        for one in results:
            number = one.rejected.row if isinstance(one, PartlyWritten) else one.row
            self._found.results[number] = one


def _show(
    part: MappingRun, found: Explained, error: str | None, output: Output, *, whole: bool
) -> None:
    """What is known, then why there is no more; `whole`: there is anything but that."""
    if output.as_json:
        output.write(indented(explanation.document(part, found, error)) + "\n")
    elif whole:
        output.write_lines(explanation_text.text(part, found))
    if error is not None:
        say(sentence(visible(error)), to=sys.stderr)
