"""Which values of a record are a mapping's own, beyond those whose hashes stand with what it last sent."""

from collections import abc

from sqlalchemy import Connection, and_, bindparam, delete, select, update

from sync.domain.fingerprint import join, split
from sync.state import own_tags
from sync.state.memory import Confirmed, Item, OwnNote, RejectedRow
from sync.state.schema import own_values, synced
from sync.state.upsert import chunks, upsert

_NOTHING = OwnNote()


def recall(connection: Connection, mapping: str, numbers: abc.Sequence[int]) -> dict[int, OwnNote]:
    """What is noted of these records, by number; those of which nothing is are missing."""
    found: dict[int, OwnNote] = {}
    for part in chunks(numbers):
        among = own_values.c.record.in_(part)
        columns = (own_values.c.shown, own_values.c.asked, own_values.c.tags)
        query = select(own_values.c.record, *columns, own_values.c.added_tags)
        rows = connection.execute(query.where(own_values.c.mapping == mapping, among))
        found |= {
            id_: OwnNote(shown or b"", asked or b"", *of_tags)
            for id_, shown, asked, *of_tags in rows
        }
    return found


def ask(connection: Connection, mapping: str, asked: abc.Mapping[int, bytes]) -> None:
    """Note what is about to be asked for of these records."""
    rows = [{"record": id_, "mapping": mapping, "asked": what} for id_, what in asked.items()]
    upsert(connection, own_values, rows)


def note(connection: Connection, mapping: str, items: abc.Mapping[int, Item]) -> None:
    """Note what became of records, by number; where nothing is to be noted any more, the row goes."""
    all_told = {
        id_: item.own
        for id_, item in items.items()
        if isinstance(item, Confirmed | RejectedRow) and item.own is not None
    }
    tagged = {id_: own for id_, own in all_told.items() if own.tags is not None}
    own_tags.note(connection, mapping, tagged)
    told = {id_: own for id_, own in all_told.items() if id_ not in tagged}
    rows = [
        {"record": id_, "mapping": mapping, "shown": own.shown or None, "asked": own.asked or None}
        for id_, own in told.items()
        if own != _NOTHING
    ]
    upsert(connection, own_values, rows)
    _clear(connection, mapping, [id_ for id_, own in told.items() if own == _NOTHING])


def _clear(connection: Connection, mapping: str, numbers: abc.Sequence[int]) -> None:
    """Let go of what is noted of these records, but for their tags."""
    if not numbers:
        return
    here = (own_values.c.mapping == mapping) & (own_values.c.record == bindparam("of_record"))
    untagged = own_values.c.tags.is_(None) & own_values.c.added_tags.is_(None)
    rows = [{"of_record": id_} for id_ in numbers]
    connection.execute(update(own_values).where(here).values(shown=None, asked=None), rows)
    connection.execute(delete(own_values).where(here, untagged), rows)


def asked_for(connection: Connection, numbers: abc.Sequence[int]) -> set[int]:
    """Those of these records of which something was asked for without an answer."""
    found: set[int] = set()
    for part in chunks(numbers):
        its = select(own_values.c.record).where(own_values.c.record.in_(part))
        found |= {*connection.execute(its.where(own_values.c.asked.is_not(None))).scalars()}
    return found


def disclaim(connection: Connection, numbers: abc.Sequence[int]) -> None:
    """These records are others by now: what is noted of them goes, but for what was asked for without an answer.

    It may be the other one that was asked for, such as a create in place of a record that was deleted.
    """
    here = own_values.c.record == bindparam("of_record")
    rows = [{"of_record": number} for number in numbers]
    if rows:
        nothing = {"shown": None, "tags": None, "added_tags": None}
        connection.execute(delete(own_values).where(here, own_values.c.asked.is_(None)), rows)
        connection.execute(update(own_values).where(here).values(nothing), rows)


def disown(connection: Connection, mapping: str, values: abc.Mapping[int, abc.Set[bytes]]) -> None:
    """These values of records, by number, are the mapping's own no longer: an undo has put them there."""
    noted = recall(connection, mapping, list(values))
    for number, gone in values.items():
        mine = and_(synced.c.record == number, synced.c.mapping == mapping)
        sent = connection.execute(select(synced.c.hashes).where(mine)).scalar_one_or_none()
        if sent:
            left = join(split(sent) - gone)
            connection.execute(update(synced).where(mine).values(hashes=left))
        if number in noted:
            shown, asked = (join(split(one) - gone) for one in noted[number].parts)
            row = {"record": number, "mapping": mapping, "shown": shown, "asked": asked}
            upsert(connection, own_values, [row])
