"""What the state is told and what it tells.

One module because these are the words of one conversation, which refer to each other.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime

from sync.domain.fingerprint import RULES, split
from sync.domain.own import Own
from sync.domain.record import AttributeType, Object
from sync.domain.results import Outcome, Status
from sync.domain.tags import OwnTags

#: The outcome of a row that did not arrive, where a delivered row has an `Outcome`.
REJECTED = "rejected"
_NO_TAGS = OwnTags()


@dataclass(frozen=True, slots=True)
class Scope:
    """Where keys are unique: one kind of object in one data source of one account."""

    id: int
    account: str
    data_source: str
    object: Object


@dataclass(frozen=True, slots=True)
class Held:
    """What ChartMogul refused: not sent again while `fingerprint` (row, mapping, rules) stays.

    `code`, `words` (without quoted parts and values of the row) and `run` are those of the first refusal; None where an
    older version wrote it down.
    """

    fingerprint: bytes
    since: datetime
    http_status: int | None
    field: str | None
    code: str | None = None
    words: str | None = None
    run: str | None = None


@dataclass(frozen=True, slots=True)
class OwnNote:
    """Which values of a record are a mapping's own beyond those last sent, 8 bytes a value.

    `shown`: what ChartMogul shows in place of what was sent; `asked`: what writes asked for without an answer. `tags`
    are those that columns brought the row, `added` those that answered requests added where they had not been shown:
    None where nothing is noted, and where it stays as it is. `lost`: tags added for other mappings that are gone.
    """

    shown: bytes = b""
    asked: bytes = b""
    tags: bytes | None = None
    added: bytes | None = None
    lost: bytes = b""

    @property
    def parts(self) -> tuple[bytes, bytes]:
        """What is shown and what was asked for, in this order."""
        return self.shown, self.asked


@dataclass(frozen=True, slots=True)
class Memory:
    """What the state knows of a key, and what one mapping last did with it.

    `record` numbers the key, small and for good. `outcome` is an Outcome's value or "rejected"
    (then `code` says why), None where this mapping never met the key. `hashes` and `dropped` are
    8 bytes a field. `left`: the row was missing from the last complete query. `rules` is the edition of the casting
    rules that made fingerprint and hashes, None in what an older version wrote. `rejected_since`: when it was first
    rejected without a break, None where it is not. `deleted`: it was found to be deleted in ChartMogul. `lapsed`: the
    hashes where nobody knows what became of a later write. `noted`: further own values, where they were asked for.
    """

    record: int
    key: str
    uuid: str | None
    pairs: int
    fingerprint: bytes | None = None
    hashes: bytes = b""
    dropped: bytes = b""
    outcome: str | None = None
    code: str | None = None
    run: str | None = None
    at: datetime | None = None
    left: bool = False
    held: Held | None = None
    rules: int | None = None
    rejected_since: datetime | None = None
    deleted: bool = False
    lapsed: bytes = b""
    noted: OwnNote = OwnNote()
    #: Its external id in ChartMogul, as the state holds keys, where the key is another one by now.
    external_id: str | None = None
    #: The bucket of the warehouse's fingerprints that its key fell into when it was last read so; None: in none yet.
    bucket: int | None = None
    #: What other mappings set, and added, of its tags, where that was asked for.
    others: OwnTags = _NO_TAGS

    @property
    def own(self) -> Own:
        """The values of the record that are the mapping's own."""
        sent = split(self.hashes + self.lapsed)
        shown, asked = map(split, self.noted.parts)
        return Own(sent, shown, asked, self.own_tags)

    @property
    def own_tags(self) -> OwnTags:
        """What is known of its tags."""
        had, added = split(self.noted.tags or b""), split(self.noted.added or b"")
        return replace(self.others, uuid=self.uuid, had=had, added=added)

    @property
    def broken_off(self) -> bool:
        """It was about to be written, and nobody confirmed that it was."""
        met = self.outcome in (Outcome.CREATED, Outcome.UPDATED, Outcome.UNCHANGED)
        return met and self.fingerprint is None

    @property
    def unsure(self) -> bool:
        """Whether only a look tells what ChartMogul holds of what was sent.

        It was rejected, skipped or being written, or its hashes were made by other casting rules.
        """
        undone = self.code is not None or self.broken_off or self.outcome == Outcome.SKIPPED
        return undone or (self.hashes != b"" and self.rules != RULES)

    @property
    def hash_set(self) -> frozenset[bytes]:
        """The hashes of what was last sent, one by one."""
        return split(self.hashes)


@dataclass(frozen=True, slots=True)
class Drop:
    """A field whose value ChartMogul dropped; `sent`: just now, and not in an earlier run only."""

    field: str
    sent: bool


