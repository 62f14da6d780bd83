"""Fingerprints of a query's rows, made by the warehouse itself: one for all, one for each bucket of the key.

A `Reading` is a count and the exact sum of 64-bit hashes, so that equal rows have equal readings whatever their order.
Hashes are salted, and of renderings that are lossless for each type; where a column has another type, or the database
is none of those that were tried, there are no fingerprints. Begin with `ask`.
"""

from array import array
from collections import abc
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sync.domain.buckets import Reading
from sync.errors import BrokenOff, SourceError, Unreachable
from sync.warehouse import statement
from sync.warehouse.column import Column
from sync.warehouse.dialects.hashing import Hashing, Salt, Shape
from sync.warehouse.frame import Frame
from sync.warehouse.result import Result
from sync.warehouse.warehouse import Warehouse

#: What the hashes are of; another number where a rendering or a hash is changed.
_MAKING = 3


@dataclass(frozen=True, slots=True)
class Hashed:
    """Rows of a query as `Result.raw` gives them, and of each its hash and its bucket."""

    rows: list[tuple[Any, ...]]
    hashes: abc.Sequence[int]
    buckets: abc.Sequence[int]


@dataclass(frozen=True, slots=True)
class HashedResult:
    """The running query of some buckets; `columns` and `manner` are as in a `Result` of the query itself."""

    columns: tuple[Column, ...]
    manner: str
    _result: Result

    def raw(self, size: int = 1000) -> abc.Iterator[Hashed]:
        """The rows in batches of `size`, the last is shorter; `complete` reads what takes long to read.

        Raises:
            SourceError: the query failed, broke off or was cancelled.
        """
        width = len(self.columns)
        for batch in self._result.raw(size):
            hashes = [int(row[width]) for row in batch]
            buckets = array("i", (int(row[width + 1]) for row in batch))
            yield Hashed([row[:width] for row in batch], hashes, buckets)

    def complete(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        """A row of `raw` with all its values read."""
        return self._result.complete(row)

    def cancel(self) -> None:
        """Break the query off, from any thread; `raw` then raises SourceError."""
        self._result.cancel()


@dataclass(frozen=True, slots=True)
class NoFingerprints:
    """Why a query has none, as a sentence; its rows are read as ever."""

    problem: str


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """What a warehouse can say of a query's rows without handing them over; each question has its own connection.

    `edition` is what must be unchanged for two readings to be comparable: database, driver, columns and their types,
    and the settings that the driver's values depend on. `columns` and `manner` are as in a `Result` of the query.
    `salt` and `key`, below, are random bytes, the same for readings that are compared, and the places, from 0, of the
    columns that make the key. Which bucket a key falls into does not depend on the salt.
    """

    columns: tuple[Column, ...]
    manner: str
    edition: str
    _warehouse: Warehouse
    _hashing: Hashing
    _sql: str
    _shape: Shape

    def whole(self, salt: bytes) -> Reading:
        """How many rows the query has, and the sum of their hashes; one row is fetched.

        Raises:
            SourceError: no connection, or the database refused the query, broke off or was cancelled.
        """
        with self._run(self._hashing.whole(self._shape, Salt.of(salt))) as result:
            rows = [row for batch in result.raw() for row in batch]
        count, total = rows[0] if rows else (0, 0)  # ClickHouse may be set to count none as nothing
        return Reading(int(count), int(total or 0))

    def buckets(self, salt: bytes, key: abc.Sequence[int]) -> abc.Iterator[tuple[int, Reading]]:
        """The buckets that are not empty, in any order.

        Raises:
            SourceError: as in `whole`.
        """
        with self._run(self._hashing.buckets(self._shape, key, Salt.of(salt))) as result:
            for batch in result.raw():
                for bucket, count, total in batch:
                    yield int(bucket), Reading(int(count), int(total))

    @contextmanager
    def rows(
        self, salt: bytes, key: abc.Sequence[int], buckets: abc.Collection[int]
    ) -> abc.Iterator[HashedResult]:
        """The rows of some buckets; the connection is closed when the block ends.

        Columns are taken by their places, so that they are still the same is asked when the rows have been read.

        Raises:
            SourceError: as in `whole`; or, at the end of the block, the query has other columns by now.
        """
        frame = self._hashing.rows(self._shape, key, Salt.of(salt), buckets)
        with self._run(frame) as result:
            columns = result.columns[: len(self.columns)]
            yield HashedResult(columns, result.manner, result)
            now, anew = ask(self._warehouse, self._sql), "the next run reads it anew"
            if isinstance(now, NoFingerprints):
                raise SourceError(
                    f"whether the query still has its columns is not known: {now.problem}", anew
                )
            if now.edition != self.edition:
                raise SourceError("the columns of the query changed while it was read", anew)

    def _run(self, frame: Frame) -> AbstractContextManager[Result]:
        return self._warehouse.query(self._sql, frame=frame)


def ask(warehouse: Warehouse, sql: str) -> Fingerprints | NoFingerprints:
    """The fingerprints that the warehouse makes of a query, or why there are none, in a sentence.

    Its columns are asked for, and it does not run.

    Raises:
        Unreachable: no connection.
        BrokenOff: it broke off.
    """
    hashing, name = warehouse.dialect.hashing, warehouse.engine.dialect.name
    if hashing is None:
        return NoFingerprints(f"fingerprints were not tried on {name} yet")
    judgement = warehouse.judge(sql)
    if judgement.offence is not None or not judgement.known:
        return NoFingerprints("the query is not surely one that can stand within another")
    sql = statement.bare(sql, warehouse.dialect.grammar or name)
    try:
        with warehouse.query(sql, frame=hashing.outline()) as result:
            shape = result.asked(partial(hashing.shape, sql=sql))
            if problem := shape.problem or _unproven(shape):
                return NoFingerprints(problem)
            named = zip(result.columns, shape.names, strict=True)
            columns = tuple(replace(column, name=name) for column, name in named)
            edition = repr((_MAKING, name, shape, columns, result.manner))
            return Fingerprints(columns, result.manner, edition, warehouse, hashing, sql, shape)
    except (Unreachable, BrokenOff):
        raise
    except SourceError as error:
        return NoFingerprints(f"the query cannot stand within another: {error.message}")


def _unproven(shape: Shape) -> str:
    """Which column has a type of which nobody has shown that all its values are told apart."""
    for place in shape.unproven:
        name, sort = shape.names[place], shape.types[place]
        return f"column {name} is of type {sort}, which is none of those whose values are surely told apart"
    return ""
