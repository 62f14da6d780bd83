"""Values on their way: what is to be delivered, what is to be done about it, and what became of it."""

from dataclasses import dataclass, field, replace

from sync.destination.interface import SAME_RECORD, LeftAlone, Unresolved
from sync.domain.fingerprint import split
from sync.domain.own import Own
from sync.domain.plan import (
    Absent,
    Changes,
    Create,
    Keep,
    Known,
    Operation,
    Reject,
    RememberedToCome,
    Seen,
    Skip,
    ToCome,
    Update,
)
from sync.domain.record import Record, Rejected, Stage
from sync.domain.results import Delivered, Outcome, PartlyWritten, Result
from sync.engine.spool import Entry
from sync.engine.write.edits import warnings_of
from sync.engine.write.rejections import reject
from sync.errors import NotFound, Refused, Unavailable
from sync.state.memory import Memory, OwnNote

_NOTHING_OWN = Own()


@dataclass(frozen=True, slots=True)
class Job:
    """A record to deliver, what the state remembers of its key, and what a look-up has shown.

    `full`: nothing remembered is trusted, what is known to be dropped is sent again. `asked`: hashes of what was
    noted as asked for since.
    """

    entry: Entry
    memory: Memory | None = None
    known: Known | None = None
    full: bool = False
    asked: frozenset[bytes] = frozenset()

    @property
    def record(self) -> Record:
        """The desired record."""
        return self.entry.record

    @property
    def uuid(self) -> str | None:
        """The remembered uuid."""
        return self.memory.uuid if self.memory else None

    @property
    def dropped(self) -> frozenset[bytes]:
        """Hashes of values that ChartMogul is known to drop."""
        return split(self.memory.dropped) if self.memory else frozenset()

    @property
    def own(self) -> Own:
        """The values of the record that are the mapping's own."""
        own = self.memory.own if self.memory else _NOTHING_OWN
        return own.with_asked(self.asked)

    def knowing(self, known: Known | None) -> "Job":
        """The job with what a look-up has shown of its record."""
        return Job(self.entry, self.memory, known, self.full, self.asked)


@dataclass(frozen=True, slots=True)
class Planned:
    """A job, what is known of its record by now, and what is to be done about it."""

    job: Job
    known: Known
    operation: Operation


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a record: its result, and what the state has to know of it.

    `known` is what a look-up, or the answer to a create, has shown. `dropped` are the hashes of values that
    ChartMogul dropped, `tried` the fields of those that were sent just now; `stuck` those that were known to be
    dropped, and are no longer. `had_drops`: the state knew of some. `error` is the refused or lost request of a
    rejected row, `uuid` the record that it had come to, or that a look-up has shown to be the row's. `cost` is the
    number of requests that a dry run foretells. `stay` are the fields whose values are not the row's, since somebody
    else's win; `own` is what is to be noted of own values. `unsent` are fields that differ and that a plan does not
    list.
    """

    entry: Entry
    result: Result
    known: Known | None = None
    dropped: frozenset[bytes] = frozenset()
    tried: frozenset[str] = frozenset()
    stuck: frozenset[str] = frozenset()
    had_drops: bool = False
    error: Refused | Unavailable | None = None
    uuid: str | None = None
    cost: int = 0
    stay: frozenset[str] = frozenset()
    own: OwnNote | None = None
    #: The MRR that a look-up before has shown.
    mrr: int | None = None
    #: What a look-up has shown before the write.
    looked: Seen | None = field(default=None, compare=False)
    unsent: frozenset[str] = frozenset()

    @property
    def seen(self) -> Seen | None:
        """The record as it was seen in the end, or else before; None where it was not there, or nobody looked."""
        known = self.known or self.looked
        return known if isinstance(known, Seen) else None


def ended(job: Job, error: LeftAlone | Unresolved | Refused | Unavailable) -> Delivery:
    """The delivery of a record that a look-up, or a request, has ended."""
    record = job.record
    if isinstance(error, LeftAlone):
        left = Delivered(record.row, record.key, Outcome.SKIPPED, error.reason)
        return Delivery(job.entry, left)
    if isinstance(error, Unresolved):
        rejected = Rejected(record.row, record.key, Stage.PLAN, (error.problem,))
        return Delivery(job.entry, rejected, uuid=error.uuid)
    return Delivery(job.entry, reject(record, error), error=error)


def ended_late(planned: Planned, error: LeftAlone | Unresolved | Refused | Unavailable) -> Delivery:
    """The delivery of a record that a request has ended, with what a look-up before had shown."""
    delivery = ended(planned.job, error)
    if planned.known == Absent(deleted=True):
        return replace(delivery, known=planned.known)
    gone = isinstance(error, NotFound)
    return delivery if gone else replace(delivery, uuid=delivery.uuid or _met(planned))


def _met(planned: Planned) -> str | None:
    """The uuid of the record that a look-up has shown to be the row's, where the state knows none.

    What was met by its e-mail, and lacks the row's external id, is the row's only once it has that id.
    """
    job, known = planned.job, planned.known
    if job.uuid is not None or not isinstance(known, Seen):
        return None
    its_id = job.record.fields.get("external_id")
    return known.uuid if its_id in (None, known.fields.get("external_id")) else None


def left_alone(planned: Planned) -> Delivery:
    """The delivery of a record for which nothing is sent."""
    job, known = planned.job, planned.known
    match planned.operation:
        case Keep(record, uuid, reason, edits, unsent):
            warnings = warnings_of(edits)
            kept = Delivered(
                record.row,
                record.key,
                Outcome.UNCHANGED,
                reason,
                uuid_of(planned, uuid),
                warnings=warnings,
            )
            return Delivery(job.entry, kept, known, job.dropped, unsent=unsent)
        case Skip(record, skipped, reason):
            told = (reason, uuid_of(planned, skipped))
            left = Delivered(record.row, record.key, Outcome.SKIPPED, *told)
            return Delivery(job.entry, left, known)
        case Reject(record, problem, more):
            rejected = Rejected(record.row, record.key, Stage.PLAN, (problem, *more))
            met = None if problem.code == SAME_RECORD else _met(planned)
            return Delivery(job.entry, rejected, known, uuid=met)
        case Create() | Update():
            raise RuntimeError("something is to be sent")


def uuid_of(planned: Planned, uuid: str | None) -> str | None:
    """The uuid of a record; None of one that is to come, which a dry run has none for."""
    return None if isinstance(planned.known, ToCome | RememberedToCome) else uuid


def half_way(
    job: Job,
    failed: Refused | Unavailable,
    uuid: str,
    stuck: Changes,
    *,
    before_known: bool,
    created: bool = False,
) -> Delivery:
    """A later request of the record was refused or lost; what stuck is told."""
    rejected = reject(job.record, failed)
    result = PartlyWritten(rejected, uuid, before_known, stuck, created) if stuck else rejected
    return Delivery(job.entry, result, error=failed, uuid=uuid)
