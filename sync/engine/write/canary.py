"""A canary: the first writes of each kind of operation, read back field by field before the others follow."""

from collections import abc
from dataclasses import dataclass, field

from sync.destination.interface import Destination
from sync.domain.clock import Clock
from sync.domain.objects import Field
from sync.domain.plan import Changes, Create, Policy, Update
from sync.domain.record import Fields
from sync.domain.results import Compared, Delivered, PartlyWritten
from sync.domain.sameness import arrived
from sync.engine.write.content import all_of
from sync.engine.write.delivery import Delivery, Planned
from sync.errors import NotFound, RailError

#: Seconds after which a write is read back, one after the other: look-ups may lag behind.
WAITS = (0.0, 2.0, 5.0)
_CREATE, _UPDATE = "create", "update"
#: So many rows are named.
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class _Sent:
    """A row of the canary: what is sent of it, and the hashes of values that ChartMogul was known to drop before."""

    operation: str
    changes: Changes
    dropped: frozenset[bytes]

    @property
    def fields(self) -> Fields:
        """The values that are sent; of tags all that are there then."""
        return {name: after for name, (_, after) in self.changes.items()}


@dataclass(slots=True)
class Canary:
    """Chooses `most` rows of each kind of operation, and judges what became of them."""

    most: int
    destination: Destination
    policy: Policy
    clock: Clock
    _chosen: dict[str, _Sent] = field(default_factory=dict, init=False)
    _deliveries: list[Delivery] = field(default_factory=list, init=False)

    @property
    def keys(self) -> list[str]:
        """The rows that go first."""
        return list(self._chosen)

    def choose(self, planned: Planned) -> None:
        """Take a row in, while there are too few of its kind."""
        match planned.operation:
            case Create(record):
                self._take(planned, _CREATE, all_of(record))
            case Update(changes=changes):
                self._take(planned, _UPDATE, changes)

    def _take(self, planned: Planned, operation: str, changes: Changes) -> None:
        if sum(one.operation == operation for one in self._chosen.values()) < self.most:
            sent = _Sent(operation, changes, planned.job.dropped)
            self._chosen[planned.job.record.key] = sent

    def note(self, delivery: Delivery) -> None:
        """One of them was sent."""
        self._deliveries.append(delivery)

    async def compared(self) -> list[Compared]:
        """All of them, each with what was sent and what ChartMogul shows of it."""
        shown: dict[str, Fields] = {}
        for wait in WAITS:
            waiting = [one for one in self._deliveries if self._differs(one, shown)]
            if not waiting:
                break
            if wait:
                await self.clock.sleep(wait)
            for delivery in waiting:
                shown[delivery.entry.record.key] = await self._read_back(delivery)
        return [self._compare(delivery, shown) for delivery in self._deliveries]

    async def _read_back(self, delivery: Delivery) -> Fields:
        uuid = delivery.result.uuid if isinstance(delivery.result, Delivered) else None
        if uuid is None:
            return {}
        try:
            return (await self.destination.show(uuid)).fields
        except NotFound:
            return {}  # it may only not show yet

    def _differs(self, delivery: Delivery, shown: abc.Mapping[str, Fields]) -> bool:
        """Whether a row that was taken is yet to be seen as it was sent."""
        if not isinstance(delivery.result, Delivered):
            return False
        key = delivery.entry.record.key
        return key not in shown or bool(self._different(key, shown[key]))

    def _different(self, key: str, shown: Fields) -> list[str]:
        sent = self._chosen[key]
        return [
            name
            for name, value in sent.fields.items()
            if not self._is_there(name, shown, sent)
            and self.policy.hasher.field(name, value) not in sent.dropped
        ]

    def _is_there(self, name: str, shown: Fields, sent: _Sent) -> bool:
        shape, value = self.policy.shape(name), shown.get(name)
        if isinstance(shape, Field) and shape.is_computed(value):
            return True
        return arrived(name, sent.changes[name], value, shape)

    def _compare(self, delivery: Delivery, shown: abc.Mapping[str, Fields]) -> Compared:
        record, result = delivery.entry.record, delivery.result
        sent, there = self._chosen[record.key], shown.get(record.key, {})
        fields = {name: (value, there.get(name)) for name, value in sent.fields.items()}
        if not isinstance(result, Delivered):
            refused = result.rejected if isinstance(result, PartlyWritten) else result
            code = refused.problems[0].code
            return Compared(record.row, record.key, sent.operation, fields, refused=code)
        different = tuple(self._different(record.key, there))
        return Compared(record.row, record.key, sent.operation, fields, different)


def judge(compared: abc.Sequence[Compared]) -> None:
    """Raise RailError where a row was refused, or shows otherwise than it was sent."""
    bad = [one for one in compared if one.refused or one.different]
    if not bad:
        return
    more = f" and {len(bad) - _SHOWN:,} more" if len(bad) > _SHOWN else ""
    told = "; ".join(map(_told, bad[:_SHOWN]))
    what = f"of {len(compared):,} rows that were sent {len(bad):,} did not arrive as they were sent"
    if len(compared) == 1:
        what = "the row that was sent did not arrive as it was sent"
    raise RailError(
        f"the canary: {what} ({told}{more}); nothing more was written",
        "canary.json in the run's report has what was sent and what ChartMogul shows; mend the rows or the mapping,"
        " then run again: what arrived is remembered",
        "canary",
    )


def _told(one: Compared) -> str:
    if one.refused:
        return f"row {one.row:,}: {one.refused}"
    return f"row {one.row:,}: {', '.join(one.different)} differs"
