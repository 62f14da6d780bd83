"""Somebody who lets a command wait: it says so, that nobody takes it for stuck."""

import asyncio
import sys
from collections import abc
from contextlib import asynccontextmanager
from itertools import chain, repeat
from typing import TYPE_CHECKING

from sync.cli.say import say
from sync.mapping.loader import LoadedMapping
from sync.report import logs
from sync.report.words import duration, visible
from sync.settings import Settings

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

#: Seconds until a silence is told, and between two times.
_PATIENCE, _MINUTE = 3.0, 60.0


@asynccontextmanager
async def telling(
    settings: Settings,
    loaded: LoadedMapping,
    whom: str,
    own: "FilteringBoundLogger | None" = None,
) -> abc.AsyncIterator[None]:
    """Say on stderr, or in the caller's `own` log, who lets us wait: after some seconds, then every minute."""
    log = own or (logs.logger("json", sys.stderr) if settings.log == "json" else None)

    async def tell() -> None:
        waited = 0.0
        for seconds in chain([_PATIENCE], repeat(_MINUTE)):
            await asyncio.sleep(seconds)
            waited += seconds
            if log is not None:
                log.info("waiting", mapping=loaded.mapping.name, whom=whom, seconds=round(waited))
            else:
                message = f"{loaded.file}: waiting for {whom}, for {duration(waited)} so far"
                say(visible(message), to=sys.stderr)

    telling = asyncio.create_task(tell())
    try:
        yield
    finally:
        telling.cancel()
