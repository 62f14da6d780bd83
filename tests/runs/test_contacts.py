"""Contacts in whole runs: what is counted, what is sent, and what the next run finds."""

from collections import Counter
from contextlib import closing, contextmanager
from datetime import timedelta

import pytest

from sync.cli.outside import now
from sync.domain.record import Object
from sync.domain.results import Status
from sync.sandbox.sandbox import DATA_SOURCE, Sandbox
from sync.state.store import Store
from tests.support.contacts import Town, call, counts
from tests.support.planted_secrets import API_KEY

CUSTOMERS = """\
version: 1
source: {table: accounts}
destination: {object: customer}
fields: {external_id: id, company: company, country: country}
extra_columns: ignore
"""
CONTACTS = """\
version: 1
source: {table: people}
destination: {object: contact}
fields:
  customer_external_id: account
  external_id: id
  email: mail
  first_name: name
  title: {column: title, on_null: clear}
  position: place
attributes:
  role: {column: role, type: String}
extra_columns: ignore
"""
ACCOUNTS = "id, company, country"
PEOPLE = "id, account, mail, name, title, place, role"
ADA = ("7", "c1", "ada@c1.example", "Ada", "CTO", None, "admin")
BEN = (None, "c1", "ben@c1.example", "Ben", None, None, None)
CLEO = ("8", "c2", None, "Cleo", None, 5, None)


@pytest.fixture
def town(tmp_path):
    """Two accounts, three people, and nothing in ChartMogul."""
    town = Town(tmp_path)
    town.table("accounts", ACCOUNTS, ("c1", "One", "DE"), ("c2", "Two", "AT"))
    town.table("people", PEOPLE, ADA, BEN, CLEO)
    town.write("customers", CUSTOMERS)
    town.write("contacts", CONTACTS)
    return town


def changed(row, **values):
    """A row with other values in some columns."""
    names = PEOPLE.split(", ")
    return tuple(values.get(name, value) for name, value in zip(names, row, strict=True))


def alter(town, method, path, body=None):
    """Somebody does something in ChartMogul."""
    status, answer = call(town.sandbox, method, path, body=body)
    assert status in (200, 201, 202)
    return answer


def named(town, name):
    """The only contact of this first name."""
    (found,) = [contact for contact in town.contacts() if contact["first_name"] == name]
    return found


def uuid_of(town, key):
    """The customer of a key."""
    return town.sandbox.world.by_pair[DATA_SOURCE, key]


def test_a_first_run_and_what_follows(town):
    """Customers first, contacts then; the second run and a full one write nothing."""
    first = town.run()
    assert counts(first) == {"created": 3}
    assert first.exit_code == 0
    ada, ben, cleo = (named(town, name) for name in ("Ada", "Ben", "Cleo"))
    assert (ada["external_id"], ada["customer_external_id"]) == ("7", "c1")
    assert (ada["title"], ada["custom"]) == ("CTO", {"role": "admin"})
    assert (ben["external_id"], ben["email"]) == (None, "ben@c1.example")
    assert cleo["position"] == 5

    second = town.run()
    assert counts(second) == {"unchanged": 3}
    assert Counter() == town.writes()
    contacts = second.mappings[0]
    assert contacts.mapping == "contacts"
    assert contacts.requests.total == 2  # the account and the data source

    assert counts(town.run(full=True)) == {"unchanged": 3}
    assert Counter() == town.writes()


def test_a_dry_run_counts_customers_to_come(town):
    """It says what the next run does, and leaves no trace: not in ChartMogul, not in the state."""
    town.table("people", PEOPLE, ADA, BEN, CLEO, changed(CLEO, id="9", account="c3"))
    dry = town.run(dry_run=True)
    assert counts(dry) == {"created": 3, "rejected": 1}
    assert town.codes() == {4: "customer_not_found"}
    assert Counter() == town.writes()
    assert not (town.folder / "state.db").exists()
    assert counts(town.run()) == counts(dry)


