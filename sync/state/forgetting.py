"""What a state lets go of because somebody wants it to; never what keeps records from being created twice."""

from collections import abc
from dataclasses import dataclass

from sqlalchemy import Connection, Select, delete, exists, func, or_, select, update

from sync.domain.record import Object
from sync.state.memory import Scope
from sync.state.schema import (
    OF_RECORDS,
    attribute_types,
    buckets,
    doubts,
    mappings,
    records,
    run_mappings,
    runs,
    scopes,
    synced,
    told,
    undone,
)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What became of a mapping in one scope: records and runs that it was forgotten for, and what is kept.

    `shared` are records that were deleted in ChartMogul, and stay marked as such for another mapping.
    """

    scope: Scope
    records: int
    runs: int
    uuids: int
    doubts: int
    shared: int


def places(connection: Connection, mapping: str) -> list[Scope]:
    """The scopes in which a mapping has met records, or has run."""
    met = select(records.c.scope).join(synced, synced.c.record == records.c.id)
    ran = exists().where(
        run_mappings.c.mapping == mapping,
        run_mappings.c.data_source == scopes.c.data_source,
        run_mappings.c.object == scopes.c.object,
        or_(run_mappings.c.account == scopes.c.account, run_mappings.c.account.is_(None)),
    )
    here = scopes.c.id.in_(met.where(synced.c.mapping == mapping))
    query = select(scopes).where(or_(here, ran)).order_by(scopes.c.id)
    return [
        Scope(row.id, row.account, row.data_source, Object(row.object))
        for row in connection.execute(query)
    ]


def known(connection: Connection) -> list[str]:
    """The names of all mappings that the state has anything of."""
    found = {
        name
        for column in (run_mappings.c.mapping, synced.c.mapping)
        for name in connection.execute(select(column).distinct()).scalars()
    }
    return sorted(found)


def forget(connection: Connection, mapping: str, scope: Scope) -> Forgotten:
    """Let go of all that a mapping alone has noted in a scope: what it sent, refusals, history."""
    mine = _mine(mapping, scope)
    count = connection.execute(select(func.count()).select_from(mine.subquery())).scalar_one()
    shared = _unmark_deleted(connection, mapping, scope)
    for table in OF_RECORDS:
        here = (table.c.mapping == mapping) & table.c.record.in_(_in_scope(scope))
        connection.execute(delete(table).where(here))
    gone = _forget_runs(connection, mapping, scope)
    _forget_mapping(connection, mapping, scope)
    return Forgotten(scope, count, gone, *_kept(connection, scope), shared)


def _in_scope(scope: Scope) -> Select[tuple[int]]:
    return select(records.c.id).where(records.c.scope == scope.id)


def _mine(mapping: str, scope: Scope) -> Select[tuple[int]]:
    here = synced.c.record.in_(_in_scope(scope))
    return select(synced.c.record).where(synced.c.mapping == mapping, here)


def _unmark_deleted(connection: Connection, mapping: str, scope: Scope) -> int:
    """Records deleted in ChartMogul may be made again, unless another mapping knows them; how many it does."""
    others = exists().where(synced.c.record == records.c.id, synced.c.mapping != mapping)
    gone = (records.c.deleted_at.is_not(None), records.c.uuid.is_(None))
    marked = (records.c.id.in_(_mine(mapping, scope)), *gone)
    connection.execute(update(records).where(*marked, ~others).values(deleted_at=None))
    return connection.execute(select(func.count()).where(*marked, others)).scalar_one()


def _forget_runs(connection: Connection, mapping: str, scope: Scope) -> int:
    """Its part in all runs; a run in which nobody else had a part goes."""
    part = run_mappings.c
    here = (part.mapping == mapping) & (part.data_source == scope.data_source)
    here &= (part.object == scope.object.value) & or_(
        part.account == scope.account, part.account.is_(None)
    )
    mine = list(connection.execute(select(part.run).distinct().where(here)).scalars())
    connection.execute(delete(run_mappings).where(here))
    alone = ~exists().where(part.run == runs.c.id)
    connection.execute(delete(runs).where(runs.c.id.in_(mine), alone))
    return len(mine)


def _forget_mapping(connection: Connection, mapping: str, scope: Scope) -> None:
    for table in (mappings, told):
        here = (table.c.mapping == mapping) & (table.c.data_source == scope.data_source)
        here &= table.c.account == scope.account
        if table is mappings:
            mine = select(mappings.c.id).where(here)
            connection.execute(delete(buckets).where(buckets.c.mapping.in_(mine)))
        connection.execute(delete(table).where(here))


def _kept(connection: Connection, scope: Scope) -> tuple[int, int]:
    """How many uuids and creates in doubt the scope keeps."""
    uuids = select(func.count(records.c.uuid)).where(records.c.scope == scope.id)
    open_ = select(func.count()).where(doubts.c.scope == scope.id)
    return connection.execute(uuids).scalar_one(), connection.execute(open_).scalar_one()


def forget_type(connection: Connection, account: str, object_: Object, key: str) -> bool:
    """Let go of an attribute's type; whether there was one."""
    here = (attribute_types.c.account == account) & (attribute_types.c.object == object_.value)
    gone = delete(attribute_types).where(here, attribute_types.c.key == key)
    return connection.execute(gone).rowcount > 0


def forget_undo(
    connection: Connection, mapping: str, scopes_: abc.Sequence[Scope], run: str
) -> int:
    """Let go of the marks that an undo of this run left on a mapping's rows; how many there were."""
    among = select(records.c.id).where(records.c.scope.in_([scope.id for scope in scopes_]))
    here = (undone.c.mapping == mapping) & (undone.c.run == run) & undone.c.record.in_(among)
    return connection.execute(delete(undone).where(here)).rowcount
