"""Keys, their uuids, and what each mapping last did with them."""

from collections import abc
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any, assert_never

from sqlalchemy import Connection, Select, and_, bindparam, delete, func, select, update

from sync.domain.fingerprint import RULES
from sync.state import drops as known_drops
from sync.state import rejected
from sync.state.keys import Keys
from sync.state.memory import REJECTED, Confirmed, Held, Item, Memory, Observed, RejectedRow, Scope
from sync.state.schema import drops, own_values, records, rejections, synced
from sync.state.upsert import chunks, insert, upsert

#: Nobody knows what the record holds of what was sent.
_UNKNOWN: dict[str, object] = {"fingerprint": None, "imprint": None, "hashes": b""}
_NOTHING_SENT = {**_UNKNOWN, "dropped": b""}
#: In the order of a Memory's fields.
_MINE = ("fingerprint", "hashes", "dropped", "outcome", "code", "run", "at", "gone", "rules")
_NOT_HELD = {
    "held_fingerprint": None,
    "held_since": None,
    "held_status": None,
    "held_field": None,
}


@dataclass(frozen=True, slots=True)
class Delivery:
    """Under which heading items are written down."""

    scope: Scope
    mapping: str
    run: str
    at: datetime


@dataclass(frozen=True, slots=True)
class _Known:
    id: int
    uuid: str | None
    pairs: int


def count(connection: Connection, scope: Scope) -> int:
    """How many records of a scope have a uuid."""
    query = select(func.count(records.c.uuid)).where(records.c.scope == scope.id)
    return int(connection.execute(query).scalar_one())


def recall(
    connection: Connection,
    keys: Keys,
    scope: Scope,
    mapping: str,
    wanted: abc.Iterable[str],
    now: datetime,
) -> dict[str, Memory]:
    """What is known of these keys; unknown ones are missing in the answer.

    What is held back or rejected since a moment in the future, by a clock that was ahead, is so since now.
    """
    found: dict[str, Memory] = {}
    for chunk in chunks(wanted):
        plain = keys.plain(chunk)
        for row in connection.execute(_recalling(), _named(scope, plain, mapping=mapping)):
            key = plain[row[1]]
            found[key] = _memory(key, row)
    return found | _with_refusals(connection, mapping, found, now)


def _with_refusals(
    connection: Connection, mapping: str, found: abc.Mapping[str, Memory], now: datetime
) -> dict[str, Memory]:
    """The memories of rejected rows, with since when they are, and how they were first refused."""
    mine = {key: memory for key, memory in found.items() if memory.outcome == REJECTED}
    if not mine:
        return {}
    known = rejected.recall(connection, mapping, [memory.record for memory in mine.values()])
    return {
        key: _with_refusal(memory, known.get(memory.record), now) for key, memory in mine.items()
    }


def _with_refusal(memory: Memory, refusal: rejected.Refusal | None, now: datetime) -> Memory:
    if refusal is None:  # written by an older version in the middle of an upgrade
        refusal = rejected.Refusal(memory.at or now, None, None, None)
    held = memory.held
    if held is not None:
        since, how = min(held.since, now), (refusal.code, refusal.words, refusal.run)
        held = Held(held.fingerprint, since, held.http_status, held.field, *how)
    return replace(memory, held=held, rejected_since=min(refusal.since, now))


@cache
def _recalling() -> Select[Any]:
    mine = and_(synced.c.record == records.c.id, synced.c.mapping == bindparam("mapping"))
    columns = [synced.c[name] for name in (*_MINE, *_NOT_HELD)]
    return _among(
        select(records.c.id, records.c.key, records.c.uuid, records.c.pairs, *columns).select_from(
            records.outerjoin(synced, mine)
        )
    )


def _among(query: Select[Any]) -> Select[Any]:
    return query.where(
        records.c.scope == bindparam("scope"),
        records.c.key.in_(bindparam("keys", expanding=True)),
    )


def _named(scope: Scope, keys: abc.Iterable[str], **more: str) -> dict[str, object]:
    return {"scope": scope.id, "keys": list(keys), **more}


def _memory(key: str, row: abc.Sequence[Any]) -> Memory:
    """Unpacked at once: a run does this for every row, and columns by name take twice as long."""
    record, _, uuid, pairs, print_, hashes, dropped, outcome, code, run, at, gone, rules, *kept = (
        row
    )
    if outcome is None:
        return Memory(record, key, uuid, pairs)
    mark, since, status, place = kept
    held = None if mark is None else Held(mark, since, status, place)
    return Memory(
        record, key, uuid, pairs, print_, hashes, dropped, outcome, code, run, at, gone, held, rules
    )


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


def remember(
    connection: Connection, keys: Keys, delivery: Delivery, items: abc.Sequence[Item]
) -> None:
    """Write down what became of rows; their records are made where there are none."""
    ids = _admit(connection, delivery.scope, {keys.stored(item.key): item for item in items})
    shapes: dict[tuple[str, ...], list[dict[str, object]]] = {}
    for item in items:
        row = _row(ids[keys.stored(item.key)], delivery, item)
        shapes.setdefault(tuple(row), []).append(row)
    for rows in shapes.values():
        upsert(connection, synced, rows)
    noted = {ids[keys.stored(item.key)]: item for item in items}
    _note_rejected(connection, delivery, noted)
    known_drops.note(connection, delivery.mapping, delivery.at, noted)