def test_a_dry_run_settles_no_doubt(town):
    """What it finds after ten minutes is for the next run to write down."""
    town.run()
    town.table("people", PEOPLE, ADA, BEN, CLEO, changed(ADA, id="9", mail="new@c1.example"))
    town.sandbox.fail(method="POST", path="/v1/contacts", drop=True, times=1)
    assert counts(town.run()) == {"unchanged": 3, "rejected": 1}
    doubts = doubted(town, "9")
    assert counts(town.run(dry_run=True)) == {"unchanged": 3, "rejected": 1}
    town.later = timedelta(minutes=11)
    assert counts(town.run(dry_run=True)) == {"unchanged": 3, "created": 1}
    assert doubted(town, "9") == doubts != {}


@contextmanager
def state(town):
    """The state, and the scope of its contacts."""
    with closing(Store.open(town.state)) as store:
        account = store.account_of(DATA_SOURCE) or ""
        yield store, store.scope(account, DATA_SOURCE, Object.CONTACT)


def doubted(town, *keys):
    """The creates that the state knows to be in doubt."""
    with state(town) as (store, scope):
        return store.doubts(scope, keys)


def test_a_confirmed_create_is_in_no_doubt(town):
    """The state forgets it together with writing down the uuid."""
    town.run()
    assert doubted(town, "7", "8", "c1|ben@c1.example") == {}


def test_a_lost_answer_is_no_duplicate(town):
    """It takes effect only later: rejected for ten minutes, then found."""
    town.run()
    town.table("people", PEOPLE, ADA, BEN, CLEO, changed(ADA, id="9", mail="new@c1.example"))
    town.sandbox.fail(method="POST", path="/v1/contacts", drop=True, times=1)
    assert counts(town.run()) == {"unchanged": 3, "rejected": 1}
    assert town.codes() == {4: "outcome_unknown"}
    assert Counter({"POST contacts": 1}) == town.writes()
    assert town.slept > 22

    assert counts(town.run()) == {"unchanged": 3, "rejected": 1}
    assert town.codes() == {4: "outcome_unknown"}
    assert Counter() == town.writes()

    late = {"customer_uuid": uuid_of(town, "c1"), "data_source_uuid": DATA_SOURCE}
    alter(town, "POST", "/v1/contacts", {**late, "external_id": "9", "email": "new@c1.example"})
    assert counts(town.run()) == {"unchanged": 3, "updated": 1}
    assert Counter({"PATCH contacts": 1}) == town.writes()
    assert doubted(town, "9") == {}


def test_a_lost_create_is_repeated_once_it_is_safe(town):
    """A complete listing ten minutes later does not show it."""
    town.run()
    town.table("people", PEOPLE, ADA, BEN, CLEO, changed(ADA, id="9", mail="new@c1.example"))
    town.sandbox.fail(method="POST", path="/v1/contacts", status=502, times=1)
    assert counts(town.run()) == {"unchanged": 3, "rejected": 1}
    town.later = timedelta(minutes=11)
    assert counts(town.run()) == {"unchanged": 3, "created": 1}
    assert len(town.contacts()) == 4
    assert doubted(town, "9") == {}


def test_a_crash_leaves_its_trace(town):
    """A create that was under way when the machine stopped is as good as lost."""
    town.run()
    with state(town) as (store, scope):
        store.mark_sent(scope, ["9"], now())
    town.table("people", PEOPLE, ADA, BEN, CLEO, changed(ADA, id="9", mail="new@c1.example"))
    assert counts(town.run()) == {"unchanged": 3, "rejected": 1}
    assert Counter() == town.writes()
    (line,) = town.lines("errors.jsonl")
    assert "broke off" in line["message"]


def test_what_is_there_is_adopted(town):
    """By external id, by e-mail in any case; the id is written, and nothing is there twice."""
    town.write("contacts", CONTACTS.replace("  position: place\n", ""))
    fill(town)
    before = len(town.contacts())
    run = town.run()
    assert counts(run) == {"updated": 2, "unchanged": 1}
    assert len(town.contacts()) == before
    assert (named(town, "Ada")["external_id"], named(town, "Ada")["title"]) == ("7", "CTO")
    assert named(town, "Ben")["custom"] == {"role": "kept"}
    assert run.mappings[0].requests.methods == {"GET": 4, "PATCH": 2}
    assert counts(town.run(full=True)) == {"unchanged": 3}
    assert Counter() == town.writes()


