"""Records that turn out to be one with others, since their customers were merged: the next run looks at those."""

from collections import abc

from sqlalchemy import Connection, and_, bindparam, select, update

from sync.state import buckets, identities
from sync.state.identities import UNKNOWN
from sync.state.mapping_entries import MappingPlace
from sync.state.memory import Item, RejectedRow, Scope
from sync.state.schema import records, synced
from sync.state.upsert import chunks


def merged(connection: Connection, scope: Scope, items: abc.Mapping[str, Item]) -> set[str]:
    """The uuids of merged customers among these items, by stored keys, as far as nobody knew that they are these."""
    found = {
        key: item.uuid
        for key, item in items.items()
        if item.uuid and not isinstance(item, RejectedRow) and (item.pairs or 1) > 1
    }
    if not found:
        return set()
    query = identities.among(select(records.c.key, records.c.uuid))
    known = {
        key: uuid
        for part in chunks(found)
        for key, uuid in connection.execute(query, identities.named(scope, part))
    }
    return {uuid for key, uuid in found.items() if known.get(key) != uuid}


def doubt(
    connection: Connection, place: MappingPlace, uuids: abc.Set[str], met: abc.Collection[int]
) -> None:
    """Let the next run of the mapping look at its other records of these uuids; those by number were met just now.

    Of the rows of a merged customer the first one is sent: a later one that has not changed would seem to be there.
    """
    here = records.c.scope == place.scope.id
    rivals = [
        number
        for part in chunks(uuids)
        for number in connection.execute(
            select(records.c.id).where(here, records.c.uuid.in_(part))
        ).scalars()
        if number not in set(met)
    ]
    if rivals:
        its = and_(synced.c.record == bindparam("of_record"), synced.c.mapping == place.mapping)
        rows = [{"of_record": number} for number in rivals]
        connection.execute(update(synced).where(its).values(UNKNOWN), rows)
        buckets.reopen(connection, rivals, place.mapping)
