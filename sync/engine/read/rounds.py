"""The rows of a query, bucket by bucket: statement after statement, until no bucket is left that has to be seen."""

from collections import abc
from dataclasses import dataclass, field

from sync.domain.row_hash import Row, Rows
from sync.engine.read.comparison import Comparison
from sync.engine.read.fingerprints import BucketRows, HashedResult
from sync.engine.read.surroundings import Cancellable
from sync.state.bucket_members import Members

#: So often some buckets are read; if others are to be seen even then, all are.
_MOST = 8


@dataclass(slots=True)
class Rounds:
    """What is read of a query whose warehouse compares; the reader says meanwhile which buckets have to be seen, too.

    `began` is told of each statement that runs. `members` has the records of the first buckets; those of later ones
    join them.
    """

    asked: Comparison
    buckets: BucketRows
    began: abc.Callable[[Cancellable], None]
    members: list[Members]
    _running: HashedResult | None = field(default=None, init=False)

    def raw(self) -> abc.Iterator[Rows]:
        """The rows in batches, with values that take long to read left unread."""
        rounds = 0
        while self.buckets.wanted:
            rounds += 1
            if rounds > _MOST:
                self.buckets.want_all()
            yield from self._read(self.buckets.next(), first=rounds == 1)
            self._meet_merged()

    def complete(self, row: Row) -> Row:
        """A row with all its values read."""
        assert self._running is not None
        return self._running.complete(row)

    def _read(self, numbers: frozenset[int], *, first: bool) -> abc.Iterator[Rows]:
        if not (first or self.buckets.whole):
            state = self.asked.state
            state.open(numbers)
            self.members.append(state.members(numbers, self.asked.drops))
        with self.asked.query.rows(self.buckets.salt, self.asked.key, numbers) as running:
            self._running = running
            self.began(running)
            for batch in running.raw():
                yield self.buckets.take(batch)

    def _meet_merged(self) -> None:
        """Let the buckets be read of records that ChartMogul has made one with those that were."""
        merged, self.buckets.merged = self.buckets.merged, set()
        for number in (
            self.asked.state.of_uuids(merged) if merged and not self.buckets.whole else ()
        ):
            self.buckets.want(number)
