"""One key of a mapping, explained: a dry run of its rows, of which everything on the way is kept."""

from collections import abc
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace
from typing import Any

from sync.destination.interface import Destination, LeftAlone, Unresolved
from sync.domain.explained import Explained, ExplainedRow, Recalled, Refusal
from sync.domain.fingerprint import Hasher, split
from sync.domain.own import Own
from sync.domain.plan import Absent, Policy, Seen, Update, decide
from sync.domain.policy import Mode, OnDeleted, Overwrites
from sync.domain.record import Record, Rejected
from sync.domain.results import Result, count
from sync.engine.limits import RunLimits
from sync.engine.read.decision import HELD_FOR
from sync.engine.read.renames import known_as
from sync.engine.task import MappingTask
from sync.engine.write.content import all_of
from sync.engine.write.delivery import Delivery, Job
from sync.engine.write.writer import Writer, unchanged
from sync.errors import NotFound, Refused, Unavailable
from sync.state.memory import Memory
from sync.transform.ignored import is_ignored
from sync.warehouse.column import Column

#: How a look ends that shows no record.
_NOTHING = (Unresolved, LeftAlone, Refused, Unavailable)


@dataclass(slots=True)
class ExplainTask(MappingTask):
    """A mapping of which the rows of one key are read, looked up and decided about; nothing is written."""

    explained: Explained = field(kw_only=True)

    def __post_init__(self) -> None:
        self.witness = self._meet

    def _meet(
        self, columns: abc.Sequence[Column], row: abc.Sequence[Any], made: Record | Rejected
    ) -> None:
        """Keep a row of the key; this is called by the thread that reads."""
        if not self.context.selection.admits(made.key, self.state.stored):
            return
        globs = self.loaded.mapping.ignore_columns
        hidden = tuple(c.name for c in columns if is_ignored(c.name, globs, folds=c.folds))
        values = {
            column.name: value
            for column, value in zip(columns, row, strict=True)
            if column.name not in hidden
        }
        self.explained.rows.append(ExplainedRow(made.row, values, hidden, made))

    async def _judge(self) -> RunLimits:
        """No limit is for one key, nor does it matter here whether there is a row at all."""
        return self._absolute_limits()

    async def write(self) -> None:
        """Decide, then look at the record in ChartMogul, whatever the decision needed to know of it."""
        assert self._findings is not None
        found, hasher = self.explained, self._findings.hasher
        found.types = {key: typed.type for key, typed in self.types.items()}
        keys = [row.made.key for row in found.rows if row.made.key is not None] or [found.key]
        memory = (await self.state.recalled(keys[:1])).get(keys[0])
        writer = await self._assembly(self._findings).writer()
        with self._blaming():
            job = await self._decide(writer)
            memory = job.memory if job is not None and job.memory is not None else memory
            found.recalled = None if memory is None else _recalled(memory, found.record, hasher)
            if found.known is None:
                found.known = await self._look(writer.deliver.destination, keys[0], memory)
        self._compare(writer.deliver.policy, memory)

    async def _decide(self, writer: Writer) -> Job | None:
        """What a run would do about the record that waits; None where the state alone has decided."""
        assert self._findings is not None
        waiting = [entry for entries in self._findings.spool.entries() for entry in entries]
        if not waiting:
            for entries in self._findings.spool.followers():
                for entry in entries:  # its dropped value is tried by others first
                    self._tell(unchanged(entry))
            return None
        before = self.run.requests.total
        [job] = await writer.lookups.recall(waiting)
        job = writer.lookups.pending.trusted(job)
        planned = await writer.deliver.plan(job)
        self.explained.look_ups = self.run.requests.total - before
        if isinstance(planned, Delivery):
            self._tell(planned.result)
            return job
        if isinstance(planned.known, Seen | Absent):
            self.explained.known = planned.known
        foretold = await writer.deliver.foretell(job.knowing(planned.known))
        self.explained.writes = writer.deliver.requests(planned)
        self._tell(foretold.result)
        return job

    def _tell(self, result: Result) -> None:
        count(self.run, result)
        self.telling.rows([result])

    async def _look(
        self, destination: Destination, key: str, memory: Memory | None
    ) -> Seen | Absent | None:
        """What ChartMogul shows of the key; None where it cannot tell which record that is."""
        record, uuid = self.explained.record, None if memory is None else memory.uuid
        with suppress(*_NOTHING):
            if record is not None:
                return await destination.find(known_as(record, memory, self.state.stored), uuid)
            if uuid is not None:
                with suppress(NotFound):
                    return await destination.show(uuid)
            return await self._look_by_key(destination, key)
        return None

    async def _look_by_key(self, destination: Destination, key: str) -> Seen | Absent | None:
        """The record of a key of which no row tells more."""
        parent, bar, email = key.rpartition("|")
        if self.about.parent is None or self.state.by_uuid:
            return await destination.find(Record(0, key, {}), None)
        if bar:
            return await destination.find(Record(0, key, {"email": email}, parent), None)
        asked = self.client.list_contacts(data_source=self.run.data_source, external_id=key)
        async with aclosing(asked) as pages:
            async for page in pages:
                same = (one for one in page.entries if one.fields.get("external_id") == key)
                return next(same, None)
        return None

    def _compare(self, policy: Policy, memory: Memory | None) -> None:
        """All differences, also those that the mode, or others' edits, would let be."""
        found, record = self.explained, self.explained.record
        if record is None or found.known is None:
            return
        if isinstance(found.known, Absent):
            found.differences = all_of(record)
            return
        policy = replace(
            policy, mode=Mode.UPSERT, deleted=OnDeleted.CREATE, overwrites=Overwrites()
        )
        own = Own() if memory is None else memory.own
        operation = decide(record, found.known, policy, own=own)
        if isinstance(operation, Update):
            edits = operation.edits
            found.differences = operation.changes
            found.edited = frozenset((*edits.overwritten, *edits.rewritten))


def _recalled(memory: Memory, record: Record | None, hasher: Hasher) -> Recalled:
    """What a memory says, without its hashes."""
    dropped, fields = split(memory.dropped), {} if record is None else record.fields
    names = tuple(name for name, value in fields.items() if hasher.field(name, value) in dropped)
    return Recalled(
        memory.uuid,
        memory.outcome,
        memory.code,
        memory.run,
        memory.at,
        memory.left,
        memory.deleted,
        memory.rejected_since,
        _refusal(memory),
        names,
    )


def _refusal(memory: Memory) -> Refusal | None:
    held = memory.held
    if held is None:
        return None
    until = held.since + HELD_FOR
    how = (held.http_status, held.field, held.code, held.words, held.run)
    return Refusal(held.since, until, *how)
