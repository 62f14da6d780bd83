"""What a user decides about a mapping: modes, nulls, extra columns, absent records, looking before writing, edits."""

from collections import abc
from dataclasses import dataclass, field
from enum import StrEnum


class Mode(StrEnum):
    """What may be written: `insert` never changes a record, `update` never creates one."""

    UPSERT = "upsert"
    INSERT = "insert"
    UPDATE = "update"


class OnNull(StrEnum):
    """What a null does: nothing is sent, the field is emptied, or the row is rejected."""

    KEEP = "keep"
    CLEAR = "clear"
    REJECT = "reject"


class RowsShown(StrEnum):
    """Which records a query shows: all of them, or a part, so that absence says nothing."""

    ALL = "all"
    SOME = "some"


class ReadBy(StrEnum):
    """How a query is read: row by row, or only where the warehouse's own hashes of its rows show a difference."""

    ROWS = "rows"
    FINGERPRINTS = "fingerprints"


class TooLong(StrEnum):
    """What happens to a String value of more than 255 characters."""

    REJECT = "reject"
    TRUNCATE = "truncate"


class ExtraColumns(StrEnum):
    """What happens to the columns that nothing names."""

    ATTRIBUTES = "attributes"
    IGNORE = "ignore"
    REJECT = "reject"


class OnAbsent(StrEnum):
    """How a row ends, in mode update, that ChartMogul does not have."""

    REJECT = "reject"
    SKIP = "skip"


class OnDeleted(StrEnum):
    """What becomes of a row whose record was deleted in ChartMogul: made again, or left so."""

    CREATE = "create"
    LEAVE = "leave"


class DbtTests(StrEnum):
    """What is asked of the tests of a dbt model before it is read."""

    PASSED = "passed"


class LiveCheck(StrEnum):
    """Whether a remembered row that changed is looked up before it is written."""

    CHANGED = "changed"
    NEVER = "never"


class Overwrite(StrEnum):
    """Whose value wins where ChartMogul holds another one than the row."""

    ALWAYS = "always"
    IF_EMPTY = "if_empty"
    UNLESS_EDITED = "unless_edited"
    REJECT_EDITED = "reject_edited"


@dataclass(frozen=True, slots=True)
class Overwrites:
    """Whose value wins, for each field and attribute: what a mapping says of it, else what it says of all."""

    of_all: Overwrite = Overwrite.ALWAYS
    of_some: abc.Mapping[str, Overwrite] = field(default_factory=dict)

    def of(self, name: str) -> Overwrite:
        """Whose value of this field wins."""
        return self.of_some.get(name, self.of_all)

    @property
    def terms(self) -> bytes:
        """What these say, in bytes; nothing where the row always wins."""
        others = sorted(f"{n}={how}" for n, how in self.of_some.items() if how is not self.of_all)
        plain = self.of_all is Overwrite.ALWAYS and not others
        return b"" if plain else "\0".join([self.of_all, *others]).encode()
