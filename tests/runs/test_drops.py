"""What ChartMogul dropped in whole runs: known, counted, and tried again, until it sticks."""

from collections import Counter
from datetime import timedelta

import pytest

from sync.engine.context import Selection
from tests.support.contacts import Town, call, counts

CUSTOMERS = """\
version: 1
source: {table: accounts}
destination: {object: customer}
fields: {external_id: id, company: company, owner: owner}
extra_columns: ignore
"""
CONTACTS = """\
version: 1
source: {table: people}
destination: {object: contact}
fields: {customer_external_id: account, external_id: id, email: email, title: title}
attributes: {nick: {column: nick, type: String}}
extra_columns: ignore
"""
PEOPLE = "account, id, email, title, nick"
ROLE, OWNER = "attributes.nick", "owner"
DAY = timedelta(days=1)


def person(number, title="Dr"):
    """One person of the only account."""
    return ("c1", str(number), f"p{number}@quince.example", title, "Nick")


@pytest.fixture
def town(tmp_path):
    """One account with eight people, whose attribute nobody has defined; all are in ChartMogul but for it."""
    town = Town(tmp_path)
    town.write("customers", CUSTOMERS)
    town.write("contacts", CONTACTS)
    town.table("accounts", "id, company, owner", ("c1", "Quince", None))
    town.table("people", PEOPLE, *map(person, range(8)))
    run = town.run()
    assert counts(run) == {"created": 8}
    assert known(run) == {ROLE: 8}
    return town


def known(run, mapping="contacts"):
    """What the summary says of known drops."""
    return part(run, mapping).known_drops


def part(run, mapping="contacts"):
    """A mapping's part of a run."""
    return next(one for one in run.mappings if one.mapping == mapping)


def define(town):
    """Somebody defines the attribute in the app."""
    town.sandbox.world.definitions.add("nick")


def sticking(town):
    """How many contacts have the attribute."""
    return sum(contact["custom"] == {"nick": "Nick"} for contact in town.contacts())


def test_known_drops_are_counted(town):
    """A plain run sends nothing and has no line for them; the summary counts them."""
    run = town.run()

    assert counts(run) == {"unchanged": 8}
    assert Counter() == town.writes()
    assert (known(run), part(run).warnings) == ({ROLE: 8}, 0)
    assert town.lines("changes.jsonl") == []


def test_full_tries_again(town):
    """A full run sends what was dropped; what is dropped again is no new warning, what sticks is known no longer."""
    run = town.run(full=True)
    assert counts(run) == {"unchanged": 8}
    assert Counter({"PATCH contacts": 8}) == town.writes()
    assert (known(run), town.lines("changes.jsonl")) == ({ROLE: 8}, [])

    define(town)
    run = town.run(full=True)
    assert counts(run) == {"updated": 8}
    assert (known(run), sticking(town)) == ({}, 8)


def test_the_next_write_tries_again(town):
    """A write of a record takes along what was dropped of it."""
    define(town)
    town.table("people", PEOPLE, person(0, "Prof"), *map(person, range(1, 8)))
    run = town.run()

    assert counts(run) == {"updated": 1, "unchanged": 7}
    assert Counter({"PATCH contacts": 1}) == town.writes()
    assert (known(run), sticking(town)) == ({ROLE: 7}, 1)


def test_the_next_write_of_a_trusted_state(town):
    """It does so without a look, too: a dropped value is no confirmed one."""
    town.write("contacts", CONTACTS + "live_check: never\n")
    town.run()
    define(town)
    town.table("people", PEOPLE, person(0, "Prof"), *map(person, range(1, 8)))

    assert counts(town.run()) == {"updated": 1, "unchanged": 7}
    assert sticking(town) == 1


def test_five_a_day(town):
    """Once a day five are tried, those first that have waited longest; while they do not stick that is all."""
    town.later = DAY - timedelta(minutes=5)
    town.run()
    assert Counter() == town.writes()
    tried = []
    for days in (1, 2):
        town.later = days * DAY + days * timedelta(minutes=5)
        run = town.run()
        assert counts(run) == {"unchanged": 8}
        assert Counter({"PATCH contacts": 5}) == town.writes()
        assert (known(run), town.lines("changes.jsonl")) == ({ROLE: 8}, [])
        tried += [one.path for one in town.sandbox.calls("PATCH")]
        town.run()
        assert Counter() == town.writes()
    assert len(set(tried)) == 8


def test_if_one_sticks_the_others_follow(town):
    """Once the attribute is defined, the next day's run brings it to all."""
    define(town)
    town.later = DAY + timedelta(minutes=5)
    run = town.run()

    assert counts(run) == {"updated": 8}
    assert Counter({"PATCH contacts": 8}) == town.writes()
    assert (known(run), sticking(town)) == ({}, 8)
    assert counts(town.run()) == {"unchanged": 8}


