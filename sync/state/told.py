"""What was told of a mapping, and to whom, as long as it holds."""

from collections import abc
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, select, true

from sync.state.schema import told


@dataclass(frozen=True, slots=True)
class Place:
    """A mapping; where its data source or account is not known, in whichever it is."""

    mapping: str
    data_source: str | None = None
    account: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """A message that was sent and still holds: to whom (a keyed hash), of what, by which run, and when."""

    target: str
    event: str
    run: str | None
    at: datetime


def recall(connection: Connection, place: Place) -> list[Told]:
    """What was told of a mapping; what was told before its account was known, too."""
    query = select(told.c.target, told.c.event, told.c.run, told.c.at).where(_here(place))
    return [Told(row.target, row.event, row.run, row.at) for row in connection.execute(query)]


def note(connection: Connection, place: Place, target: str, now: abc.Sequence[Told]) -> None:
    """From now on this is what was told of a mapping to a target."""
    connection.execute(delete(told).where(_here(place), told.c.target == target))
    where = {
        "account": place.account or "",
        "data_source": place.data_source or "",
        "mapping": place.mapping,
    }
    rows = [
        {**where, "target": target, "event": one.event, "run": one.run, "at": one.at} for one in now
    ]
    if rows:
        connection.execute(insert(told), rows)


def _here(place: Place) -> ColumnElement[bool]:
    return and_(
        told.c.mapping == place.mapping,
        told.c.data_source.in_(["", place.data_source]) if place.data_source else true(),
        told.c.account.in_(["", place.account]) if place.account else true(),
    )
