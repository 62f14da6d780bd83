"""The limits of a process' requests: a pace for each account, each within what all processes on the state share."""

import asyncio
import secrets
from collections import abc
from dataclasses import dataclass, field

from sync.allowance.opening import Unshared
from sync.chartmogul.pace import Pace
from sync.chartmogul.renting import Book, Terms
from sync.domain.allowance import UNKNOWN
from sync.settings import Settings

#: Requests a second, and connections, of a process that only looks and cannot write the book.
LOOKS_PER_SECOND = 4
LOOKS_AT_ONCE = 1

_ALONE = (
    "other processes on this state cannot be told what this run sends, since the book of the account's allowance cannot"
    " be written ({reason}): it sends up to {rate:g} requests a second whatever they do; see SYNC_SHARE"
)


@dataclass(slots=True)
class Paces:
    """A pace for each account, made when it is first asked for.

    Args:
        settings: what this process may use.
        book: where the state's processes share an allowance, or why nowhere.
        writes: whether this process does more than look; who looks gives way.
        clock: seconds that only grow.
        sleep: sleeps for as long as it is told.
        name: of this process, in the book.
    """

    settings: Settings
    book: Book | Unshared = field(default_factory=lambda: Unshared(""))
    writes: bool = True
    clock: abc.Callable[[], float] | None = None
    sleep: abc.Callable[[float], abc.Awaitable[object]] = asyncio.sleep
    name: str = field(default_factory=lambda: secrets.token_hex(4))
    _paces: dict[str, Pace] = field(default_factory=dict, init=False)

    @property
    def rate(self) -> float:
        """Requests a second that this process may start of one account at most."""
        rate = self.settings.rate
        return min(LOOKS_PER_SECOND, rate) if self._looks_unseen else rate

    @property
    def connections(self) -> int:
        """Requests that it may have under way at once, of one account."""
        return LOOKS_AT_ONCE if self._looks_unseen else self.settings.at_once

    @property
    def warning(self) -> str:
        """What to say of a run that sends what nobody else can know of; empty where there is nothing to say."""
        if isinstance(self.book, Unshared) and self.book.reason and self.writes:
            return _ALONE.format(reason=self.book.reason, rate=self.rate)
        return ""

    @property
    def _looks_unseen(self) -> bool:
        return isinstance(self.book, Unshared) and bool(self.book.reason) and not self.writes

    def of(self, account: str | None) -> Pace:
        """The pace of an account; None for one that is not known yet: it may be any."""
        name = account or UNKNOWN
        if name not in self._paces:
            self._paces[name] = self._made(name)
        return self._paces[name]

    def _made(self, account: str) -> Pace:
        clock = {} if self.clock is None else {"clock": self.clock}
        pace = Pace(self.rate, self.connections, sleep=self.sleep, **clock)
        if isinstance(self.book, Unshared):
            if UNKNOWN in self._paces:
                pace.follow(
                    self._paces[UNKNOWN]
                )  # what that one sent may have been of this account
        else:
            tenant = self.name if account else f"{self.name}?"
            pace.share(self.book, Terms(tenant, account, self.writes, self.settings.share))
        return pace

    async def close(self) -> None:
        """Give back what is rented."""
        for pace in self._paces.values():
            await pace.close()
