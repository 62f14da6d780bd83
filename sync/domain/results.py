"""What became of rows: the values that reports, tallies and the exit code are made of."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sync.domain.audited import Audited
from sync.domain.money import Revenue
from sync.domain.record import AttributeType, Object, Rejected, Value

#: Why a row is skipped whose record was put back by `undo`.
UNDONE = "undone"


class Outcome(StrEnum):
    """How a delivered row ended; a rejected row is a `Rejected`."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"


#: How a row ends of which something was, or would be, written.
TOUCHED = (Outcome.CREATED, Outcome.UPDATED)


class Status(StrEnum):
    """How a mapping, or a whole run, ended."""

    SUCCEEDED = "succeeded"
    COMPLETED_WITH_ERRORS = "completed_with_errors"
    FAILED = "failed"
    STOPPED = "stopped"
    LOCKED = "locked"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Warned:
    """Something about a delivered row that a user should know: `dropped`, `altered`, …"""

    field: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Delivered:
    """A row that is, or in a dry run would be, created, updated, unchanged or skipped.

    `changes` maps a field to (before, after); where `before_known` is false the before is unknown. `hash` is that of
    the record under the salt of the plan that is made; None where none is.
    """

    row: int
    key: str
    outcome: Outcome
    reason: str
    uuid: str | None = None
    before_known: bool = True
    changes: dict[str, tuple[Value, Value]] = field(default_factory=dict)
    warnings: tuple[Warned, ...] = ()
    hash: str | None = None


@dataclass(frozen=True, slots=True)
class PartlyWritten:
    """What stuck of a row that was rejected half-way: it has a line in changes.jsonl as well as its errors."""

    rejected: Rejected
    uuid: str | None
    before_known: bool
    changes: dict[str, tuple[Value, Value]]
    #: Whether the record itself was created.
    created: bool = False


Result = Delivered | Rejected | PartlyWritten


@dataclass(frozen=True, slots=True)
class Left:
    """A key that left the query; hashed where it contains an e-mail, so the uuid names it as well."""

    key: str
    uuid: str | None


@dataclass(slots=True)
class Tally:
    """How many rows ended how. read = created + updated + unchanged + skipped + rejected + unprocessed."""

    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0
    rejected: int = 0

    @property
    def decided(self) -> int:
        """Rows that ended as exactly one of the five."""
        return self.created + self.updated + self.unchanged + self.skipped + self.rejected

    @property
    def written(self) -> int:
        """Rows of which anything was, or in a dry run would be, sent and taken."""
        return self.created + self.updated

    @property
    def unprocessed(self) -> int:
        """Rows fetched but not decided, because the run broke off."""
        return self.read - self.decided


@dataclass(slots=True)
class Requests:
    """Requests started, per mapping; `retried` counts second and later tries, `throttled` answers 429 and 503."""

    methods: dict[str, int] = field(default_factory=dict)
    retried: int = 0
    throttled: int = 0

    @property
    def total(self) -> int:
        """All requests, retries included."""
        return sum(self.methods.values())


@dataclass(frozen=True, slots=True)
class Compared:
    """A row of a canary, once it was read back: of each field what was sent and what ChartMogul shows.

    `different` are the fields whose two values are not one; `refused` is the code of a row that did not arrive.
    """

    row: int
    key: str
    operation: str
    fields: dict[str, tuple[Value, Value]]
    different: tuple[str, ...] = ()
    refused: str | None = None


