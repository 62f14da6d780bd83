"""The step from version 2 of the tables to version 3, in words that never change again."""

from sqlalchemy import Connection, text

#: How each database spells what the two have under different names.
_SPELLED = {
    "sqlite": {
        "serial": "integer not null primary key",
        "id": "integer",
        "bytes": "blob",
        "double": "double",
        "keyed": " without rowid",
    },
    "postgresql": {
        "serial": "bigserial not null primary key",
        "id": "bigint",
        "bytes": "bytea",
        "double": "double precision",
        "keyed": "",
    },
}
_COLUMNS = (
    "sync_records add column external_id varchar",
    "sync_records add column deleted_at bigint",
    "sync_synced add column rules smallint",
    "sync_synced add column bucket integer",
    "sync_doubts add column boot varchar",
    "sync_doubts add column up {double}",
    "sync_doubts add column met_at bigint",
    "sync_runs add column environment varchar",
    "sync_runs add column undid varchar",
    "sync_run_mappings add column account varchar",
    "sync_run_mappings add column query bigint",
    "sync_run_mappings add column reason varchar",
    "sync_run_mappings add column tolerated bigint",
    "sync_run_mappings add column more json",
    "sync_leases add column lasts {double}",
)
_TABLES = (
    "create table sync_rejected (record {id} not null references sync_records (id), mapping varchar not null,"
    " since bigint not null, held_code varchar, held_words varchar, held_run varchar,"
    " primary key (record, mapping)){keyed}",
    "create table sync_drops (mapping varchar not null, field varchar not null,"
    " record {id} not null references sync_records (id), tried_at bigint not null,"
    " primary key (mapping, field, record)){keyed}",
    "create table sync_own_values (record {id} not null references sync_records (id), mapping varchar not null,"
    " shown {bytes}, asked {bytes}, tags {bytes}, added_tags {bytes}, primary key (record, mapping)){keyed}",
    "create table sync_undone (record {id} not null references sync_records (id), mapping varchar not null,"
    " run varchar not null, fingerprint {bytes} not null, primary key (record, mapping)){keyed}",
    "create index ix_sync_undone_run on sync_undone (run)",
    "create table sync_mappings (id {serial}, account varchar not null, data_source varchar not null,"
    " mapping varchar not null, tags {bytes}, salt {bytes}, edition {bytes},"
    " unique (account, data_source, mapping))",
    "create table sync_buckets (mapping {id} not null references sync_mappings (id), bucket integer not null,"
    " count bigint not null, sum varchar not null, settled boolean not null, unchanged bigint not null,"
    " skipped bigint not null, primary key (mapping, bucket)){keyed}",
    "create table sync_told (account varchar not null, data_source varchar not null, mapping varchar not null,"
    " target varchar not null, event varchar not null, run varchar, at bigint not null,"
    " primary key (account, data_source, mapping, target, event)){keyed}",
)
_ROWS = (
    # A data source belongs to one account; one that was never connected to has none.
    "update sync_run_mappings set account = (select a.account from sync_accounts a"
    " where a.data_source = sync_run_mappings.data_source)",
    "insert into sync_rejected (record, mapping, since) select record, mapping, coalesce(held_since, at)"
    " from sync_synced where outcome = 'rejected'",
    # Of which field a drop is, only the row tells.
    "insert into sync_drops (mapping, field, record, tried_at) select mapping, '', record, at"
    " from sync_synced where length(dropped) > 0",
)


def to_version_3(connection: Connection) -> None:
    """Add the columns and tables, and fill them: accounts of runs, what is rejected, what was dropped."""
    spelled = _SPELLED[connection.dialect.name]
    for change in _COLUMNS:
        connection.execute(text(f"alter table {change.format(**spelled)}"))
    for statement in (*_TABLES, *_ROWS):
        connection.execute(text(statement.format(**spelled)))
