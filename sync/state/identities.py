"""Which record of ChartMogul a key is, whichever mapping found out: its uuid, and whether it was deleted there."""

from collections import abc
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, func, select, update

from sync.domain import objects
from sync.domain.parent import Parent
from sync.domain.results import Outcome
from sync.state import buckets, own_values
from sync.state.memory import Asked, Confirmed, Item, Observed, RejectedRow, Scope
from sync.state.schema import OF_RECORDS, drops, records, synced
from sync.state.unsent import UNKNOWN, UNSENT
from sync.state.upsert import chunks, insert

_MERGED = {**UNKNOWN, "dropped": b""}
_NOTHING_SENT = {**UNSENT, "dropped": b"", "hashes": b""}


@dataclass(frozen=True, slots=True)
class _Known:
    id: int
    uuid: str | None
    pairs: int
    deleted_at: datetime | None
    external_id: str | None


def count(connection: Connection, scope: Scope) -> int:
    """How many records of a scope have a uuid."""
    query = select(func.count(records.c.uuid)).where(records.c.scope == scope.id)
    return int(connection.execute(query).scalar_one())


def by_uuid(connection: Connection, scope: Scope, uuids: abc.Iterable[str]) -> dict[str, list[str]]:
    """The stored keys that lead to each of these uuids; more than one after a merge."""
    found: dict[str, list[str]] = {}
    for chunk in chunks(uuids):
        query = select(records.c.uuid, records.c.key).where(
            records.c.scope == scope.id, records.c.uuid.in_(chunk)
        )
        for uuid, key in connection.execute(query.order_by(records.c.id)):
            found.setdefault(uuid, []).append(key)
    return found


def among(query: Select[Any]) -> Select[Any]:
    """The query, of records of a scope with these keys: see `named`."""
    return query.where(
        records.c.scope == bindparam("scope"),
        records.c.key.in_(bindparam("keys", expanding=True)),
    )


def named(scope: Scope, keys: abc.Iterable[str], **more: str) -> dict[str, object]:
    """The parameters of a query that `among` made."""
    return {"scope": scope.id, "keys": list(keys), **more}


def admit(
    connection: Connection, scope: Scope, at: datetime, items: abc.Mapping[str, Item]
) -> dict[str, int]:
    """The record ids of these stored keys; what the items tell of uuids is written down."""
    known = _known(connection, scope, items)
    if objects.of(scope.object).own_name:
        known |= _renamed(connection, scope, items, known)
    new = [
        {
            "scope": scope.id,
            "key": key,
            "uuid": item.uuid,
            "pairs": _pairs(item) or 1,
            "external_id": item.external_id,
        }
        for key, item in items.items()
        if key not in known
    ]
    known |= _make(connection, scope, new)
    _correct(connection, at, {known[key]: item for key, item in items.items()})
    return {key: record.id for key, record in known.items()}


def _is_new(item: Item) -> bool:
    return isinstance(item, Confirmed) and item.outcome is Outcome.CREATED


def _renamed(
    connection: Connection,
    scope: Scope,
    items: abc.Mapping[str, Item | Asked],
    known: abc.Mapping[str, _Known],
) -> dict[str, _Known]:
    """Of these items those whose record a mapping has met by its uuid alone: their keys name it from now on."""
    keys = {
        item.uuid: key
        for key, item in items.items()
        if item.uuid not in (None, key) and (key not in known or known[key].uuid is None)
    }
    met = _known(connection, scope, [uuid for uuid in keys if uuid]) if keys else {}
    met = {uuid: record for uuid, record in met.items() if record.uuid in (None, uuid)}
    if met:
        _drop(connection, [known[keys[uuid]].id for uuid in met if keys[uuid] in known])
        here = records.c.id == bindparam("record_id")
        rows = [{"record_id": record.id, "name": keys[uuid]} for uuid, record in met.items()]
        connection.execute(update(records).where(here).values(key=bindparam("name")), rows)
    return {keys[uuid]: record for uuid, record in met.items()}


