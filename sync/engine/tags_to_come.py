"""In a dry run: what the state would know by then of the tags of mappings that come first, in a private file."""

import json
import sqlite3
from collections import abc
from dataclasses import dataclass, field
from pathlib import Path

from sync.engine.spool import disk, private_database
from sync.state.memory import OwnNote

_SCHEMA = """
create table tags (
    record integer, mapping text, tags blob, added blob, primary key (record, mapping)
) without rowid;
"""


@dataclass(slots=True)
class TagsToCome:
    """Notes of tags by the number of a record and the mapping, in a file in `folder`; none before the first note.

    Raises StateError where the disk is full or broken.
    """

    folder: Path
    _db: sqlite3.Connection | None = field(default=None, init=False)

    def note(self, record: int, mapping: str, own: OwnNote) -> None:
        """Keep what a run would note of the tags of a record."""
        if self._db is None:
            self._db = private_database(self.folder, _SCHEMA)
        with disk():
            told = (record, mapping, own.tags or b"", own.added or b"")
            self._db.execute("insert or replace into tags values (?, ?, ?, ?)", told)

    def of(self, records: abc.Sequence[int]) -> dict[int, dict[str, OwnNote]]:
        """What would be noted of these records, by number and mapping."""
        found: dict[int, dict[str, OwnNote]] = {}
        if self._db is None:
            return found
        with disk():
            query = "select * from tags where record in (select value from json_each(?))"
            for record, mapping, tags, added in self._db.execute(query, (json.dumps(records),)):
                found.setdefault(record, {})[mapping] = OwnNote(tags=tags, added=added)
        return found

    def close(self) -> None:
        """Give the disk space back."""
        if self._db is not None:
            self._db.close()
            self._db = None
