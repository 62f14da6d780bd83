"""Rows whose record was put back by `undo`: what is remembered of them, and what is not any more."""

from collections import abc
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, select, update

from sync.domain.fingerprint import Hasher
from sync.state import buckets, own_tags, own_values
from sync.state.keys import Keys
from sync.state.memory import Scope
from sync.state.schema import records, synced, undone
from sync.state.upsert import chunks, upsert


@dataclass(frozen=True, slots=True)
class PutBackRow:
    """A record that is as it was before a run.

    `foreign` are the hashes of values that are nobody's own any more, `tags` the marks of such tags.
    """

    key: str
    foreign: frozenset[bytes]
    tags: frozenset[bytes] = frozenset()


@dataclass(frozen=True, slots=True)
class Undoing:
    """Under which heading rows are noted: the run that is undone, and the digest of the mapping as it is now."""

    scope: Scope
    mapping: str
    run: str
    hasher: Hasher
    digest: bytes


def marks(connection: Connection, mapping: str, scope: Scope) -> dict[int, bytes]:
    """The records of a mapping that were put back, each with what stands for the record that was undone."""
    query = select(undone.c.record, undone.c.fingerprint).join(
        records, records.c.id == undone.c.record
    )
    here = query.where(undone.c.mapping == mapping, records.c.scope == scope.id)
    return {row.record: row.fingerprint for row in connection.execute(here)}


def note(
    connection: Connection, keys: Keys, undoing: Undoing, rows: abc.Iterable[PutBackRow]
) -> int:
    """Note that records are as they were before; of how many nobody knows what the run had sent.

    What was sent of them counts for nothing any more: once a mark is gone, the row is looked up and sent again.
    """
    wanted = {keys.stored(row.key): row for row in rows}
    known = _known(connection, undoing, wanted)
    found = {record: _mark(undoing, *told) for record, (_, *told) in known.items()}
    upsert(
        connection,
        undone,
        [
            {
                "record": record,
                "mapping": undoing.mapping,
                "run": undoing.run,
                "fingerprint": mark,
            }
            for record, mark in found.items()
            if mark is not None
        ],
    )
    _unsend(connection, undoing.mapping, known)
    whose = own_values.Whose(undoing.scope, undoing.mapping)
    own_values.disown(connection, keys, whose, {row.key: row.foreign for row in wanted.values()})
    tags = {record: wanted[key].tags for record, (key, *_) in known.items()}
    own_tags.disown(connection, {record: gone for record, gone in tags.items() if gone})
    marked = marks(connection, undoing.mapping, undoing.scope).keys()
    return len(wanted) - sum(record in marked for record in known)


def _known(
    connection: Connection, undoing: Undoing, wanted: abc.Iterable[str]
) -> dict[int, tuple[str, bytes | None, bytes | None]]:
    query = (
        select(records.c.id, records.c.key, synced.c.fingerprint, synced.c.held_fingerprint)
        .join(synced, synced.c.record == records.c.id)
        .where(records.c.scope == undoing.scope.id, synced.c.mapping == undoing.mapping)
    )
    found: dict[int, tuple[str, bytes | None, bytes | None]] = {}
    for chunk in chunks(wanted):
        for row in connection.execute(query.where(records.c.key.in_(chunk))):
            found[row.id] = (row.key, row.fingerprint, row.held_fingerprint)
    return found


def _mark(undoing: Undoing, fingerprint: bytes | None, held: bytes | None) -> bytes | None:
    """What stands for the record and the mapping; a row that is held back has such a mark already."""
    return held if fingerprint is None else undoing.hasher.mark(fingerprint, undoing.digest)


def _unsend(connection: Connection, mapping: str, numbers: abc.Iterable[int]) -> None:
    """Nothing is known as sent of these records."""
    here = (synced.c.mapping == mapping) & (synced.c.record == bindparam("of_record"))
    rows = [{"of_record": number} for number in numbers]
    if rows:
        unsent = update(synced).where(here).values(fingerprint=None, imprint=None)
        connection.execute(unsent, rows)
        buckets.reopen(connection, [row["of_record"] for row in rows], mapping)


def clear(connection: Connection, mapping: str, numbers: abc.Iterable[int]) -> None:
    """These rows are undone no longer: something became of them."""
    mine = select(undone.c.record).where(undone.c.mapping == mapping).limit(1)
    if connection.execute(mine).first() is None:
        return  # as it nearly always is
    here = (undone.c.mapping == mapping) & (undone.c.record == bindparam("of_record"))
    rows = [{"of_record": number} for number in numbers]
    if rows:
        connection.execute(delete(undone).where(here), rows)
