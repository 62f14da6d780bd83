"""A state as an older version left it: today's, less what later versions brought."""

from sqlalchemy import text

from sync.state.store import Store

#: What each version brought: the columns that it added to tables, and its tables.
_BROUGHT = {
    2: (("sync_synced imprint", "sync_runs whole"), ()),
    3: (
        (
            "sync_records external_id",
            "sync_records deleted_at",
            "sync_synced rules",
            "sync_synced bucket",
            "sync_doubts boot",
            "sync_doubts up",
            "sync_doubts met_at",
            "sync_runs environment",
            "sync_runs undid",
            "sync_run_mappings account",
            "sync_run_mappings query",
            "sync_run_mappings reason",
            "sync_run_mappings tolerated",
            "sync_run_mappings more",
            "sync_leases lasts",
        ),
        ("rejected", "drops", "own_values", "undone", "buckets", "mappings", "told"),
    ),
}


def take_back(store: Store, version: int) -> None:
    """Let a store, which is of the newest version, be of this one; it is of no use before it is opened anew."""
    for later in range(max(_BROUGHT), version, -1):
        columns, tables = _BROUGHT[later]
        for column in columns:
            table, name = column.split()
            _do(store, f"alter table {table} drop column {name}")
        for name in tables:
            _do(store, f"drop table sync_{name}")
    _do(store, f"update sync_meta set version = {version}")


def _do(store: Store, statement: str) -> None:
    store.database.write(lambda connection: connection.execute(text(statement)))
