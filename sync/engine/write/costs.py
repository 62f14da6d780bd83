"""What planned writes take in requests: told once all look-ups are done, as these show which types are known."""

from collections import Counter, abc
from dataclasses import dataclass, field

from sync.domain.plan import Changes, Create, Operation, Update
from sync.domain.record import Value
from sync.domain.results import Outcome
from sync.domain.tags import TAGS, added, removed
from sync.engine.write.content import all_of

#: What decides about the requests of an update: its fields, and of each whether it is emptied, false, or any value.
_Kind = frozenset[tuple[str, tuple[Value, Value]]]


@dataclass(slots=True)
class Costs:
    """Counts requests of planned writes; `cost` tells those of one by what is known when it is asked.

    One that takes a single request goes on doing so. Of the others some may be spared once a look-up has shown the type
    of an attribute: they are kept by their kind, of which there are few.
    """

    cost: abc.Callable[[Outcome, Changes], int]
    _sure: int = field(default=0, init=False)
    _open: Counter[_Kind] = field(default_factory=Counter, init=False)

    def add(self, operation: Operation) -> None:
        """Count what is to be done about another record."""
        match operation:
            case Create(record):
                self._sure += self.cost(Outcome.CREATED, all_of(record))
            case Update(changes=changes):
                cost = self.cost(Outcome.UPDATED, changes)
                if cost > 1:
                    self._open[_kind(changes)] += 1
                else:
                    self._sure += cost

    def total(self) -> int:
        """The requests of all, by what is known now."""
        found = (
            number * self.cost(Outcome.UPDATED, dict(kind)) for kind, number in self._open.items()
        )
        return self._sure + sum(found)


def _kind(changes: Changes) -> _Kind:
    return frozenset((name, _alike(name, change)) for name, change in changes.items())


def _alike(name: str, change: tuple[Value, Value]) -> tuple[Value, Value]:
    """The change that stands for all that take the same requests."""
    if name == TAGS:
        return ("-",) if removed(change) else (), ("+",) if added(change) else ()
    after = change[1]
    return None, after if after is None or after is False else True
