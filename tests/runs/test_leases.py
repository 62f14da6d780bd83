"""Whole runs and the leases of data sources: who is held up by whom, and what a slow request may take."""

from contextlib import closing
from datetime import timedelta

import pytest

from sync.domain.record import Object
from sync.errors import EXIT_LOCKED, EXIT_OK
from sync.sandbox.sandbox import DATA_SOURCE
from sync.state.store import Store
from tests.support.contacts import Town, call, counts

CUSTOMERS = """\
version: 1
source: {query: "select id, company from accounts"}
destination: {object: customer, data_source: "%s"}
fields: {external_id: id, company: company}
"""
CONTACTS = """\
version: 1
source: {query: "select id, account from people"}
destination: {object: contact}
fields: {customer_external_id: account, external_id: id}
"""


@pytest.fixture
def town(tmp_path):
    """Customers in two data sources, and contacts in the first."""
    town = Town(tmp_path)
    town.table("accounts", "id, company", ("c1", "One"), ("c2", "Two"))
    town.table("people", "id, account", ("p1", "c1"))
    _, source = call(town.sandbox, "POST", "/v1/data_sources", body={"name": "Second"})
    town.more = {"SECOND": source["uuid"]}
    town.write("customers", CUSTOMERS % DATA_SOURCE)
    town.write("contacts", CONTACTS)
    town.write("others", CUSTOMERS % "${SECOND}")
    return town


@pytest.fixture
def rival(town):
    """Another process on the same state; it has a lease of its own choice."""
    town.run()
    with closing(Store.open(town.state, clock=town.clock)) as store:
        yield store


def take(store, source, kind):
    """Another process begins to write these records."""
    scope = store.scope(store.account_of(source) or "", source, kind)
    store.leases.take([scope], "rival")
    return scope


def test_one_data_source_is_locked(town, rival):
    """Its mappings end as locked, before they read anything; those of another data source go on."""
    take(rival, DATA_SOURCE, Object.CONTACT)
    town.table("accounts", "id, company", ("c1", "One"), ("c2", "Two"), ("c3", "Three"))
    run = town.run()
    statuses = {part.mapping: str(part.status) for part in run.mappings}
    assert statuses == {"contacts": "locked", "customers": "locked", "others": "succeeded"}
    assert (run.exit_code, str(run.status)) == (EXIT_LOCKED, "locked")
    assert counts(run, "others") == {"created": 1, "unchanged": 2}
    assert (counts(run, "customers"), counts(run, "contacts")) == ({}, {})
    assert "the contacts of " in (run.mappings[1].error or "")
    assert town.writes() == {"POST customers": 1}

    rival.leases.release("rival")
    assert town.run().exit_code == EXIT_OK
    assert town.writes() == {"POST customers": 1}


def test_leases_are_given_back(town):
    """After a run nobody holds anything."""
    town.run()
    with closing(Store.open_read_only(town.state)) as store:
        assert store.leases.all() == []


@pytest.mark.parametrize("seconds", ["1", "600"])
def test_slow_requests_are_allowed(town, seconds):
    """Whatever a request may take, a run gets through: its leases last long enough for it."""
    town.more["SYNC_TIMEOUT"] = seconds
    run = town.run()
    assert run.exit_code == EXIT_OK
    assert counts(run, "customers") == {"created": 2}


def test_taken_over_while_writing(town, rival):
    """A run that loses the lease of a data source stops writing there, and nowhere else."""
    rows = [(f"c{n}", f"Company {n}") for n in range(1, 100)]
    town.table("accounts", "id, company", *rows)
    town.sandbox.world.new_uuid = taking_over(town, rival, town.sandbox.world.new_uuid)
    run = town.run()
    statuses = {part.mapping: str(part.status) for part in run.mappings}
    assert statuses == {"contacts": "locked", "customers": "locked", "others": "succeeded"}
    assert "another process took it over" in (run.mappings[1].error or "")
    assert run.exit_code == EXIT_LOCKED
    assert run.mappings[1].rows.unprocessed > 0
    assert counts(run, "others") == {"created": 97, "updated": 2}


def taking_over(town, rival, new_uuid):
    """Makes uuids; with the twentieth the clock is set, and another process takes the lease that seems to run out."""
    made = iter(range(1_000_000))

    def make():
        if next(made) == 20:
            right = town.now
            town.now = lambda: right() + timedelta(hours=2)
            take(rival, DATA_SOURCE, Object.CUSTOMER)
        return new_uuid()

    return make
