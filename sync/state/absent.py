"""Keys that left the query: met before, missing now."""

from collections import abc
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, select, update

from sync.outcome import Left
from sync.state.schema import records, synced
from sync.state.values import Scope

#: Records looked at in one transaction.
PAGE = 5000
Seen = abc.Callable[[int], bool]


@dataclass(frozen=True, slots=True)
class Met:
    """A record that a mapping has met; `gone`: it is marked as left."""

    id: int
    key: str
    uuid: str | None
    gone: bool


def page(connection: Connection, scope: Scope, mapping: str, run_id: str, after: int) -> list[Met]:
    """The next records, by id, that a mapping has met in earlier runs.

    What this run has met is in its query, whether or not the state knew it when it was read.
    """
    place = {"scope": scope.id, "mapping": mapping, "run": run_id, "after": after}
    return [Met(*row) for row in connection.execute(_page(), place)]


def _page() -> Select[Any]:
    mine = and_(synced.c.record == records.c.id, synced.c.mapping == bindparam("mapping"))
    return (
        select(records.c.id, records.c.key, records.c.uuid, synced.c.gone)
        .select_from(records.join(synced, mine))
        .where(
            records.c.scope == bindparam("scope"),
            records.c.id > bindparam("after"),
            synced.c.run.is_distinct_from(bindparam("run")),
        )
        .order_by(records.c.id)
        .limit(PAGE)
    )


def newly(rows: abc.Iterable[Met], seen: Seen) -> list[Left]:
    """Those of a page that have just left."""
    return [Left(row.key, row.uuid) for row in rows if not row.gone and not seen(row.id)]


def mark(connection: Connection, mapping: str, rows: abc.Iterable[Met], seen: Seen) -> None:
    """Flag those of a page that have left, and take the flag from those that are back."""
    changed = [
        {"record_id": row.id, "is_gone": not row.gone} for row in rows if row.gone is seen(row.id)
    ]
    if not changed:
        return
    here = and_(synced.c.record == bindparam("record_id"), synced.c.mapping == mapping)
    connection.execute(update(synced).where(here).values(gone=bindparam("is_gone")), changed)
