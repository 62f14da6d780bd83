"""The warehouse's fingerprints of a mapping: what was read of each bucket, and which need not be read again.

A bucket is closed (`settled`) only by `settle`, after all else of its run is written down, and opened again in the
transaction that changes what is remembered of one of its records, whoever does so. So a crash leaves it open: it is
read once more, and nothing is lost.
"""

from base64 import b64decode, b64encode
from collections import abc
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from sqlalchemy import (
    Connection,
    and_,
    bindparam,
    case,
    delete,
    func,
    or_,
    select,
    update,
)

from sync.domain.buckets import Bucket, Buckets, Reading
from sync.domain.results import Outcome
from sync.state.bucket_members import from_stored, noted_of, to_stored, within
from sync.state.mapping_entries import MappingPlace, met_after, number_of
from sync.state.schema import buckets, mappings, records, synced
from sync.state.upsert import chunks, upsert

#: Buckets in memory at once, as the database has them.
_BATCH = 2000
_ARRIVED = (Outcome.CREATED.value, Outcome.UPDATED.value, Outcome.UNCHANGED.value)


def _dump(total: int) -> str:
    return b64encode(total.to_bytes(total.bit_length() // 8 + 1, signed=True)).rstrip(b"=").decode()


def _load(text: str) -> int:
    return int.from_bytes(b64decode(text + "=" * (-len(text) % 4)), signed=True)


@dataclass(frozen=True, slots=True)
class Stored:
    """All that is kept of a mapping's buckets. `edition` is what they were read under; None: they say nothing."""

    salt: bytes = field(default=b"", repr=False)
    edition: bytes | None = None
    buckets: Buckets = field(default_factory=Buckets)


@dataclass(frozen=True, slots=True)
class Settling:
    """Buckets that a run has read, each with its number of rows; `skipping`: what exists is skipped (mode insert)."""

    run: str
    rows: abc.Mapping[int, int]
    skipping: bool = False


def recall(connection: Connection, place: MappingPlace) -> Stored:
    """What is kept of a mapping's buckets."""
    its = connection.execute(
        select(mappings.c.id, mappings.c.salt, mappings.c.edition).where(place.here)
    ).first()
    if its is None or its.edition is None or its.salt is None:
        return Stored()
    query = select(
        buckets.c.bucket,
        buckets.c.count,
        buckets.c.sum,
        buckets.c.settled,
        buckets.c.unchanged,
        buckets.c.skipped,
    ).where(buckets.c.mapping == its.id)
    found = Buckets()
    rows = connection.execute(query, execution_options={"stream_results": True})
    for part in rows.partitions(_BATCH):
        for number, count, total, *told in part:
            found[from_stored(number)] = Bucket(Reading(count, _load(total)), *told)
    return Stored(its.salt, its.edition, found)


def begin(connection: Connection, place: MappingPlace) -> None:
    """All is about to be read: what is kept says nothing from now on."""
    its = number_of(connection, place)
    connection.execute(update(mappings).where(mappings.c.id == its).values(edition=None, salt=None))
    connection.execute(delete(buckets).where(buckets.c.mapping == its))


def open_(connection: Connection, place: MappingPlace, numbers: abc.Collection[int]) -> None:
    """These buckets are about to be read: until that has come to its end they are not settled."""
    its = number_of(connection, place)
    here = and_(
        buckets.c.mapping == its, buckets.c.bucket == bindparam("of_bucket"), buckets.c.settled
    )
    rows = [{"of_bucket": to_stored(number)} for number in numbers]
    if rows:
        connection.execute(update(buckets).where(here).values(settled=False), rows)


def keep(
    connection: Connection,
    place: MappingPlace,
    readings: abc.Mapping[int, Reading],
    under: tuple[bytes, bytes] | None = None,
) -> None:
    """Keep what was read of buckets, none of them settled yet; one without rows goes.

    `under` is a new salt, and what the buckets were read under, where all were read.
    """
    its = number_of(connection, place)
    if under is not None:
        salt, edition = under
        entry = update(mappings).where(mappings.c.id == its)
        connection.execute(entry.values(salt=salt, edition=edition))
        connection.execute(delete(buckets).where(buckets.c.mapping == its))
    rows = (
        {
            "mapping": its,
            "bucket": to_stored(number),
            "count": reading.count,
            "sum": _dump(reading.total),
            "settled": False,
            "unchanged": 0,
            "skipped": 0,
        }
        for number in sorted(readings)
        if (reading := readings[number]).count
    )
    for part in _parts(rows):
        upsert(connection, buckets, part)
    here = and_(buckets.c.mapping == its, buckets.c.bucket == bindparam("of_bucket"))
    gone = [{"of_bucket": to_stored(n)} for n, reading in readings.items() if not reading.count]
    if gone and under is None:
        connection.execute(delete(buckets).where(here), gone)


def settle(connection: Connection, place: MappingPlace, settling: Settling) -> int:
    """Close those of these buckets of which every record is known to be as it should be; how many they are.

    Who changes what is remembered of a record opens its bucket afterwards, in the same transaction: so the buckets are
    locked before their records are looked at. One of which a later run has met a record stays open: this process stood
    still meanwhile, and what it has read is not what was sent last.
    """
    its = number_of(connection, place)
    unsettled = select(buckets.c.bucket).where(buckets.c.mapping == its, ~buckets.c.settled)
    open_now = set(connection.execute(unsettled.with_for_update()).scalars())
    wanted = {
        number: count
        for bucket, count in settling.rows.items()
        if count and (number := to_stored(bucket)) in open_now
    }
    if not wanted:
        return 0
    sound = _sound(connection, place, settling, wanted)
    closed = [number for number, count in wanted.items() if sound.get(number, 0) == count]
    rows = (
        {
            "of_bucket": number,
            "as_unchanged": 0 if settling.skipping else wanted[number],
            "as_skipped": wanted[number] if settling.skipping else 0,
        }
        for number in closed
    )
    here = and_(buckets.c.mapping == its, buckets.c.bucket == bindparam("of_bucket"))
    close = (
        update(buckets)
        .where(here)
        .values(settled=True, unchanged=bindparam("as_unchanged"), skipped=bindparam("as_skipped"))
    )
    for part in _parts(rows):
        connection.execute(close, part)
    return len(closed)


def _parts(rows: abc.Iterator[dict[str, Any]]) -> abc.Iterator[list[dict[str, Any]]]:
    """A few at a time: of all buckets they would take more memory than all else."""
    while part := list(islice(rows, _BATCH)):
        yield part


def _sound(
    connection: Connection, place: MappingPlace, settling: Settling, numbers: abc.Collection[int]
) -> dict[int, int]:
    """How many records each of these buckets has, of those of which every record is as it should be."""
    arrived = and_(synced.c.fingerprint.is_not(None), synced.c.outcome.in_(_ARRIVED))
    if settling.skipping:
        arrived = or_(arrived, synced.c.outcome == Outcome.SKIPPED.value)
    right = and_(
        synced.c.code.is_(None),
        records.c.uuid.is_not(None),
        ~met_after(place.scope, settling.run),
        arrived,
    )
    sound = func.sum(case((right, 1), else_=0))
    query = noted_of(place, synced.c.bucket, func.count(), sound)
    query = query.where(~synced.c.gone).group_by(synced.c.bucket)
    counted = connection.execute(query.where(within(numbers)))
    return {number: count for number, count, sound in counted if count == sound}


# What other parts of the state call when they change what is remembered of records


def reopen(connection: Connection, numbers: abc.Iterable[int], mapping: str | None = None) -> None:
    """What is remembered of these records changes: their buckets, of one or of all mappings, are read again."""
    if connection.execute(select(buckets.c.mapping).limit(1)).first() is None:
        return  # nobody has any
    met: set[tuple[str, int]] = set()
    for part in chunks(numbers):
        query = select(synced.c.mapping, synced.c.bucket).where(
            synced.c.record.in_(part), synced.c.bucket.is_not(None)
        )
        if mapping is not None:
            query = query.where(synced.c.mapping == mapping)
        met.update((row.mapping, row.bucket) for row in connection.execute(query))
    if met:
        named = select(mappings.c.id).where(mappings.c.mapping == bindparam("of_mapping"))
        here = and_(
            buckets.c.mapping.in_(named.scalar_subquery()),
            buckets.c.bucket == bindparam("of_bucket"),
        )
        # Open ones, too: so they are locked, and a `settle` of another process waits for what is changed here.
        rows: list[dict[str, Any]] = [
            {"of_mapping": name, "of_bucket": number} for name, number in sorted(met)
        ]
        connection.execute(update(buckets).where(here).values(settled=False), rows)


def doubt_strangers(
    connection: Connection, place: MappingPlace, numbers: abc.Iterable[int]
) -> None:
    """All is read again where one of these records is in no bucket: then none would tell that it has left."""
    known = select(mappings.c.id).where(place.here, mappings.c.edition.is_not(None))
    its = connection.execute(known).scalar_one_or_none()
    if its is None:
        return
    for part in chunks(numbers):
        among = synced.c.record.in_(part)
        stranger = select(synced.c.record).where(
            among, synced.c.mapping == place.mapping, synced.c.bucket.is_(None)
        )
        if connection.execute(stranger.limit(1)).first() is not None:
            entry = update(mappings).where(mappings.c.id == its)
            connection.execute(entry.values(edition=None))
            return
