"""Writes what became of a run into the tables of results, in batches, after its report."""

import json
from collections import abc
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Engine, Table, delete, func, insert, select

from sync.domain.instant import parse
from sync.domain.keeping import Keeping
from sync.domain.results import MappingRun, Run
from sync.errors import Interrupted
from sync.publish import tables
from sync.report.files import CHANGES, ERRORS
from sync.state.history import COMPLETE
from sync.state.memory import Scope
from sync.state.outcomes import Met
from sync.state.store import Store

T = TypeVar("T")
Row = dict[str, Any]

#: Rows in one statement: SQL Server takes 2,100 values.
BATCH = 200
#: What databases round a moment by at most.
_ROUNDED = timedelta(seconds=1)
_COUNTS = ("read", "created", "updated", "unchanged", "skipped", "rejected")


@dataclass(frozen=True, slots=True)
class Results:
    """The tables of one database. `stopped` says that the program was asked to end: then Interrupted is raised.

    `keeping` says which runs stay there.
    """

    engine: Engine
    schema: str | None
    stopped: abc.Callable[[], bool]
    keeping: Keeping = field(default_factory=Keeping)

    def write(self, run: Run, store: Store, folder: Path) -> None:
        """Write a real run: its counts, what is rejected now, and the records that it met.

        Records of earlier runs that are missing there, or older, are written as well. `folder` is the run's report.
        """
        metadata = tables.tables(self.schema, self.engine.dialect.name)
        with self.engine.begin() as connection:
            tables.make(connection, metadata)
        self._write_runs(tables.table(metadata, "runs"), run)
        self._let_go(tables.table(metadata, "runs"), run)
        for part in run.mappings:
            scope = _scope(store, part)
            rejections = _Rejections(run, part, store, scope, folder)
            self._write_rejected(tables.table(metadata, "rejected"), run, part, rejections)
            if scope is not None:
                self._write_records(tables.table(metadata, "records"), part, store, scope)

    def _write_runs(self, runs: Table, run: Run) -> None:
        rows = [_run_row(run, part) for part in run.mappings]
        with self.engine.begin() as connection:
            connection.execute(delete(runs).where(runs.c.run_id == run.id))
            for batch in _batches(rows):
                connection.execute(insert(runs).values(batch))

    def _let_go(self, runs: Table, run: Run) -> None:
        """Delete the runs of this environment that nobody wants any more, but never the newest of a mapping."""
        here = runs.c.environment == run.environment
        if run.environment is None:
            here = runs.c.environment.is_(None)
        began = func.max(runs.c.started_at)
        with self.engine.begin() as connection:
            last = self._last(connection, runs, here, run)
            if last is None:
                return
            newest = select(runs.c.mapping, began).where(here).group_by(runs.c.mapping)
            found = {name: moment for name, moment in connection.execute(newest) if moment}
            idle = {name: at for name, at in found.items() if _aware(at) < last}
            old = [here, runs.c.started_at < last]
            for names in _batches(sorted(found.keys() - idle.keys())):
                connection.execute(delete(runs).where(*old, runs.c.mapping.in_(names)))
            for name, at in idle.items():
                gone = runs.c.mapping == name, runs.c.started_at < _aware(at) - _ROUNDED
                connection.execute(delete(runs).where(here, *gone))

    def _last(
        self, connection: Connection, runs: Table, here: ColumnElement[bool], run: Run
    ) -> datetime | None:
        """The moment before which runs began that go; None where all stay."""
        if self.keeping.age is not None:
            return run.started_at - self.keeping.age
        if self.keeping.runs is None:
            return None
        began = func.max(runs.c.started_at).label("began")
        dated = select(began).where(here, runs.c.started_at.is_not(None))
        newest = dated.group_by(runs.c.run_id).order_by(began.desc()).limit(self.keeping.runs)
        kept = connection.execute(newest).scalars().all()
        return _aware(kept[-1]) - _ROUNDED if len(kept) == self.keeping.runs else None

    def _write_rejected(
        self, rejected: Table, run: Run, part: MappingRun, found: "_Rejections"
    ) -> None:
        """Replace a mapping's rejected rows; where not all rows counted, those of the keys that the run met."""
        is_whole = run.whole and part.status in COMPLETE
        mine = rejected.c.mapping == part.mapping
        with self.engine.begin() as connection:
            if is_whole:
                connection.execute(delete(rejected).where(mine))
            for keys in () if is_whole else _batches(found.keys()):
                connection.execute(delete(rejected).where(mine, rejected.c.key.in_(keys)))
            for batch in _batches(found.rows(with_keys_only=not is_whole)):
                connection.execute(insert(rejected).values(batch))

    def _write_records(self, records: Table, part: MappingRun, store: Store, scope: Scope) -> None:
        """Write all records whose outcome is newer than the newest one there."""
        mine = records.c.mapping == part.mapping, records.c.object == scope.object.value
        with self.engine.begin() as connection:  # all or nothing: the newest tells what is there
            newest = connection.execute(select(func.max(records.c.at)).where(*mine)).scalar()
            since = None if newest is None else _aware(newest) - _ROUNDED
            for batch in _batches(store.outcomes(scope, part.mapping, since)):
                if self.stopped():
                    raise Interrupted("interrupted")
                if newest is not None:
                    keys = [one.key for one in batch]
                    connection.execute(delete(records).where(*mine, records.c.key.in_(keys)))
                rows = [_record_row(scope, part.mapping, one) for one in batch]
                connection.execute(insert(records).values(rows))


