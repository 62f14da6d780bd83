"""What is told of a mapping: once per change of its state, decided from what was told before."""

from collections import abc
from dataclasses import dataclass
from enum import StrEnum

from sync.domain.health import MostRejected
from sync.domain.results import MappingRun, Run, Status
from sync.state.history import COMPLETE

_BROKEN_OFF = (Status.FAILED, Status.STOPPED)


class Event(StrEnum):
    """What a message can be about."""

    FAILED = "failed"
    REJECTED = "rejected"
    STALE = "stale"
    RECOVERED = "recovered"


class Seen(StrEnum):
    """How a mapping shows itself: in a run, or by the age of its last success."""

    BROKEN = "broken"
    #: More rejected rows than tolerated, new ones among them; or none that is new.
    NEWLY_REJECTED = "newly rejected"
    STILL_REJECTED = "still rejected"
    GOOD = "good"
    STALE = "stale"
    #: Nothing that says how the mapping is: interrupted, locked, or not all of its rows.
    UNTOLD = "untold"


#: Stands among what was told: something was, it holds no longer, and the recovery from it is still to be told.
OWED = "owed"
#: Stands among what was told: new rejected rows were to be told of, and the message could not be sent.
DUE = "due"


@dataclass(frozen=True, slots=True)
class Step:
    """The message that is due, and what counts as told once it is sent; `unsent`: where it cannot be."""

    message: Event | None
    told: frozenset[str]
    unsent: frozenset[str] = frozenset()


def step(seen: Seen, told: abc.Collection[str], wanted: abc.Collection[str]) -> Step:
    """What follows from how a mapping shows itself, given what was told; only `wanted` events are."""
    before = frozenset(told)
    match seen:
        case Seen.UNTOLD:
            return Step(None, before)
        case Seen.GOOD:
            is_due = before - {DUE} and Event.RECOVERED in wanted
            return Step(Event.RECOVERED if is_due else None, frozenset(), before)
        case Seen.BROKEN:
            return _first(Event.FAILED, before, wanted, before)
        case Seen.STALE:
            return _first(Event.STALE, before, wanted, before)
    over = before & {Event.FAILED, Event.STALE}
    before = before - over - {DUE} | ({OWED} if over else set())
    if seen is Seen.STILL_REJECTED and DUE not in told:
        return Step(None, before)
    return _first(Event.REJECTED, before, wanted, before | {DUE})


def _first(
    event: Event, before: frozenset[str], wanted: abc.Collection[str], unsent: frozenset[str]
) -> Step:
    if event in before or event not in wanted:
        return Step(None, before)
    return Step(event, before | {event.value}, unsent)


def seen(run: Run, part: MappingRun, new: int) -> Seen:
    """How a mapping shows itself in a run that rejected `new` rows which were not rejected before."""
    if part.status in _BROKEN_OFF:
        return Seen.BROKEN
    if part.status not in COMPLETE or not run.whole:
        return Seen.UNTOLD
    if part.rows.rejected <= part.tolerated:
        return Seen.GOOD
    return Seen.NEWLY_REJECTED if new else Seen.STILL_REJECTED


def is_good(run: Run) -> bool:
    """Whether a run is one for the heartbeat: whole, and all of its mappings came to their end and are healthy."""
    return run.whole and bool(run.mappings) and all(map(_is_healthy, run.mappings))


def _is_healthy(part: MappingRun) -> bool:
    rows = part.rows
    ill = MostRejected().is_passed(rows.read, rows.rejected, part.tolerated)
    return part.status in COMPLETE and not ill
