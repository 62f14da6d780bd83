"""Money: the monthly recurring revenue of customers that a run touches, as look-ups made anyway show it."""

from bisect import insort
from dataclasses import dataclass, field

#: So many of the largest are named.
LARGEST = 5


@dataclass(slots=True)
class Revenue:
    """The MRR of touched customers, in cents of the account's currency.

    `of` counts them, `known` those whose MRR was seen. `largest` are keys with their MRR, the largest first.
    """

    known: int = 0
    of: int = 0
    sum_cents: int = 0
    largest: list[tuple[str, int]] = field(default_factory=list)

    def add(self, key: str, cents: int | None) -> None:
        """One more touched customer; None: nobody has looked."""
        self.of += 1
        if cents is None:
            return
        self.known += 1
        self.sum_cents += cents
        if cents > 0:
            insort(self.largest, (key, cents), key=lambda one: -one[1])
            del self.largest[LARGEST:]
