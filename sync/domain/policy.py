"""What a user decides about a mapping: modes, nulls, extra columns, absent records, looking before writing."""

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


class LiveCheck(StrEnum):
    """Whether a remembered row that changed is looked up before it is written."""

    CHANGED = "changed"
    NEVER = "never"
