"""The mappings that are written before another one, as that one sees them."""

from collections import abc
from dataclasses import dataclass
from typing import Protocol


class Earlier(Protocol):
    """A mapping that is written before another one."""

    @property
    def leaves_deleted(self) -> bool:
        """Whether what was deleted in ChartMogul is left so."""
        ...

    def creates(self, key: str) -> bool:
        """Whether a dry run would create a record with this key."""
        ...

    def leaves(self, key: str) -> bool:
        """Whether a dry run found the record with this key deleted in ChartMogul, and would leave it so."""
        ...

    def met(self, key: str) -> str | None:
        """The uuid of the record that a dry run would go on with under this new key."""
        ...

    def rejection(self, key: str) -> str | None:
        """Why a row with this key was rejected in this run, and which, in words; None: none was."""
        ...


@dataclass(frozen=True, slots=True)
class Before:
    """All of them."""

    tasks: abc.Sequence[Earlier]

    def creates(self, key: str) -> bool:
        """Whether a dry run would create a record with this key in one of them."""
        return any(task.creates(key) for task in self.tasks)

    def leaves(self, key: str) -> bool:
        """Whether a dry run found the record with this key deleted in ChartMogul, and one of them would leave it so."""
        return any(task.leaves(key) for task in self.tasks)

    def leaves_deleted(self) -> bool:
        """Whether one of them leaves what was deleted in ChartMogul."""
        return any(task.leaves_deleted for task in self.tasks)

    def met(self, key: str) -> str | None:
        """The uuid of the record that one of them would go on with under this new key: in a dry run."""
        return next(filter(None, (task.met(key) for task in self.tasks)), None)

    def rejection(self, key: str) -> str | None:
        """Why one of them rejected the row with this key, in words; None: none did."""
        return next(filter(None, (task.rejection(key) for task in self.tasks)), None)
