"""The tables of the state; no column of them holds a value of a row.

One module because tables refer to one another. A table that grows with the records has no wide column: what few
records have is in tables of its own. `upgrade` makes of an older state what is described here, and a test compares
the two.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    TypeDecorator,
    UniqueConstraint,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: In place of since when a row is held back, where it is not. An older version, beside this one in the middle of an
#: upgrade, takes it for a row that is held back no longer; without any moment it would break off.
LONG_AGO = _EPOCH
#: In place of the status of an answer, where none was: see `held_fingerprint`.
AS_SENT = 0
_MICROSECOND = timedelta(microseconds=1)


class Instant(TypeDecorator[datetime]):
    """A moment with its zone, kept as microseconds since 1970, the same in both databases."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Microseconds since 1970."""
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """The moment, in UTC."""
        return None if value is None else _EPOCH + int(value) * _MICROSECOND


#: SQLite numbers rows by itself only in a column that is called INTEGER.
_Id = BigInteger().with_variant(Integer, "sqlite")

#: The prefix keeps our `accounts` apart from a warehouse's that is in the same database.
metadata = MetaData()

meta = Table(
    "sync_meta",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("salt", LargeBinary, nullable=False),
)

#: Whose a data source is, and an API key: of keys the first column has what stands for it.
accounts = Table(
    "sync_accounts",
    metadata,
    Column("data_source", String, primary_key=True),
    Column("account", String, nullable=False),
    Column("name", String, nullable=False),
)

scopes = Table(
    "sync_scopes",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("account", String, nullable=False),
    Column("data_source", String, nullable=False),
    Column("object", String, nullable=False),
    UniqueConstraint("account", "data_source", "object"),
)

#: What ChartMogul is known to hold, whichever mapping found out. An e-mail in a `key` is hashed.
records = Table(
    "sync_records",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("scope", _Id, ForeignKey(scopes.c.id), nullable=False),
    Column("key", String, nullable=False),
    Column("uuid", String),
    Column("pairs", SmallInteger, nullable=False, default=1),
    # Its external id in ChartMogul, which cannot change, where the key is another one by now; null: the key.
    Column("external_id", String),
    # When its uuid was gone and a look-up by its key found nothing: it was deleted in ChartMogul. Null: not so. With a
    # uuid it was made again, or came back, since then.
    Column("deleted_at", Instant),
    # The key first: a scope holds most of the table, and PostgreSQL, before it has statistics, would
    # gladly walk through all of it.
    UniqueConstraint("key", "scope"),
    Index("sync_records_uuid", "uuid", "scope"),
)

#: What each mapping last did with a record.
synced = Table(
    "sync_synced",
    metadata,
    Column("record", _Id, ForeignKey(records.c.id), primary_key=True),
    Column("mapping", String, primary_key=True),
    Column("fingerprint", LargeBinary),
    Column("hashes", LargeBinary, nullable=False, default=b""),
    Column("dropped", LargeBinary, nullable=False, default=b""),
    Column("outcome", String, nullable=False),
    Column("code", String),
    Column("run", String, nullable=False),
    Column("at", Instant, nullable=False),
    Column("gone", Boolean, nullable=False, default=False),
    # What stands for a rejected row that was sent, and for the mapping; 1970: it is not held back. With `AS_SENT` as
    # its status it is the fingerprint that was known last, before nobody knew what the record holds.
    Column("held_fingerprint", LargeBinary),
    Column("held_since", Instant),
    Column("held_status", Integer),
    Column("held_field", String),
    # 8 bytes of keyed hash of the row that made the fingerprint; gone whenever that is.
    Column("imprint", BigInteger),
    # The edition of the casting rules that fingerprint and hashes were made by; null in states before version 3.
    Column("rules", SmallInteger),
    # The bucket of the warehouse's fingerprints that its key falls into, less 32,768; null where rows are read.
    Column("bucket", Integer),
    sqlite_with_rowid=False,
)

