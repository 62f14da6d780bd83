"""Whose values ChartMogul holds once a record was looked at or written: what is to be noted as the mapping's own."""

from collections import abc
from dataclasses import dataclass, field, replace

from sync.chartmogul.client import Written
from sync.domain.fingerprint import join
from sync.domain.objects import Field, Kind
from sync.domain.overwrite import Edits
from sync.domain.own import Own
from sync.domain.plan import Changes, Known, Policy, Seen
from sync.domain.record import Fields, Value
from sync.domain.results import Delivered
from sync.domain.sameness import same
from sync.domain.spelling import normal
from sync.domain.tags import TAGS, added
from sync.engine.write.asked import AskedValues
from sync.engine.write.delivery import Delivery, Job
from sync.engine.write.tag_notes import Tagged, TagNotes
from sync.errors import AlreadyExists, NotFound, Refused
from sync.state.memory import Asked, OwnNote

#: What every address has.
_AT = "@"


@dataclass(frozen=True, slots=True)
class Shown:
    """What ChartMogul shows of a record by now.

    `names`: the fields of which that is known; None: all. `changes`: what was written, with the values before;
    `stuck`: which of these are there. `added`: the tags that answered requests added where a look had not shown them.
    """

    fields: Fields
    names: abc.Set[str] | None = None
    changes: Changes = field(default_factory=dict)
    stuck: abc.Set[str] = frozenset()
    before_known: bool = True
    added: tuple[str, ...] = ()

    @property
    def tags(self) -> Value | None:
        """All tags; None where nobody has seen them."""
        return self.fields.get(TAGS, ()) if self.tells(TAGS) else None

    def tells(self, name: str) -> bool:
        """Whether the value of a field is known."""
        return self.names is None or name in self.names


def shown_after(known: Known, written: Written, changes: Changes, stuck: abc.Set[str]) -> Shown:
    """What is known of a record after an update; where nobody had looked, only of what was written."""
    shown = written.seen
    if not isinstance(known, Seen):
        return Shown(shown, changes.keys(), changes, stuck, before_known=False)
    before = {name: value for name, value in known.fields.items() if name not in changes}
    return Shown({**before, **shown}, None, changes, stuck, added=added_by(written, changes))


def added_by(written: Written, changes: Changes) -> tuple[str, ...]:
    """The tags that answered requests added; none where ChartMogul says that they changed nothing."""
    answered = TAGS in written.confirmed and TAGS not in written.unmodified
    return added(changes[TAGS]) if answered and TAGS in changes else ()


_NOTHING_SHOWN = Shown({}, frozenset())


