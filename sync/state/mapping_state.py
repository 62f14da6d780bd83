"""The state as one mapping of a run sees it, without holding up the event loop.

One module because it is one thing: each method asks the store a question for the same mapping.
"""

import asyncio
import os
from array import array
from collections import abc
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar

from sync.domain import objects
from sync.domain.background import Past
from sync.domain.parent import Parent
from sync.domain.record import AttributeType, Object
from sync.domain.results import Left, MappingRun
from sync.domain.row_hash import KnownRows, RowHash
from sync.domain.seen_rows import SeenRows
from sync.domain.typed import Typed
from sync.state.absent import Moved, among
from sync.state.bucket_members import Members
from sync.state.drops import UNNAMED
from sync.state.history import Whose
from sync.state.mapping_buckets import MappingBuckets
from sync.state.mapping_entries import MappingPlace
from sync.state.mapping_own import MappingOwn
from sync.state.memory import Asked, Doubt, Item, KnownDrops, LastRun, Memory, Scope
from sync.state.store import Store

T = TypeVar("T")


@dataclass(slots=True)
class MappingState:
    """What the state knows for a mapping, and where what becomes of its rows is written down.

    A dry run's writes nothing. `by_uuid`: keys are uuids, each of which means the record that has it, whatever key
    another mapping knows it by. `in_use` are the account's attribute types, customers only: those of contacts
    are ChartMogul's own business.
    """

    store: Store
    scope: Scope
    mapping: str
    run_id: str
    dry_run: bool
    by_uuid: bool = False
    in_use: dict[str, AttributeType] = field(default_factory=dict)
    own: MappingOwn = field(init=False)
    _known: "array[int]" = field(default_factory=lambda: array("I"), init=False)
    _moved: Moved = field(default_factory=Moved, init=False)
    #: Whether ChartMogul has any record of the scope under another key; None: nobody has asked yet.
    _renamed: bool | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.own = MappingOwn(self.store, self.scope, self.mapping)

    @property
    def locks(self) -> bool:
        """Whether writing an attribute fixes its type."""
        return objects.of(self.scope.object).locks_types

    async def open(self) -> None:
        """Read the attribute types in use."""
        if self.locks:
            self.in_use = await call(self.store.types, self.scope.account, self.scope.object)

    async def former_name(self, part: MappingRun, there: abc.Collection[str]) -> str | None:
        """The name under which more may be noted of the mapping's records than nothing; not one that is `there`."""
        whose = self._whose(part.file, part.query)
        return await call(self.store.former_name, self.scope, whose, os.path.exists, there)

    def recall(self, keys: abc.Sequence[str]) -> abc.Mapping[str, Memory]:
        """What is known of these keys."""
        names = self._names(keys)
        found = self.store.recall(self.scope, self.mapping, names.values())
        if not self.by_uuid:
            return found
        return {k: replace(found[name], key=k) for k, name in names.items() if name in found}

    def _names(self, keys: abc.Iterable[str]) -> dict[str, str]:
        """The key under which the state has each of these."""
        names = {key: key for key in keys}
        if not self.by_uuid:
            return names
        for uuid, stored in self.store.by_uuid(self.scope, names).items():
            names[uuid] = uuid if uuid in stored else stored[0]
        return names

    async def known_drops(self) -> KnownDrops:
        """What ChartMogul is known to drop of this mapping's records, and what of it is tried again."""
        return await call(self.store.known_drops, self.scope, self.mapping)

    def known_rows(self, drops: KnownDrops) -> KnownRows:
        """The rows that need not be built again: none of which a dropped value may be tried again, or has no name."""
        dropping = [*drops.due, *([UNNAMED] if drops.unnamed else [])]
        known = self.store.known_rows(self.mapping, dropping)
        self._known = known.records + known.to_build
        return known

    def undone(self) -> abc.Mapping[int, bytes]:
        """The records that were put back, each with what stands for the record that was undone."""
        return self.store.undone(self.scope, self.mapping)

    def name_drops(self, told: abc.Mapping[int, abc.Collection[str]]) -> None:
        """Note the fields of drops that an older version noted without them; a dry run notes nothing."""
        if told and not self.dry_run:
            self.store.name_drops(self.mapping, told)

    def keep_row_hashes(self, hashes: list[RowHash]) -> None:
        """Let rows with these hashes be known from now on; a dry run keeps none."""
        if not self.dry_run:
            self.store.keep_row_hashes(self.mapping, hashes)

    async def recalled(self, keys: abc.Sequence[str]) -> abc.Mapping[str, Memory]:
        """What is known of these keys, with all own values of the mapping, asked for from the event loop."""
        return await call(self._recalled, keys)

    def _recalled(self, keys: abc.Sequence[str]) -> abc.Mapping[str, Memory]:
        return self.own.told(self.recall(keys))

    async def recalled_of(self, uuids: abc.Mapping[str, str]) -> abc.Mapping[str, Memory]:
        """What is known of the records with these uuids, by the keys that they are to have; asked for as `recalled`."""
        return await call(self._recalled_of, uuids)

    def _recalled_of(self, uuids: abc.Mapping[str, str]) -> abc.Mapping[str, Memory]:
        names = self.store.by_uuid(self.scope, uuids.values())
        found = self.store.recall(self.scope, self.mapping, [keys[0] for keys in names.values()])
        known = {memory.uuid: memory for memory in self.own.told(found).values()}
        return {key: replace(known[u], key=key) for key, u in uuids.items() if u in known}

    async def ask(self, asked: abc.Mapping[str, Asked]) -> None:
        """Note what is about to be asked for, by key; a dry run asks for nothing."""
        if not self.dry_run:
            await call(self._ask, asked)

    def _ask(self, asked: abc.Mapping[str, Asked]) -> None:
        names = self._names(asked)
        self.store.ask(self.scope, self.mapping, {names[key]: asked[key] for key in asked})

    async def count(self) -> int:
        """How many records of the scope have a uuid."""
        return await call(self.store.count, self.scope)

    async def last_complete(self, file: str, query: int | None) -> LastRun | None:
        """The latest run of this mapping, in this file and with this query, that came to its end."""
        return await call(self.store.last_complete, self._whose(file, query), os.path.exists)

    async def past(self, part: MappingRun) -> Past:
        """What the last whole run of the mapping rejected."""
        return await call(self.store.past, self._whose(part.file, part.query), os.path.exists)

    def _whose(self, file: str, query: int | None) -> Whose:
        scope = self.scope
        return Whose(self.mapping, scope.data_source, scope.account, scope.object, file, query)

    async def remember(
        self, items: list[Item], attributes: frozenset[str], types: abc.Mapping[str, Typed]
    ) -> None:
        """Write down what became of rows, and the types that their attributes have fixed by now."""
        fresh = {key: types[key].type for key in attributes - self.in_use.keys()}
        await call(self._write, items, fresh)
        if self.locks:
            self.in_use.update(fresh)

    async def announce(self, sent: abc.Mapping[int, bytes]) -> None:
        """Note that these records, by number, are about to be written, with these fingerprints.

        A crash may keep from us that they were, and a row that has changed back by then would look unchanged.
        """
        if sent and not self.dry_run:
            await call(self.store.announce, self.scope, self.mapping, sent)

    def stored(self, key: str) -> str:
        """A key as the state holds it."""
        return self.store.stored(key)

    def note(self, items: list[Item]) -> None:
        """Write down what became of rows before anything was sent."""
        self._note(items, local=True)

    def _note(self, items: list[Item], *, local: bool) -> None:
        if self.by_uuid:
            names = self._names([item.key for item in items])
            items = [replace(item, key=names[item.key]) for item in items]
        self.store.remember(self.scope, self.mapping, self.run_id, items, local=local)

    def adopt(self, former: abc.Mapping[str, str]) -> None:
        """Records get other keys, each by the one before; what is known of them stays."""
        self.store.adopt(self.scope, former)

    def _write(self, items: list[Item], fresh: dict[str, AttributeType]) -> None:
        """Types first: after a crash between the two a remembered row is not sent, nor its types noted, again."""
        if fresh and self.locks:
            account, object_ = self.scope.account, self.scope.object
            self.store.lock_types(account, object_, fresh, self.mapping, self.run_id)
        self._note(items, local=False)

    async def left(
        self, seen: SeenRows, members: abc.Sequence[Members] | None = None
    ) -> list[list[Left]]:
        """The keys that have left the query since it was last read whole, in batches.

        `members`: the records that may have moved, where only their buckets were read.
        """

        def is_seen(record: int) -> bool:
            return seen.row(record) > 0

        if members is None:
            moved = self.store.moved
            self._moved = await call(moved, self.mapping, self.run_id, is_seen, self._known)
        else:
            self._moved = among(members, is_seen)
        self._known = array("I")
        batches = await call(lambda: list(self.store.left(self.scope, self._moved)))
        if self.by_uuid:
            return [[replace(one, key=one.uuid or one.key) for one in batch] for batch in batches]
        return batches

    async def count_left(self) -> int:
        """How many records earlier runs have marked as left."""
        return await call(self.store.count_left, self.scope, self.mapping)

    async def mark_left(self) -> None:
        """Report those keys no more, until they come back."""
        await call(self.store.mark_left, self.scope, self.mapping, self._moved)

    @property
    def buckets(self) -> MappingBuckets:
        """What is kept of the warehouse's fingerprints."""
        place = MappingPlace(self.scope, self.mapping)
        return MappingBuckets(self.store, place, self.run_id, self.dry_run)

    # What belongs to a parent: contacts

    async def parents(self, keys: abc.Sequence[str]) -> dict[str, Parent]:
        """The customers with these external ids that the state remembers."""
        scope = await self._scope_of_parents()
        memories = await call(self.store.recall, scope, self.mapping, keys)
        return {
            key: Parent(m.uuid, m.pairs, external_id=m.external_id)
            for key, m in memories.items()
            if m.uuid
        }

    async def learn_parent(self, key: str, was: str, now: Parent | None) -> None:
        """Let all know what a look-up showed of a customer that was remembered by another uuid; None: it is deleted."""
        if not self.dry_run:
            await call(self.store.learn, await self._scope_of_parents(), key, was, now)

    async def is_grave(self, key: str) -> bool | None:
        """Whether a mapping leaves a customer as it is, deleted in ChartMogul; None: nobody knows that it is."""
        return await call(self.store.is_grave, await self._scope_of_parents(), key)

    async def count_parents(self) -> int:
        """How many customers of the data source have a uuid."""
        return await call(self.store.count, await self._scope_of_parents())

    def lost_parents(self, file: str, query: int | None) -> abc.Mapping[str, datetime]:
        """Customers that were found to be deleted since this mapping, in this file, last ran whole, and when.

        By their stored keys. Their contacts are gone, or nobody's, although nothing that is remembered of them says so.
        """
        parent = objects.of(self.scope.object).parent
        if parent is None:
            return {}
        since = self.store.last_whole(self._whose(file, query), os.path.exists)
        return self.store.deleted_since(self._scope_of(parent), since)

    async def _scope_of_parents(self) -> Scope:
        parent = objects.of(self.scope.object).parent
        assert parent is not None
        return await call(self._scope_of, parent)

    def _scope_of(self, parent: Object) -> Scope:
        return self.store.scope(self.scope.account, self.scope.data_source, parent)

    def records_of_uuid(self, uuid: str) -> list[Memory]:
        """The records whose keys are remembered with this uuid."""
        keys = self.store.by_uuid(self.scope, [uuid]).get(uuid, [])
        return [*self.store.recall(self.scope, self.mapping, keys).values()]

    def renamed_of_uuid(self, uuid: str) -> list[Memory]:
        """Those of them that ChartMogul has under another key."""
        if self._renamed is None:
            self._renamed = self.store.has_renamed(self.scope)
        if not self._renamed:
            return []
        return [memory for memory in self.records_of_uuid(uuid) if memory.external_id]

    async def mark_sent(self, keys: abc.Sequence[str], at: datetime) -> None:
        """Note that these creates are about to be sent."""
        if not self.dry_run:
            await call(self.store.mark_sent, self.scope, keys, at)

    async def mark_lost(self, keys: abc.Sequence[str]) -> None:
        """Note that the answers to these creates are lost."""
        if not self.dry_run:
            await call(self.store.mark_lost, self.scope, keys)

    async def doubts(self, keys: abc.Sequence[str]) -> abc.Mapping[str, Doubt]:
        """Those of these keys whose create is in doubt."""
        return await call(self.store.doubts, self.scope, keys)

    async def resolve(self, keys: abc.Sequence[str]) -> None:
        """These creates are in doubt no longer."""
        if not self.dry_run:
            await call(self.store.resolve, self.scope, keys)


async def call(work: abc.Callable[..., T], *args: Any) -> T:
    """Do blocking work in a thread."""
    return await asyncio.to_thread(work, *args)