#: What is rejected now, without a break since the row was first rejected.
rejected = Table(
    "sync_rejected",
    metadata,
    Column("record", _Id, ForeignKey(records.c.id), primary_key=True),
    Column("mapping", String, primary_key=True),
    # When it was first rejected; of a row that an older version rejected, as far back as that is known.
    Column("since", Instant, nullable=False),
    # Of a row that is held back: how ChartMogul first refused it: the code, its words without quoted parts and without
    # values of the row, and in which run. Date, status, field and mark are in `synced`.
    Column("held_code", String),
    Column("held_words", String),
    Column("held_run", String),
    sqlite_with_rowid=False,
)

#: Values that ChartMogul dropped, by field; their hashes are in `synced.dropped`.
drops = Table(
    "sync_drops",
    metadata,
    Column("mapping", String, primary_key=True),
    # Empty where an older version noted the drop: the row tells it when it is next built.
    Column("field", String, primary_key=True),
    Column("record", _Id, ForeignKey(records.c.id), primary_key=True),
    # When the value was last sent.
    Column("tried_at", Instant, nullable=False),
    sqlite_with_rowid=False,
)

#: Which values of a record are a mapping's own, beyond those of `synced.hashes`: only where there are any.
own_values = Table(
    "sync_own_values",
    metadata,
    Column("record", _Id, ForeignKey(records.c.id), primary_key=True),
    Column("mapping", String, primary_key=True),
    # 8 bytes a field: what ChartMogul showed after our write, where that is another value than was sent.
    Column("shown", LargeBinary),
    # 8 bytes a field: what a write asked for whose answer is not known; noted before it is sent.
    Column("asked", LargeBinary),
    # 8 bytes a tag, of its folded text: the tags of columns that the row has.
    Column("tags", LargeBinary),
    # Those of them that an answered request of ours added where the look-up before had not shown them.
    Column("added_tags", LargeBinary),
    sqlite_with_rowid=False,
)

