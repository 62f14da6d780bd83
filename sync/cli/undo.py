"""`undo`: what a run changed goes back to what was there before."""

import asyncio
from collections import abc
from functools import partial
from pathlib import Path

from sync.cli.environ import tell, variables, warnings
from sync.cli.execute import Wanted, execute, print_run
from sync.cli.formats import nothing
from sync.domain.put_back import Undoable
from sync.engine.context import Selection
from sync.engine.undo.task import UndoTask, nothing_to_read
from sync.errors import EXIT_OK, ConfigError, ConfigProblem
from sync.mapping.loader import LoadedMapping, Need, load
from sync.mapping.variables import Variables
from sync.report import undoable
from sync.report.summary import Summary
from sync.settings import Settings

_NEEDS = frozenset({Need.CHARTMOGUL})


def undo(
    name: str,
    *,
    dry_run: bool,
    wanted: Wanted,
    lifted: frozenset[str] = frozenset(),
) -> int:
    """Put back what a run changed, as its report tells; the exit code of the run that does it.

    Raises:
        ConfigError: there is no report of it, it was a dry run or an undo, or its mappings are not there any more.
        StateError: the state cannot be opened.
    """
    found = variables()
    tell(warnings(found), found)
    settings = Settings.load(found)
    reports = wanted.reports or settings.reports
    folder = undoable.folder_of(reports, name)
    parts = undoable.read(folder)
    if not parts:
        document = {"format": 1, "undid": folder.name, "mappings": []}
        text = f"{folder.name} changed nothing: there is nothing to put back."
        nothing(wanted.output, "chartmogul-sync undo", document, text)
        return EXIT_OK
    mappings = [_mapping(part, found) for part, _ in parts]
    undoables = {one.mapping: one for _, one in parts}
    ended = asyncio.run(
        execute(
            settings,
            mappings,
            _selection(undoables, lifted),
            dry_run=dry_run,
            wanted=wanted,
            task=partial(UndoTask, undoables=undoables, foreseen={}),
            query=nothing_to_read,
            undid=folder.name,
        )
    )
    if wanted.output.given:
        print_run(ended, wanted, reports)
    return ended.exit_code


def _selection(undoables: abc.Mapping[str, Undoable], lifted: frozenset[str]) -> Selection:
    """Not all rows count: nothing is missed, and shares mean nothing."""
    keys = frozenset(past.key for one in undoables.values() for past in one.past)
    return Selection(keys=keys, lifted=lifted)


def _mapping(part: Summary, found: Variables) -> LoadedMapping:
    """The mapping as it is now: its key and its data source are needed.

    Raises:
        ConfigError: its file is gone, is not sound, or is another mapping by now.
    """
    loaded = load([Path(part["file"])], found, _NEEDS, disabled=True)
    for one in loaded:
        here = one.mapping.destination.object.value
        if (one.mapping.name, here) == (part["mapping"], part["object"]):
            return one
    message = (
        f"{part['file']} is not the mapping {part['mapping']} any more, which the run wrote with"
    )
    raise ConfigError(ConfigProblem(message, "bring the file back, for its key and data source"))
