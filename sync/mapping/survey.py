"""Which mappings may run, and which may not because of files that are not sound: a failure stays where it belongs."""

import os
from collections import abc
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from sync.domain import objects
from sync.domain.policy import Mode
from sync.domain.record import Object
from sync.errors import ConfigError, ConfigProblem, SyncError, cause, told
from sync.mapping.conflicts import Conflict, find_conflicts
from sync.mapping.environment import EVERYTHING, Need, supply
from sync.mapping.interpolation import Environment
from sync.mapping.loader import LoadedMapping, find_files, load_file, read_document, shown
from sync.mapping.model import Schedule
from sync.mapping.types import DataSource, uuid_of

_SOURCE = TypeAdapter[str](DataSource)


@dataclass(frozen=True, slots=True)
class Unsound:
    """A file that is no sound mapping: its problems, and as much of what it feeds as can be read."""

    name: str
    file: str
    problems: tuple[ConfigProblem, ...]
    object: Object | None = None
    data_source: str | None = None
    mode: str = Mode.UPSERT.value

    @property
    def is_known(self) -> bool:
        """Whether its destination can be read."""
        return self.object is not None and self.data_source is not None


@dataclass(frozen=True, slots=True)
class Barred:
    """A mapping that does not run, and why. `query` is what it would read, None where its file does not say."""

    name: str
    file: str
    error: str
    object: Object | None
    data_source: str | None
    mode: str
    query: str | None = None
    #: Nothing is wrong with it: another file holds it back.
    held: bool = False
    #: Why, in a word of ours.
    reason: str = cause(ConfigError())
    #: When it would run, where its file says so and can be read.
    schedule: Schedule | None = None


@dataclass(frozen=True, slots=True)
class Survey:
    """What files hold: the mappings that may run, those that may not, and every problem there is.

    `unsound` are the files whose own problems hold others back.
    """

    sound: list[LoadedMapping] = field(default_factory=list)
    barred: list[Barred] = field(default_factory=list)
    problems: tuple[ConfigProblem, ...] = ()
    unsound: tuple[str, ...] = ()

    @property
    def everybody(self) -> list[LoadedMapping | Barred]:
        """The mappings that may run, then those that may not."""
        return [*self.sound, *self.barred]

    @property
    def may_run(self) -> bool:
        """Whether nothing is wrong with all of them: some may run, or all are left out."""
        return bool(self.sound) or not (self.barred or self.problems)

    def barring(self, error: SyncError) -> "Survey":
        """This survey where no mapping may run, because of settings or the state."""
        found = [replace(_barred(one, told(error)), reason=cause(error)) for one in self.sound]
        problems = error.problems if isinstance(error, ConfigError) else ()
        more = [problem for problem in problems if problem not in self.problems]
        return Survey([], [*self.barred, *found], (*more, *self.problems), self.unsound)

    def failing(self, problems: abc.Mapping[str, ConfigProblem]) -> "Survey":
        """This survey where the sound mappings of some files may not run, each because of its problem."""
        sound = [one for one in self.sound if one.file not in problems]
        failed = [
            _barred(one, told(ConfigError(problems[one.file])))
            for one in self.sound
            if one.file in problems
        ]
        more = (*self.problems, *problems.values())
        return Survey(sound, [*self.barred, *failed], more, self.unsound)

    def only(self, names: abc.Set[str]) -> "Survey":
        """This survey of the mappings of these names alone; files that are not sound guard types as before."""
        barred = [one for one in self.barred if one.name in names]
        files = {one.file for one in barred}
        problems = tuple(problem for problem in self.problems if problem.file in files)
        return Survey(
            [one for one in self.sound if one.mapping.name in names], barred, problems, self.unsound
        )


_HELD = "held back: "


