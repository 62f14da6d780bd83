"""What `schedule` runs, and when: the mappings as their files say now, each by its own timetable or all by one."""

import asyncio
import os
from collections import abc
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import click

from sync.cli import broken_run
from sync.cli.config import Prepared, prepare_run, whose
from sync.cli.environ import variables
from sync.cli.execute import Wanted as Told
from sync.cli.execute import conduct
from sync.cli.follow import follow, tell_stale
from sync.domain.events import Reporter
from sync.domain.health import MostRejected
from sync.domain.results import Run
from sync.domain.timetable import Timetable, read_cron, read_every, read_zone
from sync.engine.context import Selection, Stop
from sync.errors import ConfigError, ConfigProblem, SyncError
from sync.mapping.choice import Choice
from sync.mapping.loader import LoadedMapping
from sync.mapping.model import Schedule
from sync.mapping.survey import Barred, Survey
from sync.service.freshness import Freshness, Known, last_runs
from sync.settings import Settings
from sync.state.history import Whose


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line asks for; times as they were written."""

    paths: tuple[Path, ...]
    every: str | None = None
    cron: str | None = None
    timezone: str | None = None
    jitter: str | None = None
    at_once: bool | None = None
    host: str = "0.0.0.0"
    port: int | None = None
    max_age: str | None = None
    max_rejected: str | None = None
    reports: Path | None = None
    allow_host: tuple[str, ...] = ()
    choice: Choice = field(default_factory=Choice)

    def timetable(self, start: datetime) -> Timetable | None:
        """When runs are due; None where mappings say that themselves.

        Raises:
            ConfigError: both `every` and `cron` are given, or it cannot be read.
        """
        zone = read_zone(self.timezone, os.environ)
        match self.every, self.cron:
            case str(every), None:
                return read_every(every, start)
            case None, str(cron):
                return read_cron(cron, zone)
            case None, None:
                return None
            case _:
                raise _which()

    def timetable_of(self, schedule: Schedule, start: datetime) -> Timetable:
        """When a mapping is due by its own `schedule`."""
        if schedule.every is not None:
            return read_every(schedule.every, start)
        zone = read_zone(schedule.timezone or self.timezone, os.environ)
        return read_cron(schedule.cron or "", zone)

    @property
    def starts_at_once(self) -> bool:
        """An interval begins now; cron fields name their times, so they are waited for."""
        return self.cron is None if self.at_once is None else self.at_once


def _which() -> ConfigError:
    hint = (
        "such as --every 15m, or --cron '0 6 * * *'; or give each mapping a schedule: {every: 15m}"
    )
    return ConfigError(ConfigProblem("give either --every or --cron", hint))


@dataclass(slots=True)
class DueRuns:
    """Runs of the mappings that are wanted, whose files are read anew each time.

    `by_mapping`: each has a timetable of its own, in which intervals count from `started`.
    """

    wanted: Wanted
    started: datetime
    by_mapping: bool
    most: MostRejected
    prepared: Prepared = field(init=False)
    #: The command that this is a part of: it says in which file variables are, to other threads as well.
    _command: click.Context | None = field(
        default_factory=partial(click.get_current_context, silent=True), init=False, repr=False
    )
    _tables: dict[str, Timetable] = field(default_factory=dict, init=False)
    #: The variables as they were last read.
    _given: abc.Mapping[str, str] = field(default_factory=dict, init=False)
    #: The mappings that were found last, where any were.
    _everybody: abc.Sequence[LoadedMapping | Barred] = field(default=(), init=False)

    @property
    def settings(self) -> Settings:
        """The settings, as they were last read."""
        return self.prepared.settings

    @property
    def passed_over(self) -> list[str]:
        """The mappings whose own timetable does not count, since the command line has one."""
        sound = () if self.by_mapping else self.prepared.survey.sound
        return [one.mapping.name for one in sound if one.mapping.schedule is not None]

    def begin(self) -> abc.Mapping[str, Timetable]:
        """The timetables of the mappings, where they count.

        Raises:
            ConfigError: nothing could run, while a file that is broken is its own mapping's affair; or nobody says when
                a mapping runs.
        """
        self.prepared = self._read(warned=False)
        found = self.prepared.survey
        if not found.may_run:
            error = ConfigError(*found.problems)
            self._failed(self.prepared, error)
            raise error
        if not self.by_mapping:
            return {}
        if not any(_has_schedule(found)):
            raise _which()
        if problems := _unscheduled(found):
            raise ConfigError(*problems.values())
        return self.timetables()

    def _read(self, *, warned: bool) -> Prepared:
        paths = self.wanted.choice.files(self.wanted.paths, variables())
        return prepare_run(paths, warned=warned)

    def _read_again(self) -> Prepared:
        """As the files say now: a mapping that lost its schedule fails, and the others go on."""
        prepared = self._read(warned=True)
        if not self.by_mapping:
            return prepared
        found = prepared.survey
        return replace(prepared, survey=found.failing(_unscheduled(found)))

    def timetables(self) -> abc.Mapping[str, Timetable]:
        """The timetable of each mapping; one whose file cannot be read keeps what it had."""
        command = self._command.scope(cleanup=False) if self._command else nullcontext()
        with command, suppress(SyncError):  # the next run tells
            self.prepared = self._read_again()
        found = self.prepared.survey
        said = [(one.mapping.name, one.mapping.schedule) for one in found.sound]
        said += [(one.name, one.schedule) for one in found.barred]
        tables = {name: self._table(name, schedule) for name, schedule in said}
        self._tables = {name: table for name, table in tables.items() if table is not None}
        return self._tables

    def _table(self, name: str, schedule: Schedule | None) -> Timetable | None:
        if schedule is None:
            return self._tables.get(name)
        return self.wanted.timetable_of(schedule, self.started)

    def whose(self, known: Known) -> list[Whose]:
        """The mappings, as they were last read; a folder that is gone, or empty, makes none of them healthy."""
        self._everybody = self.prepared.survey.everybody or self._everybody
        with suppress(ConfigError):  # a file that is being replaced: the next run tells
            self._given = variables()
        return [whose(one, known, self._given) for one in self._everybody]

    async def run(self, stop: Stop, listener: Reporter, names: frozenset[str] | None = None) -> Run:
        """One run over all mappings, or over those of these names and what nobody knows a timetable of."""
        self.prepared = self._read_again()
        prepared = self.prepared
        if names is not None:
            unknown = {one.name for one in prepared.survey.barred} - self._tables.keys()
            prepared = replace(prepared, survey=prepared.survey.only(names | unknown))
        try:
            run = await conduct(
                prepared,
                Selection(),
                dry_run=False,
                wanted=Told(reports=self.wanted.reports),
                stop=stop,
                listener=listener,
            )
        except SyncError as error:
            failed = replace(prepared, survey=prepared.survey.barring(error))
            await asyncio.to_thread(self._failed, failed, error)
            raise
        await asyncio.to_thread(follow, self.settings, run, self.wanted.reports, stop.requested)
        return run

    def _failed(self, prepared: Prepared, error: SyncError) -> None:
        run = broken_run.enter(prepared, error, dry_run=False)
        if prepared.state_is_known:
            follow(prepared.settings, run, self.wanted.reports)

    def freshness(self) -> Known:
        """Each mapping's last success, and what broke off."""
        return last_runs(self.settings.state_url, self.most)

    def tell(self, late: abc.Sequence[Freshness], limit: timedelta) -> None:
        """Tell of mappings whose last success has become too old."""
        tell_stale(self.settings, late, limit.total_seconds())


def _has_schedule(found: Survey) -> abc.Iterator[bool]:
    yield from (one.mapping.schedule is not None for one in found.sound)
    yield from (one.schedule is not None for one in found.barred)


def _unscheduled(found: Survey) -> dict[str, ConfigProblem]:
    """The files of mappings that do not say when they run, each with the problem that this is."""
    message = "this mapping has no schedule, and neither --every nor --cron is given"
    hint = "write schedule: {every: 15m}, or schedule: {cron: '0 6 * * *', timezone: Europe/Berlin}"
    lacking = [one for one in found.sound if one.mapping.schedule is None]
    return {one.file: one.problem_at(("schedule",), message, hint) for one in lacking}
