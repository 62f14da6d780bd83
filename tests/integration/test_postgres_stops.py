"""PostgreSQL stops in mid-query and in mid-commit: the run says so, its records are true, the next one completes."""

import os
import sqlite3
import subprocess
import sys
from collections import Counter, abc
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from sync.sandbox.running import RunningSandbox
from sync.state.store import Store
from tests.support.containers import until
from tests.support.postgres import Missing, Server, connected, own_server
from tests.support.relay import Relay
from tests.support.runner import Place

ROWS = 40
CUSTOMERS = """\
version: 1
source: {query: "select id, company from accounts"}
destination: {object: customer}
fields: {external_id: id, company: company}
"""
CONTACTS = """\
version: 1
source: {query: "select id, email from accounts"}
destination: {object: contact}
fields: {customer_external_id: id, email: email}
"""
#: A query of which every row takes as long as the table `brake` says.
SLOW = """\
version: 1
source:
  query: |
    select 'acc_' || n as id, 'Company' as company from generate_series(1, 40) n
    where pg_sleep((select seconds from brake) + n * 0) is not null
destination: {object: customer}
fields: {external_id: id, company: company}
"""
#: A deferred trigger works while the transaction commits.
BRAKE = """
create function slow() returns trigger language plpgsql as
$$ begin perform pg_sleep(seconds) from brake; return null; end $$;
create constraint trigger slow after {events} on {table}
deferrable initially deferred for each row execute function slow();
"""
#: Where a commit is struck: before a contact's create, after it or a customer's, and at the end of all.
COMMITS = {
    "sync_doubts": "insert",
    "sync_synced": "insert or update",
    "sync_runs": "update",
}


@pytest.fixture
def server() -> abc.Iterator[Server]:
    """A PostgreSQL that this test may stop."""
    with ExitStack() as stack:
        try:
            yield stack.enter_context(own_server())
        except Missing as missing:
            if os.environ.get("CI") == "true":
                pytest.fail(str(missing))
            pytest.skip(str(missing))


@pytest.fixture
def sandbox() -> abc.Iterator[RunningSandbox]:
    with RunningSandbox() as running:
        yield running


@pytest.fixture
def place(tmp_path: Path, sandbox: RunningSandbox, server: Server) -> Place:
    """Customers and contacts from an SQLite warehouse, with the state in PostgreSQL."""
    warehouse = tmp_path / "warehouse.db"
    with closing(sqlite3.connect(warehouse)) as db, db:
        db.execute("create table accounts (id text, company text, email text)")
        rows = ((f"acc_{n}", f"Company {n}", f"p@{n}.example") for n in range(ROWS))
        db.executemany("insert into accounts values (?, ?, ?)", rows)
    place = Place(tmp_path, sandbox, f"sqlite:///{warehouse}", state=url(server))
    place.write("customers", CUSTOMERS)
    place.write("contacts", CONTACTS)
    Store.open(place.state).close()
    return place


def url(server: Server) -> str:
    return server.url.render_as_string(hide_password=False)


def sql(server: Server, *statements: str) -> list[tuple[object, ...]]:
    """Do this in the database; the rows of the last statement."""
    with connected(server.url) as connection:
        for statement in statements:
            cursor = connection.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []


def brake(server: Server, seconds: float) -> None:
    """From now on the database takes that long where it is told to brake."""
    sql(
        server,
        "create table if not exists brake (seconds float)",
        "delete from brake",
        f"insert into brake values ({seconds})",
    )


def busy_with(server: Server, statement: str) -> bool:
    """Whether the program's connection is at work on such a statement, and braking."""
    found = sql(
        server,
        "select 1 from pg_stat_activity where state = 'active' and wait_event = 'PgSleep'"
        f" and query ilike '{statement}%'",
    )
    return bool(found)


def terminate(server: Server) -> None:
    """End every other connection, as an administrator or a fail-over does."""
    sql(
        server,
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
        " where pid <> pg_backend_pid() and backend_type = 'client backend'",
    )


def start(place: Place, **variables: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "sync", "run", str(place.folder / "mappings")],
        env={**os.environ, **place.environment, **variables},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def end(process: "subprocess.Popen[str]") -> tuple[int, str]:
    """The exit code of a run, and what it said on one line."""
    _, said = process.communicate(timeout=300)
    assert "Traceback" not in said
    return process.returncode, " ".join(said.split())


