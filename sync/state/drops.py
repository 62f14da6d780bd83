"""Values that ChartMogul dropped: of which fields of which records, and when they were last sent."""

from collections import abc
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, case, delete, func, select, update

from sync.state.memory import Confirmed, Due, Item, KnownDrops, RejectedRow, Scope
from sync.state.schema import drops, records, synced
from sync.state.upsert import insert, upsert

#: A dropped value is tried again for its own sake when it was not sent for so long, of so many records of a field.
DAY = timedelta(days=1)
TOGETHER = 5
#: In place of a field that an older version did not note: the row tells it when it is built.
UNNAMED = ""


def known(connection: Connection, scope: Scope, mapping: str, now: datetime) -> KnownDrops:
    """What is known of a mapping's drops: how many of which field, and which are to be tried again.

    Those of rows that have left the query do not count.
    """
    recent = func.sum(case((drops.c.tried_at > now - DAY, 1), else_=0))
    numbers = (drops.c.field, func.count(), recent, func.min(drops.c.tried_at))
    counted = _present(select(*numbers), scope, mapping)
    counted = counted.group_by(drops.c.field).order_by(drops.c.field)
    counts, due = {}, {}
    for field, count, tried, oldest in connection.execute(counted).all():
        counts[field] = int(count)
        if field != UNNAMED and tried < TOGETHER and oldest <= now - DAY:
            its = _present(select(drops.c.record), scope, mapping).where(drops.c.field == field)
            due[field] = _due(connection, its, now)
    unnamed = counts.pop(UNNAMED, 0)
    return KnownDrops(counts, due, unnamed > 0)


def _present(query: Select[Any], scope: Scope, mapping: str) -> Select[Any]:
    """A query of the drops of a mapping in a scope, of rows that its query has."""
    its = (synced.c.record == drops.c.record) & (synced.c.mapping == drops.c.mapping)
    there = drops.join(records, records.c.id == drops.c.record).join(synced, its)
    here = (drops.c.mapping == mapping, records.c.scope == scope.id, ~synced.c.gone)
    return query.select_from(there).where(*here)


def _due(connection: Connection, its: Select[Any], now: datetime) -> Due:
    """What is due among the records of a field: those whose value was not sent for longest."""
    recent = frozenset(connection.execute(its.where(drops.c.tried_at > now - DAY)).scalars())
    most = max(TOGETHER - len(recent), 0)  # a dry run counts beside a run that writes
    waiting = its.where(drops.c.tried_at <= now - DAY)
    waiting = waiting.order_by(drops.c.tried_at, drops.c.record).limit(most)
    return Due(most, frozenset(connection.execute(waiting).scalars()), recent)


def is_ahead(connection: Connection, mapping: str, now: datetime) -> bool:
    """Whether a value was tried in the future, by a clock that was ahead."""
    latest = select(func.max(drops.c.tried_at)).where(drops.c.mapping == mapping)
    last = connection.execute(latest).scalar_one()
    return last is not None and last > now


def end_waits(connection: Connection, mapping: str, now: datetime) -> None:
    """What was tried in the future was tried now: the wait for the next try ends."""
    ahead = (drops.c.mapping == mapping) & (drops.c.tried_at > now)
    connection.execute(update(drops).where(ahead).values(tried_at=now))


def note(connection: Connection, mapping: str, at: datetime, items: abc.Mapping[int, Item]) -> None:
    """Note what was dropped of records, by number; what is a drop no longer goes."""
    confirmed = {id_: i.drops for id_, i in items.items() if isinstance(i, Confirmed)}
    changed = {id_: fields for id_, fields in confirmed.items() if fields is not None}
    _forget_others(connection, mapping, {n: {d.field for d in c} for n, c in changed.items()})
    all_ = [(id_, drop) for id_, fields in changed.items() for drop in fields]
    upsert(connection, drops, [_row(mapping, d.field, id_, at) for id_, d in all_ if d.sent])
    _keep(connection, [_row(mapping, d.field, id_, at) for id_, d in all_ if not d.sent])
    for id_, item in items.items():
        if isinstance(item, RejectedRow) and item.tried:
            here = (drops.c.mapping == mapping) & drops.c.field.in_(item.tried)
            tried = update(drops).where(here, drops.c.record == id_)
            connection.execute(tried.values(tried_at=at))


def name(
    connection: Connection,
    mapping: str,
    at: datetime,
    told: abc.Mapping[int, abc.Collection[str]],
) -> None:
    """Note the fields of drops that an older version noted without them; that is no reason to send their values."""
    _keep(connection, [_row(mapping, n, id_, at) for id_, names in told.items() for n in names])
    _forget_others(connection, mapping, {id_: set(names) for id_, names in told.items()})


def _row(mapping: str, field: str, record: int, at: datetime) -> dict[str, object]:
    return {"mapping": mapping, "field": field, "record": record, "tried_at": at}


def _keep(connection: Connection, rows: list[dict[str, object]]) -> None:
    if rows:
        connection.execute(insert(connection, drops).on_conflict_do_nothing(), rows)


def _forget_others(
    connection: Connection, mapping: str, kept: abc.Mapping[int, abc.Set[str]]
) -> None:
    """Of these records, let go of the drops of all fields but these."""
    for field in _fields(connection, mapping) if kept else ():
        gone = [id_ for id_, fields in kept.items() if field not in fields]
        here = (drops.c.mapping == mapping) & (drops.c.field == field)
        if gone:
            connection.execute(delete(drops).where(here, drops.c.record.in_(gone)))


def _fields(connection: Connection, mapping: str) -> list[str]:
    """The fields of a mapping's drops, one look into the index for each."""
    found: list[str] = []
    while True:
        here = drops.c.mapping == mapping
        more = here & (drops.c.field > found[-1]) if found else here
        first = connection.execute(select(func.min(drops.c.field)).where(more)).scalar_one()
        if first is None:
            return found
        found.append(first)
