"""Writes the plan that a dry run makes: the lines of changes.jsonl with their hashes, under a head that seals them."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import IO, Any

from sync import __version__
from sync.domain.fingerprint import RULES
from sync.domain.instant import canonical
from sync.domain.plan_format import VERSION, PlannedMapping, block, sealed, sum_of
from sync.domain.results import MappingRun, Run, Status
from sync.errors import ConfigError, ConfigProblem, StateError
from sync.report.lines import Line
from sync.report.plain import dumps

_FINISHED = (Status.SUCCEEDED, Status.COMPLETED_WITH_ERRORS)
_ELSEWHERE = "name another file with --plan FILE"


class PlanWriter:
    """Fills a file that only its owner can read; it has its name only once it is complete.

    `salt` is that of the hashes. A disk that fails is a StateError.
    """

    def __init__(self, path: Path, salt: bytes) -> None:
        """Open what becomes the file; ConfigError where it could not, or where something else would be lost."""
        _guard(path)
        self.path = path
        self.salt = salt
        #: How many lines the plan has; None while it is not complete.
        self.lines: int | None = None
        self._count = 0
        try:
            self._lines: IO[bytes] = tempfile.TemporaryFile(dir=path.parent)  # noqa: SIM115  # closed by close()
            handle, name = tempfile.mkstemp(
                prefix=f".{path.name}.", suffix=".partial", dir=path.parent
            )
        except OSError as error:
            raise _problem(
                path, f"the plan cannot be written: {error.strerror}", _ELSEWHERE
            ) from error
        self._partial: Path | None = Path(name)
        self._file = os.fdopen(handle, "wb")

    def add(self, line: Line, hash: str | None) -> None:
        """Another line of changes.jsonl, and the hash of its record."""
        self._count += 1
        with self._writing():
            self._lines.write(dumps({**line, "hash": hash}).encode() + b"\n")

    def finish(self, run: Run) -> None:
        """Give the file its name, if the run came to its end; a plan of a part would be taken for the whole."""
        if not run.mappings or any(part.status not in _FINISHED for part in run.mappings):
            return
        assert self._partial is not None
        with self._writing():
            self._file.write(dumps(self._head(run)).encode() + b"\n")
            self._lines.seek(0)
            shutil.copyfileobj(self._lines, self._file)
            self._file.flush()
            os.fsync(self._file.fileno())
            os.replace(self._partial, self.path)
        self._partial, self.lines = None, self._count

    def close(self) -> None:
        """Let go of files; without `finish` nothing is left of them."""
        for file in (self._lines, self._file):
            with suppress(OSError):  # on a full disk closing fails a second time
                file.close()
        if self._partial is not None:
            self._partial.unlink(missing_ok=True)
            self._partial = None

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            message = f"cannot write the plan {self.path}: {error.strerror or error}"
            raise StateError(message, "make room, or name another file with --plan FILE") from error

    def _head(self, run: Run) -> dict[str, Any]:
        accounts = {part.shown_account for part in run.mappings}
        return sealed(
            {
                "plan": VERSION,
                "tool": __version__,
                "at": canonical(run.finished_at or run.started_at),
                "account": accounts.pop() if len(accounts) == 1 else None,
                "salt": self.salt.hex(),
                "mappings": [_mapping(part, run).written() for part in run.mappings],
                "rules": RULES,
                "lines": self._count,
                "sums": list(self._sums()),
            }
        )

    def _sums(self) -> Iterator[str]:
        self._lines.seek(0)
        while lines := list(islice(self._lines, block(self._count))):
            yield sum_of(lines)


def _mapping(part: MappingRun, run: Run) -> PlannedMapping:
    return PlannedMapping(
        part.mapping,
        part.file,
        part.digest,
        part.shown_account,
        part.data_source,
        part.types,
        part.rows.read,
        run.whole,
        part.left_out,
    )


def _guard(path: Path) -> None:
    """Nothing but an older plan is written over."""
    if not path.exists():
        return
    try:
        is_plan = path.is_file() and _begins_as_plan(path)
    except OSError as error:
        raise _problem(path, f"the plan cannot be written: {error.strerror}", _ELSEWHERE) from error
    if not is_plan:
        raise _problem(path, "there is something else than a plan, which is left alone", _ELSEWHERE)


def _begins_as_plan(path: Path) -> bool:
    begin = b'{"plan"'
    with path.open("rb") as file:
        return file.read(len(begin)) == begin


def _problem(path: Path, message: str, hint: str) -> ConfigError:
    return ConfigError(ConfigProblem(f"{path}: {message}", hint, path="--plan"))
