"""What a dry run that makes a plan adds to its rows: their hashes, and the count of the fields that it leaves out."""

from collections import abc
from dataclasses import dataclass, replace

from sync.domain.fingerprint import Hasher
from sync.domain.policy import Overwrite, Overwrites
from sync.domain.results import Delivered
from sync.engine.write.delivery import Delivery

_EDITED = "edited"


@dataclass(frozen=True, slots=True)
class PlanMarks:
    """Marks deliveries for a plan. `left_out` counts rows by field; None: the state tells whose values are whose."""

    hasher: Hasher
    left_out: dict[str, int] | None = None

    def mark(self, delivery: Delivery) -> Delivery:
        """The delivery with the hash of its record."""
        result = delivery.result
        if not isinstance(result, Delivered):
            return delivery
        for name in self._left_out(result):
            assert self.left_out is not None
            self.left_out[name] = self.left_out.get(name, 0) + 1
        hash = self.hasher.fingerprint(delivery.entry.record).hex()
        return replace(delivery, result=replace(result, hash=hash))

    def _left_out(self, result: Delivered) -> abc.Iterator[str]:
        """The fields that hold a value of which nobody here knows whose it is."""
        if self.left_out is not None:
            for warning in result.warnings:
                if warning.code == _EDITED and warning.field not in result.changes:
                    yield warning.field


def without_rejecting(overwrites: Overwrites) -> Overwrites:
    """Whose value wins, where no state tells own values: what might be edited stays, and rejects no row."""
    some = {name: _kept(how) for name, how in overwrites.of_some.items()}
    return Overwrites(_kept(overwrites.of_all), some)


def _kept(how: Overwrite) -> Overwrite:
    return Overwrite.UNLESS_EDITED if how is Overwrite.REJECT_EDITED else how
