"""What holds for all mappings of a run."""

import asyncio
import time
from collections import abc
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rows count: all, the first `limit` of the query, or those with one of `keys`.

    A key may also be given as the state holds it. `full` trusts no fingerprint.
    """

    limit: int | None = None
    keys: frozenset[str] | None = None
    full: bool = False

    @property
    def whole(self) -> bool:
        """Whether every row counts, so that rows can be missed and percentages mean something."""
        return self.limit is None and self.keys is None

    def admits(self, key: str | None, stored: abc.Callable[[str], str]) -> bool:
        """Whether a row with this key counts."""
        if self.keys is None:
            return True
        return key is not None and (key in self.keys or stored(key) in self.keys)


@dataclass(frozen=True, slots=True)
class RunContext:
    """The terms of a run; nothing in here changes while it lasts."""

    run_id: str
    started_at: datetime
    dry_run: bool
    selection: Selection
    connections: int
    #: Requests a second that the limits allow us.
    rate: float
    api_host: str
    spool_folder: Path
    clock: abc.Callable[[], datetime]
    stopping: asyncio.Event
    #: Raises LockedError where the leases would not outlast another write.
    ready: abc.Callable[[], None]
    #: Sleeps for as long as it is told, or until the run is asked to end.
    sleep: abc.Callable[[float], abc.Awaitable[None]] = asyncio.sleep
    #: Seconds that only grow.
    monotonic: abc.Callable[[], float] = time.monotonic
