"""Which records fall into which buckets of the warehouse's fingerprints, as they were last read."""

from array import array
from collections import abc
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    exists,
    or_,
    select,
    update,
)

from sync.domain.buckets import BUCKETS
from sync.domain.row_hash import KnownRows
from sync.state.mapping_entries import MappingPlace
from sync.state.schema import drops, records, synced
from sync.state.upsert import chunks

#: Buckets are numbered from below zero, so that SQLite takes two bytes for each.
_MIDDLE = BUCKETS // 2
#: Buckets in one statement: SQLite takes 32,766 values.
_TOGETHER = 20_000
_BATCH = 10_000


def to_stored(bucket: int) -> int:
    """A bucket as the state holds it."""
    return bucket - _MIDDLE


def from_stored(number: int) -> int:
    """The bucket that the state holds so."""
    return number + _MIDDLE


@dataclass(frozen=True, slots=True)
class Members:
    """The records of some buckets, and those that are in none.

    `places` has the bucket of each, and 1 more, by its number; 0: none is known. `gone` are those that had left.
    """

    known: KnownRows = field(default_factory=KnownRows)
    numbers: "array[int]" = field(default_factory=lambda: array("I"))
    places: "array[int]" = field(default_factory=lambda: array("i"))
    gone: frozenset[int] = frozenset()


def members(
    connection: Connection,
    place: MappingPlace,
    numbers: abc.Collection[int],
    dropping: abc.Collection[str] = (),
) -> Members:
    """The records of these buckets and those that are in none.

    The rows of records of which a value of the fields `dropping` was dropped are to be built.
    """
    apart: ColumnElement[bool] = synced.c.code.is_not(None)
    if dropping:
        its = (drops.c.mapping == place.mapping, drops.c.record == synced.c.record)
        apart |= exists().where(*its, drops.c.field.in_(dropping))
    query = noted_of(
        place, synced.c.record, synced.c.bucket, synced.c.imprint, synced.c.gone, apart
    )
    wanted = {to_stored(number) for number in numbers}
    query = query.where(or_(synced.c.bucket.is_(None), within(wanted)))
    rows = connection.execute(
        query.order_by(synced.c.imprint), execution_options={"stream_results": True}
    )
    found, gone = Members(), set()
    for part in rows.partitions(_BATCH):
        for record, number, row_hash, left, built in part:
            if number is not None and number not in wanted:
                continue
            found.numbers.append(record)
            _put(found.places, record, number)
            if left:
                gone.add(record)
            if row_hash is not None and not built:
                found.known.hashes.append(row_hash)
                found.known.records.append(record)
    known = replace(found.known, last=max(found.known.records, default=0))
    return replace(found, known=known, gone=frozenset(gone))


def places(connection: Connection, place: MappingPlace) -> "array[int]":
    """The bucket of each record, and 1 more, by its number; 0: none is known."""
    query = noted_of(place, synced.c.record, synced.c.bucket).where(synced.c.bucket.is_not(None))
    found = array("i")
    rows = connection.execute(query, execution_options={"stream_results": True})
    for part in rows.partitions(_BATCH):
        for record, number in part:
            _put(found, record, number)
    return found


def noted_of(place: MappingPlace, *columns: Any) -> Select[Any]:
    """A query of what a mapping has noted of the records of a scope."""
    its = synced.join(records, records.c.id == synced.c.record)
    here = (records.c.scope == place.scope.id, synced.c.mapping == place.mapping)
    return select(*columns).select_from(its).where(*here)


def _put(places: "array[int]", record: int, number: int | None) -> None:
    if record >= len(places):
        places.frombytes(bytes(places.itemsize * (record + 4096 - len(places))))
    places[record] = 0 if number is None else from_stored(number) + 1


def place_records(
    connection: Connection, mapping: str, places: abc.Sequence[tuple[int, int]]
) -> None:
    """Note into which buckets the keys of these records fall."""
    here = and_(synced.c.record == bindparam("of_record"), synced.c.mapping == mapping)
    rows = [{"of_record": record, "its": to_stored(bucket)} for record, bucket in places]
    if rows:
        connection.execute(update(synced).where(here).values(bucket=bindparam("its")), rows)


def dropping(
    connection: Connection, place: MappingPlace, fields: abc.Collection[str]
) -> set[int | None]:
    """The buckets of records of which a value of these fields was dropped; None where one is in none."""
    if not fields:
        return set()
    its = and_(synced.c.record == drops.c.record, synced.c.mapping == drops.c.mapping)
    there = drops.join(synced, its).join(records, records.c.id == drops.c.record)
    mine = (drops.c.mapping == place.mapping, records.c.scope == place.scope.id, ~synced.c.gone)
    query = select(synced.c.bucket).distinct().select_from(there)
    query = query.where(*mine, drops.c.field.in_(fields))
    found = connection.execute(query).scalars()
    return {None if number is None else from_stored(number) for number in found}


def siblings(connection: Connection, place: MappingPlace, uuids: abc.Collection[str]) -> set[int]:
    """The buckets of all records that the state knows by one of these uuids."""
    found: set[int] = set()
    for part in chunks(uuids):
        query = noted_of(place, synced.c.bucket).where(
            records.c.uuid.in_(part),
            synced.c.bucket.is_not(None),
            ~synced.c.gone,
        )
        found.update(from_stored(number) for number in connection.execute(query).scalars())
    return found


def within(numbers: abc.Collection[int]) -> ColumnElement[bool]:
    """Whether a record is in one of these buckets; of more than a statement takes: in any."""
    if len(numbers) > _TOGETHER:
        return synced.c.bucket.is_not(None)
    return synced.c.bucket.in_(numbers)
