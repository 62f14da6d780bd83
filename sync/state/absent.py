"""Keys that left the query: met before, missing now; and those that are back."""

from array import array
from collections import abc
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, func, select, update

from sync.domain.results import Left
from sync.state import buckets
from sync.state.bucket_members import Members
from sync.state.memory import Scope
from sync.state.schema import records, synced

#: Records fetched at a time.
PAGE = 10_000
Seen = abc.Callable[[int], bool]


@dataclass(frozen=True, slots=True)
class Moved:
    """The numbers of records that have left the query, and of those that had left and are back."""

    left: "array[int]" = field(default_factory=lambda: array("q"))
    back: "array[int]" = field(default_factory=lambda: array("q"))


def moved(
    connection: Connection, mapping: str, run_id: str, seen: Seen, known: abc.Sequence[int] = ()
) -> Moved:
    """What has moved among the records that a mapping has met in earlier runs, whatever their scope.

    What this run has met is in its query, whether or not the state knew it when it was read.
    `known` are the records that had a row hash then, or nothing: they need not be fetched again.
    """
    found, marked = Moved(), set[int]()
    place = {"mapping": mapping, "run": run_id}
    query = _met(but_known=len(known) > 0)
    rows = connection.execute(query, place, execution_options={"stream_results": True})
    for part in rows.partitions(PAGE):
        for record, gone in part:
            if gone:
                marked.add(record)
            if seen(record) is gone:
                (found.back if gone else found.left).append(record)
    found.left.extend(r for r in known if not seen(r) and r not in marked)
    return found


def _met(*, but_known: bool) -> Select[Any]:
    query = select(synced.c.record, synced.c.gone).where(
        synced.c.mapping == bindparam("mapping"),
        synced.c.run.is_distinct_from(bindparam("run")),
    )
    return query.where(synced.c.gone | synced.c.imprint.is_(None)) if but_known else query


def chosen(connection: Connection, scope: Scope, numbers: abc.Sequence[int]) -> list[Left]:
    """Those of these records that are in the scope and in ChartMogul."""
    query = (
        select(records.c.key, records.c.uuid)
        .where(
            records.c.scope == scope.id,
            records.c.uuid.is_not(None),
            records.c.id.in_(bindparam("ids", expanding=True)),
        )
        .order_by(records.c.id)
    )
    return [Left(*row) for row in connection.execute(query, {"ids": list(numbers)})]


def among(members: abc.Iterable[Members], seen: Seen) -> Moved:
    """What has moved among these records, which are all that may have."""
    left, back = set[int](), set[int]()
    for one in members:
        left.update(n for n in one.numbers if n not in one.gone and not seen(n))
        back.update(n for n in one.gone if seen(n))
    return Moved(array("q", sorted(left)), array("q", sorted(back)))


def marked(connection: Connection, scope: Scope, mapping: str) -> int:
    """How many records of a scope a mapping has marked as left."""
    query = (
        select(func.count())
        .select_from(synced.join(records, synced.c.record == records.c.id))
        .where(records.c.scope == scope.id, synced.c.mapping == mapping, synced.c.gone)
    )
    return int(connection.execute(query).scalar_one())


def mark(connection: Connection, scope: Scope, mapping: str, changes: Moved) -> None:
    """Flag those of a scope that have left, and take the flag from those that are back."""
    here = and_(
        synced.c.record == bindparam("record_id"),
        synced.c.mapping == mapping,
        synced.c.record.in_(
            select(records.c.id).where(
                records.c.id == bindparam("record_id"), records.c.scope == scope.id
            )
        ),
    )
    for numbers, gone in ((changes.left, True), (changes.back, False)):
        if numbers:
            rows = [{"record_id": number} for number in numbers]
            connection.execute(update(synced).where(here).values(gone=gone), rows)
            buckets.reopen(connection, numbers, mapping)
