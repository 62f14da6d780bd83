"""A plan that is applied: read whole and held against its sums, then asked line by line from a private file."""

import sqlite3
from collections import abc
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import simplejson

from sync.domain.fingerprint import RULES, Hasher
from sync.domain.plan import Known, Operation, Policy
from sync.domain.plan_format import VERSION, PlannedMapping, block, is_sealed, sum_of
from sync.domain.planned import PlannedLine, allowed
from sync.domain.results import Outcome
from sync.engine.spool import disk, private_database
from sync.errors import ConfigError, ConfigProblem

#: Characters; the head of a plan is no longer.
_LONGEST_HEAD = 8 * 2**20
_SCHEMA = """
create table lines (
    mapping text not null, key text not null, number integer not null, outcome text not null, body text not null,
    primary key (mapping, key)
) without rowid;
"""
_NONE = "`run --dry-run --plan FILE` makes one"
_ELSEWHERE = "apply it in the folder in which it was made, or name the mapping after the command"
_AGAIN = f"make it anew: {_NONE}"
_EDITED = "a plan is applied as it was made; to send less, make one with --key, or mend the rows and make it anew"


@dataclass(slots=True)
class PlanFile:
    """The lines of a plan by mapping and key; `met` marks those whose keys the query has."""

    mappings: dict[str, PlannedMapping]
    hasher: Hasher
    _db: sqlite3.Connection = field(repr=False)
    _met: bytearray = field(repr=False)

    @classmethod
    def open(cls, path: Path, folder: Path) -> "PlanFile":
        """The plan in a file; its lines go to a private one in `folder`.

        Raises:
            ConfigError: it is no plan, was cut off or edited, or is of another version.
            StateError: the folder cannot be written.
        """
        database = private_database(folder, _SCHEMA)
        try:
            with _reading(path) as file:
                head = _head(path, file.readline(_LONGEST_HEAD))
                with disk():
                    database.execute("begin")
                    database.executemany(
                        "insert or replace into lines values (?, ?, ?, ?, ?)",
                        _rows(path, head, file),
                    )
                    database.execute("commit")
        except BaseException:
            database.close()
            raise
        mappings = {one.name: one for one in _mappings(path, head)}
        return cls(mappings, Hasher(_salt(path, head)), database, bytearray(head["lines"] + 1))

    def close(self) -> None:
        """Give the disk space back."""
        self._db.close()

    def of(self, mapping: str) -> "MappingPlan":
        """What it says of one of its mappings."""
        return MappingPlan(self, self.mappings[mapping])

    def meet(self, mapping: str, keys: abc.Iterable[str]) -> set[str]:
        """Those of these keys that it lists; the query has them."""
        with disk():
            found = self._db.execute(
                "select key, number from lines"
                " where mapping = ? and key in (select value from json_each(?))",
                (mapping, simplejson.dumps(list(keys))),
            ).fetchall()
        for _, number in found:
            self._met[number] = 1
        return {key for key, _ in found}

    def line(self, mapping: str, key: str) -> PlannedLine | None:
        """What it lists of a record."""
        wanted = "select body from lines where mapping = ? and key = ?"
        with disk():
            found = self._db.execute(wanted, (mapping, key)).fetchone()
        return PlannedLine.read(_json(found[0])) if found else None

    def count(self, mapping: str, outcome: Outcome) -> int:
        """How many records it lists that would end like this."""
        wanted = "select count(*) from lines where mapping = ? and outcome = ?"
        with disk():
            ((number,),) = self._db.execute(wanted, (mapping, outcome.value))
        return int(number)

    def unmet(self, mapping: str) -> list[str]:
        """The keys that it would write, and that the query no longer has, in its order."""
        wanted = (
            "select key, number from lines where mapping = ? and outcome in (?, ?) order by number"
        )
        written = (Outcome.CREATED.value, Outcome.UPDATED.value)
        with disk():
            found = self._db.execute(wanted, (mapping, *written)).fetchall()
        return [key for key, number in found if not self._met[number]]


@dataclass(frozen=True, slots=True)
class MappingPlan:
    """What a plan says of one mapping."""

    file: PlanFile
    about: PlannedMapping

    def meet(self, keys: abc.Iterable[str]) -> set[str]:
        """Those of these keys that it lists; the query has them."""
        return self.file.meet(self.about.name, keys)

    def line(self, key: str) -> PlannedLine | None:
        """What it lists of a record."""
        return self.file.line(self.about.name, key)

    def allowed(self, operation: Operation, known: Known, policy: Policy) -> Operation:
        """What of an operation it lets happen; `known` is what a look-up shows now."""
        record = operation.record
        hash = self.file.hasher.fingerprint(record).hex()
        return allowed(operation, known, self.line(record.key), hash, policy)

    @property
    def creates(self) -> int:
        """How many records it would create."""
        return self.file.count(self.about.name, Outcome.CREATED)

    @property
    def updates(self) -> int:
        """How many records it would change."""
        return self.file.count(self.about.name, Outcome.UPDATED)

    def unmet(self) -> list[str]:
        """The keys that it would write, and that the query no longer has."""
        return self.file.unmet(self.about.name)


