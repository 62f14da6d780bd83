"""What it takes to deliver records by hand: a dict that is ChartMogul, one that is the state, and a lease."""

from collections import Counter, abc
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from sync.chartmogul.client import Page, Written
from sync.destination.interface import Inventory, Outlook
from sync.domain.fingerprint import RULES, Hasher, join
from sync.domain.plan import Absent, Changes, Met, Seen
from sync.domain.record import Fields, Problem, Record, Value
from sync.domain.results import Outcome
from sync.domain.typed import Typed
from sync.engine.spool import Entry
from sync.errors import AlreadyExists, Answered, LockedError, NotFound, Refused, Unavailable
from sync.state.memory import Item, Memory, Scope
from tests.support.gates import Gate

HASHER = Hasher(b"salt")
SOURCE = "ds_1"


def entry(key: str, row: int = 1, uuid: str | None = None, **fields: Value) -> Entry:
    """A record on its way; `uuid` is the remembered one."""
    record = Record(row, key, fields)
    return Entry(record, HASHER.fingerprint(record), uuid)


def memory(key: str, number: int = 1, sent: Fields | None = None, **more: Any) -> Memory:
    """What the state remembers of a record that was created with these fields."""
    hashes = join(HASHER.fields(sent or {}))
    told = {"uuid": f"u_{key}", "fingerprint": b"print", "hashes": hashes, "outcome": "created"}
    return Memory(number, key, pairs=1, **{**told, "rules": RULES, **more})


def seen(*keys: str, **fields: Value) -> Seen:
    """A record that ChartMogul has, with the uuid of its first key; several keys are of merged customers."""
    return Seen(f"u_{keys[0]}", fields, tuple((SOURCE, key) for key in keys))


def refused(status: int = 422) -> Refused:
    """ChartMogul refuses a record."""
    return Refused("no", Answered(status))


def lost() -> Unavailable:
    """A request that was not answered, and may have been carried out."""
    return Unavailable("the connection broke", Answered(), sent=True)


