"""Puts records back: looks at all of them first, decides, sends, and holds each answer against what was wanted."""

import asyncio
from collections import abc
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from sync.chartmogul.client import Written
from sync.destination.restoring import Restoring
from sync.domain.events import MappingReporter, Phase
from sync.domain.lookup import Listing, Way, choose
from sync.domain.money import Revenue
from sync.domain.objects import Descriptor
from sync.domain.own import Owner
from sync.domain.plan import Changes, Seen
from sync.domain.put_back import Past, PutBack, gone, is_back, last_first, put_back
from sync.domain.record import AttributeType, Fields, Problem, Record, Rejected, Stage
from sync.domain.results import Delivered, Outcome, PartlyWritten, Result, count
from sync.domain.sameness import shape_of
from sync.domain.spelling import Shape
from sync.domain.tags import TAGS, added, marks, removed
from sync.engine.context import RunContext
from sync.engine.limits import RunLimits
from sync.engine.undo.crew import Crew
from sync.engine.write.rejections import reject
from sync.errors import CutShort, NotFound, Refused, Unavailable
from sync.state.mapping_state import MappingState, call
from sync.state.undone import PutBackRow, Undoing

#: Put-backs that are written down together; a crash loses at most these, and another undo finds them back already.
_TOGETHER = 100
#: The code of a row of which ChartMogul took the put-back, and shows something else.
NOT_PUT_BACK = "not_put_back"


@dataclass(frozen=True, slots=True)
class _Task:
    """A record that is to be put back, as it was seen."""

    past: Past
    seen: Seen
    back: PutBack


