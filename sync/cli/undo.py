"""`undo`: what a run changed goes back to what was there before."""

import asyncio
from collections import abc
from contextlib import closing, suppress
from functools import partial
from pathlib import Path

from sync.cli.environ import tell, variables, warnings
from sync.cli.execute import Wanted, execute, print_run
from sync.cli.formats import nothing
from sync.domain.put_back import Undoable
from sync.engine.context import Selection
from sync.engine.undo.task import UndoTask, nothing_to_read
from sync.errors import EXIT_OK, ConfigError, ConfigProblem
from sync.mapping.loader import LoadedMapping, Need, find_files, load, shown
from sync.mapping.variables import Variables
from sync.report import undoable
from sync.report.summary import Summary
from sync.settings import Settings
from sync.state.store import Store

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
    mappings = _mappings([part for part, _ in parts], folder.name, settings, found)
    undoables = {loaded.mapping.name: one for loaded, (_, one) in zip(mappings, parts, strict=True)}
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


def _mappings(
    parts: abc.Sequence[Summary], run: str, settings: Settings, found: Variables
) -> list[LoadedMapping]:
    """The mappings of these parts as they are now: their keys and data sources are needed.

    Raises:
        ConfigError: a file is not sound, or nobody knows which mapping one is by now.
    """
    taken = {part["mapping"] for part in parts}
    mappings = []
    for part in parts:
        file = Path(part["file"])
        there = load([file], found, _NEEDS, disabled=True) if file.exists() else []
        one = _named(part, there)
        if one is None:
            there += _beside(file, found)
            one = _named(part, there) or _renamed(part, run, settings, there, taken)
        taken.add(one.mapping.name)
        mappings.append(one)
    return mappings


def _beside(file: Path, found: Variables) -> abc.Iterator[LoadedMapping]:
    """The sound mappings in the folder of a file, but for its own."""
    for other in find_files([file.parent], []):
        if other != file:
            with suppress(ConfigError):
                yield from load([other], found, _NEEDS, disabled=True)


def _named(part: Summary, there: abc.Iterable[LoadedMapping]) -> LoadedMapping | None:
    """The mapping of the name and the object that the run wrote with."""
    wanted = (part["mapping"], part["object"])
    ours = (one for one in there if (one.mapping.name, _object(one)) == wanted)
    return next(ours, None)


def _renamed(
    part: Summary,
    run: str,
    settings: Settings,
    there: abc.Iterable[LoadedMapping],
    taken: abc.Set[str],
) -> LoadedMapping:
    """The only mapping of the same object and query that has another name, none of those that are taken."""
    with closing(Store.open_read_only(settings.state_url)) as store:
        known = store.run(run)
        queries = {one.mapping: one.query for one in known.mappings} if known else {}
        wanted = (queries.get(part["mapping"]), part["object"])
        same = [
            one
            for one in there
            if one.mapping.name not in taken and (_query(one, store), _object(one)) == wanted
        ]
    if len(same) == 1:
        return same[0]
    name, file = part["mapping"], shown(Path(part["file"]))
    message = f"mapping {name}, which the run wrote with, is not there any more: it was in {file}"
    hint = f"bring the file back; if the mapping is called otherwise by now, write `name: {name}` in its file"
    raise ConfigError(ConfigProblem(message, hint))


def _query(loaded: LoadedMapping, store: Store) -> int:
    """What stands for the query of a mapping in the entries of runs."""
    return store.query_hash(loaded.mapping.source.text)


def _object(loaded: LoadedMapping) -> str:
    return loaded.mapping.destination.object.value
