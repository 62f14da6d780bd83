"""How each mapping is: when it last succeeded, whether that is too old, what it rejected, what broke off since."""

import os
import re
from collections import abc
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sync.domain.health import MostRejected
from sync.domain.instant import canonical
from sync.domain.results import Run, Status
from sync.errors import ConfigError, ConfigProblem
from sync.state.health import Place
from sync.state.history import AHEAD, BROKEN, COMPLETE, Exists, History, Whose
from sync.state.memory import LastRun

if TYPE_CHECKING:
    from sync.state.store import Store


@dataclass(frozen=True, slots=True)
class Freshness:
    """A mapping and its last success: it came to its end. `last` is None where there never was one.

    `broken` is the latest run in which it did not come to its end, if that was after the last success.
    """

    mapping: str
    last: LastRun | None
    broken: LastRun | None = None
    data_source: str | None = None
    healthy_since: datetime | None = None

    def success(self, now: datetime) -> LastRun | None:
        """The last success; one of the future, by a clock that was ahead, is none."""
        if self.last is None or self.last.finished_at > now + AHEAD:
            return None
        return self.last

    def age(self, now: datetime) -> timedelta | None:
        """How long ago the last success ended."""
        last = self.success(now)
        return None if last is None else max(now - last.finished_at, timedelta())

    def is_too_old(self, now: datetime, max_age: timedelta, since: datetime | None = None) -> bool:
        """Whether the last success is older than `max_age`; what never succeeded is.

        Nothing is held against a process before `since`, when it started.
        """
        last = self.success(now)
        began = [moment for moment in (last and last.finished_at, since) if moment]
        return not began or now - max(began) > max_age

    def is_ill(self, now: datetime, most: MostRejected) -> bool:
        """Whether too much of what its last success read was rejected."""
        last = self.success(now)
        return last is not None and most.is_passed(last.read, last.rejected, last.tolerated or 0)


@dataclass(frozen=True, slots=True)
class Known:
    """What the state knows of all mappings: the latest run that came to its end, and the latest that did not.

    `ahead` is how much later it is by the state's clock than by this machine's; `account_of` tells whose an API key is.
    """

    complete: History = field(default_factory=History)
    broken: History = field(default_factory=History)
    ahead: timedelta = timedelta()
    query_hash: abc.Callable[[str], int] = hash
    account_of: abc.Callable[[str], str | None] = lambda _: None
    exists: Exists = os.path.exists
    #: The last run of all, where it failed before it came to any mapping.
    failed: Run | None = None
    #: Since when a mapping is healthy by what it rejected: by account, data source and name.
    healthy: abc.Mapping[Place, datetime] = field(default_factory=dict)
    #: When this was known, by the state's clock; None where nobody has looked.
    moment: datetime | None = None

    def of(self, mappings: abc.Iterable[Whose] | None = None) -> list[Freshness]:
        """The freshness of these mappings, or of all that are known."""
        if mappings is None:
            known = {*self.complete.everybody(), *self.broken.everybody()}
            named = {whose.mapping for whose in known if whose.data_source}
            known = {whose for whose in known if whose.data_source or whose.mapping not in named}
            mappings = sorted(known, key=_name)
        return [self._of(whose) for whose in mappings]

    def latest(self) -> list[LastRun]:
        """The latest run of each mapping that came to its end, and the latest that did not."""
        return [*self.complete.runs, *self.broken.runs]

    def _of(self, whose: Whose) -> Freshness:
        last, broken = (history.of(whose, self.exists) for history in (self.complete, self.broken))
        if last and broken and broken.finished_at <= last.finished_at:
            broken = None
        place = (last.account, last.data_source, last.mapping) if last else None
        since = self.healthy.get(place) if place else None
        return Freshness(whose.mapping, last, broken, whose.data_source, since)


def _name(whose: Whose) -> tuple[str, str]:
    return whose.mapping, whose.data_source or ""


def describe(
    one: Freshness,
    now: datetime,
    max_age: timedelta | None,
    since: datetime | None = None,
    *,
    most: MostRejected = MostRejected(),  # noqa: B008 - frozen
    getting_on: bool = False,
) -> dict[str, Any]:
    """How a mapping is, as JSON: `status --json` and /healthz show the same.

    While a run of it is `getting_on`, its age is no reason to call it unhealthy.
    """
    last, age = one.success(now), one.age(now)
    too_old = max_age is not None and one.is_too_old(now, max_age, since)
    healthy = not one.is_ill(now, most) and (getting_on or not too_old)
    healthy_since = one.healthy_since if healthy and last else None
    return {
        "mapping": one.mapping,
        "data_source": one.data_source,
        "last_success_at": last and canonical(last.finished_at),
        "age_seconds": None if age is None else round(age.total_seconds()),
        "run_id": last and last.run,
        "status": last and last.status.value,
        "read": last and last.read,
        "rejected": last and last.rejected,
        "rejected_new": last and last.rejected_new,
        "undone": last and last.undone,
        "too_old": too_old,
        "healthy": healthy,
        "healthy_since": healthy_since and canonical(healthy_since),
        "broken_since": one.broken and _broken(one.broken),
    }


def _broken(run: LastRun) -> dict[str, str | None]:
    return {
        "at": canonical(run.finished_at),
        "run_id": run.run,
        "status": run.status.value,
        "reason": run.reason,
    }


def read_most(text: str | None) -> MostRejected:
    """How much may be rejected, from `20%` or a number of rows; None: the default.

    Raises:
        ConfigError: it is something else.
    """
    found = re.fullmatch(r"\s*(\d{1,9})(?:(\.\d{1,3})?\s*(%))?\s*", text or "50%", re.ASCII)
    if found is None:
        hint = "write it like 20% or 100"
        raise ConfigError(ConfigProblem(f"{text!r} is no number of rejected rows", hint))
    if found[3]:
        return MostRejected(None, Decimal(found[1] + (found[2] or "")))
    return MostRejected(int(found[1]))


def last_runs(state_url: str, most: MostRejected = MostRejected()) -> Known:  # noqa: B008 - frozen
    """Each mapping's last success, and what broke off, as the state knows it; `most`: see `Store.healthy_since`.

    Raises:
        StateError: the state cannot be read.
    """
    from sync.state.store import Store

    store = Store.open_read_only(state_url)
    try:
        return known(store, store.now() - datetime.now(UTC), most)
    finally:
        store.close()


def known(store: "Store", ahead: timedelta, most: MostRejected) -> Known:
    """What an open state knows of runs; `ahead` as in `Known`."""
    complete, broken = store.history(COMPLETE), store.history(BROKEN)
    healthy = store.healthy_since(most)
    moment = store.now()
    latest = store.runs(1, upto=moment)
    failed = next((r for r in latest if r.status is Status.FAILED and not r.mappings), None)
    told = (store.query_hash, store.account_of_key())
    return Known(complete, broken, ahead, *told, failed=failed, healthy=healthy, moment=moment)
