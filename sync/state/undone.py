"""Rows whose record was put back by `undo`: what is remembered of them, and what is not any more."""

from collections import abc
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, select, update

from sync.domain.fingerprint import Hasher
from sync.state import buckets, own_tags, own_values
from sync.state.keys import Keys
from sync.state.memory import Scope
from sync.state.schema import AS_SENT, records, synced, undone
from sync.state.upsert import chunks, upsert


@dataclass(frozen=True, slots=True)
class PutBackRow:
    """A record that is as it was before a run, by the key that this had for it, and by its uuid.

    `foreign` are the hashes of values that are nobody's own any more, `tags` the marks of such tags.
    """

    key: str
    uuid: str
    foreign: frozenset[bytes]
    tags: frozenset[bytes] = frozenset()


@dataclass(frozen=True, slots=True)
class Undoing:
    """Under which heading rows are noted: the run that is undone, and the digest of the mapping as it is now.

    `was` is the name by which the run knew the mapping.
    """

    scope: Scope
    mapping: str
    was: str
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
    found = {record: mark for record, (_, mark) in known.items()}
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
    foreign = {record: row.foreign for record, (row, _) in known.items()}
    own_values.disown(connection, undoing.mapping, foreign)
    tags = {record: row.tags for record, (row, _) in known.items()}
    own_tags.disown(connection, {record: gone for record, gone in tags.items() if gone})
    marked = marks(connection, undoing.mapping, undoing.scope).keys()
    return len(wanted) - sum(record in marked for record in known)


def _known(
    connection: Connection, undoing: Undoing, wanted: abc.Mapping[str, PutBackRow]
) -> dict[int, tuple[PutBackRow, bytes | None]]:
    """The records of these rows, by stored key, each with what stands for what the mapping last sent of it.

    The key may be another one by now, and of a row that is known by its uuid it is that of another mapping.
    """
    met = _met(connection, undoing, records.c.uuid, {row.uuid for row in wanted.values()})
    lost = [key for key, row in wanted.items() if row.uuid not in met]
    nameless = _met(connection, undoing, records.c.key, lost).get(None, [])
    found = {}
    for key, row in wanted.items():
        if there := met.get(row.uuid) or [one for one in nameless if one.key == key]:
            one = min(there, key=partial(_distance, key, undoing.mapping))
            found[one.id] = (row, _mark(undoing, one))
    return found


def _distance(key: str, mapping: str, one: Any) -> tuple[bool, bool, bool, int]:
    """How ill a record fits: after a merge several keys lead to one uuid, and a renamed mapping has two names."""
    return one.key != key, one.external_id != key, one.mapping != mapping, one.id


def _met(
    connection: Connection,
    undoing: Undoing,
    column: ColumnElement[str | None],
    among: abc.Iterable[str],
) -> dict[str | None, list[Any]]:
    """What the mapping has met of the records with one of these values, by uuid."""
    its = (records.c.id, records.c.key, records.c.uuid, records.c.external_id)
    names = synced.c.mapping.in_({undoing.mapping, undoing.was})
    sent = (synced.c.fingerprint, synced.c.held_fingerprint, synced.c.held_status)
    query = (
        select(*its, synced.c.mapping, *sent)
        .join(synced, synced.c.record == records.c.id)
        .where(records.c.scope == undoing.scope.id, names)
    )
    found: dict[str | None, list[Any]] = {}
    for chunk in chunks(among):
        for row in connection.execute(query.where(column.in_(chunk))):
            found.setdefault(row.uuid, []).append(row)
    return found


def _mark(undoing: Undoing, known: Any) -> bytes | None:
    """What stands for the record and the mapping; a row that did not arrive, or in part, has such a mark already."""
    put_aside = known.held_fingerprint if known.held_status == AS_SENT else None
    sent = known.fingerprint or put_aside
    return undoing.hasher.mark(sent, undoing.digest) if sent else known.held_fingerprint


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