#: Rows whose record was put back by `undo`: skipped while they make the record that the undone run sent.
undone = Table(
    "sync_undone",
    metadata,
    Column("record", _Id, ForeignKey(records.c.id), primary_key=True),
    Column("mapping", String, primary_key=True),
    # The run that was undone.
    Column("run", String, nullable=False, index=True),
    # 16 bytes for what that run sent, and for the mapping.
    Column("fingerprint", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

#: Creates that were asked for and of which the outcome is not known yet.
doubts = Table(
    "sync_doubts",
    metadata,
    Column("scope", _Id, ForeignKey(scopes.c.id), primary_key=True),
    Column("key", String, primary_key=True),
    Column("asked_at", Instant, nullable=False),
    Column("lost", Boolean, nullable=False, default=False),
    # The machine's boot in which it was asked for, or first met on another one; null where that cannot be told.
    Column("boot", String),
    # How many seconds that machine had been up by then.
    Column("up", Double),
    # When another boot first met it: from then on it counts there. Null until then.
    Column("met_at", Instant),
    sqlite_with_rowid=False,
)

attribute_types = Table(
    "sync_attribute_types",
    metadata,
    Column("account", String, primary_key=True),
    Column("object", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("type", String, nullable=False),
    Column("mapping", String, nullable=False),
    Column("run", String, nullable=False),
)

runs = Table(
    "sync_runs",
    metadata,
    Column("id", String, primary_key=True),
    Column("started_at", Instant, nullable=False, index=True),
    Column("finished_at", Instant),
    Column("status", String),
    Column("exit_code", Integer, nullable=False),
    #: False where only some rows counted (`--key`, `--limit`); null in runs that did not tell.
    Column("whole", Boolean),
    # SYNC_ENVIRONMENT; null where it was not set.
    Column("environment", String),
    # The run that this one put back; null for all but an undo.
    Column("undid", String),
)

#: Without the text of an error: the words of a database or of ChartMogul may quote a row.
run_mappings = Table(
    "sync_run_mappings",
    metadata,
    Column("run", String, ForeignKey(runs.c.id), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("mapping", String, nullable=False, index=True),
    Column("file", String, nullable=False),
    Column("object", String, nullable=False),
    Column("mode", String, nullable=False),
    Column("data_source", String, nullable=False),
    Column("status", String),
    Column("warnings", Integer, nullable=False),
    Column("left", Integer, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("read", BigInteger, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("updated", BigInteger, nullable=False),
    Column("unchanged", BigInteger, nullable=False),
    Column("skipped", BigInteger, nullable=False),
    Column("rejected", BigInteger, nullable=False),
    Column("requests", JSON, nullable=False),
    # Null where the run failed before it knew, and in old runs of a data source that was never connected to.
    Column("account", String),
    # 8 bytes of keyed hash of the query, by which a mapping that was renamed is known.
    Column("query", BigInteger),
    # What ended it, in a word of ours: the name of a rail, or config, source, state, chartmogul, lease, signal.
    Column("reason", String),
    # How many rows were tolerated as rejected; null in states before version 3.
    Column("tolerated", BigInteger),
    # Counts that a summary has besides: rejected_new, mended, rejected_by_code, undone, known_drops, overridden.
    Column("more", JSON(none_as_null=True)),
)

#: A mapping in a data source of an account, whatever its runs.
mappings = Table(
    "sync_mappings",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("account", String, nullable=False),
    Column("data_source", String, nullable=False),
    Column("mapping", String, nullable=False),
    # 8 bytes a tag, of its folded text: its constant tags, which no other mapping may remove.
    Column("tags", LargeBinary),
    # The salt of the warehouse's fingerprints, for nothing else; new with each whole reading.
    Column("salt", LargeBinary),
    # 16 bytes for all that must stay the same for buckets to be trusted: mapping, tool, dialect, column types.
    Column("edition", LargeBinary),
    UniqueConstraint("account", "data_source", "mapping"),
)

#: The warehouse's fingerprints: what was read and settled of each bucket of the key.
buckets = Table(
    "sync_buckets",
    metadata,
    Column("mapping", _Id, ForeignKey(mappings.c.id), primary_key=True),
    Column("bucket", Integer, primary_key=True, autoincrement=False),
    # How many rows it had, and the exact sum of their hashes, its bytes in base64: it may outgrow 64 bits.
    Column("count", BigInteger, nullable=False),
    Column("sum", String, nullable=False),
    # Whether all its rows arrived and have a record: only then need it not be read again.
    Column("settled", Boolean, nullable=False),
    # How many of its rows count as unchanged, and how many as skipped, when it is not read.
    Column("unchanged", BigInteger, nullable=False),
    Column("skipped", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

#: Messages that were sent about a mapping and still hold, so that each is sent once.
told = Table(
    "sync_told",
    metadata,
    # Empty where the mapping never got as far as to know it.
    Column("account", String, primary_key=True),
    Column("data_source", String, primary_key=True),
    Column("mapping", String, primary_key=True),
    # Whom: a keyed hash of the URL.
    Column("target", String, primary_key=True),
    # What: failed, rejected, stale; owed where one of them is over, and the recovery is still to be told.
    Column("event", String, primary_key=True),
    # The run that it was about, null where there was none.
    Column("run", String),
    Column("at", Instant, nullable=False),
    sqlite_with_rowid=False,
)

#: Which records the latest runs rejected, for `retry`.
rejections = Table(
    "sync_rejections",
    metadata,
    Column("run", String, primary_key=True),
    Column("mapping", String, primary_key=True),
    Column("record", _Id, ForeignKey(records.c.id), primary_key=True),
    sqlite_with_rowid=False,
)

#: Times are seconds since 1970 by the clock that all holders share, see `leases`.
leases = Table(
    "sync_leases",
    metadata,
    Column("account", String, primary_key=True),
    Column("data_source", String, primary_key=True),
    Column("object", String, primary_key=True),
    Column("owner", String, nullable=False),
    Column("host", String, nullable=False),
    Column("machine", String, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started", String, nullable=False),
    Column("acquired", Double, nullable=False),
    Column("renewed", Double, nullable=False),
    Column("expires", Double, nullable=False),
    # How many seconds it lasts from a renewal; null in a lease of an older version: 90.
    Column("lasts", Double),
)

#: The tables of what mappings know of records.
OF_RECORDS = (rejected, drops, own_values, undone, rejections, synced)
