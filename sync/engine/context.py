"""What holds for all mappings of a run."""

import asyncio
from collections import abc
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeVar

from sync.chartmogul.pace import Pace
from sync.chartmogul.permit import Permit
from sync.domain.clock import Clock
from sync.engine.plan_file import MappingPlan, PlanFile
from sync.errors import Interrupted, SyncError
from sync.state.memory import Scope

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Retry:
    """The keys that were rejected, by mapping, and of how many rows without a key nobody can tell which they are."""

    keys: abc.Mapping[str, frozenset[str]]
    without_key: abc.Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Selection:
    """What a run is asked for. Which rows count: all, the first `limit` of the query, those with one of `keys`, or, to
    `retry`, those rejected.

    A key may also be given as the state holds it. `full` trusts no fingerprint. `lifted` are the rails that do not
    hold in this run. `detailed`: the exit code of a dry run tells whether the run would send anything.
    `salt` is that of the plan that is made, `plan` the one that is applied. Of each kind of
    operation `canary` writes are read back before the others follow.
    """

    limit: int | None = None
    keys: frozenset[str] | None = None
    full: bool = False
    lifted: frozenset[str] = frozenset()
    detailed: bool = False
    retry: Retry | None = None
    salt: bytes | None = field(default=None, repr=False)
    plan: PlanFile | None = None
    canary: int | None = None

    def of(self, mapping: str) -> "Selection":
        """The same for one mapping."""
        if self.retry is None:
            return self
        return replace(self, keys=self.retry.keys.get(mapping, frozenset()))

    @property
    def whole(self) -> bool:
        """Whether every row counts, so that rows can be missed and percentages mean something."""
        return self.limit is None and self.keys is None and self.retry is None

    def planned(self, mapping: str) -> MappingPlan | None:
        """What the plan that is applied says of a mapping; None where none is."""
        return None if self.plan is None else self.plan.of(mapping)

    def admits(self, key: str | None, stored: abc.Callable[[str], str]) -> bool:
        """Whether a row with this key counts; `stored` gives a key as the state holds it."""
        if self.keys is None:
            return True
        return key is not None and (key in self.keys or stored(key) in self.keys)


@dataclass(slots=True)
class Stop:
    """Why a run ends early: it was asked to, or one of its mappings met what ends them all.

    `exit_code` is that of the signal; `failure` is what one mapping met while others were written beside it.
    """

    event: asyncio.Event = field(default_factory=asyncio.Event)
    exit_code: int | None = None
    failure: SyncError | None = None

    def request(self, exit_code: int) -> None:
        """End after what is under way."""
        self.exit_code = exit_code
        self.event.set()

    def requested(self) -> bool:
        """Whether the run was asked to end."""
        return self.event.is_set()

    async def cut(self, question: abc.Awaitable[T], why: str) -> T:
        """The answer to a question, or none once the run is asked to end: nothing is lost with a question.

        Raises:
            Interrupted: it was asked to, and `why` says before what.
        """
        waiting = asyncio.ensure_future(question)
        asked = asyncio.ensure_future(self.event.wait())
        try:
            await asyncio.wait({waiting, asked}, return_when=asyncio.FIRST_COMPLETED)
            if not waiting.done():
                raise Interrupted(why)
            return await waiting
        finally:
            waiting.cancel()
            asked.cancel()
            await asyncio.gather(waiting, return_exceptions=True)

    def fail(self, error: SyncError) -> None:
        """End all mappings with this error, unless an earlier one does."""
        self.failure = self.failure or error


#: The right to write; LockedError says that it would not surely outlast another write.
Lease = Permit


class Leases(Protocol):
    """The rights of a run to write."""

    def of(self, scope: Scope) -> Lease:
        """The right to write the records of a scope."""


@dataclass(frozen=True, slots=True)
class Means:
    """What a run may use: connections at once, requests a second, the API's host, a folder for its spool.

    `pace_of` gives the pace of an account; without it clients keep theirs.
    """

    connections: int
    rate: float
    api_host: str
    spool_folder: Path
    pace_of: abc.Callable[[str], Pace] | None = None


@dataclass(frozen=True, slots=True)
class RunContext:
    """The terms of a run; but for `stop` nothing in here changes while it lasts.

    A dry run has no `leases`: it writes nothing.
    """

    run_id: str
    started_at: datetime
    dry_run: bool
    selection: Selection
    means: Means
    clock: Clock
    stop: Stop
    leases: Leases | None

    def lease_of(self, scope: Scope) -> Lease | None:
        """The right to write the records of a scope; None in a dry run."""
        return None if self.leases is None else self.leases.of(scope)
