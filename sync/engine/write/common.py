"""In a dry run: what mappings that come before another one would leave of records that both have."""

from collections import abc
from dataclasses import dataclass, replace

from sync.domain.plan import (
    Absent,
    Changes,
    Create,
    Known,
    Operation,
    Remembered,
    Seen,
    ToCome,
    Update,
)
from sync.domain.record import Fields
from sync.engine.seen_records import SeenRecords
from sync.engine.spool import Spool


@dataclass(frozen=True, slots=True)
class CommonRecords:
    """The records of one data source that several mappings have.

    `before` holds what those before would leave, the last one last; `after` are the records of those that follow, and
    `left` what this one would leave of them.
    """

    data_source: str
    before: abc.Sequence[SeenRecords]
    after: abc.Sequence[Spool]
    left: SeenRecords

    def by_then(self, key: str, known: Known) -> Known:
        """A record as this mapping would find it; where the state is trusted nobody looks."""
        if isinstance(known, Remembered):
            return known
        found = (left.get(key) for left in reversed(self.before))
        return next(filter(None, found), known)

    def leave(self, known: Known, operation: Operation) -> None:
        """Note what would become of a record that another mapping has as well."""
        key = operation.record.key
        if not any(spool.known([key]) for spool in self.after):
            return
        match operation, known:
            case Create(record), Absent():
                pairs = ((self.data_source, key),)
                self.left.put(key, ToCome(key, _shown(record.fields), pairs))
            case Update(changes=changes), Seen():
                self.left.put(key, replace(known, fields=_changed(known, changes)))


def _shown(fields: Fields) -> Fields:
    return {name: value for name, value in fields.items() if value not in (None, ())}


def _changed(known: Seen, changes: Changes) -> Fields:
    return _shown({**known.fields, **{name: after for name, (_, after) in changes.items()}})