def test_with_a_rail(town):
    """With all look-ups before the first write it is the same; those that follow count for the rail."""
    define(town)
    town.later = DAY + timedelta(minutes=5)
    town.write("contacts", CONTACTS + "limits: {max_updates: 7}\n")
    run = town.run()
    assert (run.exit_code, sticking(town)) == (4, 5)
    assert part(run).rows.unprocessed == 3

    town.later += DAY
    town.write("contacts", CONTACTS + "limits: {max_updates: 8}\n")
    assert counts(town.run()) == {"updated": 3, "unchanged": 5}
    assert sticking(town) == 8


def test_a_dry_run(town):
    """It lists what the next run would try, and notes nothing."""
    town.later = DAY + timedelta(minutes=5)
    run = town.run(dry_run=True)
    assert counts(run) == {"updated": 5, "unchanged": 3}
    assert known(run) == {ROLE: 8}
    listed = {line["key"] for line in town.lines("changes.jsonl")}
    assert Counter() == town.writes()

    town.run()
    uuids = {one["uuid"]: one["external_id"] for one in town.contacts()}
    tried = {uuids[one.path.rpartition("/")[2]] for one in town.sandbox.calls("PATCH")}
    assert listed == tried


def test_some_rows_only(town):
    """A run that sees other rows than those that have waited longest tries what it sees."""
    town.later = DAY + timedelta(minutes=5)
    town.run_with(Selection(keys=frozenset({"6", "7"})))

    assert Counter({"PATCH contacts": 2}) == town.writes()


def test_a_trial_that_is_refused(town):
    """Its row is rejected; the others are not tried for it, today."""
    town.later = DAY + timedelta(minutes=5)
    refusal = '{"code": 422, "message": "no", "errors": {"custom": "no"}}'
    town.sandbox.fail(method="PATCH", path="/v1/contacts/*", status=422, body=refusal)
    assert counts(town.run()) == {"unchanged": 3, "rejected": 5}

    town.sandbox.faults.clear()
    town.run()
    assert Counter() == town.writes()


def test_a_row_that_is_rejected(town):
    """The value of a row that became bad waits longest, and is not sent; the others do not stand in for it all day."""
    bad = ("c1", "0", "no address", "Dr", "Nick")
    town.table("people", PEOPLE, bad, person(1), person(2))
    for days in (1, 2):
        town.later = days * (DAY + timedelta(minutes=5))
        assert counts(town.run()) == {"unchanged": 2, "rejected": 1}
        assert Counter({"PATCH contacts": 2}) == town.writes()
        assert counts(town.run()) == {"unchanged": 2, "rejected": 1}
        assert Counter() == town.writes()


def test_tried_within_a_day(town):
    """What was tried a moment ago is not tried again before its day is over, but follows what sticks meanwhile."""
    town.later = DAY + timedelta(minutes=5)
    town.run_with(Selection(keys=frozenset({"6", "7"})))
    define(town)
    town.run_with(Selection(keys=frozenset({"6", "7"})))
    assert Counter() == town.writes()

    assert counts(town.run()) == {"updated": 8}
    assert sticking(town) == 8


def test_values_of_one_field(town):
    """An owner that is dropped says nothing of another one: what was dropped is tried, the rest is not held up."""
    accounts = [(f"c{n}", "Quince", f"p{n}@quince.example") for n in range(1, 8)]
    town.table("accounts", "id, company, owner", *accounts)
    run = town.run()
    assert counts(run, "customers") == {"created": 6, "unchanged": 1}
    assert known(run, "customers") == {OWNER: 7}
    town.sandbox.world.users.add("p3@quince.example")
    town.later = DAY + timedelta(minutes=5)

    run = town.run()
    assert counts(run, "customers") == {"updated": 1, "unchanged": 6}
    assert known(run, "customers") == {OWNER: 6}
    owners = [
        call(town.sandbox, "GET", "/v1/customers")[1]["entries"][n]["owner"] for n in range(7)
    ]
    assert owners.count("p3@quince.example") == 1


def test_somebody_entered_it(town):
    """What a look-up finds to be there is known to be dropped no longer."""
    define(town)
    for contact in town.contacts():
        sent = {"custom": [{"key": "nick", "value": "Nick"}]}
        assert call(town.sandbox, "PATCH", f"/v1/contacts/{contact['uuid']}", body=sent)[0] == 200
    town.table("people", PEOPLE, *(person(n, "Prof") for n in range(8)))
    run = town.run()

    assert counts(run) == {"updated": 8}
    assert known(run) == {}


def test_rows_that_left(town):
    """A drop of a row that left the query is counted and tried no more."""
    town.table("people", PEOPLE, *map(person, range(6)))
    run = town.run()
    assert (part(run).left, known(run)) == (2, {ROLE: 6})


def test_a_clock_that_was_ahead(town):
    """A try in the future was made now, at the latest: the wait ends."""
    town.later = 30 * DAY
    town.run()
    town.run(full=True)
    define(town)
    town.later = timedelta(minutes=5)
    town.run()
    assert Counter() == town.writes()
    town.later = DAY + timedelta(minutes=10)

    assert counts(town.run()) == {"updated": 8}
