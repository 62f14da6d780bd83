"""`forget` and `unlock`: what goes, what stays, and what people are told at night."""

import os
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from time import time

import pytest
from sqlalchemy import text, update

from sync.cli.forget import forget
from sync.cli.unlock import unlock
from sync.domain.record import AttributeType, Object
from sync.errors import ConfigError, LockedError, StateError, told
from sync.sandbox.sandbox import DATA_SOURCE
from sync.state.leases import LASTS
from sync.state.process import current
from sync.state.schema import leases, records, undone
from sync.state.store import Store
from tests.support.contacts import Town, counts

CUSTOMERS = """\
version: 1
source: {query: "select id, company, seats from accounts"}
destination: {object: customer}
fields: {external_id: id, company: company}
attributes: {seats: {column: seats, type: Integer}}
"""
MORE = CUSTOMERS.replace("company: company}", "name: company}").replace("seats from", "seats from")
CONTACTS = """\
version: 1
source: {query: "select id, account from people"}
destination: {object: contact}
fields: {customer_external_id: account, external_id: id}
"""


@pytest.fixture
def town(tmp_path, monkeypatch):
    """Two mappings of customers and one of contacts, after a first run; a contact's create is in doubt."""
    town = Town(tmp_path)
    town.table("accounts", "id, company, seats", ("c1", "One", 1), ("c2", "Two", 2))
    town.table("people", "id, account", ("p1", "c1"), ("p2", "c2"))
    for name, mapping in (("customers", CUSTOMERS), ("more", MORE), ("contacts", CONTACTS)):
        town.write(name, mapping)
    town.run()
    town.table("people", "id, account", ("p1", "c1"), ("p2", "c2"), ("p3", "c2"))
    town.sandbox.fail(method="POST", path="/v1/contacts", drop=True, times=1)
    town.run()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SYNC_STATE_URL", town.state)
    return town


def rows(town, query):
    """What the state's tables hold."""
    with closing(Store.open(town.state)) as store:
        return store.database.read(lambda c: [tuple(row) for row in c.execute(text(query))])


def test_a_mapping(town, capsys):
    """Its fingerprints and its history go; uuids, creates in doubt and other mappings' notes stay."""
    before = rows(town, "select key, uuid from sync_records order by id")
    assert forget("customers", attribute=None, undo=None) == 0
    out = capsys.readouterr().out
    assert (
        f"Forgot customers in {DATA_SOURCE}: what it sent of 2 records, and its part in 2 runs."
        in out
    )
    assert (
        "Kept, so that nothing is created twice: 2 uuids of its customers, 0 creates in doubt."
        in out
    )
    assert rows(town, "select distinct mapping from sync_synced order by 1") == [
        ("contacts",),
        ("more",),
    ]
    assert rows(town, "select distinct mapping from sync_run_mappings order by 1") == [
        ("contacts",),
        ("more",),
    ]
    assert before == rows(town, "select key, uuid from sync_records order by id")

    run = town.run()
    assert (counts(run, "customers"), counts(run, "more")) == ({"unchanged": 2}, {"unchanged": 2})
    assert town.writes() == {}
    assert len(town.sandbox.world.customers) == 2


def test_creates_in_doubt_stay(town, capsys):
    """A forgotten mapping of contacts creates nothing twice: what may still come true is not asked for again."""
    assert forget("contacts", attribute=None, undo=None) == 0
    assert "2 uuids of its contacts, 1 create in doubt." in capsys.readouterr().out
    run = town.run()
    assert counts(run, "contacts") == {"unchanged": 2, "rejected": 1}
    assert town.codes() == {3: "outcome_unknown"}
    assert town.writes() == {}
    town.later += timedelta(minutes=11)
    assert counts(town.run(), "contacts") == {"unchanged": 2, "created": 1}


def test_by_file_and_when_it_is_gone(town, capsys):
    """A file stands for its mapping; a mapping without a file is known by its name."""
    file = town.folder / "mappings" / "more.yml"
    file.unlink()
    assert forget("more", attribute=None, undo=None) == 0
    assert forget(str(town.folder / "mappings" / "customers.yml"), attribute=None, undo=None) == 0
    assert rows(town, "select distinct mapping from sync_synced") == [("contacts",)]
    with pytest.raises(ConfigError, match="knows no mapping 'more'"):
        forget("more", attribute=None, undo=None)
    with pytest.raises(ConfigError) as caught:
        forget("contact", attribute=None, undo=None)
    assert "did you mean contacts?" in told(caught.value)
    capsys.readouterr()


def test_deleted_there(town, capsys):
    """A record that was deleted in ChartMogul may be made again, but not where another mapping knows it."""
    with closing(Store.open(town.state)) as store:
        now = store.now()
        store.database.write(lambda c: c.execute(update(records).values(deleted_at=now, uuid=None)))
    forget("contacts", attribute=None, undo=None)
    forget("customers", attribute=None, undo=None)
    assert "2 records that were deleted in ChartMogul stay marked" in capsys.readouterr().out
    marked = "select count(*) from sync_records where deleted_at is not null"
    assert rows(town, marked) == [(2,)]
    forget("more", attribute=None, undo=None)
    assert rows(town, marked) == [(0,)]