@dataclass(slots=True)
class Putter:
    """Puts back what a run did in one mapping.

    `about` says what the object is and which types its attributes have. Once the run is asked to end nothing more
    starts. `cost` are the requests that the real undo would send for what a dry run found.
    """

    restoring: Restoring
    state: MappingState
    undoing: Undoing
    reporter: MappingReporter
    context: RunContext
    limits: RunLimits
    about: tuple[Descriptor, abc.Mapping[str, AttributeType]]
    foreseen: dict[str, Fields]
    cost: int = field(default=0, init=False)
    _results: list[Result] = field(default_factory=list, init=False)
    _back: list[PutBackRow] = field(default_factory=list, init=False)
    #: Of how many records that are back the state does not know what the run had sent.
    _unmarked: int = field(default=0, init=False)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    async def put_back(self, past: abc.Sequence[Past]) -> None:
        """Put back all that can be; the rails are judged before the first write.

        Raises:
            RailError: more is to be written than allowed.
            SyncError: what no row can survive.
        """
        if self.about[0].revenue:
            self.reporter.run.mrr = Revenue()
        for one in past:
            if not one.can_be_put_back:
                self._skip(one)
        self.reporter.phase(Phase.LOOK_UP, None)
        first, *later = last_first([one for one in past if one.can_be_put_back])
        tasks = await self._plan(first)
        await self._flush()
        writes = len(tasks) + sum(map(len, later))
        self.limits.judge_rejected(self.reporter.run.rows.rejected)
        self.limits.judge_writes(0, writes)
        self.limits.judge_requests(self.reporter.run.requests.total, self.cost)
        self.reporter.phase(Phase.WRITE, writes)
        try:
            await self._carry_out(tasks)
            for some in later:
                await self._carry_out(await self._plan(some))
        finally:
            await self._flush()
        self._tell_unmarked()

    async def _plan(self, wanted: abc.Sequence[Past]) -> list[_Task]:
        tasks = self._decide(wanted, await self._look_up(wanted))
        self.cost += sum(self.restoring.cost(task.back) for task in tasks)
        return tasks

    async def _carry_out(self, tasks: abc.Sequence[_Task]) -> None:
        await self._crew().work(tasks, self._foretell if self.context.dry_run else self._send)

    def _crew(self) -> Crew:
        return Crew(self.context.means.connections, self.context.stop)

    def _skip(self, one: Past) -> None:
        reason = (
            "it was created, and nothing is ever deleted"
            if one.created
            else "the values before were not seen"
        )
        self._results.append(Delivered(one.row, one.key, Outcome.SKIPPED, reason, one.uuid))

    # Looking

    async def _look_up(self, wanted: abc.Sequence[Past]) -> dict[str, Seen]:
        """The records by uuid, the cheaper way; those that are gone are missing."""
        uuids = dict.fromkeys(one.uuid for one in wanted)
        found: dict[str, Seen] = {}
        if choose(len(uuids), await self.state.count()) is Way.LISTING:
            await self._list(uuids, found)
        missing = [uuid for uuid in uuids if uuid not in found]

        async def look(uuid: str) -> None:
            try:
                found[uuid] = await self.restoring.look(uuid)
            except NotFound:
                return

        await self._crew().work(missing, look)
        return {uuid: self._as_foreseen(seen) for uuid, seen in found.items()}

    async def _list(self, uuids: abc.Mapping[str, None], found: dict[str, Seen]) -> None:
        budget = Listing(len(uuids))
        async with aclosing(self.restoring.pages()) as pages:
            async for page in pages:
                hits = {one.uuid: one for one in page.entries if one.uuid in uuids}
                budget.turn(len(hits.keys() - found.keys()), page.total_pages)
                found |= hits
                if page.last or not budget.goes_on():
                    return

    def _as_foreseen(self, seen: Seen) -> Seen:
        """A record as a dry run would have left it by now."""
        changed = self.foreseen.get(seen.uuid, {})
        fields = {n: v for n, v in {**seen.fields, **changed}.items() if v not in (None, ())}
        return replace(seen, fields=fields)

    # Deciding

    def _decide(self, wanted: abc.Sequence[Past], found: abc.Mapping[str, Seen]) -> list[_Task]:
        tasks = []
        for one in wanted:
            seen = found.get(one.uuid)
            if seen is None or not self.restoring.is_ours(seen):
                if not self.context.stop.requested():
                    self._reject(one, (gone(one.uuid),))
                continue
            back = put_back(one.changes, seen.fields, self._shape)
            if not isinstance(back, PutBack):
                self._reject(one, back)
            elif not back.changes:
                self._is_back(one)
            else:
                tasks.append(_Task(one, seen, back))
        return tasks

    def _shape(self, name: str) -> Shape:
        descriptor, types = self.about
        return shape_of(name, descriptor, types)

    def _reject(self, one: Past, problems: tuple[Problem, ...]) -> None:
        self._results.append(Rejected(one.row, one.key, Stage.PLAN, problems))

    def _is_back(self, one: Past) -> None:
        what = "is back already, or was put back by somebody"
        self._results.append(Delivered(one.row, one.key, Outcome.UNCHANGED, what, one.uuid))
        self._note(one)

    def _note(self, one: Past) -> None:
        """The record is as it was; none of its values is the mapping's own."""
        owner = Owner(self.undoing.hasher, self._shape)
        foreign = {
            mark
            for name, change in one.changes.items()
            for value in change
            for mark in owner.marks(name, value)
        }
        change = one.changes.get(TAGS, (None, None))
        touched = marks(self.undoing.hasher, (*added(change), *removed(change)))
        self._back.append(PutBackRow(one.key, one.uuid, frozenset(foreign), touched))

    # Sending

    async def _foretell(self, task: _Task) -> None:
        one, changes = task.past, task.back.changes
        before = self.foreseen.get(one.uuid, {})
        self.foreseen[one.uuid] = {**before, **{n: after for n, (_, after) in changes.items()}}
        self._results.append(self._updated(task, changes))

    async def _send(self, task: _Task) -> None:
        assert self.context.leases is not None
        self.context.leases.of(self.undoing.scope).require()
        one = task.past
        try:
            written = await self.restoring.restore(task.seen, task.back)
        except NotFound:
            self._reject(one, (gone(one.uuid),))
        except (Refused, Unavailable) as error:
            self._results.append(reject(self._record(task), error))
        else:
            self._check(task, written)
            if isinstance(written.failed, CutShort):
                raise written.failed.end
        if len(self._results) >= _TOGETHER:
            await asyncio.shield(self._flush())

    def _check(self, task: _Task, written: Written) -> None:
        """Hold the answers against what was to be put back."""
        stuck, left = self._split(task.back.changes, written)
        if not left and written.failed is None:
            self._results.append(self._updated(task, stuck))
            self._note(task.past)
            return
        if written.failed is not None:
            rejected = reject(self._record(task), written.failed)
        else:
            one = task.past
            problems = tuple(map(_not_taken, left))
            rejected = Rejected(one.row, one.key, Stage.SEND, problems)
        partly = PartlyWritten(rejected, task.past.uuid, True, stuck)
        self._results.append(partly if stuck else rejected)

    def _split(self, changes: Changes, written: Written) -> tuple[Changes, list[str]]:
        stuck: Changes = {}
        left = []
        for name, change in changes.items():
            held = written.seen.get(name)
            if name in written.confirmed and is_back(name, change, held, self._shape(name)):
                stuck[name] = change
            else:
                left.append(name)
        return stuck, left

    def _updated(self, task: _Task, changes: Changes) -> Delivered:
        if self.reporter.run.mrr is not None:
            self.reporter.run.mrr.add(self.state.stored(task.past.key), task.seen.mrr)
        one, reason = task.past, f"put back: {', '.join(changes)}"
        return Delivered(one.row, one.key, Outcome.UPDATED, reason, one.uuid, True, changes)

    def _record(self, task: _Task) -> Record:
        """What was to be written, for the words of a refusal."""
        return Record(task.past.row, task.past.key, task.back.fields)

    # Writing down

    async def _flush(self) -> None:
        """State first, then counts and reports; a dry run keeps nothing."""
        async with self._lock:
            back, self._back = self._back, []
            results, self._results = self._results, []
            try:
                if back and not self.context.dry_run:
                    self._unmarked += await call(self.state.store.put_back, self.undoing, back)
            finally:
                for result in results:
                    count(self.reporter.run, result)
                if results:
                    self.reporter.rows(results)

    def _tell_unmarked(self) -> None:
        if self._unmarked:
            self.reporter.warned(
                f"of {self._unmarked:,} records that are back the state does not know what the run had sent:"
                " the next run may send them again"
            )


def _not_taken(name: str) -> Problem:
    message = f"ChartMogul answered without an error, and {name} is not what it was before"
    return Problem(
        NOT_PUT_BACK,
        message,
        name,
        hint="look at it in ChartMogul; `undo` again tries it once more",
    )
