"""When a mapping that came to its end is ill all the same: too much of what it read was rejected."""

from dataclasses import dataclass
from decimal import Decimal

#: Of fewer rows a share says nothing.
FEW = 20


@dataclass(frozen=True, slots=True)
class MostRejected:
    """How many rows may be rejected in a run: a number, or a percentage of at least `FEW` rows."""

    rows: int | None = None
    percent: Decimal = Decimal(50)

    def is_passed(self, read: int, rejected: int, tolerated: int) -> bool:
        """Whether more were rejected than this and what the mapping tolerates, or all that were read."""
        if 0 < read <= rejected:
            return True
        if rejected <= tolerated:
            return False
        if self.rows is not None:
            return rejected > self.rows
        return read >= FEW and rejected * 100 > read * self.percent