def number(connection: Connection, scope: Scope, asked: abc.Mapping[str, Asked]) -> dict[str, int]:
    """The record ids of these stored keys, also of such as nothing is known of yet."""
    found = _known(connection, scope, asked)
    if objects.of(scope.object).own_name:
        found |= _renamed(connection, scope, asked, found)
    new = [{"scope": scope.id, "key": key} for key in asked if key not in found]
    found |= _make(connection, scope, new)
    return {key: record.id for key, record in found.items()}


def _make(
    connection: Connection, scope: Scope, new: abc.Sequence[abc.Mapping[str, object]]
) -> dict[str, _Known]:
    """Make records, unless somebody just has; they are known from now on, by their stored keys."""
    if not new:
        return {}
    statement = insert(connection, records).on_conflict_do_nothing(index_elements=["key", "scope"])
    connection.execute(statement, list(new))
    return _known(connection, scope, [str(row["key"]) for row in new])


def _pairs(item: Item) -> int | None:
    return None if isinstance(item, RejectedRow) else item.pairs


def _known(connection: Connection, scope: Scope, stored: abc.Iterable[str]) -> dict[str, _Known]:
    return {
        row.key: _Known(row.id, row.uuid, row.pairs, row.deleted_at, row.external_id)
        for chunk in chunks(stored)
        for row in connection.execute(_knowing(), named(scope, chunk))
    }


@cache
def _knowing() -> Select[Any]:
    its = (records.c.key, records.c.id, records.c.uuid, records.c.pairs, records.c.deleted_at)
    return among(select(*its, records.c.external_id))


def _correct(connection: Connection, at: datetime, items: abc.Mapping[_Known, Item]) -> None:
    """Write uuids, pairs and deletions that differ; what was sent to another uuid says nothing of this.

    Where customers were merged the hashes stay: that something else is there now is told in each mapping alike.
    """
    changed = []
    merged: list[int] = []
    gone: list[int] = []
    for known, item in items.items():
        uuid, pairs, grave = item.uuid or known.uuid, _pairs(item) or known.pairs, known.deleted_at
        if not isinstance(item, Confirmed) and item.deleted:
            uuid, pairs, grave = None, 1, (None if known.uuid else grave) or at
        elif _is_new(item) and known.uuid not in (None, uuid):
            grave = at  # its uuid was gone, and it was made again at once
        its_id = item.external_id or (known.external_id if uuid == known.uuid else None)
        now = (uuid, pairs, grave, its_id)
        if now != (known.uuid, known.pairs, known.deleted_at, known.external_id):
            names = ("uuid", "pairs", "deleted_at", "external_id")
            changed.append({"record_id": known.id, **dict(zip(names, now, strict=True))})
        if known.uuid is not None and uuid != known.uuid:
            (gone if uuid is None or grave is not known.deleted_at else merged).append(known.id)
    if changed:
        here = records.c.id == bindparam("record_id")
        connection.execute(update(records).where(here), changed)
    _forget_sent(connection, merged, _MERGED)
    _forget_sent(connection, gone, _NOTHING_SENT)
    own_values.disclaim(connection, [*merged, *gone])


def _forget_sent(
    connection: Connection, numbers: abc.Sequence[int], nothing: abc.Mapping[str, object]
) -> None:
    """Records are others by now: nobody knows what these hold."""
    if numbers:
        _doubt(connection, numbers, nothing)
        rows = [{"of_record": number} for number in numbers]
        connection.execute(delete(drops).where(drops.c.record == bindparam("of_record")), rows)


def _doubt(
    connection: Connection, numbers: abc.Sequence[int], known: abc.Mapping[str, object]
) -> None:
    """Let all mappings look at these records; this alone is `known` of what was sent to them."""
    here = synced.c.record == bindparam("of_record")
    rows = [{"of_record": number} for number in numbers]
    connection.execute(update(synced).where(here).values(known), rows)
    buckets.reopen(connection, numbers)


def learn(
    connection: Connection, scope: Scope, at: datetime, stored: str, was: str, now: Parent | None
) -> None:
    """What a look-up showed of a stored key whose uuid was another one; None: it was deleted in ChartMogul.

    Where somebody has learnt something else meanwhile, that counts.
    """
    known = _known(connection, scope, [stored]).get(stored)
    if known is not None and known.uuid == was:
        uuid, pairs = (now.uuid, now.pairs) if now else (None, None)
        its_id = known.external_id if now else None
        gone = now is None
        seen = Observed(stored, uuid, pairs, Outcome.UNCHANGED, gone, external_id=its_id)
        _correct(connection, at, {known: seen})


