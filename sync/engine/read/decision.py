"""What the state alone decides about a record, without a word from ChartMogul."""

from collections import abc
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sync.destination.interface import SAME_RECORD
from sync.domain.background import Backgrounds
from sync.domain.fingerprint import Hasher
from sync.domain.policy import Mode
from sync.domain.record import Background, Problem, Record, Rejected, Stage
from sync.domain.results import UNDONE, Delivered, Outcome
from sync.state.memory import REJECTED, Held, Memory, RejectedRow

#: How long a row that ChartMogul refused is not sent again while nothing about it changed.
HELD_FOR = timedelta(days=7)

Local = Delivered | Rejected


@dataclass(frozen=True, slots=True)
class LostParents:
    """Customers that were found to be deleted, and when, by the keys that the state holds; `stored` makes one of a key.

    A contact of one of them that was not met since then is looked at, whatever is remembered of it: it is gone, or
    nobody's.
    """

    found: abc.Mapping[str, datetime] = field(default_factory=dict)
    stored: abc.Callable[[str], str] = str

    def concern(self, record: Record, memory: Memory) -> bool:
        """Whether a remembered record may have gone with its customer."""
        if not self.found or record.customer is None:
            return False
        lost = self.found.get(self.stored(record.customer))
        return lost is not None and (memory.at is None or memory.at <= lost)


@dataclass(frozen=True, slots=True)
class UndoneMarks:
    """Of the records that were put back, what stands for the record that was undone, and the mapping's digest."""

    marks: abc.Mapping[int, bytes] = field(default_factory=dict)
    digest: bytes = b""

    def hold(self, record: int, fingerprint: bytes, hasher: Hasher, edition: bytes) -> bool:
        """Whether a record, by its number, was put back, and row and mapping are as they were then."""
        mark = self.marks.get(record)
        return mark is not None and mark in (
            hasher.mark(fingerprint, one) for one in (self.digest, edition)
        )


@dataclass(frozen=True, slots=True)
class Marks:
    """By which hashes a mapping knows its records again.

    `edition` is what must stay the same besides the row for a refused row to be held back: mapping and rules. `terms`
    say whose values win, in bytes: a mapping that lets others win is another one.
    """

    hasher: Hasher
    edition: bytes
    terms: bytes = b""

    def fingerprint(self, record: Record) -> bytes:
        """16 bytes for all that this mapping would make of a record."""
        plain = self.hasher.fingerprint(record)
        return self.hasher.mark(plain, self.terms) if self.terms else plain

    def held(self, fingerprint: bytes) -> bytes:
        """What a refused row is held back by."""
        return self.hasher.mark(fingerprint, self.edition)


@dataclass(frozen=True, slots=True)
class StateDecision:
    """Decides by what the state remembers.

    `full`: nothing remembered is trusted, nor is it of what belongs to `lost_parents`. `now` is the moment in which the
    run started. `resend`: what is held back is sent all the same.
    """

    mode: Mode
    marks: Marks
    now: datetime
    full: bool = False
    lost_parents: LostParents = field(default_factory=LostParents)
    backgrounds: Backgrounds = field(default_factory=Backgrounds)
    undone: UndoneMarks = field(default_factory=UndoneMarks)
    resend: bool = False

    def decide(self, record: Record, fingerprint: bytes, memory: Memory | None) -> Local | None:
        """What becomes of a record; None: it needs ChartMogul."""
        if memory is None or self.full or self.lost_parents.concern(record, memory):
            return None
        if (undone := self.as_undone(record, fingerprint, memory)) is not None:
            return undone
        if memory.uuid and self.mode is Mode.INSERT:
            reason = "exists already, and the mode is insert"
            return Delivered(record.row, record.key, Outcome.SKIPPED, reason, memory.uuid)
        if memory.uuid and memory.fingerprint == fingerprint:
            return Delivered(
                record.row, record.key, Outcome.UNCHANGED, "nothing changed", memory.uuid
            )
        return self._held_back(record, fingerprint, memory)

    def as_undone(self, record: Record, fingerprint: bytes, memory: Memory) -> Delivered | None:
        """The row as skipped, where its record was put back and neither it nor the mapping changed since."""
        marks = self.marks
        if not self.undone.hold(memory.record, fingerprint, marks.hasher, marks.edition):
            return None
        return Delivered(record.row, record.key, Outcome.SKIPPED, UNDONE, memory.uuid)

    def _held_back(self, record: Record, fingerprint: bytes, memory: Memory) -> Rejected | None:
        held = memory.held
        if held is None or self.resend or self.now - held.since > HELD_FOR:
            return None
        if held.fingerprint != self.marks.held(fingerprint):
            return None
        problem = Problem(
            "held_back",
            f"ChartMogul refused this row on {held.since:%Y-%m-%d} with status {held.http_status}"
            f"{_first(held)} and nothing about it changed since",
            held.field,
            hint="mend the row or the mapping; retry sends it again, and so do run --full and every"
            f" run after {held.since + HELD_FOR:%Y-%m-%d}",
        )
        background = Background(name=self.backgrounds.name(record.fields))
        return Rejected(
            record.row,
            record.key,
            Stage.PLAN,
            (problem,),
            held.http_status,
            background=background,
        )

    def told(self, result: Local, memory: Memory | None) -> Local:
        """The result; of a rejected row with its background."""
        if not isinstance(result, Rejected):
            return result
        uuid = memory.uuid if memory is not None and not memory.deleted else None
        return self.backgrounds.of(result, rejected_since(memory), uuid)


def _first(held: Held) -> str:
    """The first refusal's run, code and words, where they are known."""
    run = f" in run {held.run}" if held.run else ""
    told = ": ".join(filter(None, (held.code, held.words)))
    return f"{run} ({told})" if told else run


def rejected_since(memory: Memory | None) -> datetime | None:
    """Since when the row is rejected without a break; None: it is not. A row that had left the query was not."""
    return None if memory is None or memory.left else memory.rejected_since


def yields(memory: Memory | None) -> bool:
    """Whether the row was last rejected for being another one's record."""
    return memory is not None and memory.outcome == REJECTED and memory.code == SAME_RECORD


def for_state(
    rejected: Rejected, memories: abc.Mapping[str, Memory], bucket: int | None = None
) -> RejectedRow:
    """A rejected row as the state keeps it; one that is held back stays so."""
    key, code = rejected.key or "", rejected.problems[0].code
    held = memories[key].held if code == "held_back" else None
    since = rejected.background.since
    return RejectedRow(key, code, held=held, since=since, bucket=bucket)