@dataclass(frozen=True, slots=True)
class Ownership:
    """Tells what is to be noted of the values of one record.

    `asked` is where what is asked for is noted before it is sent; None where nothing is sent.
    """

    policy: Policy
    asked: AskedValues | None = None

    async def ask(self, job: Job, changes: Changes, uuid: str | None = None) -> Job:
        """Note what is about to be asked for: from here on it counts as the mapping's own.

        `uuid` is that of the record, where it is there.
        """
        if self.asked is None or not (hashes := self._asked(job, changes)):
            return job
        await self.asked.note(job.record.key, Asked(hashes, uuid))
        return replace(job, asked=hashes)

    def kept(self, delivery: Delivery, job: Job, known: Known, edits: Edits) -> Delivery:
        """A delivery for which nothing was sent, with what is to be noted of own values."""
        shown = Shown(known.fields) if isinstance(known, Seen) else Shown({}, frozenset())
        return self._noted(delivery, job, shown, edits, asked=False)

    def written(self, delivery: Delivery, job: Job, shown: Shown, edits: Edits) -> Delivery:
        """The delivery of what was sent and answered, with what is to be noted of own values."""
        return self._noted(delivery, job, shown, edits, asked=self.asked is not None)

    def rejected(self, delivery: Delivery, job: Job, known: Seen) -> Delivery:
        """The delivery of a row that is rejected for what its record shows; what is equal to the row is own already."""
        owner, own = self.policy.owner, job.own
        equal = {
            name: known.fields[name]
            for name, wanted in job.record.fields.items()
            if name != TAGS
            and name in known.fields
            and same(wanted, known.fields[name], self.policy.shape(name))
        }
        new = owner.shown(equal, own.sent) - own.shown
        if not new:
            return delivery
        return replace(delivery, own=OwnNote(join(own.shown | new), join(own.asked)))

    def failed(
        self,
        delivery: Delivery,
        job: Job,
        error: Exception,
        stuck: Changes,
        shown: Shown = _NOTHING_SHOWN,
    ) -> Delivery:
        """The delivery of a record whose request failed; refused for good, what it asked for is not there.

        `shown` is what answers before it have shown.
        """
        final = isinstance(error, Refused) and not isinstance(error, AlreadyExists | NotFound)
        if self.asked is None:
            return delivery
        own = self._refused(job, stuck) if final else None
        if shown.tags is not None:
            tagged = Tagged(shown.tags, shown.added, whole=False)
            own = TagNotes(self.policy).note(own, job, delivery.uuid, tagged)
        return replace(delivery, own=own)

    def _noted(
        self, delivery: Delivery, job: Job, shown: Shown, edits: Edits, *, asked: bool
    ) -> Delivery:
        own = self._note(job, shown, delivery.dropped, edits, asked=asked)
        if isinstance(delivery.result, Delivered):
            tagged, uuid = Tagged(shown.tags, shown.added), delivery.result.uuid
            own = TagNotes(self.policy).note(own, job, uuid, tagged)
        return replace(delivery, own=own, stay=frozenset(edits.stay))

    def _asked(self, job: Job, changes: Changes) -> frozenset[bytes]:
        """The hashes of what is about to be asked for, with what was before; nothing where all is own already."""
        owner = self.policy.owner
        plain = {name: after for name, (_, after) in changes.items() if name != TAGS}
        hashes = frozenset(one for n, v in plain.items() for one in owner.written(n, v))
        own = job.own
        return frozenset() if all(one in own for one in hashes) else own.asked | hashes

    def _note(
        self, job: Job, shown: Shown, dropped: frozenset[bytes], edits: Edits, *, asked: bool
    ) -> OwnNote | None:
        """What is to be noted of a delivered record; None: nothing, and nothing is.

        `asked`: what was asked for was noted, and is answered now.
        """
        found = self._own_values(job, shown, dropped, edits) | self._foreign(shown, edits)
        found |= self._replaced(job, shown, edits)
        before = job.memory is not None and job.memory.noted != OwnNote()
        return OwnNote(join(found)) if found or before or asked else None

    def _refused(self, job: Job, stuck: Changes) -> OwnNote:
        """What is to be noted of a record whose request was refused: what was asked for is not there, but this is."""
        owner, own = self.policy.owner, job.memory.own if job.memory else Own()
        there = {owner.mark(name, after) for name, (_, after) in stuck.items() if name != TAGS}
        return OwnNote(join(own.shown | there), join(own.asked))

    def _own_values(
        self, job: Job, shown: Shown, dropped: frozenset[bytes], edits: Edits
    ) -> frozenset[bytes]:
        """The hashes of own values that those of what was sent do not tell."""
        owner, own, fields = self.policy.owner, job.own, job.record.fields
        found: dict[str, Value] = {}
        kept: set[bytes] = set()
        apart = {TAGS, *edits.stay}
        for name, wanted in fields.items():
            if name in apart:
                continue
            if not shown.tells(name):
                kept |= owner.written(name, wanted) & own.shown if own.shown else set()
            elif self._is_own(job, name, shown):
                found[name] = shown.fields[name]
        found |= self._left(job, shown)
        if not found:
            return frozenset(kept)
        sent = self.policy.hasher.fields({n: fields[n] for n in found.keys() & fields.keys()})
        return owner.shown(found, sent - dropped) | kept

    def _replaced(self, job: Job, shown: Shown, edits: Edits) -> frozenset[bytes]:
        """The own values in whose place there are edits that stay: who takes an edit back puts them there again.

        Hashes do not tell their fields: they are those that no value accounts for, and no more than edits stay.
        """
        if not edits.stay or not job.own:
            return frozenset()
        owner, own, most = self.policy.owner, job.own, len(edits.stay)
        told = [(n, v) for n, v in job.record.fields.items() if n not in edits.stay]
        told += [*shown.fields.items(), *((n, before) for n, (before, _) in shown.changes.items())]
        known = frozenset().union(*(owner.marks(name, value) for name, value in told))
        # The value that was sent, another spelling in which it was shown, and what was asked for without an answer.
        ways = ((own.sent, most), (own.shown, 2 * most), (own.asked, 2 * most))
        left = ((hashes - known, upto) for hashes, upto in ways)
        return frozenset[bytes]().union(*(hashes for hashes, upto in left if len(hashes) <= upto))

    def _left(self, job: Job, shown: Shown) -> dict[str, Value]:
        """Own values of fields that the row does not send now, such as a null that is kept: they stay its own."""
        if shown.names is not None or not job.own:
            return {}
        return {
            name: value
            for name, value in shown.fields.items()
            if name not in job.record.fields
            and name != TAGS
            and self.policy.owner.owns(job.own, name, value)
        }

    def _is_own(self, job: Job, name: str, shown: Shown) -> bool:
        """Whether the value that is shown is own, and another text than was sent.

        What a write has left as it was is whose it was before; what it has changed is its own, however it is spelt.
        """
        wanted, value = job.record.fields[name], shown.fields.get(name)
        if value is None:
            return False
        equal = value == wanted and type(value) is type(wanted)
        if equal and not (isinstance(value, str) and _AT in value):
            return False  # as nearly all are: no shape is needed
        shape = self.policy.shape(name)
        if equal:
            is_email = isinstance(shape, Field) and shape.kind is Kind.EMAIL
            return is_email and normal(value, shape) != value
        if same(wanted, value, shape):
            return True
        before = shown.changes[name][0] if name in shown.changes else value
        if name in shown.changes and not (shown.before_known and same(value, before, shape)):
            return True
        return self.policy.owner.owns(job.own, name, before)

    def _foreign(self, shown: Shown, edits: Edits) -> frozenset[bytes]:
        """What was overwritten just now: should it be found again, something writes it."""
        edited = set(edits.overwritten + edits.rewritten) & shown.stuck
        owner = self.policy.owner
        return frozenset(owner.foreign(name, shown.changes[name][0]) for name in edited)
