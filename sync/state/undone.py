"""Rows whose record was put back by `undo`: what is remembered of them, and what is not any more."""

from collections import abc
from dataclasses import dataclass

from sqlalchemy import Connection, Table, bindparam, delete, select, update

from sync.domain.fingerprint import Hasher, join, split
from sync.state.keys import Keys
from sync.state.memory import Scope
from sync.state.schema import own_values, records, synced, undone
from sync.state.upsert import CHUNK, chunks, upsert


@dataclass(frozen=True, slots=True)
class PutBackRow:
    """A record that is as it was before a run; `foreign` are the hashes of values that are nobody's own any more."""

    key: str
    foreign: frozenset[bytes]


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
    _disown(connection, undoing.mapping, {r: wanted[key].foreign for r, (key, *_) in known.items()})
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


def _disown(
    connection: Connection, mapping: str, foreign: abc.Mapping[int, frozenset[bytes]]
) -> None:
    """Nothing that was put back is the mapping's own value, and no row is known as sent."""
    unsent = {"fingerprint": None, "imprint": None}
    _take_out(connection, synced, mapping, ("hashes",), foreign, unsent)
    _take_out(connection, own_values, mapping, ("shown", "asked"), foreign, {})


def _take_out(
    connection: Connection,
    table: Table,
    mapping: str,
    columns: abc.Sequence[str],
    foreign: abc.Mapping[int, frozenset[bytes]],
    besides: abc.Mapping[str, object],
) -> None:
    """Take hashes out of columns that hold several."""
    numbers = list(foreign)
    for start in range(0, len(numbers), CHUNK):
        mine = table.c.mapping == mapping, table.c.record.in_(numbers[start : start + CHUNK])
        found = connection.execute(
            select(table.c.record, *(table.c[n] for n in columns)).where(*mine)
        )
        rows: list[dict[str, object]] = [
            {"of_record": record}
            | {
                f"new_{name}": None if had is None else join(split(had) - foreign[record])
                for name, had in zip(columns, kept, strict=True)
            }
            for record, *kept in found
        ]
        if rows:
            one = table.c.mapping == mapping, table.c.record == bindparam("of_record")
            new: dict[str, object] = {name: bindparam(f"new_{name}") for name in columns}
            connection.execute(update(table).where(*one).values({**besides, **new}), rows)


def clear(connection: Connection, mapping: str, numbers: abc.Iterable[int]) -> None:
    """These rows are undone no longer: something became of them."""
    mine = select(undone.c.record).where(undone.c.mapping == mapping).limit(1)
    if connection.execute(mine).first() is None:
        return  # as it nearly always is
    here = (undone.c.mapping == mapping) & (undone.c.record == bindparam("of_record"))
    rows = [{"of_record": number} for number in numbers]
    if rows:
        connection.execute(delete(undone).where(here), rows)
