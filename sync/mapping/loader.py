"""Mapping files become mappings, or every problem of every file, each with its line."""

import hashlib
import json
import os
from collections import abc
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticCustomError
from yaml import ScalarNode

from sync.domain.flaw import flaw
from sync.errors import ConfigError, ConfigProblem
from sync.mapping import comments, dbt_source, places, yaml
from sync.mapping.conflicts import find_conflicts
from sync.mapping.credentials import Credentials
from sync.mapping.environment import API_KEY, EVERYTHING, Need, is_open, supply, text_at
from sync.mapping.interpolation import Environment, fill, names_in, names_within
from sync.mapping.lock_file import Lock, beside
from sync.mapping.messages import explain
from sync.mapping.model import Mapping
from sync.mapping.text import START, read_text, shown
from sync.mapping.yaml import Document

__all__ = ["EVERYTHING", "LoadedMapping", "Need", "load", "shown"]

#: They lie beside mappings, and are none.
_OTHERS = (".lock.yml", ".tests.yml", ".lock.yaml", ".tests.yaml")


@dataclass(frozen=True, slots=True)
class LoadedMapping:
    """A sound mapping. `digest` (32 bytes) changes with all it says but its secrets.

    Where the mapping has a `query_file`, `mapping.source.query` holds what that file says. `encoded` are the variables
    of its URL that were taken for percent-encodings. `lock` is the lock file beside it, where there is one.
    """

    mapping: Mapping
    file: str
    digest: bytes
    document: Document = field(repr=False)
    encoded: tuple[str, ...] = ()
    lock: Lock | None = field(default=None, repr=False)

    def problem_at(
        self, path: abc.Sequence[str | int], message: str, hint: str = ""
    ) -> ConfigProblem:
        """A problem that shows only later, at its line: `("fields", "name", "column")`."""
        return self.document.problem(tuple(path), message, hint)

    def problem_in_query(self, position: int, message: str, hint: str = "") -> ConfigProblem:
        """A problem at the character of the query at this position, in whichever file that stands."""
        if (source := self.mapping.source).query_file is not None:
            file = Path(self.file).parent / source.query_file
            place = places.inside(source.query or "", position)
            return ConfigProblem(message, hint, shown(file), *place, "source.query_file")
        node = self.document.node(("source", "query"))
        problem = self.problem_at(("source", "query"), message, hint)
        if not isinstance(node, ScalarNode) or node.value != source.query:
            return problem
        line, column = places.of(node, position)
        return replace(problem, line=line, column=column)

    def written(self, path: abc.Sequence[str | int]) -> str:
        """The value at `path` as the file spells it: `${NAME}`, never what that stands for."""
        return self.document.written(tuple(path))

    def variables_of(self, part: str, key: str) -> str:
        """The variables that the file names at `part.key`, for messages; empty where it names none."""
        value = self.document.data[part].get(key)
        return " and ".join(sorted(names_within(value)))

    @property
    def key_variable(self) -> str:
        """The variable that holds its API key."""
        return self.variables_of("destination", "api_key") or API_KEY


def load(
    paths: abc.Iterable[Path],
    environment: Environment,
    needs: abc.Set[Need] = EVERYTHING,
    *,
    disabled: bool = False,
) -> list[LoadedMapping]:
    """The mappings of files and folders, in order; a file named twice counts once.

    `needs` says which servers are going to be asked: what only they need may then be left unset. Mappings that are not
    `enabled` are left out, unless those that are `disabled` are wanted, too.

    Raises:
        ConfigError: with all problems of all files.
    """
    loaded: list[LoadedMapping] = []
    problems: list[ConfigProblem] = []
    for file in find_files(paths, problems):
        try:
            loaded += load_file(file, environment, needs, disabled=disabled)
        except ConfigError as error:
            problems += error.problems
    enabled = [one for one in loaded if one.mapping.enabled]
    problems += [conflict.problem for conflict in find_conflicts(enabled)]
    if problems:
        raise ConfigError(*dict.fromkeys(problems))
    return loaded


def names(paths: abc.Iterable[Path]) -> set[str]:
    """The variables that the files name, as far as they can be read."""
    found: set[str] = set()
    for file in find_files(paths, []):
        with suppress(ConfigError):
            found |= names_in(read_text(file, shown(file)))
    return found


def find_files(paths: abc.Iterable[Path], problems: list[ConfigProblem]) -> list[Path]:
    """The mapping files of these files and folders, each once; a folder without any is one of the `problems`."""
    return _unique(_find(paths, problems))


def _find(paths: abc.Iterable[Path], problems: list[ConfigProblem]) -> abc.Iterator[Path]:
    for path in paths:
        found = [path]
        if os.path.isdir(path):  # unlike Path.is_dir, it never raises
            names = (path.glob("*.yml"), path.glob("*.yaml"))
            found = sorted(file for glob in names for file in glob if file.name[0] != ".")
        found = [file for file in found if not file.name.endswith(_OTHERS)]
        if not found and not os.path.isdir(path):
            continue
        if not found:
            message = "this folder holds no mapping: no file ends with .yml or .yaml"
            problems.append(ConfigProblem(message, START, shown(path)))
        yield from found


