"""What writes ask for, noted before they are sent: where an answer is lost, the value is still the mapping's own."""

import asyncio
from collections import abc
from dataclasses import dataclass, field
from typing import Protocol

from sync.state.memory import Asked


class AskedStore(Protocol):
    """The state's notes of what was asked for."""

    async def ask(self, asked: abc.Mapping[str, Asked]) -> None:
        """Note what is about to be asked for, by key."""
        ...


@dataclass(slots=True)
class AskedValues:
    """Notes what is asked for; those who come while the state is writing are written down together."""

    state: AskedStore
    _waiting: dict[str, Asked] = field(default_factory=dict, init=False)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    async def note(self, key: str, asked: Asked) -> None:
        """Note what is about to be asked for of a record; when this returns it is written down.

        Raises:
            StateError: the state cannot be written.
        """
        self._waiting[key] = asked
        async with self._turn:
            if key not in self._waiting:
                return  # whoever had the turn before wrote it down as well
            together, self._waiting = self._waiting, {}
            try:
                await self.state.ask(together)
            except BaseException:
                self._waiting = together | self._waiting  # for all of them, not just for this one
                raise
