"""What most commands begin with: the environment, its settings and the mappings."""

from collections import abc
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sync.errors import ConfigError, ConfigProblem
from sync.mapping.environment import STATE_URL
from sync.mapping.loader import EVERYTHING, LoadedMapping, Need, load
from sync.mapping.survey import Barred, Survey, survey
from sync.service.freshness import Known
from sync.settings import VARIABLES, Settings, environment
from sync.state.history import Whose


def prepare(
    paths: abc.Sequence[Path], needs: abc.Set[Need] = EVERYTHING
) -> tuple[Settings, list[LoadedMapping]]:
    """The settings and the mappings.

    Raises:
        ConfigError: with the problems of both, since whoever mends one has to mend the other.
    """
    variables = environment(Path.cwd())
    problems: list[ConfigProblem] = []
    settings, mappings = Settings(), list[LoadedMapping]()
    try:
        settings = Settings.load(variables)
    except ConfigError as error:
        problems += error.problems
    try:
        mappings = load(paths, variables, needs)
    except ConfigError as error:
        problems += error.problems
    if problems:
        raise ConfigError(*problems)
    return settings, mappings


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a run begins with. Where settings are wrong, `settings` are those that are right, and no mapping may run.

    `state_is_known`: whether the state may be entered; a wrong SYNC_STATE_URL names none.
    """

    settings: Settings
    survey: Survey
    state_is_known: bool = True


def prepare_run(paths: abc.Sequence[Path]) -> Prepared:
    """Settings and mappings, as far as they are sound: what is not fails its own mapping, and what depends on it.

    Raises:
        ConfigError: `.env` cannot be read.
    """
    variables = environment(Path.cwd())
    found = survey(paths, variables)
    try:
        return Prepared(Settings.load(variables), found)
    except ConfigError as error:
        right = _right(variables)
        known = STATE_URL in right or not variables.get(STATE_URL)
        return Prepared(Settings.load(right), found.barring(error), known)


def _right(variables: abc.Mapping[str, str]) -> dict[str, str]:
    """The variables that are right, each by itself."""
    right = {}
    for name in VARIABLES.keys() & variables.keys():
        with suppress(ConfigError):
            Settings.load({name: variables[name]})
            right[name] = variables[name]
    return right


def whose(loaded: LoadedMapping | Barred, known: Known) -> Whose:
    """A mapping as its history is known by, as far as files and environment tell: `status` needs no key."""
    if isinstance(loaded, Barred):
        query = None if loaded.query is None else known.query_hash(loaded.query)
        return Whose(
            loaded.name, loaded.data_source or None, None, loaded.object, loaded.file, query
        )
    mapping, destination = loaded.mapping, loaded.mapping.destination
    query = known.query_hash(mapping.source.query or mapping.source.table or "")
    source = destination.data_source or None
    return Whose(mapping.name, source, None, destination.object, loaded.file, query)
