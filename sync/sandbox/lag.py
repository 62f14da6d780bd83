"""What look-ups do not show yet: records as they were before their latest writes."""

from collections import abc, deque
from dataclasses import dataclass, field

from sync.sandbox.people import Contact, Customer
from sync.sandbox.settings import Settings

MOST = 10_000
"""Writes that are remembered; of more, the oldest show at once."""


@dataclass(frozen=True, slots=True)
class Version:
    """A record as it was before a write (None: not there), when that was, and after how many requests."""

    before: Customer | Contact | None
    at: float
    asked: int


@dataclass(slots=True)
class Lag:
    """The latest writes; `at` is now, `asked` how many requests there were."""

    at: float = 0.0
    asked: int = 0
    versions: dict[str, deque[Version]] = field(default_factory=dict)
    order: deque[str] = field(default_factory=deque)

    def begin(self, at: float) -> None:
        """One more request comes in."""
        self.at = at
        self.asked += 1

    def note(self, uuid: str, before: Customer | Contact | None) -> None:
        """A record is about to be written."""
        self.versions.setdefault(uuid, deque()).append(Version(before, self.at, self.asked))
        self.order.append(uuid)
        if len(self.order) > MOST:
            oldest = self.order.popleft()
            kept = self.versions[oldest]
            kept.popleft()
            if not kept:
                del self.versions[oldest]

    def hides(self, uuid: str, born: float, settings: Settings) -> bool:
        """Whether a record is too new to be found."""
        if self.at - born < settings.stale:
            return True
        return any(one.before is None for one in self._fresh(uuid, settings))

    def earlier(self, uuid: str, settings: Settings) -> Version | None:
        """How a record is still shown: before the first of the writes that do not show yet."""
        if not settings.stale_changes:
            return None
        return next(self._fresh(uuid, settings), None)

    def _fresh(self, uuid: str, settings: Settings) -> abc.Iterator[Version]:
        for version in self.versions.get(uuid, ()):
            late = self.at - version.at < settings.stale
            if late or self.asked - version.asked <= settings.stale_requests > 0:
                yield version
