"""Values on their way: what is to be delivered, what is to be done about it, and what became of it."""

from dataclasses import dataclass

from sync.domain.fingerprint import split
from sync.domain.plan import Known, Operation
from sync.domain.record import Record
from sync.domain.results import Result
from sync.engine.spool import Entry
from sync.errors import Refused, Unavailable
from sync.state.memory import Memory


@dataclass(frozen=True, slots=True)
class Job:
    """A record to deliver, what the state remembers of its key, and what a look-up has shown.

    `full`: nothing remembered is trusted, what is known to be dropped is sent again.
    """

    entry: Entry
    memory: Memory | None = None
    known: Known | None = None
    full: bool = False

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


@dataclass(frozen=True, slots=True)
class Planned:
    """A job, what is known of its record by now, and what is to be done about it."""

    job: Job
    known: Known
    operation: Operation


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a record: its result, and what the state has to know of it.

    `known` is what a look-up, or the answer to a create, has shown. `dropped` are the hashes of values that ChartMogul
    dropped, `tried` the fields of those that were sent just now; `stuck` those that were known to be dropped, and are
    no longer. `had_drops`: the state knew of some. `error` is the refused or lost request of a rejected row, `uuid` the
    record that it had come to. `cost` is the number of requests that a dry run foretells.
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
