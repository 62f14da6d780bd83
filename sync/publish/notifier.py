"""Tells of changes of mappings' health, each once, over restarts too: the state remembers what was told to whom."""

from collections import abc
from dataclasses import dataclass
from datetime import datetime

from sync.domain.results import MappingRun, Run
from sync.publish.events import OWED, Event, Seen, seen, step
from sync.publish.message import About, Message, Reasons, broken, recovered, rejected, stale
from sync.publish.outlets import Outlet, Unsent, Warn
from sync.state.store import Store
from sync.state.told import Place, Told

Compose = abc.Callable[[Event, datetime], Message]


@dataclass(frozen=True, slots=True)
class Notifier:
    """Tells `outlets` of `wanted` events. What cannot be told is a warning, and is tried again by the next run."""

    store: Store
    outlets: abc.Sequence[Outlet]
    wanted: abc.Collection[str]
    environment: str | None
    warn: Warn

    def run_ended(self, run: Run, reasons: abc.Callable[[str], Reasons]) -> None:
        """Tell what a real run has changed; `reasons` are the commonest ones for a mapping's rejected rows."""
        for part in run.mappings:
            self._part_ended(run, part, reasons)

    def _part_ended(
        self, run: Run, part: MappingRun, reasons: abc.Callable[[str], Reasons]
    ) -> None:
        new = part.rejected_new
        about = About(part.mapping, self.environment, run.id)

        def compose(event: Event, since: datetime) -> Message:
            match event:
                case Event.FAILED:
                    return broken(about, run, part, self.store.last_success(part))
                case Event.REJECTED:
                    return rejected(about, run, part, new, reasons(part.mapping))
                case _:
                    return recovered(about, run, part, since)

        place = Place(part.mapping, part.data_source, part.account)
        self._tell(place, seen(run, part, new), run.id, compose)

    def is_stale(self, place: Place, last: datetime | None, max_age: float) -> None:
        """Tell that a mapping's last success is longer ago than `max_age` seconds."""
        about = About(place.mapping, self.environment)
        self._tell(place, Seen.STALE, None, lambda *_: stale(about, last, max_age))

    def _tell(self, place: Place, shown: Seen, run: str | None, compose: Compose) -> None:
        noted = self.store.told(place)
        for outlet in self.outlets:
            target = self.store.target(outlet.url)
            before = {one.event: one for one in noted if one.target == target}
            due = step(shown, before.keys(), self.wanted)
            now, holds = self.store.now(), due.told
            if due.message is not None:
                since = min((one.at for one in before.values()), default=now)
                try:
                    outlet.send(compose(due.message, since))
                except Unsent as error:
                    text = f"SYNC_NOTIFY: {outlet.name} was not told {due.message} of"
                    self.warn(f"{text} {place.mapping}: {error}")
                    holds = due.unsent
            if holds != before.keys():
                oldest = min((one.at for one in before.values()), default=now)
                new = {name: oldest if name == OWED else now for name in holds - before.keys()}
                told = [Told(target, name, run, at) for name, at in new.items()]
                kept = [one for name, one in before.items() if name in holds]
                self.store.note_told(place, target, [*kept, *told])
