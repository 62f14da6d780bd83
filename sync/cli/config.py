"""What most commands begin with: the environment, its settings and the mappings."""

from collections import abc
from pathlib import Path

from sync.errors import ConfigError, ConfigProblem
from sync.mapping.loader import EVERYTHING, LoadedMapping, Need, load
from sync.service.freshness import Known
from sync.settings import Settings, environment
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


def whose(loaded: LoadedMapping, known: Known) -> Whose:
    """A mapping as its history is known by, as far as files and environment tell: `status` needs no key."""
    mapping, destination = loaded.mapping, loaded.mapping.destination
    query = known.query_hash(mapping.source.query or mapping.source.table or "")
    source = destination.data_source or None
    return Whose(mapping.name, source, None, destination.object, loaded.file, query)