@dataclass(slots=True)
class DictDestination:
    """ChartMogul as a dict from keys to records; `log` holds every call in its order.

    `listable`: records are told by their keys, two to a page. The rest is trouble, where a test wants some.
    """

    records: dict[str, Seen] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    listable: bool = True
    #: How many pages the first one says that there are.
    total_pages: int | None = None
    #: Errors of a method's next calls, or of one call's, as the log has it; one each.
    troubles: dict[str, list[Exception]] = field(default_factory=dict)
    #: Looks by key that do not show a record yet.
    unseen: Counter[str] = field(default_factory=Counter)
    #: Records that a listing misses.
    unlisted: set[str] = field(default_factory=set)
    #: Fields that are taken without an error, and not kept.
    drops: set[str] = field(default_factory=set)
    #: Fields that a create does not take, and another request does.
    apart: set[str] = field(default_factory=set)
    #: Fields of which it says that a write changed nothing.
    unmodified: set[str] = field(default_factory=set)
    #: The answer to a create is lost; a look-up shows it, and what somebody has changed by then.
    meanwhile: Fields | None = None
    #: Fields that are pinned; what a write does with them is in `drops`.
    pinned: set[str] = field(default_factory=set)
    #: What the second request of an update meets; the first one carries one field.
    half_way: Refused | Unavailable | None = None
    rivals: dict[str, Problem] = field(default_factory=dict)
    #: What the calls of a method wait for, or one call, as the log has it.
    gates: dict[str, Gate] = field(default_factory=dict)
    #: Keys whose turn it is.
    turns: set[str] = field(default_factory=set)

    def have(self, *records: Seen) -> "DictDestination":
        """These records are there."""
        self.records |= {key: one for one in records for _, key in one.pairs}
        return self

    @property
    def sends(self) -> list[str]:
        """The writes so far."""
        return [told for told in self.log if told.startswith(("create", "update"))]

    def fields(self, key: str) -> Fields:
        """What is there of a record by now."""
        return self.records[key].fields

    async def _called(self, method: str, *told: object) -> None:
        called = " ".join([method, *map(str, filter(None, told))])
        self.log.append(called)
        if gate := self.gates.get(called) or self.gates.get(method):
            await gate.wait()
        if troubles := self.troubles.get(called) or self.troubles.get(method):
            raise troubles.pop(0)

    def _by_uuid(self, uuid: str | None) -> Seen | None:
        return next((one for one in self.records.values() if one.uuid == uuid), None)

    @property
    def inventory(self) -> Inventory:
        """Nobody audits a dict."""
        raise NotImplementedError

    @property
    def listing(self) -> "DictDestination | None":
        """These records themselves, where they can be listed by their keys."""
        return self if self.listable else None

    async def pages(self) -> abc.AsyncGenerator[Page]:
        """All records, two to a page; a page costs a request when it is asked for."""
        shown = [one for key, one in self.records.items() if key not in self.unlisted]
        entries = list({one.uuid: one for one in shown}.values())
        starts = range(0, max(len(entries), 1), 2)
        try:
            for number, start in enumerate(starts, 1):
                await self._called("page", number)
                last = number == len(starts)
                total = self.total_pages if number == 1 else None
                yield Page(tuple(entries[start : start + 2]), total, last)
        finally:
            self.log.append("listing closed")

    def keys(self, seen: Seen) -> list[str]:
        """All keys of a record."""
        return [key for _, key in seen.pairs]

    async def find(self, record: Record, uuid: str | None) -> Seen | Absent:
        """By the uuid, where it still has the key, else by the key."""
        await self._called("find", record.key, uuid)
        found = self._by_uuid(uuid)
        if found is not None and record.key in self.keys(found):
            return found
        absent = Absent(deleted=uuid is not None and found is None)
        if self.unseen[record.key]:
            self.unseen[record.key] -= 1
            return absent
        return self.records.get(record.key, absent)

    async def show(self, uuid: str) -> Seen:
        """As it is by now."""
        await self._called("show", uuid)
        found = self._by_uuid(uuid)
        if found is None:
            raise NotFound("gone", Answered(404))
        return found

    async def create(self, record: Record) -> Seen:
        """Keep a new record; one key is never there twice."""
        await self._called("create", record.key)
        if record.key in self.records:
            raise AlreadyExists("has already been taken", Answered(422))
        lacking = self.drops | self.apart
        kept = {n: v for n, v in record.fields.items() if v is not None and n not in lacking}
        made = replace(seen(record.key), fields={**kept, **(self.meanwhile or {})})
        self.have(made)
        return made if self.meanwhile is None else Met.by_look(made)

    async def complete(self, record: Record, seen: Seen) -> Written | None:
        """Send what is `apart`."""
        self.log.append(f"complete {record.key}")
        rest = {n: v for n, v in record.fields.items() if n in self.apart}
        return await self.update(seen.uuid, rest, record) if rest else None

    async def update(
        self, uuid: str, fields: Fields, record: Record, removed_tags: tuple[str, ...] = ()
    ) -> Written:
        """Keep these fields of a record, tags beside those that are there."""
        await self._called("update", uuid, *fields, *(f"-{tag}" for tag in removed_tags))
        before = self._by_uuid(uuid)
        if before is None:
            raise NotFound("gone", Answered(404))
        sent = list(fields)[: 1 if self.half_way else None]
        held = dict(before.fields)
        for name in sent:
            if name not in self.drops:
                value = fields[name]
                stay = tuple(tag for tag in _tags(held) if tag not in removed_tags)
                held[name] = (*stay, *_tags(fields)) if name == "tags" else value
        now = {name: value for name, value in held.items() if value is not None}
        self.have(replace(before, fields=now))
        shown = {name: now[name] for name in sent if name in now}
        return Written(shown, frozenset(sent), self.half_way, 1, frozenset(self.unmodified))

    async def pins(self, uuid: str) -> frozenset[str]:
        """The fields that a test has pinned."""
        await self._called("pins", uuid)
        return frozenset(self.pinned)

    def advice(self, name: str) -> str:
        """Something is known of one field only."""
        return "define it in the app" if name == "attributes.role" else ""

    async def foresee(self, record: Record, uuid: str | None, changes: Changes) -> None:
        """Nothing but a trace."""
        self.log.append(" ".join(["foresee", record.key, *filter(None, [uuid])]))

    def claim(self, record: Record, seen: Seen, remembered: str | None) -> Problem | None:
        """The problem that a test has put here."""
        return self.rivals.get(seen.uuid) if seen.uuid != remembered else None

    @asynccontextmanager
    async def turn(self, record: Record) -> abc.AsyncIterator[None]:
        """Held by everybody, waited for by nobody."""
        self.log.append(f"turn {record.key}")
        self.turns.add(record.key)
        try:
            yield
        finally:
            self.turns.discard(record.key)
            self.log.append(f"end {record.key}")

    def cost(self, outcome: Outcome, changes: Changes) -> int:
        """One for a create, one a field for an update."""
        return len(self.requests(outcome, changes))

    def requests(self, outcome: Outcome, changes: Changes) -> abc.Sequence[str]:
        """The same, by what each is about."""
        return ("create",) if outcome is Outcome.CREATED else tuple(changes)

    async def survey(self, outlook: Outlook) -> None:
        """Nothing but a trace of the numbers."""
        told = (outlook.one_by_one(), outlook.parents(), outlook.remembered)
        self.log.append("survey {} {} {}".format(*told))

    async def prefetch(self, records: abc.Sequence[Record]) -> None:
        """Nothing but a trace."""
        self.log.append(" ".join(["prefetch", *(record.key for record in records)]))


