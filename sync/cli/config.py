"""What most commands begin with: the environment, its settings and the mappings."""

from collections import abc
from pathlib import Path

from sync.errors import ConfigError, ConfigProblem
from sync.mapping.loader import EVERYTHING, LoadedMapping, Need, load
from sync.settings import Settings, environment


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
