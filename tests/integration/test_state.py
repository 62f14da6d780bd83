"""The state on a real PostgreSQL: what a server can do to it that a file cannot."""

from collections import abc

import pytest
from sqlalchemy import Connection, text

from sync.domain.record import AttributeType, Object
from sync.errors import StateError
from sync.state.store import Store
from tests.support import planted_secrets
from tests.support.postgres import connected


@pytest.fixture
def store(database: str) -> abc.Iterator[Store]:
    opened = Store.open(database)
    yield opened
    opened.close()


def disconnect(url: str) -> None:
    """End every connection to the database but this one."""
    with connected(url) as connection:
        connection.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )


def test_lost_connection(store: Store, database: str):
    """A connection that the server ended is replaced, and nobody notices."""
    store.remember_account("ds_1", "acc_1", "Acme")
    disconnect(database)
    assert store.account_of("ds_1") == "acc_1"
    disconnect(database)
    store.remember_account("ds_1", "acc_2", "Acme")
    assert store.account_of("ds_1") == "acc_2"


def test_lost_in_a_transaction(store: Store, database: str):
    """A transaction whose connection is lost half-way is done again, once, as a whole."""
    tries = []

    def work(connection: Connection) -> None:
        tries.append(connection.execute(text("select pg_backend_pid()")).scalar())
        connection.execute(text("insert into sync_accounts values ('ds_1', 'acc_1', 'Acme')"))
        if len(tries) == 1:
            disconnect(database)
        connection.execute(text("select 1"))

    store.database.write(work)
    assert len(set(tries)) == 2
    assert store.account_of("ds_1") == "acc_1"


def test_lost_twice(store: Store, database: str):
    """A server that ends every connection is told in its own words, after the second try."""
    tries = []

    def work(connection: Connection) -> None:
        connection.execute(text("select 1"))
        tries.append(1)
        disconnect(database)
        connection.execute(text("select 1"))

    with pytest.raises(StateError, match=r"terminating connection|connection"):
        store.database.write(work)
    assert len(tries) == 2


def test_one_connection(store: Store, database: str):
    """A state takes one connection, however much it does."""
    for i in range(5):
        store.remember_account(f"ds_{i}", "acc_1", "Acme")
    with connected(database) as connection:
        [(count,)] = connection.execute(
            "select count(*) from pg_stat_activity where datname = current_database()"
            " and pid <> pg_backend_pid() and backend_type = 'client backend'"
        )
    assert count == 1


def test_beside_a_warehouse(database: str):
    """State and warehouse may share a database: tables of the same plain names are not touched."""
    with connected(database) as connection:
        connection.execute("create table accounts (id int)")
        connection.execute("create table runs (id int)")
        store = Store.open(database)
        store.remember_account("ds_1", "acc_1", "Acme")
        assert store.runs() == []
        store.close()
        assert connection.execute("select id from accounts").fetchall() == []


def test_no_right_to_write(database: str):
    """A user who may not make tables is told in the server's words."""
    with connected(database) as connection:
        connection.execute(f"create role reader login password '{planted_secrets.PASSWORD}'")
        try:
            connection.execute("revoke create on schema public from public")
            reader = f"postgresql://reader:{database.partition('://')[2].partition(':')[2]}"
            with pytest.raises(StateError, match="permission denied for schema public") as caught:
                Store.open(reader)
            assert "create and write tables" in caught.value.hint
        finally:
            connection.execute("drop role reader")


def test_two_stores(database: str, store: Store):
    """What one process writes, another one sees at once."""
    other = Store.open(database)
    types = {"plan": AttributeType.STRING}
    store.lock_types("acc_1", Object.CUSTOMER, types, "customers", "run_1")
    assert types == other.types("acc_1", Object.CUSTOMER)
    other.close()
