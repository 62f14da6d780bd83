"""Phase one: rows become records, are compared with the state, and the rest goes to the spool.

One module because a batch on its way goes by all that the reader has met before.
"""

from array import array
from collections import Counter, abc
from dataclasses import dataclass, field
from operator import attrgetter

from sync.domain.buckets import Bucket
from sync.domain.events import MappingReporter
from sync.domain.policy import Mode
from sync.domain.record import Record, Rejected
from sync.domain.results import UNDONE, Delivered, MappingRun, Outcome, count
from sync.domain.row_hash import Rows
from sync.domain.seen_rows import SeenRows
from sync.engine.changed_keys import SHOWN
from sync.engine.context import Selection
from sync.engine.read.changes import ChangeDetector
from sync.engine.read.decision import (
    Local,
    StateDecision,
    for_state,
    rejected_since,
    yields,
)
from sync.engine.read.duplicates import DuplicateKeys, Occurrence, Verdict
from sync.engine.read.fingerprints import BucketRows
from sync.engine.read.mended import Mended
from sync.engine.read.nulls import count_losses, count_nulls
from sync.engine.read.renames import Renames, are_two, known_as, known_before
from sync.engine.read.retrials import Retrials
from sync.engine.read.surroundings import Memories, RowSource
from sync.engine.spool import Entry, First, Note, Spool
from sync.state.memory import Memory
from sync.transform.build import RecordBuilder


