"""Pinned values: why ChartMogul did not take what a write sent, told by one more look at the record."""

from collections import Counter, abc
from dataclasses import dataclass, field

from sync.chartmogul.client import Written
from sync.destination.interface import Destination
from sync.errors import SyncError

#: A field of which so many values were not taken, and none was pinned, is asked about no more in this run: something
#: else keeps ChartMogul from taking it, and a look for each row would cost as much as the writes.
_VAIN = 20


@dataclass(slots=True)
class Pins:
    """Asks which of the values that were not taken are pinned."""

    destination: Destination
    _vain: Counter[str] = field(default_factory=Counter, init=False)

    async def among(self, uuid: str, names: abc.Set[str], written: Written) -> frozenset[str]:
        """Those of these fields, which a write did not bring about, that are pinned; as far as that can be told."""
        told = written.pinned & names
        asked = names - told
        if written.pins_known or not any(self._vain[name] < _VAIN for name in asked):
            return told
        try:
            found = await self.destination.pins(uuid) & asked
        except SyncError:
            return told  # the write is done: what only explains it must not lose it
        self._vain.update(asked - found)
        for name in found:
            del self._vain[name]
        return told | found
