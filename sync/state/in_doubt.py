"""Creates that were sent and of which nobody knows yet whether they were carried out.

How long ago one was asked for is told by a clock that only grows, as long as the machine is not booted anew. On another
boot, or another machine, it counts from the first run that meets it: whoever sends it again must have waited.
"""

from collections import abc
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update

from sync.state.keys import Keys
from sync.state.memory import Doubt, Scope
from sync.state.moments import Here
from sync.state.schema import doubts
from sync.state.upsert import chunks, upsert


def mark_sent(
    connection: Connection,
    keys: Keys,
    scope: Scope,
    sent: abc.Iterable[str],
    at: datetime,
    here: Here,
) -> None:
    """Note creates that are about to be sent."""
    boot: dict[str, object] = {"boot": here.boot or None, "up": here.up, "met_at": None}
    rows = [
        {"scope": scope.id, "key": keys.stored(key), "asked_at": at, "lost": False, **boot}
        for key in sorted(set(sent))
    ]
    upsert(connection, doubts, rows)


@dataclass(frozen=True, slots=True)
class Recalled:
    """Creates in doubt, and the keys of those that this boot has yet to meet, or whose moments are in the future."""

    doubts: dict[str, Doubt]
    unmet: frozenset[str]


def recall(
    connection: Connection, keys: Keys, scope: Scope, wanted: abc.Iterable[str], here: Here
) -> Recalled:
    """Those of these keys that are in doubt."""
    found: dict[str, Doubt] = {}
    unmet: set[str] = set()
    for chunk in chunks(wanted):
        plain = keys.plain(chunk)
        query = select(doubts).where(doubts.c.scope == scope.id, doubts.c.key.in_(plain))
        for row in connection.execute(query):
            key = plain[row.key]
            asked_at = min(row.asked_at, here.now)
            found[key] = Doubt(asked_at, row.lost, _counted_from(row, here))
            if _is_unmet(row, here):
                unmet.add(key)
    return Recalled(found, frozenset(unmet))


def _counted_from(row: Any, here: Here) -> datetime:
    if _is_of(row, here):
        return here.now - timedelta(seconds=here.up - row.up)
    began: datetime = here.now
    if row.met_at is not None:
        began = row.met_at
    elif row.boot is None and not here.boot and row.up is not None:  # this machine tells no boot
        began = row.asked_at
    return min(began, here.now)


def _is_of(row: Any, here: Here) -> bool:
    """Whether it was asked for, or met, on this boot; a snapshot that is restored has been up for less than before."""
    return row.boot is not None and bool(row.boot == here.boot) and bool(row.up <= here.up)


def _is_unmet(row: Any, here: Here) -> bool:
    met = _is_of(row, here) or (row.met_at is not None and row.met_at <= here.now)
    return not met or row.asked_at > here.now


def meet(
    connection: Connection, keys: Keys, scope: Scope, met: abc.Mapping[str, Doubt], here: Here
) -> None:
    """Note from when on these creates count here; a moment in the future becomes this one."""
    rows = [
        {
            "of_key": keys.stored(key),
            "boot": here.boot or None,
            "up": here.up - (here.now - doubt.since).total_seconds(),
            "met_at": doubt.since,
            "asked_at": doubt.asked_at,
        }
        for key, doubt in met.items()
    ]
    if rows:
        here_too = (doubts.c.scope == scope.id) & (doubts.c.key == bindparam("of_key"))
        connection.execute(update(doubts).where(here_too), rows)


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
