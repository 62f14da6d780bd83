"""What holds for all mappings of a run."""

import asyncio
import time
from collections import abc
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sync.read import Selection


@dataclass(frozen=True, slots=True)
class Terms:
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
