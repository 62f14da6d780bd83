"""The book of a world, in memory: as a file or a table would be, with a door that closes when its process dies."""

import asyncio
from dataclasses import dataclass
from typing import Protocol

from sync.domain.allowance import Grant, Visit, decode, encode


@dataclass(slots=True)
class Shelf:
    """Where the book of one state lies."""

    text: str = "{}"


class Reader(Protocol):
    """The process that uses the book."""

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """Where it lives; its clock is the machine's, which all share."""
        ...

    def point(self) -> None:
        """Something happens here; the process may die of it."""
        ...


@dataclass(slots=True)
class WorldBook:
    """The book as one process has it."""

    shelf: Shelf
    reader: Reader

    def clock(self) -> float:
        """Seconds since the world began."""
        return self.reader.loop.time()

    async def visit(self, visit: Visit) -> Grant:
        """Carry a visit out, as a thread would."""
        return await self.reader.loop.run_in_executor(None, self._visit, visit)

    def _visit(self, visit: Visit) -> Grant:
        self.reader.point()
        book = decode(self.shelf.text)
        grant = book.visit(self.clock(), visit)
        self.shelf.text = encode(book)
        self.reader.point()
        return grant
