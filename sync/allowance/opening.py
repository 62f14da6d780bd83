"""Which book goes with a state, and who keeps it for a run: off the event loop, one visit after the other."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol

from sqlalchemy.exc import SQLAlchemyError

from sync.allowance.file import FileBook
from sync.allowance.postgresql import PostgreSQLBook
from sync.database import engines
from sync.domain.allowance import Grant, Visit
from sync.errors import StateError
from sync.state import engine
from sync.state.trouble import file_of

#: What the file is called, after the state's.
SUFFIX = "-allowance"


class Kept(Protocol):
    """A book as it is kept somewhere; each call waits for a file or a server."""

    def open(self) -> None:
        """See whether it can be written."""

    def visit(self, visit: Visit) -> Grant:
        """Carry a visit out, alone."""

    def clock(self) -> float:
        """Seconds that only grow, as those of grants."""

    def close(self) -> None:
        """Let go of it."""


@dataclass(slots=True)
class SharedBook:
    """A book for one run, whose event loop does not wait for files and servers."""

    kept: Kept
    _thread: ThreadPoolExecutor = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="allowance")

    def clock(self) -> float:
        """Seconds that only grow, as those of grants."""
        return self.kept.clock()

    async def visit(self, visit: Visit) -> Grant:
        """Carry a visit out.

        Raises:
            StateError: the book cannot be written any more.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._visit, visit)

    def _visit(self, visit: Visit) -> Grant:
        try:
            return self.kept.visit(visit)
        except OSError as error:
            raise StateError(
                f"the book of the account's allowance cannot be written: {error.strerror}",
                "it lies beside the state, which has to be in a folder that can be written",
            ) from error

    def close(self) -> None:
        """Let go of it, once the last visit is over."""
        self._thread.shutdown()
        self.kept.close()


@dataclass(frozen=True, slots=True)
class Unshared:
    """There is no book, and why; empty where nobody else can use the state."""

    reason: str

    def close(self) -> None:
        """There is nothing to let go of."""


def open_book(state: str) -> SharedBook | Unshared:
    """The book that goes with the state at an URL that the settings gave.

    Raises:
        ConfigError: the URL is wrong or its driver is missing.
    """
    url = engine.parse(state)
    if url.get_backend_name() != "sqlite":
        return _opened(PostgreSQLBook(url))
    file = file_of(url)
    if file is None:
        return Unshared("")
    return _opened(FileBook(file.with_name(file.name + SUFFIX)))


def _opened(kept: FileBook | PostgreSQLBook) -> SharedBook | Unshared:
    try:
        kept.open()
    except SQLAlchemyError as error:
        kept.close()
        assert isinstance(kept, PostgreSQLBook)
        return Unshared(engines.words(error, kept.url))
    except OSError as error:
        return Unshared(f"{error.strerror}: {error.filename}")
    return SharedBook(kept)
