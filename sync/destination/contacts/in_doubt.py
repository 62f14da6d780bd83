"""Creates in doubt: asked for and not yet confirmed, noted in the state so that even a crash leaves a trace."""

import asyncio
from collections import abc
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from sync.domain.clock import Clock
from sync.domain.record import Problem
from sync.errors import Answered, Unavailable
from sync.state.memory import Doubt

#: Seconds for which the note of a create allows to send it. Half of the doubt that it stands for is left to the way.
FRESH = 300.0
#: A create in doubt is not repeated before a complete listing that long after it shows it absent.
DOUBT = timedelta(minutes=10)


class DoubtStore(Protocol):
    """The state's record of creates in doubt; nothing is written in a dry run."""

    async def mark_sent(self, keys: abc.Sequence[str], at: datetime) -> None:
        """Note that these creates are about to be sent."""
        ...

    async def mark_lost(self, keys: abc.Sequence[str]) -> None:
        """Note that the answers to these creates are lost."""
        ...

    async def doubts(self, keys: abc.Sequence[str]) -> abc.Mapping[str, Doubt]:
        """Those of these keys whose create is in doubt."""
        ...

    async def resolve(self, keys: abc.Sequence[str]) -> None:
        """Note that these creates are in doubt no longer."""
        ...


@dataclass(slots=True)
class InDoubtCreates:
    """Creates in doubt. What is confirmed is in doubt no longer as soon as the state remembers its uuid."""

    state: DoubtStore
    clock: Clock
    _open: dict[str, Doubt] = field(default_factory=dict, init=False)
    _sending: set[str] = field(default_factory=set, init=False)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    async def prefetch(self, keys: abc.Sequence[str]) -> None:
        """Recall the doubts of many keys, so that `doubt` knows them."""
        self._open.update(await self.state.doubts(keys))

    def doubt(self, key: str) -> Doubt | None:
        """The create of this key that an earlier run asked for, as far as `prefetch` has found one."""
        return self._open.get(key)

    async def mark_sent(self, key: str) -> None:
        """Note that a create is about to be sent; when this returns it is written down.

        Those who come while the state is writing are written down together.
        """
        self._sending.add(key)
        async with self._turn:
            if key not in self._sending:
                return  # whoever had the turn before wrote it down as well
            keys, self._sending = self._sending, set()
            try:
                await self.state.mark_sent(sorted(keys), self.clock.now())
            except BaseException:
                self._sending |= keys  # for all of them, not just for this one
                raise

    async def mark_lost(self, key: str) -> None:
        """The answer is lost, and look-ups find nothing."""
        await self.state.mark_lost([key])

    async def resolve(self, key: str) -> None:
        """The create is in doubt no longer: it is known that there is no contact."""
        self._open.pop(key, None)
        await self.state.resolve([key])


@dataclass(frozen=True, slots=True)
class CreatePermit:
    """What the state has noted of a create that is about to be sent: a permit to send it, while it is fresh.

    A later run trusts the note to be as old as the request, so a request that has waited for longer is not sent.
    """

    clock: Clock
    at: datetime
    started: float

    @classmethod
    def taken(cls, clock: Clock) -> "CreatePermit":
        """A note of this moment, by both clocks: one may be set, the other stands still while a machine sleeps."""
        return cls(clock, clock.now(), clock.monotonic())

    def require(self) -> None:
        """Raise Unavailable where the create has waited for too long; it is not sent."""
        by_clock = (self.clock.now() - self.at).total_seconds()
        age = max(by_clock, self.clock.monotonic() - self.started)
        if age >= FRESH:
            message = f"the create waited for {age:.0f} seconds for its turn, and was not sent"
            raise Unavailable(message, Answered(), sent=False)


def doubtful(doubt: Doubt, until: datetime) -> Problem:
    """Why a row has to wait: a create that an earlier run asked for may still take effect, until then."""
    what = "was not answered" if doubt.lost else "was under way when a run broke off"
    return Problem(
        "outcome_unknown",
        f"a create of {doubt.asked_at:%Y-%m-%d %H:%M:%S} UTC {what} and may still take effect",
        hint=f"the first run after {until:%Y-%m-%d %H:%M:%S} UTC looks again, and creates it if it is not there",
    )


def unanswered(lost: Unavailable, asked: datetime) -> Problem:
    """Why nobody knows of a row: the create that was `asked` for was not answered, and no look-up shows the contact."""
    return Problem(
        "outcome_unknown",
        f"the create was not answered ({lost.message}), and no look-up shows the contact",
        hint=f"it may still take effect: {_waits(asked)}",
    )


def of_nobody(uuid: str, asked: datetime) -> Problem:
    """Why a create that was answered is in doubt: the answer shows no customer, and the customer no such contact."""
    return Problem(
        "outcome_unknown",
        f"ChartMogul answered the create with a contact of no customer ({uuid}), and the customer's list shows none",
        hint=f"delete it in ChartMogul, where it is nobody's: {_waits(asked)}",
    )


def _waits(asked: datetime) -> str:
    return (
        f"the first run after {asked + DOUBT:%Y-%m-%d %H:%M:%S} UTC, ten minutes later, looks again, and creates it if"
        " it is not there"
    )
