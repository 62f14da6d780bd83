"""Keys, their uuids, and what each mapping last did with them."""

from collections import abc
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any, assert_never

from sqlalchemy import Connection, Select, and_, bindparam, select, update

from sync.domain.fingerprint import RULES, join, split
from sync.state import buckets, identities, own_values, rejected, rivals, undone
from sync.state import drops as known_drops
from sync.state.bucket_members import from_stored, to_stored
from sync.state.keys import Keys
from sync.state.mapping_entries import MappingPlace, met_after
from sync.state.memory import (
    REJECTED,
    Confirmed,
    Held,
    Item,
    Memory,
    Observed,
    RejectedRow,
    Scope,
)
from sync.state.schema import LONG_AGO, records, rejections, synced
from sync.state.unsent import ABOUT_TO_BE_SENT, LAST_SENT, PUT_ASIDE, UNSENT
from sync.state.upsert import chunks, insert, upsert

#: In the order of a Memory's fields.
_MINE = (
    "fingerprint",
    "hashes",
    "dropped",
    "outcome",
    "code",
    "run",
    "at",
    "gone",
    "rules",
    "bucket",
)
_NOT_HELD = {
    "held_fingerprint": None,
    "held_since": None,
    "held_status": None,
    "held_field": None,
}


@dataclass(frozen=True, slots=True)
class WriteHeading:
    """Under which heading items are written down. `local`: nobody asked ChartMogul for what became of them."""

    scope: Scope
    mapping: str
    run: str
    at: datetime
    local: bool = False


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
        for row in connection.execute(
            _recalling(), identities.named(scope, plain, mapping=mapping)
        ):
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
    return identities.among(
        select(
            records.c.id,
            records.c.key,
            records.c.uuid,
            records.c.pairs,
            records.c.deleted_at,
            records.c.external_id,
            *columns,
        ).select_from(records.outerjoin(synced, mine))
    )


def _memory(key: str, row: abc.Sequence[Any]) -> Memory:
    """Unpacked at once: a run does this for every row, and columns by name take twice as long."""
    record, _, uuid, pairs, grave, external_id, *mine = row
    print_, hashes, dropped, outcome, code, run, at, gone, rules, *rest = mine
    number, mark, since, status, place = rest
    deleted = grave is not None and uuid is None
    if outcome is None:
        return Memory(record, key, uuid, pairs, deleted=deleted, external_id=external_id)
    # What ChartMogul refused of a record that is gone by now says nothing of the one that is to be made.
    over = deleted and since is not None and since <= grave
    # The mark alone stands for what was sent of a row that is not held back, see `schema`.
    over = over or since in (None, LONG_AGO)
    held = None if mark is None or over else Held(mark, since, status, place)
    # Without a fingerprint nobody knows whether the record still holds what was sent.
    hashes, lapsed = (b"", hashes) if print_ is None else (hashes, b"")
    sent = (print_, hashes, dropped, outcome, code, run, at, gone, held, rules)
    bucket = None if number is None else from_stored(number)
    known = {"deleted": deleted, "lapsed": lapsed, "external_id": external_id, "bucket": bucket}
    return Memory(record, key, uuid, pairs, *sent, **known)


def remember(
    connection: Connection, keys: Keys, delivery: WriteHeading, items: abc.Sequence[Item]
) -> None:
    """Write down what became of rows; their records are made where there are none."""
    items = [
        replace(item, external_id=keys.stored(item.external_id)) if item.external_id else item
        for item in items
    ]
    told = {keys.stored(item.key): item for item in items}
    place = MappingPlace(delivery.scope, delivery.mapping)
    merged = rivals.found(connection, keys, place, told)
    ids = identities.admit(connection, delivery.scope, delivery.at, told)
    buckets.reopen(connection, ids.values(), delivery.mapping)
    overtaken = _overtaken(connection, delivery, ids.values())
    if overtaken:
        items = [_doubted(item, overtaken.get(ids[keys.stored(item.key)])) for item in items]
    shapes: dict[tuple[str, ...], list[dict[str, object]]] = {}
    for item in items:
        row = _row(ids[keys.stored(item.key)], delivery, item)
        shapes.setdefault(tuple(row), []).append(row)
    for rows in shapes.values():
        upsert(connection, synced, rows)
    buckets.doubt_strangers(connection, place, ids.values())
    for some in merged:
        rivals.doubt(connection, place, some, ids.values())
    noted = {ids[keys.stored(item.key)]: item for item in items}
    _note_rejected(connection, delivery, noted)
    if not delivery.local:  # else nothing was sent, and what was put back is so still
        undone.clear(connection, delivery.mapping, noted)
    known_drops.note(connection, delivery.mapping, delivery.at, noted)
    own_values.note(connection, delivery.mapping, noted)


