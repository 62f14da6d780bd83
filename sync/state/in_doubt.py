"""Creates that were sent and of which nobody knows yet whether they were carried out."""

from collections import abc
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from sync.state.keys import Keys
from sync.state.memory import Doubt, Scope
from sync.state.schema import doubts
from sync.state.upsert import chunks, upsert


def mark_sent(
    connection: Connection, keys: Keys, scope: Scope, sent: abc.Iterable[str], at: datetime
) -> None:
    """Note creates that are about to be sent."""
    rows = [
        {"scope": scope.id, "key": keys.stored(key), "asked_at": at, "lost": False}
        for key in sorted(set(sent))
    ]
    upsert(connection, doubts, rows)


def recall(
    connection: Connection, keys: Keys, scope: Scope, wanted: abc.Iterable[str]
) -> dict[str, Doubt]:
    """Those of these keys that are in doubt."""
    found: dict[str, Doubt] = {}
    for chunk in chunks(wanted):
        plain = keys.plain(chunk)
        query = select(doubts).where(doubts.c.scope == scope.id, doubts.c.key.in_(plain))
        for row in connection.execute(query):
            found[plain[row.key]] = Doubt(row.asked_at, row.lost)
    return found


def mark_lost(connection: Connection, keys: Keys, scope: Scope, lost: abc.Iterable[str]) -> None:
    """The answers of these creates are lost, and look-ups found nothing."""
    for chunk in chunks(lost):
        here = (doubts.c.scope == scope.id) & doubts.c.key.in_(keys.plain(chunk))
        connection.execute(update(doubts).where(here).values(lost=True))


def resolve(connection: Connection, keys: Keys, scope: Scope, resolved: abc.Iterable[str]) -> None:
    """These creates are in doubt no longer."""
    for chunk in chunks(resolved):
        here = (doubts.c.scope == scope.id) & doubts.c.key.in_(keys.plain(chunk))
        connection.execute(delete(doubts).where(here))
