"""How long ago each mapping last succeeded, whether that is too long, and what broke off since."""

from collections import abc
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sync.domain.instant import canonical
from sync.domain.results import Status
from sync.state.memory import LastRun

#: What counts as a success: the mapping came to its end. Rejected rows are counted beside it, and have an exit code.
COMPLETE = (Status.SUCCEEDED, Status.COMPLETED_WITH_ERRORS)
#: How a mapping ends that did not come to its end.
BROKEN = tuple(status for status in Status if status not in COMPLETE)


@dataclass(frozen=True, slots=True)
class Freshness:
    """A mapping and its last success; `last` is None where there never was one.

    `broken` is the latest run in which it did not come to its end, if that was after the last success.
    """

    mapping: str
    last: LastRun | None
    broken: LastRun | None = None

    def age(self, now: datetime) -> timedelta | None:
        """How long ago the last success ended."""
        return None if self.last is None else max(now - self.last.finished_at, timedelta())

    def is_too_old(self, now: datetime, max_age: timedelta, since: datetime | None = None) -> bool:
        """Whether the last success is older than `max_age`; what never succeeded is.

        Nothing is held against a process before `since`, when it started.
        """
        began = [moment for moment in (self.last and self.last.finished_at, since) if moment]
        return not began or now - max(began) > max_age


@dataclass(frozen=True, slots=True)
class Known:
    """What the state knows of all mappings: the latest run that came to its end, and the latest that did not."""

    complete: abc.Mapping[str, LastRun] = field(default_factory=dict)
    broken: abc.Mapping[str, LastRun] = field(default_factory=dict)

    def of(self, mappings: abc.Iterable[str] | None = None) -> list[Freshness]:
        """The freshness of these mappings, or of all that are known."""
        names = sorted({*self.complete, *self.broken}) if mappings is None else mappings
        return [self._vital(name) for name in names]

    def _vital(self, mapping: str) -> Freshness:
        last, broken = self.complete.get(mapping), self.broken.get(mapping)
        if last and broken and broken.finished_at <= last.finished_at:
            broken = None
        return Freshness(mapping, last, broken)


def describe(
    one: Freshness, now: datetime, max_age: timedelta | None, since: datetime | None = None
) -> dict[str, Any]:
    """The freshness of a mapping as JSON: `status --json` and /healthz show the same."""
    last, age = one.last, one.age(now)
    return {
        "mapping": one.mapping,
        "last_success_at": last and canonical(last.finished_at),
        "age_seconds": None if age is None else round(age.total_seconds()),
        "run_id": last and last.run,
        "status": last and last.status.value,
        "rejected": last and last.rejected,
        "too_old": max_age is not None and one.is_too_old(now, max_age, since),
        "broken_since": one.broken and _broken(one.broken),
    }


def _broken(run: LastRun) -> dict[str, str]:
    return {"at": canonical(run.finished_at), "run_id": run.run, "status": run.status.value}


def last_runs(state_url: str) -> Known:
    """Each mapping's last success, and what broke off, as the state knows it.

    Raises:
        StateError: the state cannot be read.
    """
    from sync.state.store import Store

    store = Store.open_read_only(state_url)
    try:
        return Known(store.last_runs(COMPLETE), store.last_runs(BROKEN))
    finally:
        store.close()
