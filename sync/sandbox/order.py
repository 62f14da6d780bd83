"""Records in the order of a list, so that a page costs the same however many there are."""

from bisect import bisect_left, bisect_right, insort
from collections import abc
from dataclasses import dataclass, field
from typing import Any

Rank = tuple[Any, ...]
"""The place of a record in a list; its last item is the record's uuid."""


@dataclass(slots=True)
class Order:
    """Ranks, always sorted."""

    ranks: list[Rank] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.ranks)

    def __getitem__(self, index: int) -> Rank:
        return self.ranks[index]

    def add(self, rank: Rank) -> None:
        """Put a rank in its place."""
        insort(self.ranks, rank)

    def remove(self, rank: Rank) -> None:
        """Take out a rank that is there."""
        del self.ranks[bisect_left(self.ranks, rank)]

    def after(self, rank: Rank) -> int:
        """The index of the first rank behind this one, which may be gone or a mere beginning."""
        return bisect_right(self.ranks, rank)


def ordered(ranks: abc.Iterable[Rank]) -> Order:
    """An order of a few ranks, whatever their order now."""
    return Order(sorted(ranks))