@dataclass(frozen=True, slots=True)
class _Later:
    """What a later run has noted of a record: the hashes of its values, and the fingerprint that was sent last."""

    hashes: bytes
    sent: bytes | None


def _overtaken(
    connection: Connection, delivery: WriteHeading, numbers: abc.Iterable[int]
) -> dict[int, _Later]:
    """The records that a run has met which began after this one.

    It took the lease over, as this process stood still: of what it had in its hands then nobody knows what is there.
    """
    found: dict[int, _Later] = {}
    its = select(synced.c.record, synced.c.hashes, LAST_SENT).where(
        synced.c.mapping == delivery.mapping, met_after(delivery.scope, delivery.run)
    )
    for part in chunks(numbers):
        rows = connection.execute(its.where(synced.c.record.in_(part)))
        found |= {number: _Later(hashes or b"", sent) for number, hashes, sent in rows}
    return found


def _doubted(item: Item, later: _Later | None) -> Item:
    """What is written down of a record that a later run has met: the next one looks, and both's values are own.

    What both have sent is known as that.
    """
    if later is None or not isinstance(item, Confirmed):
        return item
    both = join(split(later.hashes) | split(item.hashes))
    sent = later.sent if item.fingerprint == later.sent else item.sent
    return replace(item, fingerprint=None, row_hash=None, hashes=both, own=None, sent=sent)


def _note_rejected(
    connection: Connection, delivery: WriteHeading, items: abc.Mapping[int, Item]
) -> None:
    refused = {id_: item for id_, item in items.items() if isinstance(item, RejectedRow)}
    mapping = delivery.mapping
    rejected.note(connection, mapping, delivery.run, delivery.at, refused)
    rejected.clear(connection, mapping, [id_ for id_ in items if id_ not in refused])
    rows = [{"run": delivery.run, "mapping": mapping, "record": id_} for id_ in refused]
    if rows:
        connection.execute(insert(connection, rejections).on_conflict_do_nothing(), rows)


def _row(record: int, delivery: WriteHeading, item: Item) -> dict[str, object]:
    row: dict[str, object] = {
        "record": record,
        "mapping": delivery.mapping,
        "run": delivery.run,
        "at": delivery.at,
        "gone": False,
        "code": None,
        **_NOT_HELD,
    }
    if item.bucket is not None:
        row["bucket"] = to_stored(item.bucket)
    match item:
        case Confirmed():
            row["outcome"] = item.outcome.value
            row["fingerprint"] = item.fingerprint
            row["imprint"] = item.row_hash
            row["hashes"] = item.hashes
            row["dropped"] = item.dropped
            row["rules"] = RULES
            if item.sent is not None:
                row |= PUT_ASIDE | {"held_fingerprint": item.sent}
        case Observed():
            row["outcome"] = item.outcome.value
        case RejectedRow():
            # Without a row hash: the row is built, and known to be mended, also when it is what it was before.
            row |= {"outcome": REJECTED, "code": item.code, "imprint": None}
            if item.uncertain:
                row |= UNSENT | {"held_fingerprint": item.sent}
            else:  # nothing was sent: the last that was stays known
                del row["held_fingerprint"], row["held_status"]
            row["held_since"] = LONG_AGO
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


def announce(connection: Connection, mapping: str, sent: abc.Mapping[int, bytes]) -> None:
    """These records are about to be written, with these fingerprints; nobody knows what they hold until it is told."""
    here = and_(synced.c.record == bindparam("record_id"), synced.c.mapping == mapping)
    rows = [{"record_id": number, "sent": print_} for number, print_ in sent.items()]
    connection.execute(update(synced).where(here).values(ABOUT_TO_BE_SENT), rows)
    buckets.reopen(connection, list(sent), mapping)