@dataclass(slots=True)
class Reader:
    """Reads one mapping's rows; what it finds out is in `spool`, in the counts of the run and in the reports.

    `changes` knows rows again without building them; None: every row is built. `retrials` picks known drops to be tried
    again; None: none is, or all are. `buckets` are those that are read, and what of them; None: all rows are, unasked.
    """

    builder: RecordBuilder
    decision: StateDecision
    state: Memories
    spool: Spool
    reporter: MappingReporter
    selection: Selection = field(default_factory=Selection)
    changes: ChangeDetector | None = None
    retrials: Retrials | None = None
    buckets: BucketRows | None = None
    seen: SeenRows = field(default_factory=SeenRows, init=False)
    duplicates: DuplicateKeys = field(default_factory=DuplicateKeys, init=False)
    #: Keys that the state does not know: how many, and the first of them.
    new: int = field(default=0, init=False)
    first_new: list[str] = field(default_factory=list, init=False)
    mended: Mended = field(default_factory=Mended, init=False)
    #: Of the rows that need ChartMogul, how many would empty which field.
    nulls: Counter[str] = field(default_factory=Counter, init=False)
    #: Rows that were last rejected for being another one's record.
    yielding: set[int] = field(default_factory=set, init=False)
    #: Keys of rows that are skipped because their records were put back.
    _undone: set[str] = field(default_factory=set, init=False)

    def read(self, source: RowSource) -> None:
        """Drain the query, then judge the repeated keys."""
        number, limit = 0, self.selection.limit
        for batch in source.raw():
            if limit is not None:
                batch = batch[: limit - number]
            self._batch(number, batch, source)
            number += len(batch)
            if limit is not None and number >= limit:
                break
        if self.changes is not None:
            self.changes.finish()
        for key, verdict in self.duplicates.verdicts():
            self._apply(key, verdict)
        if self.builder.former is not None:
            self._settle_renames()
        self._settle_mended()
        if self.retrials is not None:
            self.retrials.fill(self.spool)
        if self.buckets is not None:
            self._count_unread(self.buckets.unread)

    def _count_unread(self, unread: Bucket) -> None:
        """Count the rows that were not read, by what is kept of them."""
        self.run.rows.read += unread.reading.count
        self.run.rows.unchanged += unread.unchanged
        self.run.rows.skipped += unread.skipped
        self.reporter.rows([])

    def _batch(self, before: int, rows: Rows, source: RowSource) -> None:
        hashes, changed = self._look(before, rows)
        built = self._build(before, rows, changed, source)
        keys = list({item.key for item in built if item.key is not None})
        memories = self.state.recall(keys) if keys else {}
        again = self._again(before, memories)
        built += self._build(before, rows, again, source)
        self._pass(rows, {*changed, *again})
        self.run.rows.read += len(built)
        if not built:
            return
        former = known_before(self.state, built)
        batch = _Batch(self, memories, self.spool.first(keys), former)
        self._note_yielding(built, memories, former)
        if self.buckets is not None:
            for item in built:
                self.buckets.meet(item.row, memories.get(item.key or ""))
                if isinstance(item, Record):
                    self.buckets.meet(item.row, former.get(item.was or ""))
        for item in sorted(built, key=attrgetter("row")):
            batch.admit(item, hashes[item.row - before - 1] if hashes else 0)
        self.spool.add(batch.entries.values())
        self.nulls += count_nulls(batch.entries.values(), self.builder.clearing)
        if self.builder.tags:
            known = self.state.own.told(
                {
                    key: memory
                    for key, entry in batch.entries.items()
                    if (memory := former.get(entry.record.was or "") or memories.get(key))
                }
            )
            self.nulls += count_losses(batch.entries.values(), known, self.decision.marks.hasher)
        self.spool.note(
            Note(key, first.row, first.fingerprint, first.rejected, first.name, first.was)
            for key, first in batch.noted.items()
        )
        self._tell(batch.results, memories)
        if self.retrials is not None:
            self.state.name_drops(self.retrials.tell())

    def _look(self, before: int, rows: Rows) -> tuple["array[int] | None", abc.Sequence[int]]:
        """The row hashes of a batch, and the places of its rows that have to be built."""
        if self.changes is None:
            return None, range(len(rows))
        return self.changes.look(before, rows, self.seen)

    def _build(
        self, before: int, rows: Rows, places: abc.Iterable[int], source: RowSource
    ) -> list[Record | Rejected]:
        built = [self.builder.build(before + i + 1, source.complete(rows[i])) for i in places]
        if self.selection.keys is None:
            return built
        chosen = [item for item in built if self.selection.admits(item.key, self.state.stored)]
        if self.builder.former is not None:
            self._pass_over({item.row for item in chosen}, built)
        return chosen

    def _pass_over(self, chosen: abc.Set[int], built: abc.Sequence[Record | Rejected]) -> None:
        """Rows that are not asked for have keys, and had some, that tell which record a row with `was` is."""
        others = [one for one in built if one.row not in chosen and one.key is not None]
        known = self.state.recall([one.key or "" for one in others]) if others else {}
        self._note_yielding(others, known, known_before(self.state, others))
        self.spool.pass_over(
            (key, one.row, one.was)
            for one in others
            for key in {one.key or "", self.state.stored(one.key or "")}
        )

    def _note_yielding(
        self,
        built: abc.Iterable[Record | Rejected],
        memories: abc.Mapping[str, Memory],
        former: abc.Mapping[str, Memory],
    ) -> None:
        """Note which rows yielded before, by what the state knows of their keys, or of those before."""
        self.yielding |= {
            one.row
            for one in built
            if yields(memories.get(one.key or "") or former.get(one.was or ""))
        }

    def _again(self, before: int, memories: abc.Mapping[str, Memory]) -> list[int]:
        """The places of known rows of this batch whose keys other rows of it have: they are built after all."""
        places = []
        for memory in memories.values():
            if (row := self.seen.row(memory.record)) > before:
                self.seen.mark(memory.record, 0)
                places.append(row - before - 1)
        return places

    def _pass(self, rows: Rows, built: abc.Set[int]) -> None:
        """Count the known rows of a batch: they are as they should be."""
        known = len(rows) - len(built)
        if not known:
            return
        if built:
            rows = [row for i, row in enumerate(rows) if i not in built]
        self.builder.notice(rows)
        self.run.rows.read += known
        self._count_unsent(known)
        self.reporter.rows([])

    def _tell(self, results: list[Local], memories: abc.Mapping[str, Memory]) -> None:
        results = [self.decision.told(r, memories.get(r.key or "")) for r in results]
        for result in results:
            count(self.run, result)
            if isinstance(result, Delivered) and result.reason == UNDONE:
                self._undone.add(result.key)
        if results:
            self.reporter.rows(results)
        rejected = {r.key: r for r in results if isinstance(r, Rejected) and r.key}
        self.spool.reject((key, r.row, r.problems[0].code) for key, r in rejected.items())
        self._leave_open(r.row for r in results if isinstance(r, Rejected))
        if rejected and not self.state.dry_run:
            self.state.note(
                [for_state(r, memories, self._bucket(r.row)) for r in rejected.values()]
            )
            for key, memory in self.state.recall(list(rejected)).items():
                self.seen.meet(memory.record, rejected[key].row)

    def _bucket(self, row: int) -> int | None:
        """The bucket of a row; None where rows are read unasked."""
        return None if self.buckets is None else self.buckets.of(row)

    def _leave_open(self, rows: abc.Iterable[int]) -> None:
        """The buckets of these rows are read again by the next run."""
        if self.buckets is not None:
            for row in rows:
                self.buckets.leave_open(row)

    def _apply(self, key: str, verdict: Verdict) -> None:
        # Rows of one key may be in several buckets, and have one record: each is judged with the others.
        self._leave_open([verdict.first.row, *(result.row for result in verdict.results)])
        if not verdict.first_counts:
            self.mended.drop(key)
            first = self.spool.first([key]).get(key)
            if first and first.spooled:
                self.spool.drop([key])
            elif key in self._undone:
                row = verdict.first.row
                count(self.run, Delivered(row, key, Outcome.SKIPPED, UNDONE), -1)
            else:
                self._count_unsent(-1)  # it was counted by the state alone
        self._tell(list(verdict.results), self.state.recall([key]))

    def _settle_renames(self) -> None:
        """Rows whose records had other keys before are known by those, or cannot be told from others."""
        renames = Renames(self.spool, self.state, self.seen, self.decision)
        renames.settle()
        self.new -= len(renames.unknown)
        self.first_new = [key for key in self.first_new if key not in renames.unknown]
        self._tell(renames.decided, self.state.recall([r.key or "" for r in renames.decided]))

    def _settle_mended(self) -> None:
        """Count what was rejected and is no longer, and let the state know."""
        self.run.mended += self.mended.count()
        if self.selection.whole:
            self.run.mended += self.decision.backgrounds.past.remaining
        for items in () if self.state.dry_run else self.mended.items():
            self.state.note(items)

    def _count_unsent(self, rows: int) -> None:
        """Count rows that the state alone calls unchanged, or in mode insert skips."""
        if self.decision.mode is Mode.INSERT:
            self.run.rows.skipped += rows
        else:
            self.run.rows.unchanged += rows

    def meet_new(self, key: str) -> None:
        """The state does not know this key."""
        self.new += 1
        if len(self.first_new) < SHOWN:
            self.first_new.append(key)

    @property
    def run(self) -> MappingRun:
        """The counts of the mapping."""
        return self.reporter.run


