"""A builder of records that shows somebody each row, and what it makes."""

from collections import abc
from dataclasses import dataclass, fields
from typing import Any

from sync.domain.record import Record, Rejected
from sync.transform.build import RecordBuilder
from sync.warehouse.column import Column

#: Is shown the columns, a row, and what it makes; by the thread that reads.
Witness = abc.Callable[[abc.Sequence[Column], abc.Sequence[Any], Record | Rejected], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessedBuilder(RecordBuilder):
    """Builds what another builder would, under the eyes of a witness."""

    columns: abc.Sequence[Column]
    witness: Witness

    @classmethod
    def of(
        cls, builder: RecordBuilder, columns: abc.Sequence[Column], witness: Witness
    ) -> "WitnessedBuilder":
        """The same builder, witnessed."""
        same = {one.name: getattr(builder, one.name) for one in fields(RecordBuilder)}
        return cls(columns=columns, witness=witness, **same)

    def build(self, number: int, row: abc.Sequence[Any]) -> Record | Rejected:
        """The record of a row, once it was shown."""
        made = RecordBuilder.build(self, number, row)
        self.witness(self.columns, row, made)
        return made
