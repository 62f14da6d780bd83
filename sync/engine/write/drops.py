"""What ChartMogul takes of the values that it is sent, and what it drops in silence."""

from collections import abc
from dataclasses import dataclass

from sync.domain.plan import Changes, Policy
from sync.domain.record import Fields, Record
from sync.domain.results import Warned
from sync.domain.sameness import arrived
from sync.engine.write.delivery import Job

_AGAIN = (
    "it is tried again by --full, by the next write of the row, and once a day for five rows:"
    " if one sticks, the others follow"
)
_PINNED = (
    "{} is pinned in ChartMogul, which kept the value that is there: free it in the app if the row is to win; "
    + _AGAIN
)


@dataclass(frozen=True, slots=True)
class Drops:
    """Tells drops, known ones and new ones; `advice` says what a user can do about a field."""

    policy: Policy
    advice: abc.Callable[[str], str]

    def settled(self, job: Job) -> frozenset[bytes]:
        """The hashes of values that are no reason to write: known to be dropped, and not to be tried again."""
        if job.full:
            return frozenset()
        return job.dropped - self.hashes(job.record, job.entry.tries & job.record.fields.keys())

    def split(self, changes: Changes, after: Fields) -> tuple[Changes, Changes]:
        """The changes that the answers show, and those that ChartMogul dropped in silence."""
        stuck: Changes = {}
        dropped: Changes = {}
        for name, (before, wanted) in changes.items():
            held = arrived(name, (before, wanted), after.get(name), self.policy.shape(name))
            (stuck if held else dropped)[name] = (before, wanted)
        return stuck, dropped

    def new(self, job: Job, dropped: Changes) -> list[str]:
        """The fields of those drops that nobody knew of."""
        return [name for name in dropped if not self.hashes(job.record, [name]) <= job.dropped]

    def warnings(
        self, job: Job, dropped: Changes, pinned: abc.Set[str] = frozenset()
    ) -> tuple[Warned, ...]:
        """A warning for each drop that nobody knew of, or for its pin; the summary counts the others."""
        return tuple(
            Warned(name, "pinned", _PINNED.format(name))
            if name in pinned
            else Warned(name, "dropped", self._told(name))
            for name in self.new(job, dropped)
        )

    def _told(self, name: str) -> str:
        advice = self.advice(name)
        return (
            f"ChartMogul answered without an error, but did not take {name}"
            f"{': ' if advice else ''}{advice}; {_AGAIN}"
        )

    def hashes(self, record: Record, names: abc.Iterable[str]) -> frozenset[bytes]:
        """The hashes of these fields of a record, as the state keeps them."""
        return frozenset(self.policy.hasher.field(name, record.fields[name]) for name in names)
