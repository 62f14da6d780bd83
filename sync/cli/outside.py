"""The world outside, as it really is: time, chance, and the way to the API. What a rehearsal replaces."""

import asyncio
import random
import time
from collections import abc
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sync.domain.clock import Clock
from sync.engine.context import Stop
from sync.settings import Settings

if TYPE_CHECKING:
    from httpx import AsyncClient
    from pydantic import SecretStr


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


def clock_until(stop: Stop) -> Clock:
    """Real time and chance; no sleep outlasts the moment in which the run is asked to end."""

    async def sleep(seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.event.wait(), seconds)

    return Clock(now, time.monotonic, sleep, random.random)


def http_of(settings: Settings) -> "abc.Callable[[SecretStr], AsyncClient]":
    """Opens the HTTP client of an API key."""
    from sync.chartmogul.connection import open_http

    def open_client(key: "SecretStr") -> "AsyncClient":
        return open_http(settings.api_url, key, settings.timeout, settings.connections)

    return open_client
