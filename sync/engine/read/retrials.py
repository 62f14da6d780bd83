"""Known drops that are tried again: which rows try it first, and which follow if one of them sticks."""

from collections import Counter, abc
from dataclasses import dataclass, field

from sync.domain.fingerprint import Hasher, split
from sync.domain.record import Record
from sync.engine.spool import Entry, Spool
from sync.state.memory import KnownDrops, Memory

#: By the number of a record, the fields of its dropped values.
Named = abc.Mapping[int, abc.Collection[str]]


@dataclass(slots=True)
class Retrials:
    """Picks, among rows that are unchanged, those of which a dropped value is sent again.

    Of each field those try it first that have waited longest; where these are not met, others do, unless they were
    tried within a day: a row that is rejected in every run waits for ever, and is no reason to send theirs each time.
    """

    known: KnownDrops
    hasher: Hasher
    #: What an older version noted without the fields, and the rows have told by now.
    named: dict[int, abc.Collection[str]] = field(default_factory=dict, init=False)
    _tried: Counter[str] = field(default_factory=Counter, init=False)
    _following: set[str] = field(default_factory=set, init=False)
    #: The keys of rows of which a field was tried within a day.
    _recent: dict[str, set[str]] = field(default_factory=dict, init=False)

    def entry(
        self, record: Record, fingerprint: bytes, memory: Memory, row_hash: int
    ) -> Entry | None:
        """The row on its way to be tried, or to follow those that are; None: it may stay as it is."""
        if not memory.dropped or not (self.known.due or self.known.unnamed):
            return None
        due = self.known.due.keys() & self._fields(record, memory)
        if not due:
            return None
        first = any(memory.record in self.known.due[name].first for name in due)
        if first:
            self._tried.update(due)
        else:
            self._follow(record.key, memory.record, due)
        uuid, hash_ = memory.uuid, row_hash or None
        tries = frozenset(due)
        since = None if memory.left else memory.rejected_since
        return Entry(
            record,
            fingerprint,
            uuid,
            row_hash=hash_,
            tries=tries,
            follows=not first,
            rejected_since=since,
        )

    def _follow(self, key: str, number: int, due: abc.Set[str]) -> None:
        self._following |= due
        for name in due:
            if number in self.known.due[name].recent:
                self._recent.setdefault(name, set()).add(key)

    def _fields(self, record: Record, memory: Memory) -> list[str]:
        """The fields whose value is known to be dropped."""
        dropped, hash_of = split(memory.dropped), self.hasher.field
        fields = [name for name, value in record.fields.items() if hash_of(name, value) in dropped]
        if self.known.unnamed:
            self.named[memory.record] = fields
        return fields

    def tell(self) -> Named:
        """What is to be noted of older drops; it is told once."""
        named, self.named = self.named, {}
        return named

    def fill(self, spool: Spool) -> None:
        """Once all is read: let others try first where too few of those that have waited longest were met."""
        for name in sorted(self._following):
            most = self.known.due[name].records - self._tried[name]
            spool.try_first(name, most, but=self._recent.get(name, ()))
