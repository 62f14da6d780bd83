"""Phase one: rows become records, are compared with the state, and the rest goes to the spool."""

from array import array
from collections import abc
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import attrgetter

from sync.domain.fingerprint import Hasher
from sync.domain.policy import Mode
from sync.domain.record import Problem, Record, Rejected, Stage
from sync.domain.results import Delivered, MappingRun, Outcome, count
from sync.domain.row_hash import Row, Rows
from sync.domain.seen_rows import SeenRows
from sync.engine.context import Selection
from sync.engine.read.changes import ChangeDetector
from sync.engine.read.duplicates import DuplicateKeys, Occurrence, Settled
from sync.engine.spool import Entry, First, Note, Spool
from sync.state.memory import Item, Memory, RejectedRow
from sync.transform.build import RecordBuilder

#: How long a row that ChartMogul refused is not sent again while nothing about it changed.
HELD_FOR = timedelta(days=7)

Local = Delivered | Rejected


@dataclass(slots=True)
class Reader:
    """Reads one mapping's rows; what it finds out is in `spool`, `run.rows` and in `report`."""

    builder: RecordBuilder
    hasher: Hasher
    mode: Mode
    #: What must stay the same besides the row for a refused row to be held back: mapping and tool.
    edition: bytes
    recall: abc.Callable[[abc.Sequence[str]], abc.Mapping[str, Memory]]
    spool: Spool
    run: MappingRun
    report: abc.Callable[[list[Local]], None]
    now: datetime
    selection: Selection = field(default_factory=Selection)
    #: Notes rejected rows in the state, where `retry` and `explain` find them; None in a dry run.
    remember: abc.Callable[[list[Item]], None] | None = None
    #: A key as the state holds it.
    stored: abc.Callable[[str], str] = str
    #: How rows are known again without being built.
    changes: ChangeDetector | None = None
    #: Reads what the source has left unread in a row.
    complete: abc.Callable[[Row], Row] = tuple
    seen: SeenRows = field(default_factory=SeenRows)
    repeats: DuplicateKeys = field(default_factory=DuplicateKeys)

    def read(self, batches: abc.Iterable[Rows]) -> None:
        """Drain the query, then settle the repeated keys."""
        number, limit = 0, self.selection.limit
        for batch in batches:
            if limit is not None:
                batch = batch[: limit - number]
            self._batch(number, batch)
            number += len(batch)
            if limit is not None and number >= limit:
                break
        if self.changes is not None:
            self.changes.finish()
        for key, settled in self.repeats.settle():
            self._settle(key, settled)

    def _batch(self, before: int, rows: Rows) -> None:
        imprints, strangers = self._look(before, rows)
        built = self._build(before, rows, strangers)
        keys = list({item.key for item in built if item.key is not None})
        memories = self.recall(keys) if keys else {}
        again = self._again(before, memories)
        built += self._build(before, rows, again)
        self._pass(rows, {*strangers, *again})
        self.run.rows.read += len(built)
        if not built:
            return
        batch = _Batch(self, memories, self.spool.first(keys))
        for item in sorted(built, key=attrgetter("row")):
            batch.admit(item, imprints[item.row - before - 1] if imprints else 0)
        self.spool.add(batch.entries.values())
        self.spool.note(
            Note(key, first.row, first.fingerprint, first.rejected)
            for key, first in batch.noted.items()
        )
        self._tell(batch.results, memories)

    def _look(self, before: int, rows: Rows) -> tuple["array[int] | None", abc.Sequence[int]]:
        """The imprints of a batch, and the places of its rows that have to be built."""
        if self.changes is None:
            return None, range(len(rows))
        imprints = self.changes.imprinter.imprints(rows)
        return imprints, self.changes.familiar.mark(before, imprints, self.seen)

    def _build(self, before: int, rows: Rows, places: abc.Iterable[int]) -> list[Record | Rejected]:
        built = (self.builder.build(before + i + 1, self.complete(rows[i])) for i in places)
        return [item for item in built if self.selection.admits(item.key, self.stored)]

    def _again(self, before: int, memories: abc.Mapping[str, Memory]) -> list[int]:
        """The places of familiar rows of this batch whose keys other rows of it have: they are built after all."""
        places = []
        for memory in memories.values():
            if (row := self.seen.row(memory.record)) > before:
                self.seen.mark(memory.record, 0)
                places.append(row - before - 1)
        return places

    def _pass(self, rows: Rows, strangers: abc.Set[int]) -> None:
        """Count the familiar rows of a batch: they are as they should be."""
        familiar = len(rows) - len(strangers)
        if not familiar:
            return
        if strangers:
            rows = [row for i, row in enumerate(rows) if i not in strangers]
        self.builder.notice(rows)
        self.run.rows.read += familiar
        if self.mode is Mode.INSERT:
            self.run.rows.skipped += familiar
        else:
            self.run.rows.unchanged += familiar
        self.report([])

    def _tell(self, results: list[Local], memories: abc.Mapping[str, Memory]) -> None:
        for result in results:
            count(self.run, result)
        if results:
            self.report(results)
        rejected = {r.key: r for r in results if isinstance(r, Rejected) and r.key}
        if rejected and self.remember is not None:
            self.remember([_noted(r, memories) for r in rejected.values()])
            for key, memory in self.recall(list(rejected)).items():
                self.seen.meet(memory.record, rejected[key].row)

    def judge(self, record: Record, fingerprint: bytes, memory: Memory | None) -> Local | None:
        """What becomes of a record by the state alone; None: it needs ChartMogul."""
        if memory is None or self.selection.full:
            return None
        if memory.uuid and self.mode is Mode.INSERT:
            reason = "exists already, and the mode is insert"
            return Delivered(record.row, record.key, Outcome.SKIPPED, reason, memory.uuid)
        if memory.uuid and memory.fingerprint == fingerprint:
            return Delivered(
                record.row, record.key, Outcome.UNCHANGED, "nothing changed", memory.uuid
            )
        return self._held_back(record, fingerprint, memory)

    def _held_back(self, record: Record, fingerprint: bytes, memory: Memory) -> Rejected | None:
        held = memory.held
        if held is None or self.now - held.since > HELD_FOR:
            return None
        if held.fingerprint != self.hasher.mark(fingerprint, self.edition):
            return None
        problem = Problem(
            "held_back",
            f"ChartMogul refused this row on {held.since:%Y-%m-%d} with status {held.http_status}"
            " and nothing about it changed since",
            held.field,
            hint="mend the row or the mapping; --full and retry send it again, and so does every"
            f" run after {held.since + HELD_FOR:%Y-%m-%d}",
        )
        return Rejected(record.row, record.key, Stage.PLAN, (problem,), held.http_status)

    def _settle(self, key: str, settled: Settled) -> None:
        if not settled.first_counts:
            first = self.spool.first([key]).get(key)
            if first and first.spooled:
                self.spool.drop([key])
            else:
                self._uncount()
        self._tell(list(settled.results), {})

    def _uncount(self) -> None:
        """The first row of a repeated key was counted by the state alone: as skipped or unchanged."""
        if self.mode is Mode.INSERT:
            self.run.rows.skipped -= 1
        else:
            self.run.rows.unchanged -= 1