def mapping_files(path: Path) -> list[Path]:
    """The mapping files that a plan is for, as its head names them.

    Raises:
        ConfigError: it cannot be read, is no plan, or one of them is not there.
    """
    with _reading(path) as file:
        head = _head(path, file.readline(_LONGEST_HEAD))
    files = [Path(one.file) for one in _mappings(path, head)]
    for one in files:
        if not one.exists():
            raise _problem(
                path, f"the plan is for the mapping {one}, which is not there", _ELSEWHERE
            )
    return files


@contextmanager
def _reading(path: Path) -> abc.Iterator[BinaryIO]:
    """The file, open; what the system has against it is told."""
    if path.is_dir():
        raise _problem(path, "this is a folder, and no plan", _NONE)
    if path.exists() and not path.is_file():  # a pipe is empty the second time
        raise _problem(
            path, "a plan is read twice, and this is no file", "write it to a file first"
        )
    try:
        with path.open("rb") as file:
            yield file
    except OSError as error:
        message = f"the plan cannot be read: {error.strerror or error}"
        raise _problem(path, message, "see whether the file is there, and yours to read") from error


def _head(path: Path, line: bytes) -> dict[str, Any]:
    """The head, if it is one of this version, and as it was written."""
    try:
        head = _json(line)
    except (ValueError, RecursionError):
        head = None
    if not isinstance(head, dict) or "plan" not in head:
        raise _problem(path, "this is no plan", _NONE, 1)
    if head["plan"] != VERSION or head.get("rules") != RULES:
        made = f"the plan was made by version {head.get('tool')} of this program"
        what = "in another form" if head["plan"] != VERSION else "with other rules of casting"
        raise _problem(path, f"{made}, {what}", _AGAIN, 1)
    if not line.endswith(b"\n") or not is_sealed(head):
        raise _problem(path, "the plan's first line is not as it was written", _EDITED, 1)
    return head


def _mappings(path: Path, head: dict[str, Any]) -> list[PlannedMapping]:
    try:
        return [PlannedMapping.read(one) for one in head["mappings"]]
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _problem(path, "this is no plan", _NONE, 1) from None


def _salt(path: Path, head: dict[str, Any]) -> bytes:
    try:
        return bytes.fromhex(head["salt"])
    except (KeyError, TypeError, ValueError):
        raise _problem(path, "this is no plan", _NONE, 1) from None


def _rows(
    path: Path, head: dict[str, Any], file: abc.Iterator[bytes]
) -> abc.Iterator[tuple[str, str, int, str, str]]:
    """Its lines for the private file, block by block, once the sum of their block is right."""
    count, number = head["lines"], 0
    for expected in head["sums"]:
        size = min(block(count), count - number)
        lines = list(islice(file, size))
        whole = sum(line.endswith(b"\n") for line in lines)
        if whole < size:
            raise _cut_off(path, number + whole, count)
        if sum_of(lines) != expected:
            raise _edited(path, number + 2, size)  # the first line of the file is the head
        for line in lines:
            number += 1
            yield _row(number, line)
    if next(file, None) is not None:
        raise _edited(path, count + 2, 1)


def _row(number: int, line: bytes) -> tuple[str, str, int, str, str]:
    told = _json(line)
    return told["mapping"], told["key"], number, told["outcome"], line.decode()


def _cut_off(path: Path, there: int, count: int) -> ConfigError:
    message = f"the plan is cut off: {there:,} of its {count:,} lines are there"
    return _problem(path, message, _AGAIN, there + 1)


def _edited(path: Path, first: int, lines: int) -> ConfigError:
    last = f" to {first + lines - 1:,}" if lines > 1 else ""
    where = f"lines {first:,}{last} are" if lines > 1 else f"line {first:,} is"
    return _problem(path, f"the plan was edited: {where} not as it was written", _EDITED, first)


def _json(text: str | bytes) -> Any:
    return simplejson.loads(text, use_decimal=True)


def _problem(path: Path, message: str, hint: str = "", line: int = 0) -> ConfigError:
    if not line:
        return ConfigError(ConfigProblem(f"{path}: {message}", hint))
    return ConfigError(ConfigProblem(message, hint, str(path), line))