@dataclass(slots=True)
class MappingRun:
    """One mapping's part of a run, filled while it goes on.

    `object` is None and `data_source` empty where the file is broken and does not tell. `query` is a keyed hash of what
    it reads, by which it is known after it was renamed; `account` is None until it is known. `reason` is what ended it
    early, in a word of ours, since `error` may quote a row: None where nothing did, or where it was not told.
    """

    mapping: str
    file: str
    object: Object | None
    mode: str
    data_source: str
    status: Status | None = None
    error: str | None = None
    warnings: int = 0
    left: int = 0
    seconds: float = 0.0
    rows: Tally = field(default_factory=Tally)
    requests: Requests = field(default_factory=Requests)
    account: str | None = None
    query: int | None = None
    reason: str | None = None
    #: Up to so many rejected rows are tolerated.
    tolerated: int = 0
    #: Rejected rows that the last whole run had not rejected.
    rejected_new: int = 0
    #: Rows that it had rejected, and that arrive now.
    mended: int = 0
    #: Rejected rows by code; a row of several counts under each.
    rejected_by_code: dict[str, int] = field(default_factory=dict)
    #: Rejected rows without a key, by their first code.
    without_key: dict[str, int] = field(default_factory=dict)
    #: Seconds after which the lease that it met runs out; None where it met none.
    free_in: float | None = None
    #: The rails that were lifted for this run.
    overridden: tuple[str, ...] = ()
    #: Of how many records ChartMogul is known to drop the value, by field.
    known_drops: dict[str, int] = field(default_factory=dict)
    #: Attributes that nobody is known to have written, whose type is locked for good: of which type.
    new_types: dict[str, str] = field(default_factory=dict)
    #: Rows without a key that `retry` could not find again.
    not_retried: int = 0
    #: Lines of the plan that is applied for which the query has no row any more.
    unmet: int = 0
    #: What the real run would take, as a dry run found: requests and seconds.
    estimate: tuple[int, float] | None = None
    #: The MRR of the customers that are touched; None for other objects, and where nothing was looked up.
    mrr: Revenue | None = None
    #: Skipped rows whose record was put back.
    undone: int = 0
    #: The digest of its file, as a plan names it.
    digest: str = ""
    #: The account as it shows itself to anybody, whatever the state calls it.
    shown_account: str = ""
    #: The types of its attributes, by their bare keys.
    types: dict[str, AttributeType] = field(default_factory=dict)
    #: Of how many rows the plan that is made leaves a field out, since nobody there knows whose value it holds.
    left_out: dict[str, int] = field(default_factory=dict)
    #: What moved since the plan was made that is applied: rows, and lines of the plan without a row.
    conflicts: int = 0
    #: The rows of its canary; None where it had none.
    canary: list[Compared] | None = None
    #: What an audit has found of it besides the counts of its rows; None of anything else.
    audited: Audited | None = None
    #: What an undo leaves as it is, in sentences.
    not_put_back: tuple[str, ...] = ()

    @property
    def differs(self) -> bool:
        """Whether an audit has found a row that is missing in ChartMogul, or differs there."""
        return self.audited is not None and bool(self.rows.created or self.rows.updated)


@dataclass(slots=True)
class Run:
    """One invocation over one or more mappings."""

    id: str
    dry_run: bool
    started_at: datetime
    mappings: list[MappingRun]
    finished_at: datetime | None = None
    status: Status | None = None
    exit_code: int = 0
    #: Whether every row counted: no `--key`, no `--limit`.
    whole: bool = True
    #: SYNC_ENVIRONMENT, None where it is not set.
    environment: str | None = None
    #: The run that this one puts back.
    undid: str | None = None


def count(run: MappingRun, result: Result, by: int = 1) -> None:
    """Add a result to the tally of its mapping, or take it back."""
    rows = run.rows
    name = result.outcome.value if isinstance(result, Delivered) else "rejected"
    setattr(rows, name, getattr(rows, name) + by)
    if not isinstance(result, Delivered):
        _count_rejected(run, result if isinstance(result, Rejected) else result.rejected, by)
    if isinstance(result, Delivered) and result.warnings:
        run.warnings += by
    if isinstance(result, Delivered) and result.reason == UNDONE:
        run.undone += by


def _count_rejected(run: MappingRun, row: Rejected, by: int) -> None:
    run.rejected_new += 0 if row.known else by
    for code in dict.fromkeys(problem.code for problem in row.problems):
        run.rejected_by_code[code] = run.rejected_by_code.get(code, 0) + by
    if row.key is None:
        first = row.problems[0].code
        run.without_key[first] = run.without_key.get(first, 0) + by
