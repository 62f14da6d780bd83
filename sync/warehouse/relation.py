"""A table or view of a warehouse, by name."""

import re
from dataclasses import dataclass

_PLAIN = re.compile(r"[^.\"]+")


@dataclass(frozen=True, slots=True)
class Relation:
    """A table or view; `schema` is None where it lies in the one that needs no naming."""

    schema: str | None
    name: str
    is_view: bool = False

    @property
    def written(self) -> str:
        """The name as `source.table` takes it: `analytics.accounts`, with quotes around parts that hold a dot."""
        return ".".join(_quoted(part) for part in (self.schema, self.name) if part)


def _quoted(part: str) -> str:
    if _PLAIN.fullmatch(part):
        return part
    escaped = part.replace('"', '""')
    return f'"{escaped}"'
