"""Which rows of the query stand for a record: by what waits, and by what the state remembers."""

from collections import abc
from dataclasses import dataclass

from sync.domain.seen_rows import SeenRows
from sync.engine.spool import Spool
from sync.state.mapping_state import MappingState


@dataclass(frozen=True, slots=True)
class SpooledRows:
    """The rows of one mapping's query, after it was read."""

    spool: Spool
    state: MappingState
    seen: SeenRows

    def of_keys(self, keys: abc.Sequence[str]) -> dict[str, int]:
        """The row of each of these keys; 0, or none, for a key that the query does not have."""
        rows = {key: first.row for key, first in self.spool.first(keys).items()}
        for key, memory in self.state.recall([key for key in keys if key not in rows]).items():
            rows[key] = self.seen.row(memory.record)
        for was, (row, *_) in self.spool.of_was(keys).items():
            rows[was] = rows.get(was) or row
        return rows

    def renamed(self, uuid: str) -> abc.Sequence[int]:
        """The rows that are remembered with this uuid, and whose record has another key in ChartMogul."""
        return [self.seen.row(record) for record in self.state.renamed_of_uuid(uuid)]

    def of_uuid(self, uuid: str) -> abc.Sequence[int]:
        """The rows whose keys are remembered with this uuid; 0 for keys that the query does not have."""
        return [self.seen.row(record) for record in self.state.records_of_uuid(uuid)]
