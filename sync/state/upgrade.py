"""The version of the tables: made where there are none, brought up step by step where older."""

import secrets
from collections import abc

from sqlalchemy import Connection, insert, inspect, select, text, update

from sync.errors import StateError
from sync.state.schema import meta, metadata
from sync.state.to_version_3 import to_version_3

Upgrade = abc.Callable[[Connection], None]


def _add_imprints(connection: Connection) -> None:
    connection.execute(text("alter table sync_synced add column imprint bigint"))
    connection.execute(text("alter table sync_runs add column whole boolean"))


#: The first entry takes version 1 to 2, and so on; released entries are never changed.
UPGRADES: tuple[Upgrade, ...] = (_add_imprints, to_version_3)
#: Any number, the same in every process: PostgreSQL lets one of them make or upgrade the tables.
_ADVISORY_LOCK = 4_937_020_126


def version(connection: Connection) -> int:
    """The version of the tables, 0 where there are none."""
    if not inspect(connection).has_table(meta.name):
        return 0
    found = connection.execute(select(meta.c.version)).scalars().all()
    if len(found) != 1 or not isinstance(found[0], int) or found[0] < 1:
        raise no_state()
    return found[0]


def no_state() -> StateError:
    """Tables under our names that hold no state."""
    return StateError(
        f"the table {meta.name} does not hold what it has to",
        "it is damaged, or none of ours: put a copy of the state in its place, or let SYNC_STATE_URL name another one",
    )


def newest(upgrades: abc.Sequence[Upgrade]) -> int:
    """The version that this program writes."""
    return len(upgrades) + 1


def check(found: int, upgrades: abc.Sequence[Upgrade]) -> None:
    """Raise StateError where a newer program has written the state."""
    if found > newest(upgrades):
        raise StateError(
            f"the state has version {found}, this program knows up to {newest(upgrades)}",
            "a newer chartmogul-sync has used this state: upgrade chartmogul-sync here as well",
        )


def bring_up(connection: Connection, upgrades: abc.Sequence[Upgrade]) -> None:
    """Make or upgrade the tables, all or nothing, in the caller's transaction.

    Raises:
        StateError: the tables are newer than this program.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
    found = version(connection)
    check(found, upgrades)
    if found == 0:
        metadata.create_all(connection, checkfirst=False)
        row = {"version": newest(upgrades), "salt": secrets.token_bytes(32)}
        connection.execute(insert(meta), row)
        return
    for step in upgrades[found - 1 :]:
        step(connection)
    connection.execute(update(meta).values(version=newest(upgrades)))
