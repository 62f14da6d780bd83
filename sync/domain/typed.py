"""The type of an attribute, and where it comes from."""

from dataclasses import dataclass
from enum import StrEnum

from sync.domain.record import AttributeType


class Origin(StrEnum):
    """Where a type comes from."""

    DECLARED = "declared in the mapping"
    COLUMN = "the column's type"
    VALUES = "the column's values"


@dataclass(frozen=True, slots=True)
class Typed:
    """An attribute's type and where it comes from."""

    type: AttributeType
    origin: Origin
