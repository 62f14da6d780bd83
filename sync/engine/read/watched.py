"""A running query that ends between two batches."""

from collections import abc
from dataclasses import dataclass
from typing import Any

from sync.domain.row_hash import Row
from sync.engine.read.surroundings import RowSource
from sync.errors import Interrupted


@dataclass(frozen=True, slots=True)
class Watched:
    """A running query that ends between two batches where the run was asked to end."""

    result: RowSource
    is_over: abc.Callable[[], bool]

    def raw(self) -> abc.Iterator[Any]:
        """Its rows in batches; raises Interrupted."""
        for batch in self.result.raw():
            if self.is_over():
                raise Interrupted("interrupted while reading")
            yield batch

    def complete(self, row: Row) -> Row:
        """A row with all its values read."""
        return self.result.complete(row)
