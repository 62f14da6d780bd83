"""What differs between a row and its record, and whose value it is that ChartMogul has."""

from collections import abc
from dataclasses import dataclass

from sync.domain.audited import Example
from sync.domain.overwrite import rule
from sync.domain.plan import Policy, Seen, Update
from sync.domain.policy import Overwrites
from sync.engine.read.decision import UndoneMarks
from sync.engine.write.delivery import Job


@dataclass(frozen=True, slots=True)
class Differences:
    """Compares by `policy`, for which the row always wins; `overwrites` are what a run of the mapping goes by.

    `undone` are the records that were put back; `edition` is what must stay the same besides the row for them to be
    left so.
    """

    policy: Policy
    overwrites: Overwrites
    undone: UndoneMarks
    edition: bytes

    def of(self, job: Job, seen: Seen, update: Update) -> abc.Mapping[str, Example]:
        """The fields that differ, as examples.

        What ChartMogul was sent and is known not to take is no difference, here as in a run.
        """
        record, edits = update.record, update.edits
        terms = (self.policy.owner, self.overwrites, self.policy.tags)
        ruling = rule(update.changes, record.fields, seen.fields, job.own, terms)
        stays = {*ruling.edits.stay, *ruling.rejected}
        undone = self._is_undone(job)
        edited = {*edits.overwritten, *edits.rewritten, *ruling.edits.kept, *ruling.rejected}
        return {
            name: Example(
                record.row,
                record.key,
                *change,
                edited=name in edited,
                stays=name in stays,
                pinned=name in seen.pinned,
                undone=undone,
            )
            for name, change in update.changes.items()
            if not self._is_dropped(job, name)
        }

    def _is_undone(self, job: Job) -> bool:
        told = (job.entry.fingerprint, self.policy.hasher, self.edition)
        return job.memory is not None and self.undone.hold(job.memory.record, *told)

    def _is_dropped(self, job: Job, name: str) -> bool:
        return self.policy.hasher.field(name, job.record.fields[name]) in job.dropped
