"""The rows of the read phase that need ChartMogul, in a private file until the write phase is done.

One module because it is one table: its columns, and all that is asked of them.
"""

import json
import os
import sqlite3
import tempfile
from collections import abc
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sync.domain.codec import dump, dump_seen, load, load_seen
from sync.domain.plan import Absent, Seen
from sync.domain.record import Fields, Record
from sync.engine import leftovers
from sync.errors import StateError

#: `since`: since when it is rejected, in microseconds; `code`: for what it was rejected in this run; `name` is kept
#: of rows without a body.
#: `print` is null where the row made no record; `body` is null where it does not need ChartMogul;
#: `taken` marks rows that a listing has already found (1), or that are settled (2).
#: `seen` is what a look-up found ('' for absent, '-' for deleted).
#: `tries`: the fields, between marks, that are sent though known to be dropped; what `follows` waits for one to stick.
_SCHEMA = """
pragma temp_store = memory;
create table rows (
    key text primary key, row integer not null, print blob, rejected integer not null default 0,
    body text, customer text, uuid text, taken integer not null default 0, seen text,
    row_hash integer, tries text not null default '', follows integer not null default 0,
    unsure integer not null default 0, since integer, name text, code text,
    was text
) without rowid;
create table settled (number integer primary key, deliveries blob not null);
create index by_row on rows (row);
create index by_was on rows (was) where was is not null;
create view waiting as select * from rows where body is not null and not follows;
create view following as select * from rows where body is not null and follows;
"""
#: Of a file that nobody opens again.
_PRAGMAS = """
pragma journal_mode = off;
pragma synchronous = off;
pragma locking_mode = exclusive;
"""
_ENTRIES = (
    "select key, row, print, body, customer, was, uuid, seen, row_hash, tries, follows, unsure, since"
    " from"
)
_MARK = "\n"
_DELETED = "-"
_AMONG = "key in (select value from json_each(?))"
_HINT = "set SYNC_TMP to a folder with room"
_BATCH = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Entry:
    """A record on its way: its fingerprint, and what a look-up of an earlier pass found."""

    record: Record
    fingerprint: bytes
    #: The uuid that the state remembered when the row was read.
    uuid: str | None = None
    #: Whether a look-up was made; `seen` is None where it found nothing.
    looked_up: bool = False
    seen: Seen | None = None
    #: The hash of its row, see `domain.row_hash`; None where it has none.
    row_hash: int | None = None
    #: The fields that are sent although ChartMogul is known to drop them.
    tries: frozenset[str] = frozenset()
    #: Whether it waits for one of these to stick in another row.
    follows: bool = False
    #: Whether the look-up found that it was deleted in ChartMogul.
    deleted: bool = False
    #: Whether only a look tells what ChartMogul holds, even where the state is trusted.
    unsure: bool = False
    #: Since when the row is rejected; None where it was not rejected when it was last met.
    rejected_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class First:
    """The first row of a key: its fingerprint if it made a record, and whether it is to be sent."""

    row: int
    fingerprint: bytes | None
    rejected: bool
    spooled: bool
    name: str | None = None
    fields: Fields = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Note:
    """A row that needs no sending, kept so that a repeat of its key is found."""

    key: str
    row: int
    fingerprint: bytes | None
    rejected: bool
    name: str | None = None
    was: str | None = None