def _unique(files: abc.Iterable[Path]) -> list[Path]:
    first: dict[str, Path] = {}
    for file in files:
        first.setdefault(os.path.realpath(file), file)
    return list(first.values())


def read_document(file: Path) -> Document:
    """What a mapping file says, as far as it is YAML.

    Raises:
        ConfigError: it cannot be read, or is no YAML.
    """
    return yaml.parse_as_far_as_possible(read_text(file, shown(file)), shown(file))


def load_file(
    file: Path, environment: Environment, needs: abc.Set[Need], *, disabled: bool = False
) -> abc.Iterator[LoadedMapping]:
    """The mapping of one file; none where it is left out, or stands in variables that need not be set.

    Raises:
        ConfigError: with all problems of the file.
    """
    parsed = read_document(file)
    if not disabled and _is_disabled(parsed.data, environment):
        return
    raw = supply(parsed.data, file.stem, environment, needs)
    query = _query(raw, file.parent, parsed, environment)
    if isinstance(query, PydanticCustomError):
        raw["source"]["query_file"] = query
    mapping = _validate(raw, parsed, environment)
    if problems := (*parsed.problems, *_hidden(parsed)):
        raise ConfigError(*problems)
    if mapping is None:
        return
    if isinstance(query, str):
        source = mapping.source.model_copy(update={"query": query})
        mapping = mapping.model_copy(update={"source": source})
    mapping = dbt_source.resolve(mapping, file, parsed, needed=Need.WAREHOUSE in needs)
    encoded = Credentials(text_at(parsed.data, "source", "url")).left(environment)
    yield LoadedMapping(mapping, parsed.file, _digest(mapping), parsed, encoded, beside(file))


def _is_disabled(data: abc.Mapping[str, Any], environment: Environment) -> bool:
    return fill(data.get("enabled"), environment) in (False, "false")


def _validate(raw: dict[str, Any], parsed: Document, environment: Environment) -> Mapping | None:
    """The mapping; None where too much of it stands in variables that need not be set."""
    try:
        return Mapping.model_validate(raw)
    except ValidationError as error:
        places = {detail["loc"] for detail in error.errors(include_url=False)}
        unset = {place for place in places if is_open(_at(raw, place), environment)}
        if problems := explain(error, parsed, unset):
            found = (*parsed.problems, *_further(problems, parsed))
            raise ConfigError(*found, *_hidden(parsed)) from None
    for place in unset:
        del _at(raw, place[:-1])[place[-1]]
    try:
        return Mapping.model_validate(raw)
    except ValidationError:
        return None


def _at(raw: Any, place: abc.Sequence[str | int]) -> Any:
    """What stands at a place; None where nothing does."""
    for step in place:
        try:
            raw = raw[step]
        except (KeyError, IndexError, TypeError):
            return None
    return raw


def _further(found: abc.Iterable[ConfigProblem], parsed: Document) -> abc.Iterator[ConfigProblem]:
    """Those that do not follow from a part of the file that means nothing: one mistake is one problem."""
    if yaml.merges(parsed):  # what a merge key would bring is not missing
        return
    lines = {problem.line for problem in parsed.problems}
    yield from (problem for problem in found if problem.line not in lines)


def _hidden(parsed: Document) -> list[ConfigProblem]:
    problem = comments.hidden(parsed)
    return [] if problem is None else [problem]


def _query(
    raw: dict[str, Any], folder: Path, parsed: Document, environment: Environment
) -> str | PydanticCustomError | None:
    """What the `query_file` says, or the flaw in it; None where there is none."""
    source = raw.get("source")
    name = source.get("query_file") if isinstance(source, dict) else None
    if not isinstance(name, str) or not name.strip() or is_open(name, environment):
        return None
    written = parsed.written(("source", "query_file"))
    if Path(name).is_absolute() or not _is_inside(folder / name, folder):
        hint = "move the file there, and write its path relative to the mapping"
        return flaw(f"{written} is not inside the folder of this mapping", hint)
    try:
        query = read_text(folder / name, "")
    except ConfigError as error:
        return flaw(f"{written}: {error.problems[0].message}")
    return query if query.strip() else flaw(f"{written}: the file is empty")


def _is_inside(file: Path, folder: Path) -> bool:
    """Whether a file really lies in a folder, wherever links lead."""
    try:
        return file.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError, ValueError):  # a loop of links, or no path at all
        return False


def _digest(mapping: Mapping) -> bytes:
    """A digest of what the mapping says beyond the defaults: a version that knows more keys changes none.

    Secrets are left out: it must not change with a rotated key, nor give it away. So is what changes nothing that is
    sent: when a mapping runs, by which names it is called together with others, and how its rows are read.
    """
    left_out: dict[str, Any] = {
        "source": {"url", "options", "dbt_manifest", "dbt_fresh_within", "dbt_tests", "read"},
        "destination": {"api_key"},
        "labels": True,
        "schedule": True,
    }
    said = mapping.model_dump(exclude=left_out, exclude_defaults=True)
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=repr).encode()).digest()