@dataclass(slots=True)
class _Batch:
    """The rows of one batch on their way through the reader."""

    reader: Reader
    memories: abc.Mapping[str, Memory]
    before: abc.Mapping[str, First]
    #: What the state knows by the keys that records had before.
    former: abc.Mapping[str, Memory]
    entries: dict[str, Entry] = field(default_factory=dict)
    noted: dict[str, Occurrence] = field(default_factory=dict)
    results: list[Local] = field(default_factory=list)

    def admit(self, item: Record | Rejected, row_hash: int) -> None:
        """Take in the next row; its hash is 0 where it has none."""
        if isinstance(item, Record):
            self._admit_record(item, row_hash)
            return
        self.results.append(item)
        if item.key is not None:
            occurrence = Occurrence(item.row, None, True, item.background.name, item.was)
            if self._is_first(item.key, occurrence):
                self.noted[item.key] = occurrence

    def _admit_record(self, record: Record, row_hash: int) -> None:
        reader, key = self.reader, record.key
        fingerprint = reader.decision.marks.fingerprint(record)
        name = reader.decision.backgrounds.name(record.fields)
        if not self._is_first(key, Occurrence(record.row, fingerprint, name=name)):
            return
        memory = self.memories.get(key)
        result: Local | None = are_two(record, memory, self.former.get(record.was or ""))
        record = known_as(record, memory, reader.state.stored)
        result = result or reader.decision.decide(record, fingerprint, memory)
        if result is None:
            uuid, unsure = None, False
            if memory is not None:
                lost = reader.decision.lost_parents.concern(record, memory)
                uuid, unsure = memory.uuid, memory.unsure or lost
            self.entries[key] = Entry(
                record,
                fingerprint,
                uuid,
                row_hash=row_hash or None,
                unsure=unsure,
                rejected_since=rejected_since(memory),
            )
            return
        if isinstance(result, Delivered) and rejected_since(memory) is not None:
            reader.mended.add(result)
        if memory is not None and memory.fingerprint == fingerprint:
            if isinstance(result, Delivered):
                self._leave(record, memory, row_hash, result)
                return
            self.results.append(result)
        else:
            self.results.append(result)
            rejected = isinstance(result, Rejected)
            self.noted[key] = Occurrence(record.row, fingerprint, rejected, name)

    def _leave(self, record: Record, memory: Memory, row_hash: int, result: Delivered) -> None:
        """A row that is as it was; it is sent all the same where a dropped value is tried again."""
        reader, fingerprint = self.reader, memory.fingerprint
        assert fingerprint is not None
        if reader.changes is not None:
            reader.changes.keep(memory.record, fingerprint, row_hash)
        entry = None
        if reader.retrials is not None:
            entry = reader.retrials.entry(record, fingerprint, memory, row_hash)
        if entry is None:
            self.results.append(result)
        else:
            reader.mended.drop(record.key)
            self.entries[record.key] = entry

    def _is_first(self, key: str, occurrence: Occurrence) -> bool:
        """Whether this is the first row of its key; a later one is kept as a repeat."""
        memory = self.memories.get(key)
        first = self._first(key, memory)
        if first is not None:
            self.reader.duplicates.add(key, first, occurrence)
            return False
        if memory is not None:
            self.reader.seen.mark(memory.record, occurrence.row)
        elif not (was := self.former.get(occurrence.was or "")) or was.uuid is None:
            self.reader.meet_new(key)
        return True

    def _first(self, key: str, memory: Memory | None) -> Occurrence | None:
        if entry := self.entries.get(key):
            name = self.reader.decision.backgrounds.name(entry.record.fields)
            return Occurrence(entry.record.row, entry.fingerprint, name=name)
        if noted := self.noted.get(key):
            return noted
        if before := self.before.get(key):
            name = before.name or self.reader.decision.backgrounds.name(before.fields)
            return Occurrence(before.row, before.fingerprint, before.rejected, name)
        if memory is not None and (row := self.reader.seen.row(memory.record)):
            return Occurrence(row, memory.fingerprint)  # unchanged: what is remembered it is
        return None
