"""When to ask again, and how long to wait before: pure rules, one for each question."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from sync.chartmogul.verdict import Failure
from sync.chartmogul.wire import Call

#: Attempts that may end in trouble, and those that may be told to wait: that is no trouble, so each has its own count,
#: and waits that grow with it.
ATTEMPTS = 6
ATTEMPTS_TOLD_TO_WAIT = 10

#: Seconds: the first wait is up to FIRST, each next up to twice as long, none longer than LONGEST.
FIRST = 1.0
LONGEST = 60.0
#: Neither a broken clock nor a mistake over there may put a run to sleep for hours.
LONGEST_ASKED_FOR = 120.0


def may_repeat(call: Call, failure: Failure) -> bool:
    """Whether asking again does no harm: a create that may have been carried out is not."""
    looked_for = call.look_first and failure.throttled
    return call.repeatable or not (failure.sent or looked_for)


def is_spent(attempts: int, told_to_wait: int) -> bool:
    """Whether a call was tried often enough; so many of its attempts were answered with 429 or 503."""
    return attempts - told_to_wait >= ATTEMPTS or told_to_wait >= ATTEMPTS_TOLD_TO_WAIT


def of_its_kind(failure: Failure, attempts: int, told_to_wait: int) -> int:
    """How many of the attempts ended as this one, in trouble or with 429 or 503."""
    return told_to_wait if failure.asks_to_wait else attempts - told_to_wait


def seconds_before(attempt: int, retry_after: float | None, roll: float) -> float:
    """Seconds after the attempt of this number that ended so: as asked for, else exponential with full jitter.

    `roll` is a random number from 0 to 1.
    """
    if retry_after:
        return retry_after
    return roll * min(LONGEST, FIRST * 2.0 ** (attempt - 1))


def read_retry_after(text: str | None, now: datetime) -> float | None:
    """Read a Retry-After header, seconds or a date, into seconds; None if it is missing or neither.

    ChartMogul documents none (dev.chartmogul.com/docs/rate-limits); a gateway may send one.
    """
    text = (text or "").strip()
    if text.isascii() and text.isdigit():
        # More digits than that are longer than anybody waits.
        return min(float(text[:9]), LONGEST_ASKED_FOR)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max((aware - now).total_seconds(), 0.0), LONGEST_ASKED_FOR)
