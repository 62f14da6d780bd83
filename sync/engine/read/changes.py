"""Which rows may have changed: those whose row hash the state does not know."""

from collections import abc
from dataclasses import dataclass, field

from sync.domain.row_hash import KnownRows, RowHash, RowHasher

#: Glimpses written down in one transaction.
_TOGETHER = 10_000


@dataclass(slots=True)
class ChangeDetector:
    """How a reader knows rows again. `learn` writes glimpses down; None: they are not kept."""

    imprinter: RowHasher
    familiar: KnownRows = field(default_factory=KnownRows)
    learn: abc.Callable[[list[RowHash]], None] | None = None
    _glimpses: list[RowHash] = field(default_factory=list, init=False)

    def glimpse(self, record: int, fingerprint: bytes, imprint: int) -> None:
        """A row was not familiar, yet its record was as remembered."""
        if self.learn is not None and imprint:
            self._glimpses.append(RowHash(record, fingerprint, imprint))
            if len(self._glimpses) >= _TOGETHER:
                self.finish()

    def finish(self) -> None:
        """Write down what is left."""
        if self.learn is not None and self._glimpses:
            glimpses, self._glimpses = self._glimpses, []
            self.learn(glimpses)
