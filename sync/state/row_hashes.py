"""The hashes of rows whose records are as they should be; their column is called `imprint`."""

from array import array
from collections import abc
from itertools import chain

from sqlalchemy import ColumnElement, Connection, and_, bindparam, exists, func, select, update

from sync.database import driver_rows
from sync.domain.row_hash import KnownRows, RowHash
from sync.state.schema import drops, synced

#: Rows fetched at a time.
_BATCH = 10_000


def load(connection: Connection, mapping: str, dropping: abc.Collection[str] = ()) -> KnownRows:
    """All row hashes of a mapping; those of another data source never match, it is part of them.

    The rows of records of which a value of these fields was dropped are to be built all the same.
    """
    here = and_(synced.c.mapping == mapping, synced.c.imprint.is_not(None))
    # Of a rejected row an older version kept the hash of what had arrived before: it is mended once it is so again.
    apart: ColumnElement[bool] = synced.c.code.is_not(None)
    if dropping:
        among = drops.c.field.in_(dropping)
        apart |= exists().where(
            drops.c.mapping == mapping, among, drops.c.record == synced.c.record
        )
    to_build = connection.execute(select(synced.c.record).where(here, apart)).scalars()
    known = _load(connection, and_(here, ~apart))
    return KnownRows(known.hashes, known.records, known.last, array("I", to_build))


def _load(connection: Connection, here: ColumnElement[bool]) -> KnownRows:
    count = connection.execute(select(func.count()).where(here)).scalar_one()
    # Arrays that grow leave holes in memory; these have their size at once.
    hashes, numbers, place = array("q", [0]) * count, array("I", [0]) * count, 0
    query = select(synced.c.imprint, synced.c.record).where(here).order_by(synced.c.imprint)
    rows = connection.execute(query, execution_options={"stream_results": True})
    for part in driver_rows.batches(rows, _BATCH):
        pairs, end = array("q", chain.from_iterable(part)), place + len(part)
        hashes[place:end], numbers[place:end] = pairs[::2], array("I", pairs[1::2])
        place = end
    del hashes[place:], numbers[place:]  # a dry run counts beside a run that writes
    return KnownRows(hashes, numbers, max(numbers, default=0))


def keep(connection: Connection, mapping: str, hashes: abc.Iterable[RowHash]) -> None:
    """Keep the row hashes of records that still have these fingerprints."""
    here = and_(
        synced.c.record == bindparam("of_record"),
        synced.c.mapping == mapping,
        synced.c.fingerprint == bindparam("of_fingerprint"),
    )
    rows = [
        {"of_record": h.record, "of_fingerprint": h.fingerprint, "seen": h.row_hash} for h in hashes
    ]
    connection.execute(update(synced).where(here).values(imprint=bindparam("seen")), rows)
