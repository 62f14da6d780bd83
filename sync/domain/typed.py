"""The type of an attribute, and where it comes from."""

from dataclasses import dataclass
from enum import StrEnum

from sync.domain.record import AttributeType


class Origin(StrEnum):
    """Where a type comes from."""

    DECLARED = "declared in the mapping"
    COLUMN = "the column's type"
    VALUES = "the column's values"
    TINYINT = "TINYINT(1), which holds Booleans and small numbers alike"
    STATE = "noted in the state"
    LOCK_FILE = "the lock file"
    ACCOUNT = "what customers of this account show"
    PLAN = "as planned"


@dataclass(frozen=True, slots=True)
class Typed:
    """An attribute's type and where it comes from."""

    type: AttributeType
    origin: Origin

    @property
    def suggested(self) -> bool:
        """Whether nothing but today's values, or a type that means two things, says so."""
        return self.origin in (Origin.VALUES, Origin.TINYINT)
