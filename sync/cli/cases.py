"""The cases of a mapping's tests: `NAME.tests.yml` beside `NAME.yml`, as values."""

from collections import abc
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sync.domain import objects
from sync.errors import ConfigError, ConfigProblem
from sync.mapping.loader import LoadedMapping, shown
from sync.mapping.rules import nearest
from sync.mapping.yaml import Document, parse

ENDS = (".tests.yml", ".tests.yaml")
_PARTS = ("name", "rows", "before", "after", "rejected")
#: A list is no mapping, and mappings are what is parsed: it becomes one under this key, a line further down.
_HEAD = "cases:\n"

Row = abc.Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    """One case: the rows of the query, what ChartMogul has before and after, and which rows are rejected with what.

    `rejected` has keys, or numbers of rows, as texts. `line` is where the case stands in its file.
    """

    name: str
    line: int
    rows: tuple[Row, ...]
    before: tuple[Row, ...] = ()
    after: tuple[Row, ...] = ()
    rejected: abc.Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Cases:
    """A mapping and its cases, with the file that they stand in."""

    loaded: LoadedMapping
    file: str
    cases: tuple[Case, ...]


def file_of(loaded: LoadedMapping) -> Path | None:
    """The tests of a mapping; None where it has none."""
    file = Path(loaded.file)
    found = (file.with_name(file.stem + end) for end in ENDS)
    return next((one for one in found if one.is_file()), None)


def read(loaded: LoadedMapping, file: Path) -> Cases:
    """The cases of a file.

    Raises:
        ConfigError: with every problem of the file.
    """
    name = shown(file)
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(ConfigProblem(f"cannot be read as UTF-8: {error}", "", name)) from None
    try:
        document = parse(_HEAD + text.removeprefix("---\n"), name)
    except ConfigError as error:
        raise ConfigError(*map(_placed, error.problems)) from None
    found = document.data["cases"]
    if not isinstance(found, list) or not found:
        message = "this is no list of cases"
        raise ConfigError(ConfigProblem(message, "write - name: …, rows: […], after: […]", name, 1))
    reader = _Reader(document, loaded, [])
    cases = tuple(reader.case(place, raw) for place, raw in enumerate(found))
    if reader.problems:
        raise ConfigError(*reader.problems)
    return Cases(loaded, name, cases)


def _placed(problem: ConfigProblem) -> ConfigProblem:
    """A problem at the line of the file itself."""
    path = problem.path.removeprefix("cases.")
    return replace(problem, line=max(1, problem.line - 1), path=path)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads cases, and collects what is wrong with them."""

    document: Document
    loaded: LoadedMapping
    problems: list[ConfigProblem]

    def case(self, place: int, raw: Any) -> Case:
        """A case, as far as it is one."""
        at = ("cases", place)
        line = _placed(self.document.problem(at, "")).line
        if not isinstance(raw, dict):
            self._wrong(at, "is no case: name, rows, before, after, rejected")
            return Case("", line, ())
        for key in raw.keys() - set(_PARTS):
            near = nearest(str(key), _PARTS)
            self._wrong((*at, key), f"unknown key {key!r}", f"did you mean {near}?" if near else "")
        name = raw.get("name")
        if not isinstance(name, str) or not name.strip():
            self._wrong(at, "a case needs a name, as text")
        if not isinstance(raw.get("rows"), list):
            self._wrong(at, "a case needs rows: a list of columns with their values")
        return Case(
            str(name),
            line,
            self._rows((*at, "rows"), raw.get("rows")),
            self._records((*at, "before"), raw.get("before")),
            self._records((*at, "after"), raw.get("after")),
            self._rejected((*at, "rejected"), raw.get("rejected")),
        )

    def _rows(self, at: tuple[Any, ...], raw: Any) -> tuple[Row, ...]:
        """A list of maps."""
        if raw is None:
            return ()
        if not isinstance(raw, list) or not all(isinstance(one, dict) for one in raw):
            self._wrong(at, "is no list of keys and values", "write [{id: cus_1, name: Quince}]")
            return ()
        return tuple(raw)

    def _records(self, at: tuple[Any, ...], raw: Any) -> tuple[Row, ...]:
        """Records, with fields that ChartMogul has, and enough of them to know each by."""
        descriptor = objects.of(self.loaded.mapping.destination.object)
        known = [*descriptor.fields, "attributes", *(["tags"] if descriptor.tags else [])]
        records = self._rows(at, raw)
        for place, record in enumerate(records):
            for name in record.keys() - set(known):
                near = nearest(str(name), known)
                hint = f"did you mean {near}?" if near else f"there are: {', '.join(known)}"
                self._wrong((*at, place, name), f"unknown field {name!r}", hint)
            if not isinstance(record.get("attributes", {}), dict):
                self._wrong((*at, place, "attributes"), "attributes are keys and values")
            if not isinstance(record.get("tags", []), list):
                self._wrong((*at, place, "tags"), "tags are a list")
            for name in descriptor.required:
                if record.get(name) is None:
                    self._wrong((*at, place), f"a {descriptor.noun} is known by its {name}")
            if descriptor.known_by and not any(record.get(name) for name in descriptor.known_by):
                names = " or ".join(descriptor.known_by)
                self._wrong((*at, place), f"a {descriptor.noun} is known by {names}")
        return records

    def _rejected(self, at: tuple[Any, ...], raw: Any) -> abc.Mapping[str, str] | None:
        if raw is None:
            return None
        if not isinstance(raw, dict) or not all(isinstance(code, str) for code in raw.values()):
            self._wrong(at, "is no map of keys, or numbers of rows, to codes")
            return None
        return {str(key): code for key, code in raw.items()}

    def _wrong(self, at: tuple[Any, ...], message: str, hint: str = "") -> None:
        self.problems.append(_placed(self.document.problem(at, message, hint)))
