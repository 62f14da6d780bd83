"""The imprints of rows whose records are as they should be, see `sight`."""

from array import array
from collections import abc

from sqlalchemy import Connection, and_, bindparam, func, select, update

from sync.domain.row_hash import KnownRows, RowHash
from sync.state.schema import synced

#: Rows fetched at a time.
_BATCH = 10_000


def load(connection: Connection, mapping: str) -> KnownRows:
    """All imprints of a mapping; those of another data source never match, it is part of them."""
    here = and_(synced.c.mapping == mapping, synced.c.imprint.is_not(None))
    count = connection.execute(select(func.count()).where(here)).scalar_one()
    # Arrays that grow leave holes in memory; these have their size at once.
    known, numbers, place, last = array("q", [0]) * count, array("I", [0]) * count, 0, 0
    query = select(synced.c.imprint, synced.c.record).where(here).order_by(synced.c.imprint)
    rows = connection.execute(query, execution_options={"stream_results": True})
    for part in rows.partitions(_BATCH):
        imprints, records = zip(*part, strict=True)
        end = place + len(part)
        known[place:end], numbers[place:end] = array("q", imprints), array("I", records)
        place, last = end, max(last, *records)
    del known[place:], numbers[place:]  # a dry run counts beside a run that writes
    return KnownRows(known, numbers, last)


def learn(connection: Connection, mapping: str, glimpses: abc.Iterable[RowHash]) -> None:
    """Keep the imprints of records that still have these fingerprints."""
    here = and_(
        synced.c.record == bindparam("of_record"),
        synced.c.mapping == mapping,
        synced.c.fingerprint == bindparam("of_fingerprint"),
    )
    rows = [
        {"of_record": g.record, "of_fingerprint": g.fingerprint, "seen": g.imprint}
        for g in glimpses
    ]
    connection.execute(update(synced).where(here).values(imprint=bindparam("seen")), rows)
