"""The tags of a row: what a column's value says, taken apart."""

from sync.domain.instant import Infinite
from sync.domain.spelling import bare
from sync.domain.tags import distinct
from sync.transform import casts
from sync.transform.casts import Cast


def caster(separator: str | None) -> Cast:
    """The cast to tags; without a separator a value is one tag. Blank ones count for nothing, nor do repeated ones."""

    def cast(value: object) -> tuple[str, ...]:
        parts: list[object] = [value]
        if separator is not None and isinstance(value, str) and not isinstance(value, Infinite):
            parts = [part for part in value.split(separator) if bare(part)]
        return distinct(map(casts.line, parts))

    return cast