def adopt(connection: Connection, scope: Scope, former: abc.Mapping[str, str]) -> None:
    """Records get other keys: stored key → the one before. Each keeps the external id that it has in ChartMogul.

    All mappings look at them once: a dry run, which gives no keys, foretells that of each. Of a record without a uuid
    is worth keeping that it was deleted in ChartMogul, and what was asked for, and perhaps carried out.
    """
    known = _known(connection, scope, [*former, *former.values()])
    kept = own_values.asked_for(connection, [one.id for one in known.values() if one.uuid is None])
    kept |= {one.id for one in known.values() if one.deleted_at is not None}
    moving: list[dict[str, Any]] = []
    stubs = []
    for key, was in former.items():
        record, stub = known.get(was), known.get(key)
        if record is None or (stub is not None and stub.uuid is not None):
            continue
        its_id: str | None = record.external_id or was
        if record.uuid is None:
            if record.id not in kept or (stub is not None and stub.id in kept):
                continue
            its_id = None  # whether ChartMogul has it, and by which id, a look tells
        if stub is not None:  # of rejected rows: nothing was ever sent under this key
            stubs.append(stub.id)
        moving.append({"record_id": record.id, "now": key, "its_id": its_id})
    _drop(connection, stubs)
    if moving:
        here = update(records).where(records.c.id == bindparam("record_id"))
        named = here.values(key=bindparam("now"), external_id=bindparam("its_id"))
        connection.execute(named, moving)
        _doubt(connection, [one["record_id"] for one in moving], UNKNOWN)


def _drop(connection: Connection, numbers: abc.Sequence[int]) -> None:
    """Records that turned out to be others, under which nothing was ever confirmed, go."""
    rows = [{"record_id": number} for number in numbers]
    if rows:
        buckets.reopen(connection, numbers)
    for table in (*OF_RECORDS, records) if rows else ():
        column = table.c.id if table is records else table.c.record
        connection.execute(delete(table).where(column == bindparam("record_id")), rows)


def has_renamed(connection: Connection, scope: Scope) -> bool:
    """Whether any record of a scope has another key than in ChartMogul."""
    here = (records.c.scope == scope.id) & records.c.external_id.is_not(None)
    return connection.execute(select(records.c.id).where(here).limit(1)).first() is not None


def is_grave(connection: Connection, scope: Scope, stored: str) -> bool | None:
    """Whether a mapping leaves a record as it is, deleted in ChartMogul; None: nobody knows that it is."""
    here = (records.c.scope == scope.id) & (records.c.key == stored)
    deleted = select(records.c.id).where(
        here, records.c.deleted_at.is_not(None), records.c.uuid.is_(None)
    )
    found = connection.execute(deleted).scalar_one_or_none()
    if found is None:
        return None
    left = synced.c.outcome == Outcome.SKIPPED.value
    query = select(synced.c.mapping).where(synced.c.record == found, left).limit(1)
    return connection.execute(query).first() is not None


def deleted_since(
    connection: Connection, scope: Scope, since: datetime | None
) -> dict[str, datetime]:
    """When records, by their stored keys, were found to be deleted in ChartMogul after this moment; None: ever."""
    query = select(records.c.key, records.c.deleted_at).where(
        records.c.scope == scope.id, records.c.deleted_at.is_not(None)
    )
    if since is not None:
        query = query.where(records.c.deleted_at > since)
    return {row.key: row.deleted_at for row in connection.execute(query)}


def forget(connection: Connection, scope: Scope, stored: str) -> None:
    """The uuid of a stored key is no more; neither is what was sent to it."""
    here = (records.c.scope == scope.id) & (records.c.key == stored)
    gone = select(records.c.id).where(here)
    connection.execute(update(synced).where(synced.c.record.in_(gone)).values(_NOTHING_SENT))
    buckets.reopen(connection, connection.execute(gone).scalars().all())
    connection.execute(delete(drops).where(drops.c.record.in_(gone)))
    own_values.disclaim(connection, connection.execute(gone).scalars().all())
    connection.execute(update(records).where(here).values(uuid=None, pairs=1))