def _tags(fields: Fields) -> tuple[str, ...]:
    tags = fields.get("tags")
    return tags if isinstance(tags, tuple) else ()


@dataclass(slots=True)
class DictState:
    """The state as a dict from keys to memories; it shares its log with the destination."""

    log: list[str]
    memories: dict[str, Memory] = field(default_factory=dict)
    items: list[Item] = field(default_factory=list)
    #: What the next batch meets.
    broken: Exception | None = None

    def have(self, *memories: Memory) -> None:
        """These are remembered."""
        self.memories |= {one.key: one for one in memories}

    async def recalled(self, keys: abc.Sequence[str]) -> abc.Mapping[str, Memory]:
        """What is remembered of these keys."""
        self.log.append(" ".join(["recall", *keys]))
        return {key: self.memories[key] for key in keys if key in self.memories}

    async def recalled_of(self, uuids: abc.Mapping[str, str]) -> abc.Mapping[str, Memory]:
        """What is remembered of the records with these uuids, by the keys that they are to have."""
        known = {one.uuid: one for one in self.memories.values()}
        return {key: replace(known[u], key=key) for key, u in uuids.items() if u in known}

    async def announce(self, sent: abc.Mapping[int, bytes]) -> None:
        """Nothing but a trace."""
        keys = [one.key for one in self.memories.values() if one.record in sent]
        self.log.append(" ".join(["announce", *keys]))

    async def remember(
        self, items: list[Item], attributes: frozenset[str], types: abc.Mapping[str, Typed]
    ) -> None:
        """Keep what became of rows."""
        if self.broken is not None:
            raise self.broken
        self.items += items


class Allowed:
    """A permit that never ends."""

    def require(self) -> None:
        """Nothing keeps anybody from writing."""


@dataclass(slots=True)
class CountedLease:
    """A lease that is good for so many writes more."""

    log: list[str]
    good_for: int = 1_000_000

    def of(self, scope: Scope) -> "CountedLease":
        """The same right for every scope."""
        return self

    def require(self) -> None:
        """Raise LockedError once it is used up."""
        self.log.append("lease")
        if not self.good_for:
            raise LockedError("the lease ran out")
        self.good_for -= 1
