"""Which buckets of a query have to be read: those that are not what is kept, and those that the state has doubts of."""

import secrets
from collections import abc
from dataclasses import dataclass

from sync.domain.buckets import BUCKETS, Readings
from sync.engine.read.fingerprints import BucketRows, HashedQuery
from sync.state.buckets import Stored
from sync.state.mapping_buckets import MappingBuckets
from sync.state.memory import KnownDrops
from sync.transform.build import RecordBuilder

_SALT = 16


@dataclass(frozen=True, slots=True)
class Comparison:
    """Holds what the state keeps of a query's buckets against what its warehouse says of them.

    `edition` is what buckets that were read under another one say nothing under. `doubtful`: something that the state
    has learnt may concern any row, so all are read. `moving`: the last run found changes, and so will this one, as it
    seems: then buckets are asked for at once.
    """

    query: HashedQuery
    key: abc.Sequence[int]
    state: MappingBuckets
    edition: bytes
    drops: KnownDrops
    doubtful: bool = False
    moving: bool = False

    def compare(self) -> BucketRows:
        """The buckets that have to be read; all of them, where what is kept says nothing.

        Raises:
            SourceError: the warehouse refused or broke off.
        """
        stored = self.state.stored()
        due = self.state.of_drops(self.drops)
        known = stored.edition == self.edition and not (self.doubtful or self.drops.unnamed)
        if not known or None in due:
            salt = secrets.token_bytes(_SALT)
            return BucketRows(Stored(), True, salt, self.edition, set(range(BUCKETS)))
        wanted = {number for number in due if number is not None}
        wanted |= stored.buckets.unsettled | self._differing(stored)
        return BucketRows(stored, False, stored.salt, self.edition, wanted)

    def _differing(self, stored: Stored) -> set[int]:
        """The buckets that are not as they were read; one question, if none is."""
        kept = stored.buckets.readings
        if not self.moving and self.query.whole(stored.salt) == kept.total:
            return set()
        return kept.differing(Readings.of(self.query.buckets(stored.salt, self.key)))


def problem_of(builder: RecordBuilder) -> str | None:
    """Why the rows of a mapping have to be read all, in a sentence, whatever its warehouse can do."""
    if open_types := sorted(builder.contract.found):
        return f"only values tell the type of the attribute {open_types[0]}: declare it"
    return None if key_of(builder) else "no column is its key"


def key_of(builder: RecordBuilder) -> list[int]:
    """The places of the columns that make the key: rows that spell it alike fall into one bucket."""
    slots = [*builder.keys]
    if builder.descriptor.parent is not None:
        slots += [slot for slot in builder.slots if slot.field in builder.descriptor.known_by]
    return sorted({slot.index for slot in slots})
