"""In a dry run: what mappings that come before another one would leave of records that both have."""

from collections import abc
from dataclasses import dataclass, replace

from sync.domain.plan import (
    Absent,
    Changes,
    Create,
    Keep,
    Known,
    Operation,
    Remembered,
    RememberedToCome,
    Seen,
    SentUnseen,
    ToCome,
    Update,
)
from sync.domain.record import Fields
from sync.domain.tags import TAGS, brought
from sync.engine.seen_records import SeenRecords
from sync.engine.spool import Spool
from sync.engine.tags_to_come import TagsToCome
from sync.state.memory import OwnNote


@dataclass(frozen=True, slots=True)
class CommonRecords:
    """The records of one data source that several mappings have.

    `before` holds what those before would leave, the last one last; `after` are the records of those that follow, and
    `left` what this one would leave of them. `trust_state`: `live_check: never`, what the state knows is not looked at;
    `are_trusted`: one that follows trusts it so. `tags` is what the state would know by then of tags.
    """

    data_source: str
    mapping: str
    before: abc.Sequence[SeenRecords]
    after: abc.Sequence[Spool]
    left: SeenRecords
    tags: TagsToCome
    trust_state: bool = False
    are_trusted: bool = False

    def remembered(self, key: str) -> Remembered | None:
        """What the state would know by then of a record that it does not know yet; None where it is looked for."""
        found = self._found(key) if self.trust_state else None
        if found is None:
            return None
        kind = RememberedToCome if isinstance(found, ToCome) else Remembered
        return kind(found.uuid)

    def _found(self, key: str) -> Seen | None:
        return next(filter(None, (left.get(key) for left in reversed(self.before))), None)

    def by_then(self, key: str, known: Known) -> Known:
        """A record as this mapping would find it; where the state is trusted nobody looks."""
        if isinstance(known, Remembered):
            return known
        for left in self.before:
            found = left.get(key)
            if not isinstance(found, SentUnseen):
                known = found or known
            elif isinstance(known, Seen):
                known = replace(known, fields=_with_sent(known, found.fields))
        return known

    def is_told(self, kept: Operation, own: OwnNote | None) -> bool:
        """Whether those that follow have to know of a record for which nothing is sent."""
        has_tags = own is not None and own.tags is not None
        return has_tags or (self.are_trusted and self._is_common(kept.record.key))

    def _is_common(self, key: str) -> bool:
        return any(spool.known([key]) for spool in self.after)

    def leave(self, known: Known, operation: Operation) -> None:
        """Note what would become of a record that another mapping has as well."""
        key = operation.record.key
        if not self._is_common(key):
            return
        match operation, known:
            case Create(record), Absent():
                pairs = ((self.data_source, key),)
                self.left.put(key, ToCome(key, _shown(record.fields), pairs))
            case Update(changes=changes), Seen():
                self.left.put(key, replace(known, fields=_changed(known, changes)))
            case Update(uuid=uuid, changes=changes), Remembered():
                sent = {name: after for name, (_, after) in changes.items()}
                self.left.put(key, SentUnseen(uuid, sent))
            case Keep(), Seen() if self.are_trusted:
                self.left.put(key, known)

    def note_tags(self, record: int, own: OwnNote | None) -> None:
        """Note what the state would know of the tags of a record, by its number."""
        if own is not None and own.tags is not None:
            self.tags.note(record, self.mapping, own)


def _shown(fields: Fields) -> Fields:
    return {name: value for name, value in fields.items() if value not in (None, ())}


def _with_sent(known: Seen, sent: Fields) -> Fields:
    """The fields of a record once these were sent; of tags, which are added, those of others stay."""
    _, tags = brought(known.fields.get(TAGS), sent.get(TAGS))
    return _shown({**known.fields, **sent, TAGS: tags})


def _changed(known: Seen, changes: Changes) -> Fields:
    return _shown({**known.fields, **{name: after for name, (_, after) in changes.items()}})