def fill(town):
    """ChartMogul has both customers and all three people, a little different."""
    for key, company, country in (("c1", "One", "DE"), ("c2", "Two", "AT")):
        body = {"data_source_uuid": DATA_SOURCE, "external_id": key}
        alter(town, "POST", "/v1/customers", {**body, "company": company, "country": country})
    people = (
        ("c1", {"email": "ADA@c1.example", "title": "CEO", "notes": "kept"}),
        ("c1", {"email": "Ben@C1.example", "custom": [{"key": "role", "value": "kept"}]}),
        ("c2", {"external_id": "8", "first_name": "Cleo"}),
    )
    for key, shown in people:
        body = {"data_source_uuid": DATA_SOURCE, "customer_uuid": uuid_of(town, key)}
        alter(town, "POST", "/v1/contacts", {**body, **shown})


def test_a_lost_state_is_no_loss(town):
    """What is there is adopted without a write."""
    town.run()
    (town.folder / "state.db").unlink()
    run = town.run()
    assert counts(run) == {"unchanged": 3}
    assert Counter() == town.writes()


def test_changes_are_looked_up_before_they_are_written(town):
    """Only what differs is sent; null clears where the mapping says so, and is kept elsewhere."""
    town.run()
    town.table(
        "people", PEOPLE, changed(ADA, title=None, role=None), changed(BEN, name="Benno"), CLEO
    )
    assert counts(town.run()) == {"updated": 2, "unchanged": 1}
    bodies = [c.json for c in town.sandbox.calls("PATCH")]
    assert sorted(bodies, key=str) == [{"first_name": "Benno"}, {"title": None}]
    assert named(town, "Ada")["title"] is None
    assert named(town, "Ada")["custom"] == {"role": "admin"}
    changes = {line["key"]: line["changes"] for line in town.lines("changes.jsonl")}
    assert changes["7"] == {"title": ["CTO", None]}


def test_two_keys_of_one_contact(town):
    """The later row is rejected and names the first, in every run and in every way to run."""
    double = (None, "c1", "ADA@C1.example", "Ida", None, None, None)
    town.table("people", PEOPLE, ADA, BEN, CLEO, double)
    for dry in (True, False, True, False):
        done = town.run(dry_run=dry)
        assert counts(done)["rejected"] == 1
        assert town.codes() == {4: "same_record"}
    assert "row 1" in town.lines("errors.jsonl")[0]["message"]
    assert counts(town.run(full=True)) == {"unchanged": 3, "rejected": 1}
    assert len(town.contacts()) == 3


def test_two_ids_with_one_email(town):
    """The first adopts the contact that is there, the second is a person of its own: also in a dry run."""
    fill(town)
    double = ("9", "c1", "ada@C1.example", "Ida", None, None, None)
    town.table("people", PEOPLE, ADA, BEN, CLEO, double)
    dry = counts(town.run(dry_run=True))
    assert dry["created"] == 1
    assert counts(town.run()) == dry
    assert named(town, "Ida")["external_id"] == "9"
    assert len(town.contacts()) == 4
    assert counts(town.run()) == {"unchanged": 4}


@pytest.mark.parametrize("limits", ["", "limits: {max_creates: 9}\n"])
def test_rows_of_one_person_with_a_rail(town, limits):
    """With all look-ups before the first write the same row is created, and the same one rejected."""
    town.write("contacts", CONTACTS + limits)
    double = (None, "c1", "ADA@C1.example", "Ida", None, None, None)
    town.table("people", PEOPLE, ADA, double, BEN, CLEO)
    assert counts(town.run()) == {"created": 3, "rejected": 1}
    assert town.codes() == {2: "same_record"}
    assert len(town.contacts()) == 3


def test_a_rail_stops_before_the_first_contact(town):
    """It counts contacts to be created."""
    town.write("contacts", CONTACTS + "limits: {max_creates: 2}\n")
    run = town.run()
    assert run.exit_code == 4
    assert town.contacts() == []