def _note_rejected(
    connection: Connection, delivery: Delivery, items: abc.Mapping[int, Item]
) -> None:
    refused = {id_: item for id_, item in items.items() if isinstance(item, RejectedRow)}
    mapping, held = delivery.mapping, {id_: item.held for id_, item in refused.items()}
    rejected.note(connection, mapping, delivery.run, delivery.at, held)
    rejected.clear(connection, mapping, [id_ for id_ in items if id_ not in refused])
    rows = [{"run": delivery.run, "mapping": mapping, "record": id_} for id_ in refused]
    if rows:
        connection.execute(insert(connection, rejections).on_conflict_do_nothing(), rows)


def _row(record: int, delivery: Delivery, item: Item) -> dict[str, object]:
    row: dict[str, object] = {
        "record": record,
        "mapping": delivery.mapping,
        "run": delivery.run,
        "at": delivery.at,
        "gone": False,
        "code": None,
        **_NOT_HELD,
    }
    match item:
        case Confirmed():
            row["outcome"] = item.outcome.value
            row["fingerprint"] = item.fingerprint
            row["imprint"] = item.row_hash
            row["hashes"] = item.hashes
            row["dropped"] = item.dropped
            row["rules"] = RULES
        case Observed():
            row["outcome"] = item.outcome.value
        case RejectedRow():
            row |= {"outcome": REJECTED, "code": item.code}
            if item.uncertain:
                row |= _UNKNOWN
            if item.held is not None:
                row |= _held(item.held)
        case _:
            assert_never(item)
    return row


def _held(held: Held) -> dict[str, object]:
    return {
        "held_fingerprint": held.fingerprint,
        "held_since": held.since,
        "held_status": held.http_status,
        "held_field": held.field,
    }


def _admit(connection: Connection, scope: Scope, items: abc.Mapping[str, Item]) -> dict[str, int]:
    """The record ids of these stored keys; what the items tell of uuids is written down."""
    known = _known(connection, scope, items)
    new = [
        {"scope": scope.id, "key": key, "uuid": item.uuid, "pairs": _pairs(item) or 1}
        for key, item in items.items()
        if key not in known
    ]
    if new:
        statement = insert(connection, records).on_conflict_do_nothing(
            index_elements=["key", "scope"]
        )
        connection.execute(statement, new)
        known |= _known(connection, scope, [str(row["key"]) for row in new])
    _correct(connection, {known[key]: item for key, item in items.items()})
    return {key: record.id for key, record in known.items()}


def _pairs(item: Item) -> int | None:
    return None if isinstance(item, RejectedRow) else item.pairs


def _known(connection: Connection, scope: Scope, stored: abc.Iterable[str]) -> dict[str, _Known]:
    return {
        row.key: _Known(row.id, row.uuid, row.pairs)
        for chunk in chunks(stored)
        for row in connection.execute(_knowing(), _named(scope, chunk))
    }


@cache
def _knowing() -> Select[Any]:
    return _among(select(records.c.key, records.c.id, records.c.uuid, records.c.pairs))


def _correct(connection: Connection, items: abc.Mapping[_Known, Item]) -> None:
    """Write uuids and pairs that differ; what was sent to another uuid says nothing of this."""
    changed = []
    moved = []
    for known, item in items.items():
        uuid, pairs = item.uuid or known.uuid, _pairs(item) or known.pairs
        if (uuid, pairs) != (known.uuid, known.pairs):
            changed.append({"record_id": known.id, "uuid": uuid, "pairs": pairs})
        if known.uuid is not None and uuid != known.uuid:
            moved.append({"record_id": known.id})
    if changed:
        here = records.c.id == bindparam("record_id")
        connection.execute(update(records).where(here), changed)
    if moved:
        here = synced.c.record == bindparam("record_id")
        connection.execute(update(synced).where(here).values(_NOTHING_SENT), moved)
        for table in (own_values, drops):
            connection.execute(delete(table).where(table.c.record == bindparam("record_id")), moved)


def announce(connection: Connection, mapping: str, numbers: abc.Iterable[int]) -> None:
    """These records are about to be written: until that is confirmed, nobody knows what they hold."""
    here = and_(synced.c.record == bindparam("record_id"), synced.c.mapping == mapping)
    rows = [{"record_id": number} for number in numbers]
    connection.execute(update(synced).where(here).values(_UNKNOWN), rows)


def forget(connection: Connection, scope: Scope, stored: str) -> None:
    """The uuid of a stored key is no more; neither is what was sent to it."""
    here = and_(records.c.scope == scope.id, records.c.key == stored)
    gone = select(records.c.id).where(here)
    connection.execute(update(synced).where(synced.c.record.in_(gone)).values(_NOTHING_SENT))
    for table in (own_values, drops):
        connection.execute(delete(table).where(table.c.record.in_(gone)))
    connection.execute(update(records).where(here).values(uuid=None, pairs=1))
