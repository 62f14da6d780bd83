"""Which rows of the query stand for a record: by what waits, and by what the state remembers."""

from collections import abc
from dataclasses import dataclass

from sync.destination.interface import ELSEWHERE, UNREAD, Rival
from sync.domain.seen_rows import SeenRows
from sync.engine.read.decision import yields
from sync.engine.read.fingerprints import BucketRows
from sync.engine.spool import Spool
from sync.state.mapping_state import MappingState
from sync.state.memory import REJECTED, Memory


@dataclass(frozen=True, slots=True)
class SpooledRows:
    """The rows of one mapping's query, after it was read.

    Of `buckets` some may not have been read: a row of these is in the query all the same, and its number is UNREAD.
    """

    spool: Spool
    state: MappingState
    seen: SeenRows
    buckets: BucketRows | None = None
    #: The numbers of those that were last rejected for being another one's record.
    yielding: abc.Set[int] = frozenset()
    #: Whether rows may be in the query, or in the warehouse, that were not asked for.
    partial: bool = False

    def of_keys(self, keys: abc.Sequence[str]) -> abc.Sequence[Rival]:
        """The rows of these keys; 0 for a key that the query does not have."""
        rows = {key: first.row for key, first in self.spool.first(keys).items()}
        for key, memory in self.state.recall([key for key in keys if key not in rows]).items():
            rows[key] = self._row(memory) or self._not_asked_for(memory)
        for was, (row, *_) in self.spool.of_was(keys).items():
            rows[was] = row if rows.get(was, 0) in (0, UNREAD, ELSEWHERE) else rows[was]
        return [self._rival(row) for row in rows.values()]

    def renamed(self, uuid: str) -> abc.Sequence[Rival]:
        """The rows that are remembered with this uuid, and whose record has another key in ChartMogul."""
        renamed = self.state.renamed_of_uuid(uuid)
        if not renamed:
            return []
        passed_over = self.spool.first([memory.key for memory in renamed])
        rows = {key: first.row for key, first in passed_over.items()}
        return [
            self._rival(
                self._row(one) or rows.get(one.key, 0) or self._not_asked_for(one), one.external_id
            )
            for one in renamed
        ]

    def yields(self, row: int) -> bool:
        """Whether a row was last rejected for being another one's record."""
        return row in self.yielding

    def _rival(self, row: int, its_id: str | None = None) -> Rival:
        return Rival(row, self.yields(row), its_id)

    def _not_asked_for(self, memory: Memory) -> int:
        """ELSEWHERE for a row that may be there and was not read; 0 for one that left, or was told itself."""
        told = yields(memory) or (memory.outcome == REJECTED and not memory.uuid)
        here = memory.outcome is not None and not told and not memory.left
        return ELSEWHERE if self.partial and here else 0

    def of_uuid(self, uuid: str) -> abc.Sequence[int]:
        """The rows whose keys are remembered with this uuid; 0 for keys that the query does not have."""
        return [self._row(memory) for memory in self.state.records_of_uuid(uuid)]

    def _row(self, memory: Memory) -> int:
        """The row of a record; where it was not read, the next run reads it: which row comes first is judged then."""
        row = self.seen.row(memory.record)
        if row or self.buckets is None or not self.buckets.has_unread(memory):
            return row
        assert memory.bucket is not None
        self.buckets.reopen(memory.bucket)
        return UNREAD
