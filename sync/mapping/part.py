"""What all parts of a mapping file have in common."""

from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator
from pydantic_core import PydanticCustomError

from sync.domain.flaw import flaw


class Part(BaseModel):
    """A part of a mapping file: it refuses unknown keys, and keys without a value."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @field_validator("*", mode="before")
    @classmethod
    def _refuse(cls, value: Any) -> Any:
        """Raise what `plant` put here; refuse a key with nothing behind it."""
        if isinstance(value, PydanticCustomError):
            raise value
        if value is None:
            raise flaw("has no value; give one, or take the key out")
        return value
