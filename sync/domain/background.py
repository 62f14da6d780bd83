"""What is told of a rejected row besides what is wrong with it: since when, whether that is news, whom it is about."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime

from sync.domain.objects import Descriptor
from sync.domain.record import Background, Fields, Rejected


@dataclass(slots=True)
class Past:
    """What the last whole run of a mapping rejected, and how many records it wrote.

    `ended` is when it came to its end, None where there was none. `without_key` counts its rows without a key by code;
    `of_any_code` those of a run that did not tell their codes. Rows that are met again are taken from these.
    """

    ended: datetime | None = None
    without_key: Counter[str] = field(default_factory=Counter)
    of_any_code: int = 0
    written: int = 0

    def had(self, since: datetime | None) -> bool:
        """Whether a row with a key, rejected without a break since then, was rejected by it."""
        return since is not None and self.ended is not None and since <= self.ended

    def take(self, code: str) -> bool:
        """Whether one more row without a key is one of those that it rejected with this code."""
        if self.without_key[code] > 0:
            self.without_key[code] -= 1
            return True
        if self.of_any_code > 0:
            self.of_any_code -= 1
            return True
        return False

    @property
    def remaining(self) -> int:
        """The rows without a key that were not met again."""
        return self.without_key.total() + self.of_any_code


@dataclass(frozen=True, slots=True)
class Backgrounds:
    """Tells the background of a mapping's rejected rows; since `started_at` those are rejected that were not before."""

    past: Past = field(default_factory=Past)
    started_at: datetime | None = None
    descriptor: Descriptor | None = None

    def of(
        self,
        row: Rejected,
        since: datetime | None = None,
        uuid: str | None = None,
        fields: Fields | None = None,
    ) -> Rejected:
        """The row with its background: rejected before since `since`, known to ChartMogul by `uuid`.

        `fields` are those of its record; without them the name stays that it has. Each row is asked for once: rows
        without a key are counted.
        """
        known = self.past.had(since) if row.key is not None else self._was_there(row)
        begun = since or (None if known else self.started_at)
        name = row.background.name if fields is None else self.name(fields)
        return replace(row, background=Background(begun, known, name, self._url(uuid)))

    def name(self, fields: Fields) -> str | None:
        """What a person calls a record."""
        return None if self.descriptor is None else self.descriptor.name_of(fields)

    def _was_there(self, row: Rejected) -> bool:
        return self.past.take(row.problems[0].code)

    def _url(self, uuid: str | None) -> str | None:
        return None if self.descriptor is None else self.descriptor.url_of(uuid)
