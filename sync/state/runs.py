"""Past runs: when, how they ended, and how many rows became what."""

from collections import abc, defaultdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, select

from sync.domain.record import Object
from sync.domain.results import MappingRun, Requests, Run, Status, Tally
from sync.errors import ConfigError, ConfigProblem
from sync.state.history import AHEAD
from sync.state.memory import LastRun
from sync.state.schema import records, rejections, run_mappings, runs
from sync.state.upsert import upsert

#: The rejected rows of this many runs stay known for `retry`.
KEPT = 50
#: Runs go after this time.
YEAR = timedelta(days=365)
_LAST = (
    *("mapping", "run", "status", "read", "created", "updated", "rejected"),
    *("account", "data_source", "object", "file", "query", "reason", "tolerated", "more"),
)
_TALLY = ("read", "created", "updated", "unchanged", "skipped", "rejected")


def write(connection: Connection, run: Run) -> None:
    """Enter a run, or what has become of it."""
    row = {
        "id": run.id,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "status": run.status and run.status.value,
        "exit_code": run.exit_code,
        "whole": run.whole,
        "environment": run.environment,
        "undid": run.undid,
    }
    upsert(connection, runs, [row])
    rows = [_mapping_row(run.id, place, part) for place, part in enumerate(run.mappings)]
    upsert(connection, run_mappings, rows)


def _mapping_row(run: str, position: int, part: MappingRun) -> dict[str, object]:
    return {
        "run": run,
        "position": position,
        "mapping": part.mapping,
        "file": part.file,
        "object": part.object.value if part.object else "",
        "mode": str(part.mode),
        "data_source": part.data_source,
        "account": part.account,
        "query": part.query,
        "reason": part.reason,
        "tolerated": part.tolerated,
        "status": part.status and part.status.value,
        "warnings": part.warnings,
        "left": part.left,
        "seconds": part.seconds,
        **{name: getattr(part.rows, name) for name in _TALLY},
        "requests": {
            "methods": part.requests.methods,
            "retried": part.requests.retried,
            "throttled": part.requests.throttled,
        },
        "more": _more(part),
    }


def _more(part: MappingRun) -> dict[str, object]:
    drops = {"known_drops": part.known_drops} if part.known_drops else {}
    counts = {"rejected_new": part.rejected_new, "mended": part.mended}
    codes = {"rejected_by_code": part.rejected_by_code, "without_key": part.without_key}
    undone = {"undone": part.undone} if part.undone else {}
    return {**counts, **codes, **drops, **undone}


def latest(connection: Connection, limit: int, upto: datetime | None = None) -> list[Run]:
    """The latest runs, the newest first; with `upto` none that began later, by a clock that was ahead."""
    newest_first = select(runs).order_by(runs.c.started_at.desc(), runs.c.id.desc())
    if upto is not None:
        newest_first = newest_first.where(runs.c.started_at <= upto + AHEAD)
    return _load(connection, list(connection.execute(newest_first.limit(limit))))


def find(connection: Connection, name: str) -> Run | None:
    """The run of this id, or the only one whose id begins so.

    Raises:
        ConfigError: several do.
    """
    begins = runs.c.id.startswith(name, autoescape=True)
    found = list(connection.execute(select(runs).where(begins).order_by(runs.c.id).limit(10)))
    found = [row for row in found if row.id == name] or found
    if len(found) > 1:
        fitting = ", ".join(row.id for row in found)
        raise ConfigError(ConfigProblem(f"{name!r} names several runs", f"one of: {fitting}"))
    return next(iter(_load(connection, found)), None)


def _load(connection: Connection, found: abc.Sequence[Any]) -> list[Run]:
    query = select(run_mappings).where(run_mappings.c.run.in_([row.id for row in found]))
    parts: dict[str, list[MappingRun]] = defaultdict(list)
    for row in connection.execute(query.order_by(run_mappings.c.run, run_mappings.c.position)):
        parts[row.run].append(_mapping_run(row))
    return [
        Run(
            id=row.id,
            dry_run=False,
            started_at=row.started_at,
            mappings=parts[row.id],
            finished_at=row.finished_at,
            status=row.status and Status(row.status),
            exit_code=row.exit_code,
            whole=row.whole is not False,
            environment=row.environment,
            undid=row.undid,
        )
        for row in found
    ]


