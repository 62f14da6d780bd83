"""In which row of a query each remembered record was seen."""

from array import array
from dataclasses import dataclass, field


@dataclass(slots=True)
class SeenRows:
    """The row in which each remembered record was seen: four bytes a record.

    It is indexed by the number that the state gave the record.
    """

    rows: "array[int]" = field(default_factory=lambda: array("I"))

    def row(self, record: int) -> int:
        """The row number, 0 if the record was not seen."""
        return self.rows[record] if record < len(self.rows) else 0

    def count(self) -> int:
        """How many records were seen."""
        return len(self.rows) - self.rows.count(0)

    def mark(self, record: int, row: int) -> None:
        """The record was seen in this row."""
        if record >= len(self.rows):
            self.rows.extend([0] * (record + 1 + 4096 - len(self.rows)))
        self.rows[record] = row

    def upto(self, record: int) -> "array[int]":
        """The rows themselves, with room for this record."""
        if record >= len(self.rows):
            self.rows.frombytes(bytes(self.rows.itemsize * (record + 1 - len(self.rows))))
        return self.rows

    def meet(self, record: int, row: int) -> None:
        """The record, new in the state, was seen in this row, unless an earlier one is marked."""
        if not self.row(record):
            self.mark(record, row)