def test_a_type(town, capsys):
    """Only the type goes; a key that has none is named, with the nearest."""
    assert forget("customers", attribute="seats", undo=None) == 0
    assert "Forgot the type of seats of the customers in acc_" in capsys.readouterr().out
    assert rows(town, "select count(*) from sync_attribute_types") == [(0,)]
    assert rows(town, "select count(*) from sync_synced where mapping = 'customers'") == [(2,)]
    with closing(Store.open(town.state)) as store:
        [scope] = store.places("customers")
        store.lock_types(scope.account, scope.object, {"plan": AttributeType.STRING}, "m", "r")
    with pytest.raises(ConfigError) as caught:
        forget("customers", attribute="plam", undo=None)
    assert "did you mean plan?" in told(caught.value)


def test_a_mapping_that_never_connected(town, capsys):
    """Its runs failed before its account was known: that is said, by its name and by its file."""
    town.write("wrong", CUSTOMERS)
    file = town.folder / "mappings" / "wrong.yml"
    told_so = CUSTOMERS.replace("object: customer", "object: customer, data_source: ds_unknown")
    file.write_text(told_so.replace("version: 1", "version: 1\nname: wrong"))
    assert town.run().exit_code == 3
    for name in ("wrong", str(file)):
        with pytest.raises(ConfigError) as caught:
            forget(name, attribute=None, undo=None)
        assert (caught.value.exit_code, "never got as far" in told(caught.value)) == (2, True)


def test_the_marks_of_an_undone_run(town, capsys):
    """Only that run's marks go."""
    with closing(Store.open(town.state)) as store:
        [scope] = store.places("customers")
        numbers = [m.record for m in store.recall(scope, "customers", ["c1", "c2"]).values()]
        marks = [
            {"record": number, "mapping": "customers", "run": f"run_{n}", "fingerprint": b"f" * 16}
            for n, number in enumerate(numbers)
        ]
        store.database.write(lambda c: c.execute(undone.insert(), marks))
    assert forget("customers", attribute=None, undo="run_1") == 0
    assert (
        "Forgot that run_1 was undone: 1 row of customers will be sent again."
        in capsys.readouterr().out
    )
    assert rows(town, "select run from sync_undone") == [("run_0",)]
    with pytest.raises(ConfigError, match="because run_1 was undone"):
        forget("customers", attribute=None, undo="run_1")


def test_while_it_is_written(town, capsys):
    """It takes the lease first."""
    with closing(Store.open(town.state)) as store:
        [scope] = store.places("customers")
        store.leases.take([scope], "run_9")
        with pytest.raises(LockedError, match="are being written by process"):
            forget("customers", attribute=None, undo=None)
        store.leases.release("run_9")
        assert store.leases.all() == []
        forget("customers", attribute=None, undo=None)
        assert store.leases.all() == []
    capsys.readouterr()


def test_without_a_state(tmp_path, monkeypatch):
    """Neither command makes one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SYNC_STATE_URL", "sqlite:///none.db")
    for command in (unlock, lambda: forget("customers", attribute=None, undo=None)):
        with pytest.raises(StateError, match="there is no state"):
            command()
    assert list(tmp_path.iterdir()) == []


# Leases


def take(town, store, name, **changes):
    """A lease of this mapping's records, with these columns of it changed."""
    [scope] = store.places(name)
    store.leases.take([scope], f"run_of_{name}")
    mine = leases.c.owner == f"run_of_{name}"
    if changes:
        store.database.write(lambda c: c.execute(update(leases).where(mine).values(changes)))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"expires": 1.0}, "it has run out"),
        ({"started": "another time"}, "its process is gone"),
        (
            {"expires": 4e9, "host": "elsewhere"},
            "it ends later than a lease can last: a clock was ahead",
        ),
    ],
)
def test_dead_leases_are_freed(town, capsys, changes, reason):
    """A lease that its own rules call dead is gone afterwards, and it is said why."""
    with closing(Store.open(town.state)) as store:
        take(town, store, "customers", **changes)
        assert unlock() == 0
        assert store.leases.all() == []
    out = capsys.readouterr().out
    assert f"customers of {DATA_SOURCE} in acc_" in out
    host = changes.get("host", current().host)
    assert f"process {os.getpid()} on {host}, run run_of_customers, last renewed at 20" in out
    assert out.endswith(f"  freed: {reason}\n")


@pytest.mark.parametrize(
    "changes", [{}, {"host": "elsewhere", "started": "another time"}, {"expires": 4e9}]
)
def test_living_leases_stay(town, capsys, changes):
    """Of a lease that may be alive it is said when it ends; it stays, until then at most."""
    with closing(Store.open(town.state)) as store:
        take(town, store, "contacts", **changes)
        assert unlock() == 0
        [holder] = store.leases.all()
    assert holder.owner == "run_of_contacts"
    assert holder.expires <= time() + LASTS
    assert "  held: unless it is renewed, it ends at 20" in capsys.readouterr().out


def test_no_leases(town, capsys):
    """It says so."""
    assert unlock() == 0
    assert capsys.readouterr().out.startswith("No leases: ")


def test_as_commands(town):
    """Both are there, with the exit codes of the contract."""
    told_ = {**os.environ, "SYNC_STATE_URL": town.state}
    codes = [
        subprocess.run(
            [sys.executable, "-m", "sync", *arguments],
            env=told_,
            cwd=town.folder,
            capture_output=True,
            check=False,
        ).returncode
        for arguments in (["unlock"], ["forget", "nobody"], ["forget"], ["forget", "customers"])
    ]
    assert codes == [0, 2, 2, 0]
    with closing(Store.open(town.state)) as store:
        assert store.scope("a", "b", Object.CUSTOMER).id