def _mapping_run(row: Any) -> MappingRun:
    return MappingRun(
        mapping=row.mapping,
        file=row.file,
        object=_object(row.object),
        mode=row.mode,
        data_source=row.data_source,
        account=row.account,
        query=row.query,
        reason=row.reason,
        tolerated=row.tolerated or 0,
        rejected_new=(row.more or {}).get("rejected_new", 0),
        status=row.status and Status(row.status),
        warnings=row.warnings,
        left=row.left,
        seconds=row.seconds,
        rows=Tally(**{name: getattr(row, name) for name in _TALLY}),
        requests=Requests(**row.requests),
        mended=(row.more or {}).get("mended", 0),
        rejected_by_code=(row.more or {}).get("rejected_by_code", {}),
        without_key=(row.more or {}).get("without_key", {}),
        known_drops=(row.more or {}).get("known_drops", {}),
        undone=(row.more or {}).get("undone", 0),
    )


def last(
    connection: Connection, statuses: abc.Iterable[Status], upto: datetime | None
) -> list[LastRun]:
    """The latest finished part of each mapping in each data source with one of these statuses.

    All rows counted in its run. What ended later than `upto`, by a clock that was ahead, says nothing; None: it does.
    """
    part = run_mappings.c
    place = func.row_number().over(
        partition_by=(part.account, part.data_source, part.mapping),
        order_by=(runs.c.started_at.desc(), runs.c.id.desc()),
    )
    ended = select(*(part[name] for name in _LAST), runs.c.started_at, runs.c.finished_at)
    ended = ended.add_columns(place.label("place")).join(runs, runs.c.id == part.run)
    ended = ended.where(part.status.in_([status.value for status in statuses]))
    ended = ended.where(runs.c.finished_at.is_not(None), runs.c.whole.is_not(False))
    if upto is not None:
        ended = ended.where(runs.c.finished_at <= upto + AHEAD)
    placed = ended.subquery()
    query = select(placed).where(placed.c.place == 1).order_by(placed.c.mapping)
    return [_last_run(row) for row in connection.execute(query)]


def _last_run(row: Any) -> LastRun:
    return LastRun(
        row.mapping,
        row.run,
        Status(row.status),
        row.started_at,
        row.finished_at,
        row.read,
        row.rejected,
        row.account,
        row.data_source,
        _object(row.object),
        row.file,
        row.query,
        row.reason,
        row.tolerated,
        (row.more or {}).get("rejected_new", 0),
        (row.more or {}).get("without_key"),
        (row.more or {}).get("undone", 0),
        row.created + row.updated,
    )


def _object(name: str) -> Object | None:
    """The object of a mapping; nothing where its file was broken and did not tell."""
    return Object(name) if name else None


def rejected(connection: Connection, run: str) -> dict[str, frozenset[str]]:
    """The stored keys that a run rejected, by mapping."""
    query = select(rejections.c.mapping, records.c.key).join(
        records, records.c.id == rejections.c.record
    )
    found: dict[str, set[str]] = defaultdict(set)
    for mapping, key in connection.execute(query.where(rejections.c.run == run)):
        found[mapping].add(key)
    return {mapping: frozenset(keys) for mapping, keys in found.items()}


def last_rejecting(connection: Connection) -> str | None:
    """The latest run that rejected a row with a key."""
    query = select(runs.c.id).where(runs.c.id.in_(select(rejections.c.run)))
    return connection.execute(query.order_by(runs.c.started_at.desc()).limit(1)).scalar()


def finish(connection: Connection, run: Run) -> None:
    """Enter how a run ended, and forget what only old runs need."""
    write(connection, run)
    prune(connection, run.started_at)


def prune(connection: Connection, now: datetime) -> None:
    """Let go of the rejected rows of old runs, and of runs of more than a year ago.

    The newest ones stay in any case: a clock that is years ahead must not empty the state.
    """
    newest = select(runs.c.id).order_by(runs.c.started_at.desc(), runs.c.id.desc()).limit(KEPT)
    connection.execute(delete(rejections).where(rejections.c.run.not_in(newest)))
    old = select(runs.c.id).where(runs.c.started_at < now - YEAR, runs.c.id.not_in(newest))
    connection.execute(delete(run_mappings).where(run_mappings.c.run.in_(old)))
    connection.execute(delete(runs).where(runs.c.started_at < now - YEAR, runs.c.id.not_in(newest)))