def test_an_undefined_attribute_is_a_warning(town):
    """It names the key and says where to define it; it is sent again by a full run alone, or when its value changes."""
    town.write("contacts", CONTACTS.replace("role: {", "nick: {"))
    run = town.run()
    assert counts(run) == {"created": 3}
    assert run.mappings[0].warnings == 1
    (warned,) = [line for line in town.lines("changes.jsonl") if line["warnings"]]
    assert (warned["key"], warned["outcome"]) == ("7", "created")
    (warning,) = warned["warnings"]
    assert (warning["field"], warning["code"]) == ("attributes.nick", "dropped")
    assert "define nick in the ChartMogul app, as a contact attribute" in warning["message"]
    for full in (False, True):
        assert counts(town.run(full=full)) == {"unchanged": 3}
        assert Counter({"PATCH contacts": 1} if full else {}) == town.writes()
        assert town.lines("changes.jsonl") == []
    town.table("people", PEOPLE, changed(ADA, role="owner"), BEN, CLEO)
    assert counts(town.run()) == {"unchanged": 3}
    assert Counter({"PATCH contacts": 1}) == town.writes()


def test_contacts_that_moved(town):
    """A row that names another customer is rejected: the API cannot move a contact."""
    town.run()
    town.table("people", PEOPLE, changed(ADA, account="c2"), BEN, CLEO)
    assert counts(town.run()) == {"unchanged": 2, "rejected": 1}
    assert town.codes() == {1: "contact_moved"}
    assert Counter() == town.writes()


def test_merged_customers(town):
    """Contacts follow the primary customer: those of both are updated, new ones created there."""
    town.run()
    old, new = uuid_of(town, "c1"), uuid_of(town, "c2")
    sides = {"from": {"customer_uuid": old}, "into": {"customer_uuid": new}}
    alter(town, "POST", "/v1/customers/merges", sides)
    town.table(
        "people",
        PEOPLE,
        changed(ADA, name="Ida"),
        BEN,
        changed(CLEO, name="Kleo"),
        changed(ADA, id="9", mail="new@c1.example", name="New"),
        changed(BEN, mail="Ben@c2.example", account="c2", name="Second Ben"),
        changed(BEN, mail="BEN@c1.example", account="c2", name="Same Ben"),
    )
    assert counts(town.run()) == {"updated": 2, "unchanged": 1, "created": 2, "rejected": 1}
    assert town.codes() == {6: "same_record"}
    assert {contact["customer_uuid"] for contact in town.contacts()} == {new}
    assert len(town.contacts()) == 5
    assert counts(town.run(full=True))["unchanged"] == 5


def test_a_contact_that_was_deleted_is_created_again(town):
    """The row wants it; it is found out when the row changes, or by a full run."""
    town.run()
    alter(town, "DELETE", f"/v1/contacts/{named(town, 'Ada')['uuid']}")
    assert counts(town.run()) == {"unchanged": 3}
    assert counts(town.run(full=True)) == {"unchanged": 2, "created": 1}
    assert counts(town.run(full=True)) == {"unchanged": 3}


def test_a_contact_that_is_gone_when_it_is_written(town):
    """Without a look before it, the update itself finds out, and decides anew."""
    town.run()
    town.write("contacts", CONTACTS + "live_check: never\n")
    alter(town, "DELETE", f"/v1/contacts/{named(town, 'Ada')['uuid']}")
    town.table("people", PEOPLE, changed(ADA, name="Ida"), BEN, CLEO)
    town.run()
    town.table("people", PEOPLE, changed(ADA, name="Eda"), BEN, CLEO)
    town.run()
    assert named(town, "Eda")["external_id"] == "7"
    assert len(town.contacts()) == 3


def test_a_broken_customer_mapping_keeps_contacts_back(town):
    """They do not start: whose they are is not known."""
    town.write("customers", CUSTOMERS + "limits: {max_creates: 1}\n")
    run = town.run()
    contacts = run.mappings[0]
    assert contacts.mapping == "contacts"
    assert contacts.status is Status.FAILED
    assert contacts.error == "not started: its customers come from customers, which broke off"
    assert (contacts.rows.read, contacts.rows.unprocessed) == (3, 3)
    assert run.exit_code == 4
    assert Counter() == town.writes()


