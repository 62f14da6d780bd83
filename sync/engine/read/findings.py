"""What the read phase of a mapping has found, for the write phase."""

from collections import abc
from dataclasses import dataclass, field

from sync.domain.background import Backgrounds
from sync.domain.fingerprint import Hasher
from sync.domain.seen_rows import SeenRows
from sync.domain.typed import Typed
from sync.engine.limits import RunLimits
from sync.engine.read.fingerprints import BucketRows
from sync.engine.spool import Spool


@dataclass(frozen=True, slots=True)
class Findings:
    """The records that wait, in which row each remembered record was seen, the attributes' types, and the limits.

    `edition` is what must stay the same besides the row for a refused row to be held back; `backgrounds` tell what is
    known of rejected rows. `nulls`: how many rows would empty which field, if ChartMogul has a value there. `buckets`:
    which of the query's rows were read; None: all. `yielding`: the rows that were last rejected for being another
    one's record.
    """

    spool: Spool
    seen: SeenRows
    hasher: Hasher
    edition: bytes
    types: abc.Mapping[str, Typed]
    limits: RunLimits
    backgrounds: Backgrounds = field(default_factory=Backgrounds)
    nulls: abc.Mapping[str, int] = field(default_factory=dict)
    buckets: BucketRows | None = None
    yielding: abc.Set[int] = frozenset()
