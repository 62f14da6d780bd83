"""Rows that were rejected, and are as they should be now: counted, and told to the state, once all is read."""

from collections import abc
from dataclasses import dataclass, field

from sync.domain.results import Delivered
from sync.state.memory import Item, Observed

#: Rows that are noted in one transaction.
_TOGETHER = 1_000


@dataclass(slots=True)
class Mended:
    """Rows by key; one whose key comes again may be rejected after all, so nothing is told before the end."""

    _rows: dict[str, Delivered] = field(default_factory=dict)

    def add(self, row: Delivered) -> None:
        """A row that was rejected is as it should be."""
        self._rows[row.key] = row

    def drop(self, key: str) -> None:
        """It is not, or is sent: what becomes of it is told elsewhere."""
        self._rows.pop(key, None)

    def count(self) -> int:
        """How many there are."""
        return len(self._rows)

    def items(self) -> abc.Iterator[list[Item]]:
        """What the state has to know of them, in parts."""
        rows = list(self._rows.values())
        for start in range(0, len(rows), _TOGETHER):
            part = rows[start : start + _TOGETHER]
            yield [Observed(row.key, row.uuid, None, row.outcome) for row in part]