def check_recorded(place: Place, server: Server) -> None:
    """Every uuid in the state is that of the record with this key."""
    world = place.sandbox.sandbox.world
    held = {one.uuid: one.main[1] for one in world.customers.values()}
    found = sql(
        server,
        "select uuid, key from sync_records join sync_scopes s on s.id = scope"
        " where object = 'customer' and uuid is not null",
    )
    assert [row for row in found if held.get(str(row[0])) != row[1]] == []
    contacts = sql(
        server,
        "select uuid from sync_records join sync_scopes s on s.id = scope"
        " where object = 'contact' and uuid is not null",
    )
    assert {row[0] for row in contacts} <= world.contacts.keys()


def check_complete(place: Place) -> None:
    """Another run does the rest, each record is there once, and then nothing is sent."""
    code, said = end(start(place))
    assert code == 0, said
    world = place.sandbox.sandbox.world
    assert Counter(c.email for c in world.contacts.values()) == Counter(
        f"p@{n}.example" for n in range(ROWS)
    )
    assert {c.company for c in world.customers.values()} == {f"Company {n}" for n in range(ROWS)}
    check_nothing_to_send(place)


def check_nothing_to_send(place: Place) -> None:
    """One more run writes nothing."""
    place.forget()
    code, said = end(start(place))
    assert code == 0, said
    assert place.writes() == []


@pytest.mark.parametrize("how", [Server.stop, terminate])
def test_in_mid_query(tmp_path: Path, sandbox: RunningSandbox, server: Server, how):
    """Nothing is sent, and exit 3 says that the warehouse broke off; the next run reads it anew."""
    place = Place(tmp_path, sandbox, url(server))
    place.write("customers", SLOW)
    brake(server, 2)
    process = start(place)
    until(lambda: busy_with(server, "fetch"), 120, "the query")
    how(server)
    code, said = end(process)
    assert code == 3
    assert "customers.yml:3" in said
    assert "the next run reads it anew" in said
    assert place.writes() == []
    if how is Server.stop:
        server.start()
    brake(server, 0)
    code, said = end(start(place))
    assert code == 0, said
    assert len(place.writes()) == len(place.customers()) == ROWS
    check_nothing_to_send(place)


@pytest.mark.parametrize("table", COMMITS)
def test_stopped_in_mid_commit(place: Place, server: Server, table):
    """Exit 3 names the state and what is left to do; nothing untrue is in it."""
    brake(server, 60)
    sql(server, BRAKE.format(table=table, events=COMMITS[table]))
    process = start(place)
    until(lambda: busy_with(server, "commit"), 120, "the commit")
    server.stop()
    code, said = end(process)
    assert code == 3
    assert "state postgresql" in said
    assert "the next run looks up" in said
    server.start()
    brake(server, 0)
    check_recorded(place, server)
    check_complete(place)


@pytest.mark.parametrize("table", COMMITS)
def test_terminated_in_mid_commit(place: Place, server: Server, table):
    """The transaction is done again on a new connection, and nobody notices."""
    brake(server, 60)
    sql(server, BRAKE.format(table=table, events=COMMITS[table]))
    process = start(place)
    until(lambda: busy_with(server, "commit"), 120, "the commit")
    brake(server, 0)
    terminate(server)
    code, said = end(process)
    assert code == 0, said
    check_recorded(place, server)
    check_complete(place)


@pytest.mark.parametrize("table", COMMITS)
def test_answers_to_commits_get_lost(place: Place, server: Server, table):
    """What was committed is committed again, to the same end."""
    with Relay(server.port) as relay:
        brake(server, 6)
        sql(server, BRAKE.format(table=table, events=COMMITS[table]))
        there = server.url.set(port=relay.port).render_as_string(hide_password=False)
        process = start(place, SYNC_STATE_URL=there)
        until(lambda: busy_with(server, "commit"), 120, "the commit")
        brake(server, 0)
        relay.armed.set()
        code, said = end(process)
        assert code == 0, said
        assert not relay.armed.is_set()
    check_recorded(place, server)
    check_complete(place)