@dataclass(frozen=True, slots=True)
class Due:
    """A field of which dropped values are tried again: of how many records, and which have waited longest.

    `recent`: those that were tried within a day, fewer than may be tried in one; they only follow others.
    """

    records: int
    first: frozenset[int]
    recent: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class KnownDrops:
    """What ChartMogul is known to drop of a mapping: of how many records, by field, and what is tried again.

    `unnamed`: an older version has noted some without their fields.
    """

    counts: dict[str, int] = field(default_factory=dict)
    due: dict[str, Due] = field(default_factory=dict)
    unnamed: bool = False


@dataclass(frozen=True, slots=True)
class Confirmed:
    """ChartMogul holds the record, but for what it dropped. `pairs` None: as it was.

    `hashes` are those of what it holds, `dropped` of what it dropped, `drops` the fields of these; None where there
    neither are nor were any. `row_hash` is that of its row, None where it has none. `own`: further own values; None
    where there neither are nor were any. `external_id`: its id in
    ChartMogul where that was seen to be another one than the key. `bucket` is that of the warehouse's fingerprints;
    None: as it was. `rivals` are the other keys for which the record stands since a merge. `sent` is the fingerprint of
    a record of which a part alone was sent, for the undo of the run that sent it.
    """

    key: str
    uuid: str
    pairs: int | None
    fingerprint: bytes | None
    hashes: bytes
    dropped: bytes
    outcome: Outcome
    row_hash: int | None = None
    drops: tuple[Drop, ...] | None = None
    own: OwnNote | None = None
    external_id: str | None = None
    bucket: int | None = None
    rivals: tuple[str, ...] = ()
    sent: bytes | None = None


@dataclass(frozen=True, slots=True)
class Observed:
    """The mode left the record alone: its uuid is kept; an earlier fingerprint stays.

    `deleted`: it was deleted in ChartMogul, so neither stays. `external_id`, `bucket` and `rivals` as in Confirmed.
    """

    key: str
    uuid: str | None
    pairs: int | None
    outcome: Outcome
    deleted: bool = False
    external_id: str | None = None
    bucket: int | None = None
    rivals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """The row did not arrive. `uncertain`: part of it may have, so the fingerprint goes.

    `sent` stands for such a row and its mapping: by that an undo of what has arrived knows it again.
    `tried` are fields that were known to be dropped, and were tried again. `deleted`: the record was deleted in
    ChartMogul. `since`: when it was first rejected without a break; None: as the state has it, else now. `own`: further
    own values of the mapping; None where they are as they were noted. `external_id` and `bucket`
    as in Confirmed.
    """

    key: str
    code: str
    uuid: str | None = None
    uncertain: bool = False
    held: Held | None = None
    tried: tuple[str, ...] = ()
    deleted: bool = False
    since: datetime | None = None
    own: OwnNote | None = None
    external_id: str | None = None
    bucket: int | None = None
    sent: bytes | None = None


Item = Confirmed | Observed | RejectedRow


@dataclass(frozen=True, slots=True)
class Doubt:
    """A create that was asked for. `lost`: its answer is lost, and look-ups found nothing.

    `counted_from`: from when its age counts by the clock of now; None: from when it was asked for. The two differ where
    a clock was set in between, or where the machine is another one.
    """

    asked_at: datetime
    lost: bool
    counted_from: datetime | None = field(default=None, compare=False)

    @property
    def since(self) -> datetime:
        """From when its age counts."""
        return self.counted_from or self.asked_at


@dataclass(frozen=True, slots=True)
class LockedType:
    """An attribute's type in an account, and which mapping wrote it first, in which run."""

    key: str
    type: AttributeType
    mapping: str
    run: str


@dataclass(frozen=True, slots=True)
class LastRun:
    """A mapping's part in its latest run of some status.

    `account` is None where the run failed before it knew it; `query` is a hash, and `tolerated` says how many rejected
    rows were tolerated: both None in runs of older versions. `reason` is what ended it early, in a word of ours.
    """

    mapping: str
    run: str
    status: Status
    started_at: datetime
    finished_at: datetime
    read: int
    rejected: int = 0
    account: str | None = None
    data_source: str = ""
    object: Object | None = Object.CUSTOMER
    file: str = ""
    query: int | None = None
    reason: str | None = None
    tolerated: int | None = None
    rejected_new: int = 0
    #: Its rejected rows without a key, by code; None where the run did not tell.
    without_key: dict[str, int] | None = None
    undone: int = 0
    #: How many records it created and updated.
    written: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """What a write is about to ask for, as hashes of fields and values; `uuid` is the record's, if it is there."""

    hashes: frozenset[bytes]
    uuid: str | None = None
