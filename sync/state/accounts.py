"""What is known of accounts: their data sources, and the attribute types that are fixed in them."""

from collections import abc

from sqlalchemy import Connection, select, update

from sync.domain.record import AttributeType, Object
from sync.errors import StateError
from sync.state.memory import LockedType, Scope
from sync.state.schema import accounts, attribute_types, mappings, run_mappings, scopes
from sync.state.upsert import insert, upsert

#: What tells the entries of one data source.
_NAMES = {scopes: "object", mappings: "mapping"}
#: What stands for an API key begins so; the uuid of a data source does not.
KEY = "key "
#: A scope that is not in a state that may not be written: nothing is found in it.
NOWHERE = -1


def of(connection: Connection, data_source: str) -> str | None:
    """The account that a data source was last seen in."""
    query = select(accounts.c.account).where(accounts.c.data_source == data_source)
    return connection.execute(query).scalar_one_or_none()


def remember(connection: Connection, data_source: str, account: str, name: str) -> None:
    """Note the account of a data source."""
    upsert(connection, accounts, [{"data_source": data_source, "account": account, "name": name}])


def of_keys(connection: Connection) -> dict[str, str]:
    """The account that each API key, by what stands for it, was last seen to be of."""
    query = select(accounts.c.data_source, accounts.c.account)
    here = query.where(accounts.c.data_source.startswith(KEY, autoescape=True))
    return {row.data_source: row.account for row in connection.execute(here)}


def rename(connection: Connection, data_source: str, before: str, now: str) -> None:
    """Know an account by its id from now on, which it had not shown before: its records, types, mappings and runs.

    What is known under the id already stays as it is. Types are those of all its data sources: the old ones stay, too.
    """
    for table in (scopes, mappings):
        known = select(table.c[_NAMES[table]]).where(
            table.c.account == now, table.c.data_source == data_source
        )
        here = (table.c.account == before) & (table.c.data_source == data_source)
        new = table.c[_NAMES[table]].not_in(known)
        connection.execute(update(table).where(here, new).values(account=now))
    here = (run_mappings.c.account == before) & (run_mappings.c.data_source == data_source)
    connection.execute(update(run_mappings).where(here).values(account=now))
    query = select(attribute_types).where(attribute_types.c.account == before)
    rows = [{**row._mapping, "account": now} for row in connection.execute(query)]
    if rows:
        connection.execute(insert(connection, attribute_types).on_conflict_do_nothing(), rows)


def find_scope(connection: Connection, account: str, data_source: str, object: Object) -> Scope:
    """A scope as it is in the state."""
    query = select(scopes.c.id).where(
        scopes.c.account == account,
        scopes.c.data_source == data_source,
        scopes.c.object == object.value,
    )
    found = connection.execute(query).scalar_one_or_none()
    return Scope(NOWHERE if found is None else int(found), account, data_source, object)


def make_scope(connection: Connection, account: str, data_source: str, object: Object) -> Scope:
    """A scope, made where it is new."""
    scope = find_scope(connection, account, data_source, object)
    if scope.id != NOWHERE:
        return scope
    row = {"account": account, "data_source": data_source, "object": object.value}
    connection.execute(insert(connection, scopes).on_conflict_do_nothing(), row)
    return find_scope(connection, account, data_source, object)


def types(connection: Connection, account: str, object: Object) -> list[LockedType]:
    """The attribute types in use, by key; StateError where one of them is none."""
    query = select(attribute_types).where(
        attribute_types.c.account == account, attribute_types.c.object == object.value
    )
    return [
        LockedType(row.key, _type(row.key, row.type), row.mapping, row.run)
        for row in connection.execute(query.order_by(attribute_types.c.key))
    ]


def _type(key: str, name: str) -> AttributeType:
    try:
        return AttributeType(name)
    except ValueError:
        raise StateError(
            f"the state has the type {name} for the attribute {key}, and this version knows none such",
            "a newer chartmogul-sync may have noted it: upgrade this one; or clear it with"
            f" chartmogul-sync forget MAPPING --attribute {key}",
        ) from None


def lock_types(
    connection: Connection,
    account: str,
    object: Object,
    new: abc.Mapping[str, AttributeType],
    origin: tuple[str, str],
) -> None:
    """Note types that ChartMogul has fixed; the first of a key stays. `origin`: mapping and run."""
    mapping, run = origin
    rows = [
        {
            "account": account,
            "object": object.value,
            "key": key,
            "type": new[key].value,
            "mapping": mapping,
            "run": run,
        }
        for key in sorted(new)  # in one order, so that two processes never wait for each other
    ]
    if rows:
        connection.execute(insert(connection, attribute_types).on_conflict_do_nothing(), rows)
