"""Reads a query whose warehouse compares: only rows of buckets that have to be seen."""

from array import array
from collections import abc
from dataclasses import dataclass, field

from sync.domain.seen_rows import SeenRows
from sync.engine.read.assembly import ReaderAssembly
from sync.engine.read.comparison import Comparison, key_of, problem_of
from sync.engine.read.fingerprints import BucketRows, HashedQuery
from sync.engine.read.reader import Reader
from sync.engine.read.rounds import Rounds
from sync.engine.read.surroundings import Cancellable
from sync.engine.read.watched import Watched
from sync.state.bucket_members import Members
from sync.transform.contract import TypesOf
from sync.transform.versions import versions

#: What is kept of buckets, and how it is used; another word where that changes.
_BUCKETS = "buckets 1"


@dataclass(slots=True)
class Compared:
    """Asks the warehouse before rows are read; `began` is told of each statement, `is_over` ends them."""

    made: ReaderAssembly
    is_over: abc.Callable[[], bool]
    began: abc.Callable[[Cancellable | None], None]
    #: The records of the buckets that were read, where not all were; None: all rows were.
    members: list[Members] | None = field(default=None, init=False)

    def read(self, types_of: TypesOf) -> Reader | None:
        """The reader, once all is read; None where the rows are to be read as ever, all of them.

        Raises:
            SourceError: the warehouse refused or broke off.
        """
        selection = self.made.context.selection
        if not selection.whole or selection.full or self.made.plan is not None:
            return None
        self.began(None)
        query = self.made.query.fingerprints()
        if isinstance(query, str):
            self._say_why(query)
            return None
        reader = self.made.reader(query, types_of)
        if why := problem_of(reader.builder):
            self._say_why(why)
            return None
        with self.made.query.placing():
            return self._read(query, reader)

    def _say_why(self, why: str) -> None:
        """Say why all rows are read."""
        self.made.reporter.noticed(
            f"all rows are read, though the mapping says fingerprints: {why}"
        )

    def _read(self, query: HashedQuery, reader: Reader) -> Reader | None:
        comparison = self._comparison(query, reader)
        self.began(None)
        reader.buckets = buckets = comparison.compare()
        if buckets.whole and self.made.context.dry_run:
            self._say_why("a dry run keeps nothing, and nothing that was kept holds any more")
            return None
        self.made.warn_of_idle(query)
        places = self._prepare(comparison, reader, buckets)
        rounds = Rounds(comparison, buckets, self.began, self.members or [])
        reader.read(Watched(rounds, self.is_over))
        self.made.state.buckets.place_records(_placed(reader.seen, places, buckets))
        rows = self.made.reporter.run.rows.read
        self.made.reporter.noticed(f"{buckets.fetched:,} of {rows:,} rows were fetched")
        return reader

    def _comparison(self, query: HashedQuery, reader: Reader) -> Comparison:
        loaded, state = self.made.query.loaded, self.made.state
        key = key_of(reader.builder)
        told = [query.edition, query.manner, repr(query.columns), repr(state.scope)]
        told += [versions(loaded.mapping), repr(key), _BUCKETS]
        hasher = reader.decision.marks.hasher
        edition = hasher.mark(loaded.digest, *(part.encode() for part in told))
        doubtful = bool(reader.decision.lost_parents.found)
        moving = self.made.past.written > 0
        return Comparison(query, key, state.buckets, edition, self.made.drops, doubtful, moving)

    def _prepare(self, comparison: Comparison, reader: Reader, buckets: BucketRows) -> "array[int]":
        """Let nobody trust what is about to be read; the buckets in which records are known."""
        state, query = self.made.state.buckets, comparison.query
        if buckets.whole:
            state.begin()
            reader.changes = self.made.changes(query, reader)
            return state.places()
        state.open(buckets.wanted)
        known = state.members(buckets.wanted, self.made.drops) if buckets.wanted else Members()
        self.members = [known]
        reader.changes = self.made.changes_among(known.known, query, reader)
        # Rows that are not read have values in all columns, perhaps; and of these types none is sent that cannot be.
        reader.builder.contract.sendable.update(column.name for column in query.columns)
        return known.places


def _placed(
    seen: SeenRows, places: "array[int]", buckets: BucketRows
) -> abc.Iterator[tuple[int, int]]:
    """The records, by number, that were seen in another bucket than they are known in, each with that bucket."""
    for record, row in enumerate(seen.rows):
        if row:
            bucket = buckets.of(row)
            known = places[record] - 1 if record < len(places) else -1
            if bucket is not None and bucket != known:
                yield record, bucket