def _noted(rejected: Rejected, memories: abc.Mapping[str, Memory]) -> Item:
    """A rejected row for the state; one that is held back stays so."""
    key, code = rejected.key or "", rejected.problems[0].code
    held = memories[key].held if code == "held_back" else None
    return RejectedRow(key, code, held=held)


@dataclass(slots=True)
class _Batch:
    """The rows of one batch on their way through the reader."""

    reader: Reader
    memories: abc.Mapping[str, Memory]
    before: abc.Mapping[str, First]
    entries: dict[str, Entry] = field(default_factory=dict)
    noted: dict[str, Occurrence] = field(default_factory=dict)
    results: list[Local] = field(default_factory=list)

    def admit(self, item: Record | Rejected, imprint: int) -> None:
        """Take in the next row; its imprint is 0 where it has none."""
        if isinstance(item, Record):
            self._admit_record(item, imprint)
            return
        self.results.append(item)
        if item.key is not None:
            occurrence = Occurrence(item.row, None, rejected=True)
            if self._is_first(item.key, occurrence):
                self.noted[item.key] = occurrence

    def _admit_record(self, record: Record, imprint: int) -> None:
        reader, key = self.reader, record.key
        fingerprint = reader.hasher.fingerprint(record)
        if not self._is_first(key, Occurrence(record.row, fingerprint)):
            return
        memory = self.memories.get(key)
        result = reader.judge(record, fingerprint, memory)
        if result is None:
            uuid = memory.uuid if memory else None
            self.entries[key] = Entry(record, fingerprint, uuid, imprint=imprint or None)
            return
        self.results.append(result)
        if memory is not None and memory.fingerprint == fingerprint:
            if reader.changes is not None and isinstance(result, Delivered):
                reader.changes.glimpse(memory.record, fingerprint, imprint)
        else:
            rejected = isinstance(result, Rejected)
            self.noted[key] = Occurrence(record.row, fingerprint, rejected)

    def _is_first(self, key: str, occurrence: Occurrence) -> bool:
        """Whether this is the first row of its key; a later one is kept as a repeat."""
        memory = self.memories.get(key)
        first = self._first(key, memory)
        if first is not None:
            self.reader.repeats.add(key, first, occurrence)
            return False
        if memory is not None:
            self.reader.seen.mark(memory.record, occurrence.row)
        return True

    def _first(self, key: str, memory: Memory | None) -> Occurrence | None:
        if entry := self.entries.get(key):
            return Occurrence(entry.record.row, entry.fingerprint)
        if noted := self.noted.get(key):
            return noted
        if before := self.before.get(key):
            return Occurrence(before.row, before.fingerprint, before.rejected)
        if memory is not None and (row := self.reader.seen.row(memory.record)):
            return Occurrence(row, memory.fingerprint)  # unchanged: what is remembered it is
        return None
