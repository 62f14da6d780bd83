"""Which rows may have changed: those whose row hash the state does not know."""

from array import array
from dataclasses import dataclass, field
from typing import Protocol

from sync.domain.row_hash import KnownRows, RowHash, RowHasher, Rows
from sync.domain.seen_rows import SeenRows

#: Row hashes written down in one transaction.
_TOGETHER = 10_000


class RowHashStore(Protocol):
    """Where row hashes are kept for later runs; a dry run keeps none."""

    def keep_row_hashes(self, hashes: list[RowHash]) -> None:
        """Let rows with these hashes be known from now on."""
        ...


@dataclass(slots=True)
class ChangeDetector:
    """Tells known rows, which need not be built, from those that may have changed.

    `state` is None where a run sees only some rows, or trusts nothing remembered: then no hash is kept.
    """

    hasher: RowHasher
    state: RowHashStore | None
    known: KnownRows = field(default_factory=KnownRows)
    _new: list[RowHash] = field(default_factory=list, init=False)

    def look(self, before: int, rows: Rows, seen: SeenRows) -> tuple["array[int]", list[int]]:
        """The hashes of a batch, and the places of its rows that have to be built; the others are marked as seen.

        `before` rows came before this batch.
        """
        hashes = self.hasher.hashes(rows)
        return hashes, self.known.mark(before, hashes, seen)

    def keep(self, record: int, fingerprint: bytes, row_hash: int) -> None:
        """A row was not known, yet its record was as remembered: the next run knows it. 0 is no hash."""
        if row_hash and self.state is not None:
            self._new.append(RowHash(record, fingerprint, row_hash))
            if len(self._new) >= _TOGETHER:
                self.finish()

    def finish(self) -> None:
        """Write down what is left."""
        if self._new and self.state is not None:
            hashes, self._new = self._new, []
            self.state.keep_row_hashes(hashes)
