"""The warehouse's fingerprints as one mapping of a run sees them; a dry run asks, and writes nothing."""

from array import array
from collections import abc
from dataclasses import dataclass

from sync.domain.buckets import Reading
from sync.state.bucket_members import Members
from sync.state.buckets import Settling, Stored
from sync.state.drops import UNNAMED
from sync.state.mapping_entries import MappingPlace
from sync.state.memory import KnownDrops
from sync.state.store import Store

#: Records whose buckets are noted in one transaction.
_TOGETHER = 10_000


@dataclass(frozen=True, slots=True)
class MappingBuckets:
    """What the state keeps of a mapping's buckets, and where what is read of them is written down."""

    store: Store
    place: MappingPlace
    run: str
    dry_run: bool

    def stored(self) -> Stored:
        """All that is kept."""
        return self.store.stored_buckets(self.place)

    def begin(self) -> None:
        """All is about to be read: what is kept says nothing from now on."""
        if not self.dry_run:
            self.store.begin_buckets(self.place)

    def open(self, numbers: abc.Collection[int]) -> None:
        """These buckets are about to be read: until that has come to its end they are not settled."""
        if not self.dry_run:
            self.store.open_buckets(self.place, numbers)

    def members(self, numbers: abc.Collection[int], drops: KnownDrops) -> Members:
        """The records of these buckets; the rows of those are built of which a dropped value may be tried again."""
        dropping = [*drops.due, *([UNNAMED] if drops.unnamed else [])]
        return self.store.members(self.place, numbers, dropping)

    def places(self) -> "array[int]":
        """The bucket of each record, and 1 more, by its number; 0: none is known."""
        return self.store.bucket_places(self.place)

    def of_drops(self, drops: KnownDrops) -> set[int | None]:
        """The buckets of records of which a dropped value is due; None where one is in none."""
        return self.store.buckets_of_drops(self.place, list(drops.due)) if drops.due else set()

    def of_uuids(self, uuids: abc.Collection[str]) -> set[int]:
        """The buckets of all records that are remembered by one of these uuids."""
        return self.store.buckets_of_uuids(self.place, uuids)

    def place_records(self, places: abc.Iterable[tuple[int, int]]) -> None:
        """Note into which buckets the keys of these records, by number, fall."""
        if self.dry_run:
            return
        waiting: list[tuple[int, int]] = []
        for one in places:
            waiting.append(one)
            if len(waiting) >= _TOGETHER:
                self.store.place_records(self.place.mapping, waiting)
                waiting = []
        if waiting:
            self.store.place_records(self.place.mapping, waiting)

    def keep(
        self,
        readings: abc.Mapping[int, Reading],
        under: tuple[bytes, bytes] | None,
        may_close: abc.Mapping[int, int],
        *,
        skipping: bool,
    ) -> int:
        """Keep what was read of buckets, then close those of which all arrived; how many they are.

        `under`: salt and edition, where all were read. `may_close`: the number of rows of those without an open one.
        """
        if self.dry_run:
            return 0
        self.store.keep_buckets(self.place, readings, under)
        return self.store.settle_buckets(self.place, Settling(self.run, may_close, skipping))
