"""What is to be written down of records for which nothing is sent, set aside until all look-ups are done."""

import pickle
from collections import abc
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from sync.domain.plan import Absent
from sync.domain.results import Delivered, Result
from sync.engine.spool import Spool
from sync.state.memory import Confirmed, Item, OwnNote

#: As many are kept, and written down, together: a crash loses nothing of them but the look-ups.
_TOGETHER = 500
_OWN = "own"
# Plain tuples: as values of classes they would take three times as long.
_RESULT = attrgetter(*Delivered.__match_args__)
_NAMES = tuple(name for name in Confirmed.__match_args__ if name != _OWN)
_ITEM = attrgetter(*_NAMES)
_NOTE = attrgetter(*OwnNote.__match_args__)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is to be written down of a record: for reports, for the state, and what it has fixed.

    `item` is None where there is no state. `mended`: its row was rejected before, and is no longer. `mrr` is what a
    look-up has shown.
    """

    result: Result
    item: Item | None
    attributes: tuple[str, ...] = ()
    mended: bool = False
    mrr: int | None = None
    #: Set where a look-up did not find the record: others ask the spool for it.
    absent: Absent | None = None


@dataclass(slots=True)
class Aside:
    """Keeps what was prepared in the spool, whose file nobody else can open: so memory does not grow with it."""

    spool: Spool
    _waiting: list[Prepared] = field(default_factory=list, init=False)

    def add(self, prepared: Prepared) -> None:
        """Keep what became of a record for which nothing is sent; it is handed out no more."""
        self._waiting.append(prepared)
        if len(self._waiting) >= _TOGETHER:
            self._keep()

    def taken_back(self) -> abc.Iterator[list[Prepared]]:
        """All of them, some at a time."""
        self._keep()
        for content in self.spool.settled():
            yield [_unpacked(*one) for one in pickle.loads(content)]

    def _keep(self) -> None:
        if self._waiting:
            packed = [_packed(one) for one in self._waiting]
            found = [
                (result[1], one.absent)
                for (result, *_), one in zip(packed, self._waiting, strict=True)
            ]
            self.spool.settle(found, pickle.dumps(packed, pickle.HIGHEST_PROTOCOL))
            self._waiting = []


def _packed(prepared: Prepared) -> tuple[Any, ...]:
    result, item = prepared.result, prepared.item
    assert isinstance(result, Delivered), "nothing is known of a rejected row before all are judged"
    assert item is None or isinstance(item, Confirmed), (
        "a look has shown that nothing is to be sent"
    )
    facts = None if item is None else _ITEM(item)
    note = None if item is None or item.own is None else _NOTE(item.own)
    told = (prepared.attributes, prepared.mended, prepared.mrr)
    return _RESULT(result), facts, note, *told


def _unpacked(
    result: tuple[Any, ...],
    facts: tuple[Any, ...] | None,
    note: tuple[Any, ...] | None,
    *told: Any,
) -> Prepared:
    own = None if note is None else OwnNote(*note)
    item = None if facts is None else Confirmed(**dict(zip(_NAMES, facts, strict=True)), own=own)
    return Prepared(Delivered(*result), item, *told)
