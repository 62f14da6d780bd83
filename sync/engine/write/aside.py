"""Records of which nothing is sent, set aside until all look-ups are done: they are decided about once."""

import pickle
from collections import abc
from dataclasses import dataclass, field

from sync.engine.spool import Spool
from sync.engine.write.delivery import Delivery

#: As many as are written down together, see `recorder`.
_TOGETHER = 100


@dataclass(slots=True)
class Aside:
    """Keeps deliveries in the spool, whose file nobody else can open: so memory does not grow with them."""

    spool: Spool
    _waiting: list[Delivery] = field(default_factory=list, init=False)

    def add(self, delivery: Delivery) -> None:
        """Keep what became of a record; it is handed out no more."""
        self._waiting.append(delivery)
        if len(self._waiting) >= _TOGETHER:
            self._keep()

    def deliveries(self) -> abc.Iterator[list[Delivery]]:
        """All of them, some at a time."""
        self._keep()
        for content in self.spool.settled():
            yield pickle.loads(content)

    def _keep(self) -> None:
        if self._waiting:
            keys = [delivery.entry.record.key for delivery in self._waiting]
            self.spool.settle(keys, pickle.dumps(self._waiting, pickle.HIGHEST_PROTOCOL))
            self._waiting = []
