"""Which rows of the query stand for a record: by what waits, and by what the state remembers."""

from collections import abc
from dataclasses import dataclass

from sync.destination.interface import SAME_RECORD, UNREAD, Rival
from sync.domain.seen_rows import SeenRows
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

    def of_keys(self, keys: abc.Sequence[str]) -> abc.Sequence[Rival]:
        """The rows of these keys; 0 for a key that the query does not have."""
        rows = {key: first.row for key, first in self.spool.first(keys).items()}
        known = self.state.recall(keys)
        for key, memory in known.items():
            rows[key] = rows.get(key) or self._row(memory)
        for was, (row, *_) in self.spool.of_was(keys).items():
            rows[was] = rows.get(was) or row
        yielding = {key for key, memory in known.items() if _yields(memory)}
        return [Rival(row, key in yielding) for key, row in rows.items()]

    def renamed(self, uuid: str) -> abc.Sequence[Rival]:
        """The rows that are remembered with this uuid, and whose record has another key in ChartMogul."""
        renamed = self.state.renamed_of_uuid(uuid)
        if not renamed:
            return []
        passed_over = self.spool.first([memory.key for memory in renamed])
        rows = {key: first.row for key, first in passed_over.items()}
        return [Rival(self._row(m) or rows.get(m.key, 0), _yields(m)) for m in renamed]

    def yields(self, key: str) -> bool:
        """Whether the row of this key was last rejected for being another one's record."""
        return any(map(_yields, self.state.recall([key]).values()))

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


def _yields(memory: Memory) -> bool:
    return memory.outcome == REJECTED and memory.code == SAME_RECORD
