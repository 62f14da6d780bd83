"""Records that turn out to be one with others, since their customers were merged: a later run looks at those."""

from collections import abc
from dataclasses import dataclass

from sqlalchemy import Connection, and_, bindparam, select, update

from sync.state import buckets, identities
from sync.state.keys import Keys
from sync.state.mapping_entries import MappingPlace
from sync.state.memory import REJECTED, Item, RejectedRow
from sync.state.schema import records, synced
from sync.state.unsent import UNKNOWN
from sync.state.upsert import chunks


@dataclass(frozen=True, slots=True)
class Rivals:
    """Keys, as the state holds them, and uuids by which the same customers may be remembered; `new`: nobody knew so."""

    keys: frozenset[str]
    uuids: frozenset[str]
    new: bool


def found(
    connection: Connection, keys: Keys, place: MappingPlace, items: abc.Mapping[str, Item]
) -> list[Rivals]:
    """What these items, by stored keys, tell of merged customers; to be asked before they are written down."""
    merged = {
        key: item
        for key, item in items.items()
        if not isinstance(item, RejectedRow) and item.rivals and item.uuid
    }
    if not merged:
        return []
    query = identities.among(select(records.c.key).where(records.c.pairs > 1))
    known = {
        key
        for part in chunks(merged)
        for (key,) in connection.execute(query, identities.named(place.scope, part))
    }
    parted = (merged.keys() & known, merged.keys() - known)
    return [
        Rivals(
            frozenset(keys.stored(rival) for key in some for rival in merged[key].rivals),
            frozenset(uuid for key in some if (uuid := merged[key].uuid)),
            new,
        )
        for some, new in zip(parted, (False, True), strict=True)
    ]


def doubt(
    connection: Connection, place: MappingPlace, rivals: Rivals, met: abc.Collection[int]
) -> None:
    """Let the next run look at the rows of merged customers; those by number were met just now.

    Of the rows of one the first is sent: another that has not changed would seem to be there. Other mappings look once:
    where each of two has one of the rows, they would look at what the other one wrote for ever.
    """
    here = records.c.scope == place.scope.id
    numbers = {
        number
        for column, values in ((records.c.key, rivals.keys), (records.c.uuid, rivals.uuids))
        for part in chunks(values)
        for number in connection.execute(
            select(records.c.id).where(here, column.in_(part))
        ).scalars()
    } - set(met)
    if not numbers:
        return
    its = and_(
        synced.c.record == bindparam("of_record"),
        synced.c.outcome != REJECTED,
        synced.c.fingerprint.is_not(None),
    )
    if not rivals.new:
        its = and_(its, synced.c.mapping == place.mapping)
    rows = [{"of_record": number} for number in numbers]
    connection.execute(update(synced).where(its).values(UNKNOWN), rows)
    buckets.reopen(connection, numbers, None if rivals.new else place.mapping)