def test_a_rejected_customer_keeps_its_own_contacts_back_only(town):
    """They are delivered by the first run that can."""
    town.table("accounts", ACCOUNTS, ("c1", "One", "Germany"), ("c2", "Two", "AT"))
    assert counts(town.run()) == {"created": 1, "rejected": 2}
    assert town.codes() == {1: "customer_not_found", 2: "customer_not_found"}
    hints = {line["hint"] for line in town.lines("errors.jsonl") if line["mapping"] == "contacts"}
    assert hints == {"mend the customer's row: the contact follows in the same run"}
    town.table("accounts", ACCOUNTS, ("c1", "One", "DE"), ("c2", "Two", "AT"))
    assert counts(town.run()) == {"created": 2, "unchanged": 1}


def test_an_unreadable_id_poisons_no_other_row(town):
    """A row whose id is padded has no key: the e-mail is that of another row."""
    town.table("people", PEOPLE, ADA, BEN, CLEO, changed(BEN, id=" 9"))
    assert counts(town.run()) == {"created": 3, "rejected": 1}
    assert town.codes() == {4: "invalid_key"}


def test_contacts_alone(tmp_path):
    """Customers that another tool brought are found by listing them, not one by one."""
    town = Town(tmp_path, Sandbox(key=API_KEY, rate=None, parallel=None))
    for n in range(250):
        body = {"data_source_uuid": DATA_SOURCE, "external_id": f"c{n}"}
        alter(town, "POST", "/v1/customers", body)
    rows = [(str(n), f"c{n}", f"p{n}@x.example", "P", None, None, None) for n in range(250)]
    town.table("people", PEOPLE, *rows)
    town.write("contacts", CONTACTS)
    run = town.run()
    assert counts(run) == {"created": 250}
    # The account, the data source, one page of contacts, two of customers.
    assert run.mappings[0].requests.methods == {"GET": 5, "POST": 250}


def test_a_chartmogul_that_shows_things_late(town):
    """Lists do not show yet what was created a moment ago: customers are known by their uuids."""
    town.sandbox.world.stale = 3600
    assert counts(town.run()) == {"created": 3}
    town.table("people", PEOPLE, changed(ADA, name="Ida"), BEN, changed(CLEO, id="9"))
    assert counts(town.run()) == {"created": 1, "updated": 1, "unchanged": 1}
    assert len(town.contacts()) == 4


def test_modes(town):
    """insert leaves alone what exists, update creates nothing."""
    town.run()
    town.table("people", PEOPLE, changed(ADA, name="Ida"), BEN, CLEO, changed(CLEO, id="9"))
    town.write("contacts", CONTACTS + "mode: update\n")
    assert counts(town.run()) == {"updated": 1, "unchanged": 2, "rejected": 1}
    town.write("contacts", CONTACTS + "mode: insert\n")
    assert counts(town.run()) == {"skipped": 3, "created": 1}


def test_the_program_itself(desk):
    """The real process over HTTP: contacts after customers, then nothing to do."""
    desk.mapping(CUSTOMERS.replace("{table: accounts}", "{query: select * from accounts}"))
    people = "select 7 as id, 'cus_1' as account, 'Ada@C1.example' as mail, 'Ada' as name"
    fields = "customer_external_id: account, external_id: id, email: mail, first_name: name"
    desk.mapping(
        f'version: 1\nsource: {{query: "{people}"}}\ndestination: {{object: contact}}\n'
        f"fields: {{{fields}}}\n",
        "contacts",
    )
    first = desk("run", "--json")
    assert first.code == 0, first.err
    assert [mapping["rows"]["created"] for mapping in first.json["mappings"]] == [1, 1]
    again = desk("run", "--json")
    assert [mapping["rows"]["unchanged"] for mapping in again.json["mappings"]] == [1, 1]
    assert "the state knows nothing" not in again.err

    for file in desk.place.folder.glob("state.db*"):
        file.unlink()
    lost = desk("run", "--json")
    assert [mapping["rows"]["unchanged"] for mapping in lost.json["mappings"]] == [1, 1]
    assert lost.err.count("the state knows nothing of this data source") == 2
    (contact,) = desk.place.sandbox.sandbox.world.contacts.values()
    assert (contact.external_id, contact.email) == ("7", "Ada@C1.example")