def private_database(folder: Path, schema: str) -> sqlite3.Connection:
    """An SQLite file that nobody else can open: unlinked before anything is in it.

    What a crash in that very moment leaves is an empty file, which the next one removes.

    Raises:
        StateError: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        leftovers.sweep(folder)
        handle, path = tempfile.mkstemp(prefix=leftovers.PREFIX, dir=folder)  # mode 0600
        os.close(handle)
    except OSError as error:
        message = f"cannot write the spool file in {folder}: {error.strerror}"
        raise StateError(message, _HINT) from error
    try:
        with disk():
            database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    finally:
        os.unlink(path)
    with disk():
        database.executescript(_PRAGMAS + schema)
    return database


class Spool:
    """A private file of records on their way.

    Every method raises StateError where the disk is full or broken.
    """

    def __init__(self, folder: Path) -> None:
        self._db = private_database(folder, _SCHEMA)

    def close(self) -> None:
        """Give the disk space back."""
        self._db.close()

    def first(self, keys: abc.Sequence[str]) -> dict[str, First]:
        """The rows that already hold one of these keys."""
        found = self._ask(
            f"select key, row, print, rejected, body, name from rows where {_AMONG}",
            _listed(keys),
        )
        return {
            key: First(row, print_, bool(rejected), body is not None, name, load(body or "{}"))
            for key, row, print_, rejected, body, name in found
        }

    def add(self, entries: abc.Iterable[Entry]) -> None:
        """Keep records for the write phase."""
        self._tell(
            "insert into rows"
            " (key, row, print, row_hash, since, body, customer, was, uuid, tries, follows, unsure)"
            " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            ((*_head(e), *_body(e)) for e in entries),
        )

    def note(self, notes: abc.Iterable[Note]) -> None:
        """Keep the keys of rows that need no sending."""
        self._tell(
            "insert into rows (key, row, print, rejected, name, was) values (?, ?, ?, ?, ?, ?)",
            ((n.key, n.row, n.fingerprint, n.rejected, n.name, n.was) for n in notes),
        )

    def pass_over(self, rows: abc.Iterable[tuple[str, int, str | None]]) -> None:
        """These rows do not count in this run, but their keys, and those before, are others' none the less."""
        self._tell("insert or ignore into rows (key, row, was) values (?, ?, ?)", rows)

    def reject(self, found: abc.Iterable[tuple[str, int, str]]) -> None:
        """These keys are rejected in this run: with the row and the code of each."""
        self._tell(
            "insert into rows (key, row, rejected, code) values (?, ?, 1, ?)"
            " on conflict (key) do update set code = excluded.code",
            found,
        )

    def refused(self, key: str) -> tuple[int, str] | None:
        """The row and the code of a key that was rejected in this run."""
        found = self._ask("select row, code from rows where key = ? and code is not null", key)
        return (int(found[0][0]), str(found[0][1])) if found else None

    def _ask(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        with disk():
            return self._db.execute(sql, parameters).fetchall()

    def _tell(self, sql: str, rows: abc.Iterable[tuple[object, ...]]) -> None:
        with disk():
            self._db.execute("begin")
            self._db.executemany(sql, rows)
            self._db.execute("commit")

    def drop(self, keys: abc.Sequence[str]) -> None:
        """These rows are not to be sent after all."""
        self._tell("update rows set body = null where key = ?", ((key,) for key in keys))

    def count(self) -> tuple[int, int]:
        """How many records wait to be sent, and of how many of them the uuid is remembered."""
        ((waiting, remembered),) = self._ask("select count(*), count(uuid) from waiting")
        return int(waiting), int(remembered)

    def unsure(self) -> int:
        """How many remembered records wait of which only a look tells what ChartMogul holds."""
        ((count,),) = self._ask("select count(uuid) from waiting where unsure")
        return int(count)

    def try_first(self, field: str, most: int, but: abc.Iterable[str] = ()) -> None:
        """Let so many of the rows that would follow others for a field try it first, but not those of these keys."""
        found = self._ask(
            f"select key from following where instr(tries, ?) and not {_AMONG} order by row limit ?",
            f"{_MARK}{field}{_MARK}",
            _listed(sorted(but)),
            max(most, 0),
        )
        self._tell("update rows set follows = 0 where key = ?", found)

    def follow(self, fields: abc.Iterable[str]) -> int:
        """What waited is done; what follows for one of these fields waits now: how many rows."""
        self._tell("update rows set body = null where not follows and ?", [(1,)])
        marked = ((f"{_MARK}{field}{_MARK}",) for field in sorted(fields))
        self._tell("update rows set follows = 0 where follows and instr(tries, ?)", marked)
        return self.count()[0]

    def followers(self, batch: int = _BATCH) -> abc.Iterator[list[Entry]]:
        """The records that still follow others, in the order of the query."""
        yield from self._all("following", batch)

    def meets(self, other: "Spool") -> bool:
        """Whether a record of the same key waits in both."""
        last = 0
        while rows := self._ask(
            "select key, row from rows where body is not null and row > ? order by row limit ?",
            last,
            _BATCH,
        ):
            last = rows[-1][1]
            waiting = f"select 1 from rows where {_AMONG} and body is not null limit 1"
            if other._ask(waiting, _listed([key for key, _ in rows])):
                return True
        return False

    def groups(self, *, with_uuid: bool) -> int:
        """The look-ups that waiting contacts take one by one.

        One a customer, and one for each remembered uuid.
        """
        ((customers, remembered),) = self._ask(
            "select count(distinct case when uuid is null then customer end), count(uuid) from waiting"
        )
        return int(customers) + (int(remembered) if with_uuid else 0)

    def parents_of_one(self) -> set[str]:
        """The customers of whom a single waiting contact has no remembered uuid."""
        found = self._ask(
            "select customer from waiting where uuid is null and customer is not null"
            " group by customer having count(*) = 1"
        )
        return {customer for (customer,) in found}

    def absent(self, keys: abc.Sequence[str]) -> set[str]:
        """Those of these keys that wait and that a look-up did not find."""
        found = self._ask(
            f"select key from waiting where {_AMONG} and seen in ('', '{_DELETED}')",
            _listed(keys),
        )
        return {key for (key,) in found}

    def deleted(self, keys: abc.Sequence[str]) -> set[str]:
        """Those of them that ChartMogul had, and has no more."""
        query = f"select key from waiting where {_AMONG} and seen = '{_DELETED}'"
        return {key for (key,) in self._ask(query, _listed(keys))}

    def entries(self, batch: int = _BATCH) -> abc.Iterator[list[Entry]]:
        """The records that wait and that no `take` has handed out, in the order of the query."""
        yield from self._all("waiting", batch)

    def _all(self, which: str, batch: int) -> abc.Iterator[list[Entry]]:
        last, begin = 0, f"{_ENTRIES} {which}"
        while rows := self._ask(
            f"{begin} where row > ? and not taken order by row limit ?", last, batch
        ):
            last = rows[-1][1]
            yield [_entry(*row) for row in rows]

    def take(self, keys: abc.Sequence[str]) -> list[Entry]:
        """The records that ChartMogul has under one of these keys and that wait; each is handed out once.

        Those of which nobody knows under which key it has them are none of them.
        """
        among = "(select value from json_each(?1))"
        mine = f"(key in {among} and was is null or was in {among} and uuid is not null)"
        rows = self._ask(
            f"{_ENTRIES} waiting where {mine} and not taken order by row", _listed(keys)
        )
        self._tell("update rows set taken = 1 where key = ?", ((row[0],) for row in rows))
        return [_entry(*row) for row in rows]

    def renamed(self, batch: int = _BATCH) -> abc.Iterator[list[Entry]]:
        """The records that wait, had another key before, and of which nobody knows the uuid."""
        for entries in self.entries(batch):
            found = [one for one in entries if one.record.was is not None and one.uuid is None]
            if found:
                yield found

    def unsent_renamed(self, batch: int = _BATCH) -> abc.Iterator[dict[str, int]]:
        """The keys before, with their rows, of rows that are not to be sent: they are wrong in themselves."""
        last = 0
        while rows := self._ask(
            "select was, row from rows where was is not null and body is null and row > ?"
            " order by row limit ?",
            last,
            batch,
        ):
            last = rows[-1][1]
            yield dict(rows)

    def of_was(self, keys: abc.Sequence[str]) -> dict[str, list[int]]:
        """The rows that had one of these keys before."""
        among = "select was, row from rows where was in (select value from json_each(?))"
        rows: dict[str, list[int]] = {}
        for was, row in self._ask(f"{among} order by row", _listed(keys)):
            rows.setdefault(was, []).append(row)
        return rows

    def known(self, keys: abc.Sequence[str]) -> set[str]:
        """Those of these keys that a row has, or had before."""
        return self._either(keys, "true")

    def of_two(self, keys: abc.Sequence[str]) -> set[str]:
        """Those of these keys that are one of two of a waiting record, which the state does not know."""
        return self._either(keys, "body is not null and uuid is null and was is not null")

    def _either(self, keys: abc.Sequence[str], which: str) -> set[str]:
        """Those of these keys that a row has, or had before, of those `which` this is true of."""
        among = "select value from json_each(?1)"
        found = self._ask(
            f"select key from rows where {which} and key in ({among})"
            f" union select was from rows where {which} and was in ({among})",
            _listed(keys),
        )
        return {key for (key,) in found}

    def know(self, found: abc.Iterable[tuple[str, bool, str, str]]) -> None:
        """What is known of waiting records: uuid, whether only a look tells more, id in ChartMogul; then the key."""
        self._tell(
            "update rows set uuid = ?, unsure = ?, was = ? where key = ?",
            found,
        )

    def renamed_to(self, key: str) -> str | None:
        """The uuid of a waiting record that had another key before, remembered or seen."""
        found = self._ask("select uuid, seen from waiting where key = ? and was is not null", key)
        uuid, seen = found[0] if found else (None, None)
        return load_seen(seen).uuid if seen not in (None, "", _DELETED) else uuid

    def see(self, found: abc.Iterable[tuple[str, Seen | Absent | None]]) -> None:
        """Keep what look-ups found, for a second pass."""
        self._tell(
            "update rows set seen = ? where key = ?",
            ((_dumped(seen), key) for key, seen in found),
        )

    def settle(self, found: abc.Iterable[tuple[str, Absent | None]], deliveries: bytes) -> None:
        """Keep what became of these records, and which of them are not there.

        They are handed out no more, in a second pass neither.
        """
        self._tell(
            "update rows set taken = 2, seen = coalesce(?, seen) where key = ?",
            ((None if gone is None else _dumped(gone), key) for key, gone in found),
        )
        self._tell("insert into settled (deliveries) values (?)", [(deliveries,)])

    def settled(self) -> abc.Iterator[bytes]:
        """What `settle` kept, part by part in its order."""
        number = 0
        query = "select number, deliveries from settled where number > ? order by number limit 1"
        while found := self._ask(query, number):
            number = found[0][0]
            yield found[0][1]

    def again(self) -> None:
        """Let every waiting record that is not settled be handed out once more: the second pass begins."""
        self._tell("update rows set taken = 0 where taken = ?", [(1,)])


@contextmanager
def disk() -> abc.Iterator[None]:
    """Disk errors as the error that ends a run."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise StateError(f"cannot use the spool file: {error}", _HINT) from error


def _listed(keys: abc.Sequence[str]) -> str:
    return json.dumps(list(keys))


def _dumped(found: Seen | Absent | None) -> str:
    if isinstance(found, Seen):
        return dump_seen(found)
    return _DELETED if found is not None and found.deleted else ""


def _head(entry: Entry) -> tuple[str, int, bytes, int | None, int | None]:
    record, since = entry.record, entry.rejected_since
    begun = None if since is None else (since - _EPOCH) // _MICROSECOND
    return record.key, record.row, entry.fingerprint, entry.row_hash, begun


def _body(entry: Entry) -> tuple[object, ...]:
    record, tries = entry.record, entry.tries
    marked = _MARK.join(["", *sorted(tries), ""]) if tries else ""
    told = (entry.uuid, marked, entry.follows, entry.unsure)
    return dump(record.fields), record.customer, record.was, *told


def _entry(
    key: str,
    row: int,
    print_: bytes,
    body: str,
    customer: str | None,
    was: str | None,
    uuid: str | None,
    seen: str | None,
    row_hash: int | None,
    tries: str,
    follows: int,
    unsure: int,
    since: int | None,
) -> Entry:
    record = Record(row, key, load(body), customer, was)
    found = load_seen(seen) if seen not in (None, "", _DELETED) else None
    names = frozenset(filter(None, tries.split(_MARK)))
    begun = None if since is None else _EPOCH + since * _MICROSECOND
    told = (row_hash, names, bool(follows), seen == _DELETED, bool(unsure), begun)
    return Entry(record, print_, uuid, seen is not None, found, *told)
