"""`validate`: mapping files alone, without a network; the environment only where that is asked for."""

from collections import abc
from pathlib import Path

from sync.cli.config import settings_and_mappings
from sync.cli.environ import tell, variables, warnings
from sync.cli.say import say
from sync.domain import objects
from sync.errors import ConfigError, ConfigProblem
from sync.mapping.interpolation import Open
from sync.mapping.loader import LoadedMapping, load
from sync.mapping.variables import Variables
from sync.report.words import visible


def validate(paths: abc.Sequence[Path], *, strict: bool, env: bool) -> int:
    """Check every file and say what each feeds; 0, or ConfigError with all problems of all files.

    Variables that are not set are problems with `env` only; warnings are with `strict`.
    """
    found = variables()
    loaded = _load(found, paths, env=env)
    _judge_values(loaded)
    told = warnings(found, paths)
    if strict and told:
        raise ConfigError(*(ConfigProblem(message) for message in told))
    tell(told, found)
    for one in loaded:
        say(_line(one))
    return 0


def _load(found: Variables, paths: abc.Sequence[Path], *, env: bool) -> list[LoadedMapping]:
    if env:
        return settings_and_mappings(found, paths, disabled=True)[1]
    return load(paths, Open(found), frozenset(), disabled=True)


def _judge_values(loaded: abc.Sequence[LoadedMapping]) -> None:
    """Raise ConfigError where constants, defaults or value maps do not fit what they are for."""
    from sync.transform.bind import misfits

    if problems := [problem for one in loaded for problem in misfits(one)]:
        raise ConfigError(*problems)


def _line(loaded: LoadedMapping) -> str:
    mapping = loaded.mapping
    plural = objects.of(mapping.destination.object).plural
    fields, attributes = len(mapping.fields), len(mapping.attributes)
    left_out = "" if mapping.enabled else ", left out (enabled: false)"
    return (
        f"{visible(loaded.file)}: ok — {visible(mapping.name)} → {plural}, {mapping.mode.value}, {fields} fields,"
        f" {attributes} declared attributes{left_out}"
    )
