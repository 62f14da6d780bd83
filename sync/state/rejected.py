"""What is rejected now: since when, and how ChartMogul first refused what is held back."""

from collections import abc, defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, case, delete, select

from sync.state.memory import RejectedRow
from sync.state.schema import records, rejected, scopes, synced
from sync.state.upsert import insert


@dataclass(frozen=True, slots=True)
class Refusal:
    """Since when a record is rejected; of one that is held back the first refusal's code, words and run."""

    since: datetime
    code: str | None
    words: str | None
    run: str | None


def note(
    connection: Connection,
    mapping: str,
    run: str,
    at: datetime,
    refused: abc.Mapping[int, RejectedRow],
) -> None:
    """Note records, by number, that a mapping has rejected; one that was rejected before stays so since then.

    Unless the row tells since when. Since a moment in the future, by a clock that was ahead, is since now.
    What is held back for the first time was refused in this run.
    """
    told = {record: row for record, row in refused.items() if row.since is not None}
    _note(connection, mapping, run, at, told, keep=False)
    rest = {record: row for record, row in refused.items() if row.since is None}
    _note(connection, mapping, run, at, rest, keep=True)


def _note(
    connection: Connection,
    mapping: str,
    run: str,
    at: datetime,
    refused: abc.Mapping[int, RejectedRow],
    *,
    keep: bool,
) -> None:
    rows = [
        {
            "record": record,
            "mapping": mapping,
            "since": min(row.since or at, at),
            "held_code": held and held.code,
            "held_words": held and held.words,
            "held_run": held and (held.run or (run if held.code else None)),
        }
        for record, row in refused.items()
        for held in (row.held,)
    ]
    if rows:
        statement = insert(connection, rejected)
        given = statement.excluded
        changed: dict[str, Any] = {n: given[n] for n in rows[0] if n.startswith("held_")}
        ahead = rejected.c.since > given.since
        kept = case((ahead, given.since), else_=rejected.c.since)
        changed["since"] = kept if keep else given.since
        keys = ["record", "mapping"]
        connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed), rows)


def clear(connection: Connection, mapping: str, records: abc.Sequence[int]) -> None:
    """These records are rejected no longer."""
    if records:
        here = rejected.c.mapping == mapping
        among = rejected.c.record.in_(bindparam("records", expanding=True))
        connection.execute(delete(rejected).where(here, among), {"records": list(records)})


def recall(connection: Connection, mapping: str, records: abc.Sequence[int]) -> dict[int, Refusal]:
    """What is noted of these records."""
    among = rejected.c.record.in_(bindparam("records", expanding=True))
    query = select(rejected).where(rejected.c.mapping == mapping, among)
    return {
        row.record: Refusal(row.since, row.held_code, row.held_words, row.held_run)
        for row in connection.execute(query, {"records": list(records)})
    }


def now(connection: Connection) -> dict[tuple[str, str], frozenset[str]]:
    """The stored keys of what is rejected now, by mapping and account, without what has left the query."""
    its = (rejected.c.record == synced.c.record) & (rejected.c.mapping == synced.c.mapping)
    query = select(rejected.c.mapping, scopes.c.account, records.c.key).join(synced, its)
    query = query.join(records, records.c.id == rejected.c.record)
    query = query.join(scopes, scopes.c.id == records.c.scope).where(~synced.c.gone)
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for mapping, account, key in connection.execute(query):
        found[mapping, account].add(key)
    return {place: frozenset(keys) for place, keys in found.items()}
