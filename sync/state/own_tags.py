"""Which tags of a record mappings set, and which of them our own requests have added."""

from collections import abc

from sqlalchemy import Connection, bindparam, delete, or_, select, update

from sync.domain.fingerprint import join, split
from sync.domain.tags import OwnTags
from sync.state.mapping_entries import MappingPlace, number_of
from sync.state.memory import OwnNote
from sync.state.schema import mappings, own_values
from sync.state.upsert import chunks, upsert

_TAGGED = or_(own_values.c.tags.is_not(None), own_values.c.added_tags.is_not(None))


#: What a run would note of tags, by record and mapping.
NotesToCome = abc.Mapping[int, abc.Mapping[str, OwnNote]]
NONE_TO_COME: NotesToCome = {}


def of_others(
    connection: Connection,
    place: MappingPlace,
    numbers: abc.Sequence[int],
    to_come: NotesToCome,
    around: abc.Collection[str] = (),
) -> dict[int, OwnTags]:
    """What other mappings set on these records, by number, the tags of all their rows included; and what they added.

    What is `to_come` counts in place of what is noted; of mappings `around` nothing that is noted of all rows does.
    """
    constants = _constants(connection, place, around)
    found = {number: OwnTags(of_others=constants) for number in numbers} if constants else {}

    def add(number: int, tags: bytes | None, added: bytes | None) -> None:
        known = found.get(number, OwnTags())
        found[number] = OwnTags(
            of_others=known.of_others | split(tags or b""),
            added_for_others=known.added_for_others | split(added or b""),
        )

    columns = (own_values.c.record, own_values.c.mapping, own_values.c.tags)
    query = select(*columns, own_values.c.added_tags).where(
        own_values.c.mapping != place.mapping, _TAGGED
    )
    for part in chunks(numbers):
        among = own_values.c.record.in_(part)
        for number, mapping, tags, added in connection.execute(query.where(among)):
            if mapping not in to_come.get(number, ()):
                add(number, tags, added)
    for number, notes in to_come.items():
        for mapping, own in notes.items():
            if mapping != place.mapping:
                add(number, own.tags, own.added)
    return found


def _constants(
    connection: Connection, place: MappingPlace, around: abc.Collection[str]
) -> frozenset[bytes]:
    """The tags of every row of other mappings of the data source, none of those around."""
    scope = place.scope
    here = (mappings.c.account == scope.account) & (mappings.c.data_source == scope.data_source)
    query = select(mappings.c.tags).where(here, mappings.c.mapping.not_in({place.mapping, *around}))
    known = connection.execute(query.where(mappings.c.tags.is_not(None))).scalars()
    return frozenset(one for tags in known for one in split(tags))


def note_constants(connection: Connection, place: MappingPlace, tags: bytes | None) -> None:
    """Note the tags of every row of a mapping; None: it has none."""
    here = mappings.c.id == number_of(connection, place)
    connection.execute(update(mappings).where(here).values(tags=tags))


def constants(connection: Connection, place: MappingPlace) -> bytes | None:
    """The tags of every row of a mapping, as they are noted; None: none are."""
    return connection.execute(select(mappings.c.tags).where(place.here)).scalar_one_or_none()


def note(connection: Connection, mapping: str, notes: abc.Mapping[int, OwnNote]) -> None:
    """Note all that is told of records, by number; what is gone there is nobody's any more."""
    empty = [id_ for id_, own in notes.items() if not any((*own.parts, own.tags, own.added))]
    rows = [
        {
            "record": id_,
            "mapping": mapping,
            "shown": own.shown or None,
            "asked": own.asked or None,
            "tags": own.tags or None,
            "added_tags": own.added or None,
        }
        for id_, own in notes.items()
        if id_ not in empty
    ]
    upsert(connection, own_values, rows)
    if empty:
        here = (own_values.c.mapping == mapping) & (own_values.c.record == bindparam("of_record"))
        connection.execute(delete(own_values).where(here), [{"of_record": id_} for id_ in empty])
    disown(connection, {id_: split(own.lost) for id_, own in notes.items() if own.lost})


def disown(connection: Connection, gone: abc.Mapping[int, abc.Set[bytes]]) -> None:
    """These tags of records, by number, are gone, or somebody else's: who sees them again has not added them."""
    for record, tags in gone.items():
        here = (own_values.c.record == record) & own_values.c.added_tags.is_not(None)
        query = select(own_values.c.mapping, own_values.c.added_tags).where(here)
        for mapping, added in connection.execute(query).fetchall():
            left = join(split(added) - tags) or None
            mine = here & (own_values.c.mapping == mapping)
            connection.execute(update(own_values).where(mine).values(added_tags=left))
