"""Tests that decide who comes when, without sleeping."""

import asyncio
from dataclasses import dataclass, field


@dataclass(slots=True)
class Gate:
    """Holds up whoever comes until it is open."""

    open: asyncio.Event = field(default_factory=asyncio.Event)
    _reached: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait(self) -> None:
        """Wait until it is open."""
        self._reached.set()
        await self.open.wait()

    async def arrival(self) -> None:
        """Wait until somebody waits here; who never comes is an error, not a test that hangs."""
        async with asyncio.timeout(10):
            await self._reached.wait()


async def idle() -> None:
    """Let everybody come to where they have to wait."""
    for _ in range(50):
        await asyncio.sleep(0)
