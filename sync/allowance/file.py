"""The book as a file beside a state of SQLite: read, changed and written under a lock, in well under a millisecond.

The clock is the machine's own since it was booted, which all its processes share. A process that is stopped in the
very moment in which it holds the lock would stop all others: after a second they put a new file in the place of its.
"""

import fcntl
import json
import os
import time
from collections import abc
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sync import files
from sync.domain.allowance import Book, Grant, Visit, decode, encode, unknown
from sync.state import process
from sync.state.moments import since_boot

#: Seconds for which a lock may be held before its holder counts as stopped, and between two tries.
PATIENCE = 1.0
_AGAIN = 0.002
_LARGEST = 1 << 20


@dataclass(slots=True)
class FileBook:
    """A book in a file, for the processes of one machine; without a folder to hold it nobody shares it yet."""

    path: Path
    clock: abc.Callable[[], float] = since_boot
    boot: str = field(default_factory=process.boot)
    #: Where the folder is not there: a first dry run makes none, and meets nobody.
    _alone: Book = field(default_factory=Book, init=False)

    def open(self) -> None:
        """See whether it can be written; OSError where it cannot."""
        if self.path.parent.is_dir():
            os.close(self._opened())

    def visit(self, visit: Visit) -> Grant:
        """Carry a visit out, alone; OSError where that is impossible."""
        if not self.path.parent.is_dir():
            return self._alone.visit(self.clock(), visit)
        file = self._locked()
        try:
            book = self._read(file)
            grant = book.visit(self.clock(), visit)
            _write(file, json.dumps([self.boot, encode(book)]))
            return grant
        finally:
            os.close(file)  # the lock goes with it

    def close(self) -> None:
        """Nothing is held open."""

    def _opened(self) -> int:
        return files.open_or_create(self.path, os.O_RDWR)

    def _locked(self) -> int:
        """The file, locked, and still the one that everybody finds."""
        file, until = self._opened(), time.monotonic() + PATIENCE
        while True:
            with suppress(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if self._is_there(file):
                    return file
            if not self._is_there(file):
                os.close(file)
                file, until = self._opened(), time.monotonic() + PATIENCE
            elif time.monotonic() >= until:
                self._replace(file)
            else:
                time.sleep(_AGAIN)

    def _is_there(self, file: int) -> bool:
        try:
            return os.path.samestat(os.fstat(file), self.path.stat())
        except FileNotFoundError:
            return False

    def _replace(self, stuck: int) -> None:
        """A new book in the place of one whose lock nobody gives back; what that one says is not known."""
        fresh = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        fresh.unlink(missing_ok=True)
        file = files.create(fresh, os.O_RDWR)
        try:
            _write(file, json.dumps([self.boot, encode(unknown(self.clock()))]))
            if self._is_there(stuck):
                fresh.rename(self.path)
            else:
                fresh.unlink()
        finally:
            os.close(file)

    def _read(self, file: int) -> Book:
        """What the file says; of another boot, or of another machine's, nothing counts any more."""
        content = os.pread(file, _LARGEST, 0)
        if not content:
            return Book()
        try:
            boot, text = _parted(json.loads(content))
            return decode(text) if boot == self.boot else Book()
        except ValueError:
            return unknown(self.clock())


def _parted(told: Any) -> tuple[str, str]:
    match told:
        case [str(boot), str(text)]:
            return boot, text
    raise ValueError("this is no book of an allowance")


def _write(file: int, text: str) -> None:
    content = text.encode()
    os.pwrite(file, content, 0)
    os.ftruncate(file, len(content))
