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
from marshal import dumps
from typing import Any
from uuid import UUID

from sync.domain.seen_rows import SeenRows

_SIZE = 8
#: No references in it (from version 3 on there are): equal rows are always equal bytes.
_FORMAT = 2
_NONE = bytes(_SIZE)
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
        for part in parts:
            self._base.update(b"%d\0%s" % (len(part), part))

    def hashes(self, rows: Rows) -> "array[int]":
        """8 bytes a row as signed numbers; 0 for rows that hold something of an unknown kind."""
        copy, made = self._base.copy, []
        for row in rows:
            try:
                content = dumps(row, _FORMAT)
            except ValueError:
                spelled = _spelled(row)
                if spelled is None:
                    made.append(_NONE)
                    continue
                content = spelled
            digest = copy()
            digest.update(content)
            made.append(digest.digest())
        return array("q", b"".join(made))


def _spelled(row: Row) -> bytes | None:
    values: list[Any] = []
    for value in row:
        spell = _SPELLINGS.get(type(value))
        values.append(value if spell is None else spell(value))
    try:
        return dumps(tuple(values), _FORMAT)
    except ValueError:
        return None


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

    def mark(self, before: int, hashes: "array[int]", seen: SeenRows) -> list[int]:
        """Mark the known rows of a batch as seen; the others come back, as places in the batch.

        `before` rows came before this batch. A record that was seen already makes its row one of the others.
        """
        known, records, count = self.hashes, self.records, len(self.hashes)
        if not count:
            return list(range(len(hashes)))
        rows, others = seen.upto(self.last), []
        for i, row_hash in enumerate(hashes):
            place = bisect_left(known, row_hash)
            if place < count and known[place] == row_hash and not rows[records[place]]:
                rows[records[place]] = before + i + 1
            else:
                others.append(i)
        return others


@dataclass(frozen=True, slots=True)
class RowHash:
    """A record of this fingerprint was made of a row with this hash."""

    record: int
    fingerprint: bytes
    row_hash: int
