"""What is to be noted of the tags of a record: those that columns bring the row, and those that our requests added."""

from dataclasses import dataclass, replace

from sync.domain.fingerprint import join, split
from sync.domain.plan import Policy
from sync.domain.record import Value
from sync.domain.tags import TAGS, OwnTags, marks, texts, without
from sync.engine.write.delivery import Job
from sync.state.memory import OwnNote


@dataclass(frozen=True, slots=True)
class Tagged:
    """What became of the tags of a record.

    `shown` are all that ChartMogul shows by now, None where nobody has seen them. `added` are those that answered
    requests added where a look had not shown them. `whole`: the row has arrived with all it brings.
    """

    shown: Value | None = None
    added: tuple[str, ...] = ()
    whole: bool = True


@dataclass(frozen=True, slots=True)
class TagNotes:
    """Tells what is to be noted of the tags of one record."""

    policy: Policy

    def note(
        self, own: OwnNote | None, job: Job, uuid: str | None, tagged: Tagged
    ) -> OwnNote | None:
        """What is to be noted of own values, with what is to be noted of tags; `uuid` is the record's by now."""
        noted = job.memory.noted if job.memory else OwnNote()
        if not self.policy.tags.by_row:
            # What an older version of the mapping brought is nobody's any more.
            nothing = noted.tags is None and noted.added is None
            return own if nothing else replace(own or _as_noted(job), tags=b"", added=b"")
        known = job.own.tags
        before = known if known.uuid == uuid else OwnTags(uuid)
        had = self._brought(job) | (frozenset() if tagged.whole else before.had)
        added, lost = self._ours(before, tagged)
        same = (had, added) == (split(noted.tags or b""), split(noted.added or b""))
        if same and not lost and known.uuid in (uuid, None):
            return own
        told = own or _as_noted(job)
        return replace(told, tags=join(had), added=join(added), lost=join(lost))

    def _brought(self, job: Job) -> frozenset[bytes]:
        """The tags that columns bring the row, but for those of every row."""
        brought = texts(job.record.fields.get(TAGS))
        return self._marks(without(brought, self.policy.tags.constants))

    def _ours(self, before: OwnTags, tagged: Tagged) -> tuple[frozenset[bytes], frozenset[bytes]]:
        """The tags that answered requests added for this mapping, and those of other mappings that are gone."""
        added = before.added | self._marks(tagged.added)
        added -= self._marks(self.policy.tags.constants)
        if tagged.shown is None:
            return added, frozenset()
        there = self._marks(texts(tagged.shown))
        return added & there, before.added_for_others - there

    def _marks(self, tags: tuple[str, ...]) -> frozenset[bytes]:
        return marks(self.policy.hasher, tags)


def _as_noted(job: Job) -> OwnNote:
    """The own values of a record as they are noted, with what was asked for since."""
    own = job.own
    return OwnNote(join(own.shown), join(own.asked))
