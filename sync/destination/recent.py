"""In a real run: what mappings have just created, for others that have the same records: look-ups may lag behind."""

from dataclasses import dataclass, field
from itertools import takewhile

from sync.domain.plan import Seen

#: Seconds after which every look-up is taken to show a new record: as long as a create is in doubt.
SHOWN_AFTER = 600.0


@dataclass(slots=True)
class RecentRecords:
    """New records as the answers to their creates have shown them, for some minutes; of one object and data source.

    `shared`: other mappings of the run ask for them. Else nothing is kept: the mapping that creates a record has one
    row for it.
    """

    shared: bool = False
    #: By uuid, the oldest first, with the second in which each was created.
    _made: dict[str, tuple[float, Seen]] = field(default_factory=dict, init=False)

    def note(self, seen: Seen, now: float) -> None:
        """A record was created; what is older than some minutes is forgotten. `now`: seconds that only grow."""
        if not self.shared:
            return
        for uuid in self._outdated(now):
            del self._made[uuid]
        self._made[seen.uuid] = (now, seen)

    def of(self, uuid: str, now: float) -> Seen | None:
        """The record of a uuid, if it was created a moment ago."""
        made, seen = self._made.get(uuid, (now - SHOWN_AFTER, None))
        return seen if now - made < SHOWN_AFTER else None

    def _outdated(self, now: float) -> list[str]:
        ages = ((uuid, now - made) for uuid, (made, _) in self._made.items())
        return [uuid for uuid, age in takewhile(lambda one: one[1] >= SHOWN_AFTER, ages)]
