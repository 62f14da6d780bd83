"""Changing a record: as few requests as ChartMogul allows, and what its answers show afterwards."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sync.chartmogul import contacts, customers, wire
from sync.chartmogul.transport import Transport
from sync.chartmogul.wire import Call
from sync.domain.plan import Seen
from sync.domain.record import ATTRIBUTE, AttributeType, Fields, Value
from sync.domain.sameness import same
from sync.errors import Answered, CutShort, Detached, Refused, SyncError, Unavailable

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Written:
    """What became of the fields of a change.

    `seen`: what ChartMogul shows of the fields in `confirmed`; empty is left out. Where a DELETE showed
    nothing, what it takes off counts as gone; after any other answer that shows nothing, the record itself was read.
    `confirmed`: the fields whose requests were answered well; all of them, unless `failed`.
    `unmodified`: those of which ChartMogul says that this write changed nothing.
    `failed`: a later request was refused or not answered, and the rest was not sent; CutShort where the run ends of it.
    `requests`: all of them, repeats included.
    `lost`: attributes that were there before, are nothing of ours, and are gone.
    `pinned`: fields that an answer shows as pinned; `pins_known`: there are no others.
    `parts`: what answers show of fields that are parts of those written, and were not written themselves.
    """

    seen: Fields
    confirmed: frozenset[str]
    failed: Refused | Unavailable | None
    requests: int
    unmodified: frozenset[str] = frozenset()
    lost: tuple[str, ...] = ()
    pinned: frozenset[str] = frozenset()
    pins_known: bool = False
    parts: Fields = field(default_factory=dict)

    @classmethod
    def nothing(cls, error: SyncError) -> "Written":
        """Nothing of a change was confirmed, because of this."""
        failed = _survivable(error)
        return cls({}, frozenset(), failed, failed.answered.attempts)


def _survivable(error: SyncError) -> Refused | Unavailable:
    return error if isinstance(error, Refused | Unavailable) else CutShort(error)


@dataclass(slots=True)
class Change:
    """A change on its way: one record, several requests."""

    transport: Transport
    uuid: str
    seen: dict[str, Value] = field(default_factory=dict, init=False)
    confirmed: set[str] = field(default_factory=set, init=False)
    unmodified: set[str] = field(default_factory=set, init=False)
    #: The types of attributes, by their bare keys.
    types: Mapping[str, AttributeType] = field(default_factory=dict, init=False)
    requests: int = field(default=0, init=False)
    pinned: set[str] = field(default_factory=set, init=False)
    pins_known: bool = field(default=False, init=False)
    #: Whether an answer shows that the contact belongs to no customer.
    detached: bool = False
    #: Parts of fields that are written, and what answers show of them.
    _along: tuple[str, ...] = ()
    _parts: dict[str, Value] = field(default_factory=dict, init=False)
    #: Fields whose answers do not show what became of them.
    _unread: set[str] = field(default_factory=set, init=False)
    #: The tags that were left after some were taken off: they hold, whatever becomes of those that are added then.
    _left: Fields | None = field(default=None, init=False)

    async def customer(
        self,
        fields: Fields,
        types: Mapping[str, AttributeType],
        known: frozenset[str],
        removed_tags: tuple[str, ...] = (),
    ) -> Written:
        """Write these fields of a customer, and take tags off.

        Raises:
            SyncError: of the first request.
        """
        self.types = types
        try:
            await self._write_customer(fields, types, known, removed_tags)
            await self._look(customers.get(self.uuid, with_pins=True), customers.read)
        except SyncError as error:
            self._forget_unread()
            if not self.confirmed:
                raise
            failed = _survivable(error)
            return self._written(failed, failed.answered.attempts)
        return self._written()

    async def contact(self, fields: Fields) -> Written:
        """Write these fields of a contact.

        Raises:
            Detached: it belongs to no customer now.
        """
        if fields:
            call = contacts.update(self.uuid, fields)
            await self._send(call, self._shown(self._contact), fields)
            if self.detached:
                # What a merge answers shows no customer either, and the contact keeps its own.
                self._unread.update(fields)
            await self._look(contacts.get(self.uuid, with_pins=True), self._contact)
        if self.detached:
            raise Detached("the contact belongs to no customer now", Answered())
        return self._written()

    def _contact(self, data: Any) -> Seen:
        """Read the contact; an answer that leaves out whose it is does not say that it is nobody's."""
        seen = contacts.read(data, {"customer_uuid": "somebody"})
        self.detached = seen.customer_uuid is None and seen.uuid == self.uuid
        return seen

    def _shown(self, read: Callable[[Any], Seen]) -> Callable[[Any], Fields | None]:
        """Read a whole record; None where the answer has no body, an empty object, or another record."""

        def shown(data: Any) -> Fields | None:
            if data is None or data == {}:
                return None
            seen = read(data)
            return seen.fields if seen.uuid == self.uuid else None

        return shown

    async def _write_customer(
        self,
        fields: Fields,
        types: Mapping[str, AttributeType],
        known: frozenset[str],
        removed_tags: tuple[str, ...],
    ) -> None:
        standard = customers.standard_of(fields)
        wanted = wire.attributes_of(fields)
        values = {key: value for key, value in wanted.items() if value is not None}
        patched = _patchable(values, known, alone=not standard)
        self._along = customers.parts_of(fields)
        if standard or patched:
            await self._send(
                customers.update(self.uuid, standard, patched),
                self._shown(customers.read),
                {**standard, **_named(patched)},
                self._along,
            )
        rest = {key: value for key, value in values.items() if not self._stuck(key, value)}
        if rest:
            await self._send(
                customers.set_attributes(self.uuid, rest, types),
                customers.read_attributes,
                _named(rest),
            )
        gone = [key for key, value in wanted.items() if value is None]
        if gone:
            nothing = _named(dict.fromkeys(gone))
            await self._send(
                customers.remove_attributes(self.uuid, gone), customers.read_attributes, nothing
            )
        if removed_tags:
            await self._remove_tags(removed_tags)
        if tags := customers.tags_of(fields):
            await self._send(customers.add_tags(self.uuid, tags), _shown_tags, {"tags": tags})

    async def _remove_tags(self, tags: tuple[str, ...]) -> None:
        """Take tags off; an answer without a body does not say which ones are left."""
        received = await self.transport.send(customers.remove_tags(self.uuid, tags), _shown_tags)
        self.requests += received.attempts
        if received.value is None:
            self.confirmed.add("tags")
            self._unread.add("tags")
        else:
            self._left = received.value
            self._note(["tags"], received.value)

    def _stuck(self, key: str, value: Value) -> bool:
        """Whether an answer shows the value: PATCH drops `false`, and perhaps keys that are new."""
        name = ATTRIBUTE + key
        return name in self.confirmed and same(value, self.seen.get(name), self.types.get(key))

    async def _send(
        self,
        call: Call,
        read: Callable[[Any], Fields | None],
        fields: Fields,
        along: tuple[str, ...] = (),
    ) -> None:
        """Send a call that writes `fields`, and note what its answer shows of them, and of what goes `along`."""
        received = await self.transport.send(call, self._watching(read))
        self.requests += received.attempts
        self._note(fields, fields if received.value is None else received.value)
        if along and received.value is not None:
            self._parts = {name: received.value.get(name) for name in along}
        self.unmodified.difference_update(fields)
        if received.value is None and not call.tells_enough(received.status):
            self._unread.update(fields)
            # An attempt before, whose answer was lost, may have changed what this one found in place.
            if received.status == wire.NOT_MODIFIED and not received.repeated:
                self.unmodified.update(fields)

    def _note(self, names: Iterable[str], shown: Fields) -> None:
        for name in names:
            self.seen.pop(name, None)
            value = shown.get(name)
            if value is not None:
                self.seen[name] = value
        self.confirmed.update(names)

    async def _look(self, call: Call, read: Callable[[Any], Seen]) -> None:
        """Read the record once, where answers did not show it; what it lacks is not sent again."""
        if unread := set(self._unread):
            self._forget_unread()
            received = await self.transport.send(call, self._watching(read))
            self.requests += received.attempts
            self.pins_known = True
            self._note(unread, received.value.fields)
            self._parts = {name: received.value.fields.get(name) for name in self._along}

    def _watching(self, read: Callable[[Any], T]) -> Callable[[Any], T]:
        """The same way to read, that also notes what an answer shows as pinned."""

        def watch(data: Any) -> T:
            self.pinned |= wire.pins(data) or frozenset()
            return read(data)

        return watch

    def _forget_unread(self) -> None:
        """Nobody knows what became of these, except for tags that were taken off before."""
        for name in self._unread:
            self.seen.pop(name, None)
        self.confirmed -= self._unread
        if "tags" in self._unread and self._left is not None:
            self._note(["tags"], self._left)
        self._unread.clear()

    def _written(self, failed: Refused | Unavailable | None = None, more: int = 0) -> Written:
        unmodified = frozenset(self.unmodified & self.confirmed)
        return Written(
            self.seen,
            frozenset(self.confirmed),
            failed,
            self.requests + more,
            unmodified,
            pinned=frozenset(self.pinned),
            pins_known=self.pins_known,
            parts=self._parts,
        )


def _patchable(
    values: Mapping[str, Value], known: frozenset[str], *, alone: bool
) -> Mapping[str, Value]:
    """The attributes that go with PATCH, which names no types, and drops `false`.

    `alone`: there is no standard field. If some need POST then, all go with it: one request less.
    """
    fit = {key: value for key, value in values.items() if key in known and value is not False}
    return {} if alone and len(fit) < len(values) else fit


def _named(attributes: Mapping[str, Value]) -> Fields:
    return {ATTRIBUTE + key: value for key, value in attributes.items()}


def _shown_tags(data: Any) -> Fields | None:
    tags = customers.read_tags(data)
    return None if tags is None else {"tags": tags}
