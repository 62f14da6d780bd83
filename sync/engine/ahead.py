"""The pages of a listing, of which the next one may be under way while the one before is worked on."""

import asyncio
from collections import abc
from dataclasses import dataclass, field
from types import TracebackType

from sync.chartmogul.client import Page

#: Seconds that a request takes at most to leave, where there is a connection and the pace allows it.
_MOMENT = 0.005


@dataclass(slots=True)
class PagesAhead:
    """Pages, each sent for before it is taken: at most one is ahead of who takes them.

    Only who knows that a page will be worked on sends for it, so no request is made that reading page after page would
    not make. On leaving, what is under way is broken off.
    """

    pages: abc.AsyncGenerator[Page]
    _coming: asyncio.Task[Page] | None = field(default=None, init=False)

    async def __aenter__(self) -> "PagesAhead":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._coming is not None:
            self._coming.cancel()
            # What went wrong with a page that nobody takes is nobody's affair, so it is not raised.
            await asyncio.gather(self._coming, return_exceptions=True)
        await self.pages.aclose()

    async def send_for(self) -> None:
        """Ask for the next page; there has to be one.

        The request gets a moment to leave: work on the page before does not let go of the processor.
        """
        self._coming = asyncio.create_task(self._next())
        await asyncio.wait({self._coming}, timeout=_MOMENT)

    async def take(self) -> Page:
        """The page that was sent for; what goes wrong with it comes out here."""
        assert self._coming is not None, "a page is sent for before it is taken"
        coming, self._coming = self._coming, None
        return await coming

    async def _next(self) -> Page:
        return await anext(self.pages)
