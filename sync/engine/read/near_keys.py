"""Keys that nobody would tell apart: they differ in case, white space or invisible characters only."""

import sqlite3
from dataclasses import dataclass, field
from hashlib import blake2b

from sync.transform.scrutiny import fold

_TABLE = "create table keys (fold integer, exact integer, row integer)"
_PAIRS = """
select count(*), min(first) from (
  select min(row) as first from keys group by fold having count(distinct exact) > 1
)
"""
_TOGETHER = 10_000


@dataclass(slots=True)
class NearKeys:
    """Keys by their hashes, in a private file of SQLite that is gone with its connection: memory stays as it is."""

    _waiting: list[tuple[int, int, int]] = field(default_factory=list, init=False)
    _db: sqlite3.Connection = field(init=False)

    def __post_init__(self) -> None:
        self._db = sqlite3.connect("")  # a temporary file of its own
        self._db.execute(_TABLE)

    def add(self, key: str, row: int) -> None:
        """Take in the key of a row."""
        self._waiting.append((_hash(fold(key)), _hash(key), row))
        if len(self._waiting) >= _TOGETHER:
            self._flush()

    def groups(self) -> tuple[int, int]:
        """How many groups of such keys there are, and the first row of the first of them; 0 where there is none."""
        self._flush()
        count, first = self._db.execute(_PAIRS).fetchone()
        return count, first or 0

    def close(self) -> None:
        """Give the space back."""
        self._db.close()

    def _flush(self) -> None:
        self._db.executemany("insert into keys values (?, ?, ?)", self._waiting)
        self._waiting.clear()


def _hash(text: str) -> int:
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)
