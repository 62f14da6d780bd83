"""Records as ChartMogul showed them, or as they would be left, by key: in a private file, since there may be many."""

import sqlite3
from dataclasses import dataclass, field
from pathlib import Path

import simplejson

from sync.domain.codec import dump, load
from sync.domain.plan import Seen, SentUnseen, ToCome
from sync.engine.spool import disk, private_database

_SCHEMA = """
create table records (key text primary key, fields text not null, rest text not null) without rowid;
"""
#: What is more than seen, by name.
_KINDS = {kind.__name__: kind for kind in (ToCome, SentUnseen)}


@dataclass(slots=True)
class SeenRecords:
    """Records by key, in a file in `folder`; there is none before the first record.

    Raises StateError where the disk is full or broken.
    """

    folder: Path
    _db: sqlite3.Connection | None = field(default=None, init=False)

    def put(self, key: str, seen: Seen) -> None:
        """Keep a record."""
        if self._db is None:
            self._db = private_database(self.folder, _SCHEMA)
        rest = simplejson.dumps([seen.uuid, seen.pairs, seen.mrr, type(seen).__name__])
        with disk():
            self._db.execute(
                "insert or replace into records values (?, ?, ?)", (key, dump(seen.fields), rest)
            )

    def get(self, key: str) -> Seen | None:
        """The record of a key; None where there is none."""
        if self._db is None:
            return None
        with disk():
            found = self._db.execute(
                "select fields, rest from records where key = ?", (key,)
            ).fetchone()
        if found is None:
            return None
        uuid, pairs, mrr, kind = simplejson.loads(found[1])
        return _KINDS.get(kind, Seen)(
            uuid, load(found[0]), tuple((source, id_) for source, id_ in pairs), mrr=mrr
        )

    def close(self) -> None:
        """Give the disk space back."""
        if self._db is not None:
            self._db.close()
            self._db = None
