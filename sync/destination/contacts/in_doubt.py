"""The state's record of creates that were asked for and not yet confirmed, so that even a crash leaves a trace."""

import asyncio
from collections import abc
from dataclasses import dataclass, field
from datetime import datetime

from sync.state.memory import Doubt


@dataclass(slots=True)
class InDoubtCreates:
    """Creates in doubt. What is confirmed is in doubt no longer as soon as the state remembers its uuid.

    `note`, `mark_lost`, `recall` and `forget` write to the state, and read it, for several keys at once.
    """

    note: abc.Callable[[abc.Sequence[str], datetime], abc.Awaitable[None]]
    mark_lost: abc.Callable[[abc.Sequence[str]], abc.Awaitable[None]]
    recall: abc.Callable[[abc.Sequence[str]], abc.Awaitable[abc.Mapping[str, Doubt]]]
    forget: abc.Callable[[abc.Sequence[str]], abc.Awaitable[None]]
    clock: abc.Callable[[], datetime]
    _open: dict[str, Doubt] = field(default_factory=dict, init=False)
    _asking: set[str] = field(default_factory=set, init=False)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    async def prefetch(self, keys: abc.Sequence[str]) -> None:
        """Recall the doubts of many keys, so that `doubt` knows them."""
        self._open.update(await self.recall(keys))

    def doubt(self, key: str) -> Doubt | None:
        """The create of this key that an earlier run asked for, as far as `prefetch` has found one."""
        return self._open.get(key)

    async def ask(self, key: str) -> None:
        """Note that a create is about to be sent; when this returns it is written down.

        Those who come while the state is writing are written down together.
        """
        self._asking.add(key)
        async with self._turn:
            if key not in self._asking:
                return  # whoever had the turn before wrote it down as well
            keys, self._asking = self._asking, set()
            try:
                await self.note(sorted(keys), self.clock())
            except BaseException:
                self._asking |= keys  # for all of them, not just for this one
                raise

    async def lose(self, key: str) -> None:
        """The answer is lost, and look-ups find nothing."""
        await self.mark_lost([key])

    async def settle(self, key: str) -> None:
        """The create is in doubt no longer: it is known that there is no contact."""
        self._open.pop(key, None)
        await self.forget([key])