def survey(
    paths: abc.Iterable[Path], environment: Environment, needs: abc.Set[Need] = EVERYTHING
) -> Survey:
    """The mappings of files and folders, in order. A file that is not sound fails alone, with what depends on it.

    That are the mappings of the same data source and object and, if it is a customer's, the contacts of that data
    source; all, where its destination cannot be read. What two files have against each other fails those two.
    """
    misplaced: list[ConfigProblem] = []
    loaded: list[LoadedMapping] = []
    unsound: list[Unsound] = []
    for file in find_files(paths, misplaced):
        try:
            loaded += load_file(file, environment, needs)
        except ConfigError as error:
            unsound.append(_unsound(file, error, environment))
    conflicts = find_conflicts(loaded)
    sound, barred = _divide(loaded, unsound, conflicts, misplaced)
    problems = [*misplaced, *(problem for one in unsound for problem in one.problems)]
    problems += [conflict.problem for conflict in conflicts]
    problems = list(dict.fromkeys(problems))  # a lock file is that of many mappings
    present = [_failed(one) for one in unsound if os.path.lexists(one.file)]
    return Survey(sound, present + barred, tuple(problems), tuple(one.file for one in unsound))


def _failed(one: Unsound) -> Barred:
    error = told(ConfigError(*one.problems))
    source = None if one.data_source is None else uuid_of(one.data_source)
    return Barred(one.name, one.file, error, one.object, source, one.mode)


def _divide(
    loaded: abc.Iterable[LoadedMapping],
    unsound: abc.Sequence[Unsound],
    conflicts: abc.Sequence[Conflict],
    misplaced: abc.Sequence[ConfigProblem],
) -> tuple[list[LoadedMapping], list[Barred]]:
    """Those that may run, and those that may not."""
    lost = [*unsound, *(Unsound("", problem.file, ()) for problem in misplaced)]
    sound: list[LoadedMapping] = []
    barred: list[Barred] = []
    for one in loaded:
        against = [conflict.problem for conflict in conflicts if one.file in conflict.files]
        if against:
            barred.append(_barred(one, told(ConfigError(*against))))
        elif why := next(filter(None, (_reason(one, other) for other in lost)), None):
            barred.append(replace(_barred(one, why), held=True))
        else:
            sound.append(one)
    return sound, barred


def _barred(one: LoadedMapping, error: str) -> Barred:
    mapping = one.mapping
    source, destination = mapping.source, mapping.destination
    return Barred(
        mapping.name,
        one.file,
        error,
        destination.object,
        destination.uuid,
        mapping.mode.value,
        source.text,
        schedule=mapping.schedule,
    )


def _reason(one: LoadedMapping, other: Unsound) -> str | None:
    """Why a file that is not sound holds a mapping back; None where it does not."""
    where = one.mapping.destination
    if not other.is_known:
        return f"{_HELD}{other.file} is not sound, and what it feeds cannot be read"
    if where.data_source != other.data_source:
        return None
    about = objects.of(where.object)
    if where.object is other.object:
        return f"{_HELD}{other.file} is not sound, and feeds {about.plural} of the same data source"
    if about.parent is not None and about.parent is other.object:
        parents = objects.of(about.parent).plural
        return f"{_HELD}{other.file} is not sound, and feeds the {parents} of these {about.plural}"
    return None


def _unsound(file: Path, error: ConfigError, environment: Environment) -> Unsound:
    """What can be read of a file with problems."""
    try:
        document = read_document(file)
    except ConfigError:
        return Unsound(file.stem, shown(file), error.problems)
    raw = supply(document.data, file.stem, environment, frozenset(Need))
    found = raw.get("destination")
    destination = found if isinstance(found, dict) else {}
    name, mode = raw.get("name"), raw.get("mode")
    return Unsound(
        name if isinstance(name, str) and name.strip() else file.stem,
        shown(file),
        error.problems,
        _member(Object, destination.get("object")),
        _data_source(destination.get("data_source")),
        (_member(Mode, mode) or Mode.UPSERT).value,
    )


def _member(kind: Any, value: Any) -> Any:
    """The member of an enumeration with this value; None where there is none."""
    return next((one for one in kind if one.value == value), None)


def _data_source(value: Any) -> str | None:
    try:
        return _SOURCE.validate_python(value)
    except ValidationError:
        return None
