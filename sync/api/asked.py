"""What a caller from Python hands in, as the commands take it."""

import os
from collections import abc
from pathlib import Path
from typing import TypeVar

from sync.errors import ConfigError, ConfigProblem
from sync.mapping.choice import Choice
from sync.mapping.variables import Variables

AnyPath = str | os.PathLike[str]
#: One, or several.
Paths = AnyPath | abc.Iterable[AnyPath]
Names = str | abc.Iterable[str]
_T = TypeVar("_T")


def path(given: AnyPath | None) -> Path | None:
    """A path, if there is one."""
    return None if given is None else Path(given)


def paths(given: Paths) -> tuple[Path, ...]:
    """Files and folders; ConfigError where none is named."""
    several = [given] if isinstance(given, str | os.PathLike) else given
    return tuple(map(Path, _some("paths", several)))


def names(option: str, given: Names | None) -> tuple[str, ...]:
    """What an option names; ConfigError where it is there and names nothing: it would mean everything."""
    if given is None:
        return ()
    return tuple(_some(option, [given] if isinstance(given, str) else given))


def chosen(
    files: abc.Sequence[Path], select: Names | None, exclude: Names | None, variables: Variables
) -> abc.Sequence[Path]:
    """The files of these files and folders that are chosen; ConfigError as `Choice.files`."""
    excluded = (exclude,) if isinstance(exclude, str) else tuple(exclude or ())
    return Choice(names("select", select), excluded).files(files, variables)


def _some(option: str, given: abc.Iterable[_T]) -> list[_T]:
    found = list(given)
    if not found:
        message = f"{option} is empty, which could be taken for all"
        raise ConfigError(ConfigProblem(message, "leave it out where all are meant"))
    return found
