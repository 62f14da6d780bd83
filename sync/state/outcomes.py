"""What last became of a mapping's records, page by page."""

from collections import abc
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from sync.state.memory import Scope
from sync.state.schema import records, synced

#: Records fetched at a time.
PAGE = 10_000


@dataclass(frozen=True, slots=True)
class Met:
    """A record that a mapping has met, by its number and its key as the state holds it, and what last became of it."""

    record: int
    key: str
    uuid: str | None
    outcome: str
    at: datetime


def page(
    connection: Connection, scope: Scope, mapping: str, since: datetime | None, after: int
) -> abc.Sequence[Met]:
    """The next records by number, those whose outcome is not older than `since`."""
    its = synced.c
    query = select(its.record, records.c.key, records.c.uuid, its.outcome, its.at)
    query = query.join(records, records.c.id == its.record)
    query = query.where(its.mapping == mapping, records.c.scope == scope.id, its.record > after)
    if since is not None:
        query = query.where(its.at >= since)
    found = connection.execute(query.order_by(its.record).limit(PAGE))
    return [Met(row.record, row.key, row.uuid, row.outcome, row.at) for row in found]
