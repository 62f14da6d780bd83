"""The tables of the state; no column of them holds a value of a row."""

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
    Column("held_fingerprint", LargeBinary),
    Column("held_since", Instant),
    Column("held_status", Integer),
    Column("held_field", String),
    # 8 bytes of keyed hash of the row that made the fingerprint; gone whenever that is.
    Column("imprint", BigInteger),
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
)
