"""Whether all that is sent is refused for one reason: then the rest would be, too."""

from dataclasses import dataclass, field

from sync.domain.record import Rejected
from sync.domain.results import Delivered, Outcome, PartlyWritten
from sync.engine.write.delivery import Delivery
from sync.engine.write.rejections import memorable
from sync.errors import RailError, Refused

_ACCEPTED = (Outcome.CREATED, Outcome.UPDATED)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why ChartMogul refused a row; `words` without quoted parts and without values of the row."""

    status: int | None
    code: str
    field: str | None
    words: str


@dataclass(slots=True)
class SameRefusals:
    """Counts the first rows that are sent, while all of them are refused for one reason; `limit` of them are enough.

    Rows that were not sent, or whose request had no usable answer, say nothing.
    """

    limit: int | None
    _reason: Reason | None = field(default=None, init=False)
    _count: int = field(default=0, init=False)
    _over: bool = field(default=False, init=False)

    def note(self, delivery: Delivery) -> None:
        """Take a delivery in.

        Raises:
            RailError: so many were refused for one reason, and nothing was accepted.
        """
        if self.limit is None or self._over:
            return
        reason = _reason(delivery)
        if reason is None:
            self._over = _is_accepted(delivery)
            return
        self._reason = self._reason or reason
        self._over = reason != self._reason
        self._count += 1
        if not self._over and self._count >= self.limit:
            self._stop(self._reason)

    def _stop(self, reason: Reason) -> None:
        about = f" in {reason.field}" if reason.field else ""
        words = f": {reason.words}" if reason.words else ""
        raise RailError(
            f"the first {self._count:,} rows that were sent are all refused for one reason,"
            f" {reason.code}{about} (status {reason.status}){words}; the others were not sent",
            "errors.csv has the rows; mend the query or the mapping, or what ChartMogul wants to have set up first;"
            " `run --limit 1` tries one row. If the others differ, raise limits.max_same_refusals in the mapping"
            " (none lifts it), or lift it once with --override max_same_refusals",
            "max_same_refusals",
        )


def _reason(delivery: Delivery) -> Reason | None:
    """Why ChartMogul refused what was sent of a row; None where it did not."""
    match delivery.result, delivery.error:
        case ((PartlyWritten(rejected=rejected) | (Rejected() as rejected)), Refused() as error):
            first = rejected.problems[0]
            words = memorable(delivery.entry.record, error)
            return Reason(rejected.http_status, first.code, first.field, words)
    return None


def _is_accepted(delivery: Delivery) -> bool:
    """Whether something of the row was sent, and taken; of a row that was only looked up it is known what is there."""
    result = delivery.result
    if not isinstance(result, Delivered):
        return False
    return result.outcome in _ACCEPTED or (
        result.outcome is Outcome.UNCHANGED and delivery.known is None
    )
