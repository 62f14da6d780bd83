"""How long ago each mapping last succeeded, and whether that is too long."""

from collections import abc
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sync.instant import canonical
from sync.outcome import Status
from sync.state.values import LastRun

#: What counts as a success: the mapping came to its end. Rejected rows are counted beside it, and have an exit code.
COMPLETE = (Status.SUCCEEDED, Status.COMPLETED_WITH_ERRORS)


@dataclass(frozen=True, slots=True)
class Vital:
    """A mapping and its last success; `last` is None where there never was one."""

    mapping: str
    last: LastRun | None

    def age(self, now: datetime) -> timedelta | None:
        """How long ago the last success ended."""
        return None if self.last is None else max(now - self.last.finished_at, timedelta())

    def is_too_old(self, now: datetime, max_age: timedelta, since: datetime | None = None) -> bool:
        """Whether the last success is older than `max_age`; what never succeeded is.

        Nothing is held against a process before `since`, when it started.
        """
        began = [moment for moment in (self.last and self.last.finished_at, since) if moment]
        return not began or now - max(began) > max_age


def take(mappings: abc.Iterable[str], last: abc.Mapping[str, LastRun]) -> list[Vital]:
    """The vitals of these mappings."""
    return [Vital(mapping, last.get(mapping)) for mapping in mappings]


def describe(
    vital: Vital, now: datetime, max_age: timedelta | None, since: datetime | None = None
) -> dict[str, Any]:
    """A vital as JSON: `status --json` and /healthz show the same."""
    last, age = vital.last, vital.age(now)
    return {
        "mapping": vital.mapping,
        "last_success_at": last and canonical(last.finished_at),
        "age_seconds": None if age is None else round(age.total_seconds()),
        "run_id": last and last.run,
        "status": last and last.status.value,
        "rejected": last and last.rejected,
        "too_old": max_age is not None and vital.is_too_old(now, max_age, since),
    }
