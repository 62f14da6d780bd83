"""A run: one invocation over one or more mappings, from leases to the exit code."""

import asyncio
from collections import abc
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import compress

from sync import errors
from sync.domain.clock import Clock
from sync.domain.events import Reporter
from sync.domain.record import Object
from sync.domain.results import MappingRun, Run, Status
from sync.engine.context import Selection, Stop
from sync.engine.lease import RunLease
from sync.engine.plan_guard import guard_places
from sync.engine.task import MappingTask
from sync.errors import (
    ConfigError,
    Interrupted,
    LockedError,
    Outage,
    StateError,
    SyncError,
    cause,
    gravest,
    told,
)

#: What ends every mapping of a run; anything else ends the one that met it, and what depends on that.
_ENDS_ALL = (Interrupted, Outage, StateError)
#: How a mapping ends without which those that depend on it do not start.
_BROKEN_OFF = (Status.FAILED, Status.STOPPED, Status.LOCKED)
#: The rail that stops a whole run.
CANARY = "canary"
_STATUSES = {errors.EXIT_LOCKED: Status.LOCKED, errors.EXIT_RAIL: Status.STOPPED}


@dataclass(slots=True)
class Coordinator:
    """Takes the tasks of a run through its phases: everything is read before anything is written.

    `lease` holds leases and the run's entry in the state; a dry run has none. Parts of the run without a task have
    failed before it; `unsound` are the files at fault, which may say anything of an attribute's type. `selection` is
    what the run was asked for.
    """

    run: Run
    tasks: list[MappingTask]
    reporter: Reporter
    stop: Stop
    lease: RunLease | None
    clock: Clock
    unsound: abc.Sequence[str] = ()
    selection: Selection = field(default_factory=Selection)
    _codes: set[int] = field(default_factory=set, init=False)

    async def conduct(self) -> Run:
        """Carry the run out; every error ends in its status, its exit code and its reports."""
        for task in self.tasks:
            task.follow(self.tasks)
        if any(part.status is Status.FAILED for part in self.run.mappings):
            self._codes.add(errors.EXIT_CONFIG)
        self.reporter.started(self.run)
        try:
            if self.lease is not None:
                await self.lease.begin(self.run)
            async with AsyncExitStack() as stack:
                await self._phases(stack)
        except Interrupted:
            pass  # whatever is still open ends as interrupted
        except SyncError as error:
            self._failed(error)
        finally:
            for task in self.tasks:
                task.close()
        await self._finish()
        return self.run

    async def _phases(self, stack: AsyncExitStack) -> None:
        for task in self.tasks:
            await self._connect(task)
        for task in self.tasks:  # by now the uuids of data sources are known that mappings name
            task.follow(self.tasks)
        if self.selection.plan is not None:
            guard_places(self.selection.plan, [task.run for task in self._open()])
        if self.lease is not None:
            held = self.lease.held([task.state.scope for task in self._open()])
            locked = await stack.enter_async_context(held)
            for task in self._open():
                if task.state.scope in locked:
                    self._end(task, locked[task.state.scope])
        for task in self._open():
            await self._read(task)
        self._compare_types()
        for task in self._open():
            with self._ending(task):
                task.accept_types()
        self._guard_types()
        await self._write_all(sorted(self._open(), key=lambda task: task.about.parent is not None))

    async def _connect(self, task: MappingTask) -> None:
        with self._ending(task):
            await self.stop.cut(task.connect(), "interrupted before anything was read")

    def _open(self) -> list[MappingTask]:
        return [task for task in self.tasks if task.run.status is None]

    async def _read(self, task: MappingTask) -> None:
        if self.stop.requested():
            return
        with self._ending(task):
            await task.read()

    @contextmanager
    def _ending(self, task: MappingTask) -> abc.Iterator[None]:
        """What goes wrong in here ends this mapping, unless it is what ends them all."""
        try:
            yield
        except _ENDS_ALL:
            raise
        except SyncError as error:
            self._end(task, error)

    def _compare_types(self) -> None:
        """Two mappings that would lock one attribute in two ways are refused together."""
        first: dict[tuple[str, Object, str], MappingTask] = {}
        for task in self._open():
            if not task.about.locks_types:
                continue  # ChartMogul has the definitions of contact attributes; types only cast
            for key, typed in task.types.items():
                place = (task.state.scope.account, task.kind, key.lower())
                other = first.setdefault(place, task)
                if other is task:
                    continue
                try:
                    task.compare(key, typed, other)
                except ConfigError as error:
                    self._end(task, error)
                    self._end(other, error)

    def _guard_types(self) -> None:
        """Lock no type while a file that may say another one cannot be read."""
        for task in self._open() if self.unsound else ():
            new = sorted(task.types.keys() - task.state.in_use) if task.about.locks_types else []
            if new:
                task.run.error = (
                    f"held back: {self.unsound[0]} is not sound, and may say another type of the attribute {new[0]},"
                    " which this mapping would lock for good"
                )
                task.run.status, task.run.reason = Status.FAILED, cause(ConfigError())
                self._codes.add(errors.EXIT_CONFIG)

    async def _write_all(self, tasks: abc.Sequence[MappingTask]) -> None:
        """Write mappings side by side, but for those that have to wait for another one."""
        one_by_one = self.selection.canary is not None
        waits = [
            [one_by_one or await asyncio.to_thread(task.waits_for, o) for o in tasks[:place]]
            for place, task in enumerate(tasks)
        ]
        writing: list[asyncio.Task[None]] = []
        for task, selectors in zip(tasks, waits, strict=True):
            before = list(compress(writing, selectors))
            writing.append(asyncio.create_task(self._write_after(before, task)))
        try:
            await asyncio.gather(*writing)
        except BaseException:
            for one in writing:
                one.cancel()
            await asyncio.gather(*writing, return_exceptions=True)
            raise
        if self.stop.failure is not None:
            raise self.stop.failure

    async def _write_after(
        self, first: abc.Sequence[asyncio.Task[None]], task: MappingTask
    ) -> None:
        if first:
            await asyncio.wait(first)
        try:
            await self._write(task)
        except SyncError as error:  # what ends them all
            self.stop.fail(error)

    async def _write(self, task: MappingTask) -> None:
        if self.stop.requested() or self.stop.failure is not None:
            return
        if broken := [one for one in self._parents(task) if one.status in _BROKEN_OFF]:
            self._leave_out(task, broken[0])
            return
        if dead := [part for part in self.run.mappings if part.reason == CANARY]:
            task.run.error = (
                f"not started: the canary of {dead[0].mapping} did not arrive as it was sent"
            )
            task.run.status, task.run.reason = Status.STOPPED, CANARY
            return
        with self._ending(task):
            await task.write()
            self._close(task)

    def _parents(self, task: MappingTask) -> list[MappingRun]:
        """The parts of the run whose records this mapping's records belong to."""
        wanted = (task.about.parent, task.run.data_source)
        return [part for part in self.run.mappings if (part.object, part.data_source) == wanted]

    def _leave_out(self, task: MappingTask, broken: MappingRun) -> None:
        """Do not start a mapping whose customers broke off."""
        task.run.error = f"not started: its customers come from {broken.mapping}, which broke off"
        task.run.status = Status.LOCKED if broken.status is Status.LOCKED else Status.FAILED
        task.run.reason = broken.reason

    def _close(self, task: MappingTask) -> None:
        if self.stop.requested() and task.run.rows.unprocessed:
            return
        rejected = task.run.rows.rejected
        task.run.status = (
            Status.COMPLETED_WITH_ERRORS if rejected or task.run.conflicts else Status.SUCCEEDED
        )
        if rejected > task.run.tolerated or task.run.conflicts or task.run.differs:
            self._codes.add(errors.EXIT_REJECTED)
        if self.selection.detailed and task.run.rows.written:
            self._codes.add(errors.EXIT_CHANGES)

    def _end(self, task: MappingTask, error: SyncError) -> None:
        task.run.error = told(error)
        task.run.status = _STATUSES.get(error.exit_code, Status.FAILED)
        task.run.reason = cause(error)
        if isinstance(error, LockedError):
            task.run.free_in = error.free_in
        self._codes.add(error.exit_code)

    def _failed(self, error: SyncError) -> None:
        """An error that ends the whole run: the mapping it struck names it, the others were not finished."""
        self._codes.add(error.exit_code)
        status = _STATUSES.get(error.exit_code, Status.FAILED)
        for task in self._open():
            task.run.status = status
            task.run.error = told(error)
            task.run.reason = cause(error)

    async def _finish(self) -> None:
        run = self.run
        interrupted = self.stop.exit_code
        for task in self._open():
            task.run.status, task.run.reason = Status.INTERRUPTED, cause(Interrupted(""))
        if interrupted is not None and any(t.run.status is Status.INTERRUPTED for t in self.tasks):
            run.exit_code = interrupted
        else:
            run.exit_code = gravest(self._codes)
        run.status = _worst(run.mappings)
        run.finished_at = self.clock.now()
        if self.lease is not None:
            try:
                await self.lease.finish(run)
            except StateError as error:
                run.exit_code = run.exit_code if interrupted else errors.EXIT_SERVER
                run.status = Status.FAILED
                self.reporter.warned(None, told(error))
        self.reporter.finished(run)


_BAD = (
    Status.INTERRUPTED,
    Status.FAILED,
    Status.LOCKED,
    Status.STOPPED,
    Status.COMPLETED_WITH_ERRORS,
)


def _worst(mappings: abc.Sequence[MappingRun]) -> Status:
    statuses = {mapping.status for mapping in mappings}
    return next((status for status in _BAD if status in statuses), Status.SUCCEEDED)
