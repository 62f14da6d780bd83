"""The state as one mapping of a run sees it, without holding up the event loop."""

import asyncio
from array import array
from collections import abc
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sync.domain.parent import Parent
from sync.domain.record import AttributeType, Object
from sync.domain.results import Left
from sync.domain.row_hash import KnownRows, RowHash
from sync.domain.seen_rows import SeenRows
from sync.domain.typed import Typed
from sync.state.absent import Moved
from sync.state.memory import Doubt, Item, Memory, Scope
from sync.state.store import Store

T = TypeVar("T")


@dataclass(slots=True)
class MappingState:
    """What the state knows for a mapping, and where what becomes of its rows is written down.

    A dry run's notebook reads only. `in_use` are the account's attribute types, customers only: those of contacts
    are ChartMogul's own business.
    """

    store: Store
    scope: Scope
    mapping: str
    run_id: str
    dry_run: bool
    in_use: dict[str, AttributeType] = field(default_factory=dict)
    _familiar: "array[int]" = field(default_factory=lambda: array("I"), init=False)
    _moved: Moved = field(default_factory=Moved, init=False)

    @property
    def locks(self) -> bool:
        """Whether writing an attribute fixes its type."""
        return self.scope.object is Object.CUSTOMER

    async def open(self) -> None:
        """Read the attribute types in use."""
        if self.locks:
            self.in_use = await call(self.store.types, self.scope.account, self.scope.object)

    def recall(self, keys: abc.Sequence[str]) -> abc.Mapping[str, Memory]:
        """What is known of these keys."""
        return self.store.recall(self.scope, self.mapping, keys)

    def familiar(self) -> KnownRows:
        """The rows that need not be built again."""
        familiar = self.store.familiar(self.mapping)
        self._familiar = familiar.records
        return familiar

    def learn(self, glimpses: list[RowHash]) -> None:
        """Let rows be familiar from now on."""
        self.store.learn(self.mapping, glimpses)

    async def recalled(self, keys: abc.Sequence[str]) -> abc.Mapping[str, Memory]:
        """The same, from the event loop."""
        return await call(self.recall, keys)

    async def count(self) -> int:
        """How many records of the scope have a uuid."""
        return await call(self.store.count, self.scope)

    async def last_read(self) -> int:
        """How many rows the latest run that came to its end read."""
        return await call(self.store.last_run, self.mapping) or 0

    async def remember(
        self, items: list[Item], attributes: frozenset[str], types: abc.Mapping[str, Typed]
    ) -> None:
        """Write down what became of rows, and the types that their attributes have fixed by now."""
        fresh = {key: types[key].type for key in attributes - self.in_use.keys()}
        await call(self._write, items, fresh)
        if self.locks:
            self.in_use.update(fresh)

    async def begin(self, memories: abc.Iterable[Memory]) -> None:
        """Note that these records are about to be written.

        A crash may keep from us that they were, and a row that has changed back by then would look unchanged.
        """
        numbers = [memory.record for memory in memories if memory.fingerprint is not None]
        if numbers and not self.dry_run:
            await call(self.store.begin, self.mapping, numbers)

    def note(self, items: list[Item]) -> None:
        """Write down what became of rows before anything was sent."""
        self.store.remember(self.scope, self.mapping, self.run_id, items)

    def _write(self, items: list[Item], fresh: dict[str, AttributeType]) -> None:
        """Types first: after a crash between the two a remembered row is not sent, nor its types noted, again."""
        if fresh and self.locks:
            account, object_ = self.scope.account, self.scope.object
            self.store.lock_types(account, object_, fresh, self.mapping, self.run_id)
        self.note(items)

    async def left(self, seen: SeenRows) -> list[list[Left]]:
        """The keys that have left the query since it was last read whole, in batches."""

        def is_seen(record: int) -> bool:
            return seen.row(record) > 0

        self._moved = await call(
            self.store.moved, self.mapping, self.run_id, is_seen, self._familiar
        )
        self._familiar = array("I")
        return await call(lambda: list(self.store.left(self.scope, self._moved)))

    async def mark_left(self) -> None:
        """Report those keys no more, until they come back."""
        await call(self.store.mark_left, self.scope, self.mapping, self._moved)

    # Contacts

    async def parents(self, customers: abc.Sequence[str]) -> dict[str, Parent]:
        """The customers with these external ids that the state remembers."""
        account, source = self.scope.account, self.scope.data_source
        scope = await call(self.store.scope, account, source, Object.CUSTOMER)
        memories = await call(self.store.recall, scope, self.mapping, customers)
        return {key: Parent(m.uuid, m.pairs) for key, m in memories.items() if m.uuid}

    async def count_customers(self) -> int:
        """How many customers of the data source have a uuid."""
        account, source = self.scope.account, self.scope.data_source
        scope = await call(self.store.scope, account, source, Object.CUSTOMER)
        return await call(self.store.count, scope)

    def rows_of_uuid(self, uuid: str, seen: SeenRows) -> list[int]:
        """The rows of this query whose keys are remembered with this uuid; 0 for keys it does not have."""
        keys = self.store.by_uuid(self.scope, [uuid]).get(uuid, [])
        return [seen.row(memory.record) for memory in self.recall(keys).values()]

    async def ask(self, keys: abc.Sequence[str], at: datetime) -> None:
        """Note that these creates are about to be sent."""
        if not self.dry_run:
            await call(self.store.ask, self.scope, keys, at)

    async def lose(self, keys: abc.Sequence[str]) -> None:
        """Note that the answers to these creates are lost."""
        if not self.dry_run:
            await call(self.store.lose, self.scope, keys)

    async def doubts(self, keys: abc.Sequence[str]) -> abc.Mapping[str, Doubt]:
        """Those of these keys whose create is in doubt."""
        return await call(self.store.doubts, self.scope, keys)

    async def settle(self, keys: abc.Sequence[str]) -> None:
        """These creates are in doubt no longer."""
        if not self.dry_run:
            await call(self.store.settle, self.scope, keys)


async def call(work: abc.Callable[..., T], *args: Any) -> T:
    """Do blocking work in a thread."""
    return await asyncio.to_thread(work, *args)
