"""Notices that a mapping's last success has become too old, also while no run ends."""

import asyncio
from collections import abc
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sync.service.endpoints import Board
from sync.service.freshness import Freshness

#: Seconds between two looks.
EVERY = 30.0

Tell = abc.Callable[[abc.Sequence[Freshness], timedelta], None]


@dataclass(slots=True)
class Watch:
    """Looks at the board again and again; `tell`, in a thread of its own, hears of what has become too old since."""

    board: Board
    now: abc.Callable[[], datetime]
    tell: Tell
    _late: frozenset[tuple[str, str | None]] = field(default=frozenset(), init=False)

    async def keep(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            await self.look()

    async def look(self) -> None:
        """Tell what has become too old since the last look."""
        board, now = self.board, self.now()
        moment, since = board.moment(now), board.since(now)
        late = [
            one
            for one in board.freshness
            if one.is_too_old(moment, board.limit(one.mapping), since)
        ]
        new = [one for one in late if (one.mapping, one.data_source) not in self._late]
        self._late = frozenset((one.mapping, one.data_source) for one in late)
        for limit in sorted({board.limit(one.mapping) for one in new}):
            those = [one for one in new if board.limit(one.mapping) == limit]
            await asyncio.to_thread(self.tell, those, limit)