@dataclass(frozen=True, slots=True)
class _Rejections:
    """What a run's report says of a mapping's rejected rows."""

    run: Run
    part: MappingRun
    store: Store
    scope: Scope | None
    folder: Path

    def rows(self, *, with_keys_only: bool) -> abc.Iterator[Row]:
        for lines in _batches(self._lines(ERRORS)):
            since = self._since({line["key"] for line in lines if line["key"] is not None})
            for line in lines:
                if line["key"] is not None or not with_keys_only:
                    yield self._row(line, since)

    def _row(self, line: Row, since: abc.Mapping[str, datetime]) -> Row:
        # Exact where the state knows; the reports' moments end with milliseconds.
        told = since.get(line["key"]) or parse(line.get("since") or "")
        return {
            "mapping": self.part.mapping,
            "object": self.part.object and self.part.object.value,
            "key": line["key"],
            "code": line["code"],
            "field": line["field"],
            "message": line["message"],
            "since": told or self.run.started_at,
            "run_id": self.run.id,
            "url": line.get("url"),
        }

    def _since(self, keys: set[str]) -> dict[str, datetime]:
        """Since when rows are rejected, as the state knows it."""
        if self.scope is None or not keys:
            return {}
        known = self.store.recall(self.scope, self.part.mapping, keys)
        return {key: one.rejected_since for key, one in known.items() if one.rejected_since}

    def keys(self) -> abc.Iterator[str]:
        """The keys of all rows of which the report has a line."""
        for name in (ERRORS, CHANGES):
            yield from (line["key"] for line in self._lines(name) if line["key"] is not None)

    def _lines(self, name: str) -> abc.Iterator[Row]:
        """The mapping's lines; none where the run failed before it had a report."""
        try:
            with (self.folder / name).open(encoding="utf-8") as lines:
                for text in lines:
                    line: Row = json.loads(text)
                    if line["mapping"] == self.part.mapping:
                        yield line
        except FileNotFoundError:
            return


def _run_row(run: Run, part: MappingRun) -> Row:
    return {
        "run_id": run.id,
        "mapping": part.mapping,
        "status": part.status and part.status.value,
        "exit_code": run.exit_code,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        **{name: getattr(part.rows, name) for name in _COUNTS},
        "requests": part.requests.total,
        "environment": run.environment,
    }


def _record_row(scope: Scope, mapping: str, met: Met) -> Row:
    return {
        "mapping": mapping,
        "object": scope.object.value,
        "key": met.key,
        "uuid": met.uuid,
        "url": None,
        "outcome": met.outcome,
        "at": met.at,
    }


def _scope(store: Store, part: MappingRun) -> Scope | None:
    """Where the mapping's keys are unique; None where the run failed before it knew."""
    if part.account is None or part.object is None:
        return None
    return store.scope(part.account, part.data_source, part.object)


def _aware(moment: datetime) -> datetime:
    """A moment as it was written: in UTC, where the database keeps no zone."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _batches(items: abc.Iterable[T]) -> abc.Iterator[list[T]]:
    rest = iter(items)
    while batch := list(islice(rest, BATCH)):
        yield batch
