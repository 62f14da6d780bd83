"""Row hashes: short keyed hashes of rows as the driver gave them, by which rows are known again.

A row hash is kept with the fingerprint of the record that its row made, and says just as much: that fingerprint is
what building the row anew would give. So a row with a known hash needs no record, no fingerprint and no key.
"""

from array import array
from bisect import bisect_left
from collections import abc
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from hashlib import blake2b
from itertools import repeat
from marshal import dumps
from typing import Any
from uuid import UUID

from sync.domain.seen_rows import SeenRows

_SIZE = 8
#: No references in it (from version 3 on there are): equal rows are always equal bytes.
_FORMAT = 2
_NONE = bytes(_SIZE)
#: At most so many bits of a hash say where to look for it.
_FIRST_BITS = 16
Row = tuple[Any, ...]
Rows = abc.Sequence[Row]


def _spell_time(value: datetime | time) -> tuple[object, ...]:
    return type(value).__name__, value.isoformat(), value.fold


def _spell(value: Decimal | date | timedelta | UUID) -> tuple[object, ...]:
    return type(value).__name__, str(value)


#: What marshal does not know, exactly: a subclass may hide more than its text shows.
_SPELLINGS: dict[type, abc.Callable[[Any], object]] = {
    datetime: _spell_time,
    time: _spell_time,
    **dict.fromkeys((Decimal, date, timedelta, UUID), _spell),
}


class RowHasher:
    """Makes row hashes; `parts` are all things besides the row that decide what becomes of it."""

    def __init__(self, salt: bytes, *parts: bytes) -> None:
        self._base = blake2b(key=salt, digest_size=_SIZE)
        #: The places, ascending, at which rows have had values that marshal does not know.
        self._places: list[int] = []
        for part in parts:
            self._base.update(b"%d\0%s" % (len(part), part))

    def hashes(self, rows: Rows) -> "array[int]":
        """8 bytes a row as signed numbers; 0 for rows that hold something of an unknown kind."""
        copy, made = self._base.copy, []
        for content in self._contents(rows):
            if content is None:
                made.append(_NONE)
                continue
            digest = copy()
            digest.update(content)
            made.append(digest.digest())
        return array("q", b"".join(made))

    def _contents(self, rows: Rows) -> abc.Sequence[bytes | None]:
        """Rows as bytes; all at once takes half as long as one by one, and nearly always does."""
        places = self._places
        try:
            spelled = [_spelled(row, places) for row in rows] if places else rows
            return list(map(dumps, spelled, repeat(_FORMAT)))
        except (ValueError, IndexError):
            return [self._content(row) for row in rows]

    def _content(self, row: Row) -> bytes | None:
        """A row as bytes; None where it holds something of an unknown kind."""
        try:
            return dumps(_spelled(row, self._places) if self._places else row, _FORMAT)
        except (ValueError, IndexError):
            return self._unforeseen(row)

    def _unforeseen(self, row: Row) -> bytes | None:
        """The same, of a row that has such a value at a place where none has been before."""
        found = {place for place, value in enumerate(row) if type(value) in _SPELLINGS}
        try:
            content = dumps(_spelled(row, found), _FORMAT)
        except ValueError:
            return None
        self._places = sorted(found | {*self._places})
        return content


def _spelled(row: Row, places: abc.Iterable[int]) -> Row:
    """The row with text for values that marshal does not know, which are at these places."""
    values = list(row)
    for place in places:
        value = values[place]
        spell = _SPELLINGS.get(type(value))
        if spell is not None:
            values[place] = spell(value)
    return tuple(values)


@dataclass(frozen=True, slots=True)
class KnownRows:
    """The row hashes of records that are as they should be: twelve bytes a record.

    `hashes` ascend; `records` are the numbers that the state gave those records, `last` is the highest. `to_build` are
    the numbers of others whose rows are built all the same.
    """

    hashes: "array[int]" = field(default_factory=lambda: array("q"))
    records: "array[int]" = field(default_factory=lambda: array("I"))
    last: int = 0
    to_build: "array[int]" = field(default_factory=lambda: array("I"))
    _made: "array[int]" = field(default_factory=lambda: array("I"), init=False, compare=False)

    def mark(self, before: int, hashes: "array[int]", seen: SeenRows) -> list[int]:
        """Mark the known rows of a batch as seen; the others come back, as places in the batch.

        `before` rows came before this batch. A record that was seen already makes its row one of the others.
        """
        known, records, count = self.hashes, self.records, len(self.hashes)
        if not count:
            return list(range(len(hashes)))
        rows, others = seen.upto(self.last), []
        starts, shift, half = self._starts, 64 - self._bits, 1 << self._bits - 1
        for i, row_hash in enumerate(hashes):
            part = (row_hash >> shift) + half
            place = bisect_left(known, row_hash, starts[part], starts[part + 1])
            if place < count and known[place] == row_hash and not rows[records[place]]:
                rows[records[place]] = before + i + 1
            else:
                others.append(i)
        return others

    @property
    def _bits(self) -> int:
        """How many bits of a hash say where to look for it: so many that some eight hashes share them."""
        return max(1, min(_FIRST_BITS, len(self.hashes).bit_length() - 3))

    @property
    def _starts(self) -> "array[int]":
        """Where the hashes begin that have the same first bits, and the place behind the last: to look among few."""
        if not self._made:
            half, place = 1 << self._bits - 1, 0
            for part in range(-half, half):
                place = bisect_left(self.hashes, part << 64 - self._bits, place)
                self._made.append(place)
            self._made.append(len(self.hashes))
        return self._made


@dataclass(frozen=True, slots=True)
class RowHash:
    """A record of this fingerprint was made of a row with this hash."""

    record: int
    fingerprint: bytes
    row_hash: int
