"""What was deleted in ChartMogul, in whole runs: what one mapping learns of it all know, and two ways to go on."""

from collections import Counter

import pytest

from sync.engine.context import Retry, Selection
from sync.sandbox.sandbox import DATA_SOURCE
from tests.support.contacts import Town, call, counts

CUSTOMERS = """\
version: 1
source: {table: accounts}
destination: {object: customer}
fields: {external_id: id, company: company}
extra_columns: ignore
"""
CONTACTS = """\
version: 1
source: {table: people}
destination: {object: contact}
fields: {customer_external_id: account, external_id: id, email: email, title: title}
extra_columns: ignore
"""
LEAVE = "deleted: leave\n"


class Deleting(Town):
    """A town of two accounts with one person each, in ChartMogul, where people delete things."""

    def mapped(self, customers: str = CUSTOMERS, contacts: str = CONTACTS) -> "Deleting":
        """The same with these mappings."""
        self.write("customers", customers)
        self.write("contacts", contacts)
        return self

    def fill(self, company: str = "Quince", title: str = "Dr") -> None:
        """The accounts and people as they are from now on."""
        self.table("accounts", "id, company", *((key, company) for key in ("c1", "c2")))
        people = [(f"c{n}", str(n), f"p{n}@quince.example", title) for n in (1, 2)]
        self.table("people", "account, id, email, title", *people)

    def delete(self, key: str) -> None:
        """Somebody deletes a customer, and its contacts with it, or a contact."""
        path = f"/v1/{'customers' if key.startswith('c') else 'contacts'}/{self.uuid(key)}"
        assert call(self.sandbox, "DELETE", path)[0] in (202, 204)

    def uuid(self, key: str) -> str | None:
        """The uuid of a customer or a contact, by its external id."""
        world = self.sandbox.world
        found = [uuid for uuid, one in world.contacts.items() if one.external_id == key]
        found += [uuid for (_, external_id), uuid in world.by_pair.items() if external_id == key]
        return next(iter(found), None)


@pytest.fixture
def town(tmp_path):
    """All of it is synced."""
    town = Deleting(tmp_path).mapped()
    town.fill()
    assert counts(town.run()) == {"created": 2}
    return town


def test_a_customer_that_contacts_find_deleted(town):
    """The customer's own mapping knows of it in the next run, and makes it again; its contact follows in that run."""
    town.delete("c1")
    town.fill(title="Prof")
    run = town.run()
    assert counts(run) == {"updated": 1, "rejected": 1}
    assert town.codes() == {1: "customer_not_found"}

    run = town.run()
    assert counts(run, "customers") == {"created": 1, "unchanged": 1}
    assert counts(run) == {"created": 1, "unchanged": 1}
    assert town.uuid("1") is not None
    assert counts(town.run()) == {"unchanged": 2}
    assert Counter() == town.writes()


def test_a_customer_that_its_own_mapping_finds_deleted(town):
    """It is made again in the same run, and so is its contact, if that is looked at."""
    town.delete("c1")
    town.fill(company="Medlar", title="Prof")
    run = town.run()

    assert counts(run, "customers") == {"created": 1, "updated": 1}
    assert counts(run) == {"created": 1, "updated": 1}


@pytest.mark.parametrize("limits", ["", "limits: {max_updates: 99}\n"])
def test_contacts_whose_rows_did_not_change(town, limits):
    """Once their customer was made again its contacts are looked at in the next run, each once, rows changed or not."""
    town.mapped(contacts=CONTACTS + limits)
    town.delete("c1")
    town.fill(company="Medlar")
    town.run()
    assert town.uuid("1") is None

    foreseen, run = town.run(dry_run=True), town.run()
    assert counts(foreseen) == counts(run) == {"created": 1, "unchanged": 1}
    for _ in range(2):
        assert counts(town.run()) == {"unchanged": 2}
        assert not [call for call in town.sandbox.calls() if "contacts" in call.path]


def test_what_was_refused_of_a_record_that_is_gone(town):
    """It holds no row back: the customer that contacts find deleted is made again in the next run."""
    town.sandbox.fail(method="PATCH", path="/v1/customers/*", times=1, status=422)
    town.table("accounts", "id, company", ("c1", "Medlar"), ("c2", "Quince"))
    for code in ("refused", "held_back"):
        assert counts(town.run(), "customers") == {"rejected": 1, "unchanged": 1}
        assert town.codes("customers") == {1: code}
    town.delete("c1")
    town.table("people", "account, id, email, title", ("c1", "1", "p1@quince.example", "Prof"))
    town.run()

    assert counts(town.run(), "customers") == {"created": 1, "unchanged": 1}
    assert town.uuid("1") is not None


def test_two_mappings_of_one_customer(town):
    """What the first of them makes again lacks what the other one had sent: that looks at it in the next run."""
    town.write("more", CUSTOMERS.replace("company: company", "city: id"))
    assert counts(town.run(), "more") == {"updated": 2}
    town.delete("c1")
    town.fill(company="Medlar")
    town.run()
    assert counts(town.run(), "more") == {"updated": 1, "unchanged": 1}

    shown = call(town.sandbox, "GET", f"/v1/customers/{town.uuid('c1')}")[1]
    assert (shown["company"], shown["address"]["city"]) == ("Medlar", "c1")


def test_merged_customers(town):
    """Where contacts find that customers were merged, the mapping of customers looks at the row that was."""
    from_, into = town.uuid("c2"), town.uuid("c1")
    sides = {"from": {"customer_uuid": from_}, "into": {"customer_uuid": into}}
    assert call(town.sandbox, "POST", "/v1/customers/merges", body=sides)[0] == 202
    town.fill(title="Prof")
    assert counts(town.run(), "customers") == {"unchanged": 2}

    town.run()
    assert town.codes("customers") == {2: "same_record"}


@pytest.mark.parametrize("later", [{}, {"live_check": "never"}])
def test_merged_customers_of_whom_the_first_changes(town, later):
    """The first of two rows of a merged customer is sent; the other, which has not changed, is told in the next run."""
    more = "".join(f"{name}: {value}\n" for name, value in later.items())
    town.write("customers", CUSTOMERS + more)
    from_, into = town.uuid("c1"), town.uuid("c2")
    sides = {"from": {"customer_uuid": from_}, "into": {"customer_uuid": into}}
    assert call(town.sandbox, "POST", "/v1/customers/merges", body=sides)[0] == 202
    town.table("accounts", "id, company", ("c1", "Medlar"), ("c2", "Quince"))
    assert counts(town.run(), "customers") == {"updated": 1, "unchanged": 1}

    assert counts(town.run(dry_run=True), "customers") == {"unchanged": 1, "rejected": 1}
    for _ in range(2):
        assert counts(town.run(), "customers") == {"unchanged": 1, "rejected": 1}
        assert town.codes("customers") == {2: "same_record"}
    assert call(town.sandbox, "GET", f"/v1/customers/{into}")[1]["company"] == "Medlar"


@pytest.mark.parametrize("how", ["always", "unless_edited", "reject_edited", "if_empty"])
@pytest.mark.parametrize("deed", ["merged", "deleted"])
def test_two_mappings_of_a_customer_that_is_another_one_now(town, how, deed):
    """What the first one learns of it makes no difference to what the second one decides: the dry run says the same."""
    columns = "id, company, city"
    town.table("accounts", columns, ("c1", "Quince", "Ulm"), ("c2", "Medlar", "Bonn"))
    more = CUSTOMERS.replace("company: company", "city: city")
    town.write("more", more + f"overwrite: {how}\ntags: [{{column: city}}]\n")
    town.run()
    if deed == "merged":
        sides = {
            "from": {"customer_uuid": town.uuid("c1")},
            "into": {"customer_uuid": town.uuid("c2")},
        }
        assert call(town.sandbox, "POST", "/v1/customers/merges", body=sides)[0] == 202
    else:
        town.delete("c1")
    town.table("accounts", columns, ("c1", "Pear", "Kiel"), ("c2", "Medlar", "Bonn"))
    for _ in range(3):
        told = []
        for dry_run in (True, False):
            town.run(dry_run=dry_run)
            lines = [
                (one["mapping"], one["key"], one["outcome"], one["changes"], one["warnings"])
                for one in town.lines("changes.jsonl")
            ]
            told.append((lines, town.codes("customers"), town.codes("more")))
        assert told[0] == told[1]


@pytest.mark.parametrize("survivor", ["c1", "c2"])
def test_merged_customers_of_two_mappings(town, survivor):
    """Whichever of the two lives on: the row that comes later is told in all mappings, and nothing is sent for ever."""
    town.write("more", CUSTOMERS.replace("company: company", "city: id"))
    town.run()
    gone = {"c1": "c2", "c2": "c1"}[survivor]
    sides = {
        "from": {"customer_uuid": town.uuid(gone)},
        "into": {"customer_uuid": town.uuid(survivor)},
    }
    assert call(town.sandbox, "POST", "/v1/customers/merges", body=sides)[0] == 202
    town.table("accounts", "id, company", ("c1", "Medlar"), ("c2", "Quince"))
    for _ in range(3):
        town.run()
    for _ in range(2):
        run = town.run()
        for mapping in ("customers", "more"):
            assert counts(run, mapping) == {"unchanged": 1, "rejected": 1}
            assert town.codes(mapping) == {2: "same_record"}
        assert {call.method for call in town.sandbox.calls()} == {"GET"}


def test_merged_customers_whose_rows_change_places(town):
    """The one that is told stays it, in whichever order the warehouse gives them, until the other one leaves."""
    sides = {"from": {"customer_uuid": town.uuid("c2")}, "into": {"customer_uuid": town.uuid("c1")}}
    assert call(town.sandbox, "POST", "/v1/customers/merges", body=sides)[0] == 202
    one, other = ("c1", "Quince"), ("c2", "Medlar")
    for rows in ((one, other), (other, one), (other, one), (other, ("c1", "Sorb")), (one, other)):
        town.table("accounts", "id, company", *rows)
        foreseen, run = town.run(dry_run=True), town.run()
        assert counts(run, "customers")["rejected"] == 1
        assert counts(foreseen, "customers") == counts(run, "customers")
        assert town.codes("customers") == {rows.index(other) + 1: "same_record"}
    town.table("accounts", "id, company", other)
    assert counts(town.run(), "customers") == {"updated": 1}


def test_a_merged_customer_whose_row_gets_another_key(town):
    """The row that was told is known as such by its new key too, in a dry run as in a run; the other one goes on."""
    town.mapped(CUSTOMERS.replace("id, c", "{column: id, was: old}, c"))
    sides = {"from": {"customer_uuid": town.uuid("c2")}, "into": {"customer_uuid": town.uuid("c1")}}
    assert call(town.sandbox, "POST", "/v1/customers/merges", body=sides)[0] == 202
    one, told = ("c1", "Sorb", None), ("c2", "Medlar", None)
    another, third = ("n", "Medlar", "c2"), ("m", "Medlar", "n")
    for rows in (
        (one, told),
        (one, told),
        (another, ("c1", "Acer", None)),
        (one, third),
        (third, one),
    ):
        town.table("accounts", "id, company, old", *rows)
        foreseen, run = town.run(dry_run=True), town.run()
        assert counts(foreseen, "customers") == counts(run, "customers")
        last = next(row for row in rows if row[0] == "c1")
        assert town.sandbox.world.customers[town.uuid("c1")].company == last[1]
    assert town.codes("customers") == {1: "same_record"}


@pytest.mark.parametrize("survivor", ["c1", "c2"])
def test_merged_customers_that_both_get_other_keys(town, survivor):
    """One of the two rows is sent and the other is told, whichever record lives on and whichever row comes first."""
    town.mapped(CUSTOMERS.replace("id, c", "{column: id, was: old}, c"))
    gone = {"c1": "c2", "c2": "c1"}[survivor]
    sides = {
        "from": {"customer_uuid": town.uuid(gone)},
        "into": {"customer_uuid": town.uuid(survivor)},
    }
    assert call(town.sandbox, "POST", "/v1/customers/merges", body=sides)[0] == 202
    rows = [("n2", "Medlar", "c2"), ("n1", "Sorb", "c1")]
    for _ in range(3):
        town.table("accounts", "id, company, old", *rows)
        foreseen, run = town.run(dry_run=True), town.run()
        assert counts(foreseen, "customers") == counts(run, "customers")
        assert counts(run, "customers")["rejected"] == 1
        [told] = town.codes("customers")
        assert town.sandbox.world.customers[town.uuid(survivor)].company == rows[2 - told][1]
        rows.reverse()


def test_a_row_that_never_was_told_is_sent_alone(town):
    """A merge that no run has met, a row that is gone from a part of the records, one that was not asked for."""
    sides = {"from": {"customer_uuid": town.uuid("c2")}, "into": {"customer_uuid": town.uuid("c1")}}
    assert call(town.sandbox, "POST", "/v1/customers/merges", body=sides)[0] == 202
    town.table("accounts", "id, company", ("c1", "Sorb"), ("c2", "Quince"))
    assert counts(town.run_with(Selection(limit=1)), "customers") == {"updated": 1}
    town.mapped(CUSTOMERS.replace("accounts}", "accounts, rows: some}"))
    town.table("accounts", "id, company", ("c1", "Acer"))
    assert counts(town.run(), "customers") == {"updated": 1}


def test_the_row_that_is_sent_is_asked_for_alone(town):
    """It is sent beside the one that was told, which comes first and was passed over."""
    town.mapped(CUSTOMERS.replace("id, c", "{column: id, was: old}, c"))
    sides = {"from": {"customer_uuid": town.uuid("c2")}, "into": {"customer_uuid": town.uuid("c1")}}
    assert call(town.sandbox, "POST", "/v1/customers/merges", body=sides)[0] == 202
    told = ("c2", "Medlar", None)
    for _ in range(2):
        town.table("accounts", "id, company, old", ("c1", "Sorb", None), told)
        town.run()
    town.table("accounts", "id, company, old", told, ("c1", "Acer", None))
    alone = Selection(keys=frozenset({"c1"}))
    assert counts(town.run_with(alone), "customers") == {"updated": 1}
    assert counts(town.run(), "customers") == {"unchanged": 1, "rejected": 1}


def test_a_merged_customer_alone(town):
    """The row that was told is not sent over the other one because that was not asked for, nor read this time."""
    sides = {"from": {"customer_uuid": town.uuid("c2")}, "into": {"customer_uuid": town.uuid("c1")}}
    assert call(town.sandbox, "POST", "/v1/customers/merges", body=sides)[0] == 202
    town.table("accounts", "id, company", ("c1", "Sorb"), ("c2", "Medlar"))
    for _ in range(2):
        town.run()
    assert town.codes("customers") == {2: "same_record"}
    retried = Retry({"customers": frozenset({"c2"})}, {})
    for some in (Selection(keys=frozenset({"c2"})), Selection(retry=retried)):
        assert counts(town.run_with(some), "customers") == {"rejected": 1}
    town.mapped(CUSTOMERS.replace("accounts}", "accounts, rows: some}"))
    town.table("accounts", "id, company", ("c2", "Medlar"))
    assert counts(town.run(), "customers") == {"rejected": 1}


@pytest.mark.parametrize("limits", ["", "limits: {max_updates: 99}\n"])
@pytest.mark.parametrize("live_check", ["", "live_check: never\n"])
def test_left(town, limits, live_check):
    """What was deleted is skipped, in later runs as well, and so are its contacts, until it is found again."""
    more = LEAVE + limits + live_check
    town.mapped(CUSTOMERS + more, CONTACTS + limits + live_check)
    town.delete("c1")
    town.fill("Medlar", "Prof")
    for _ in range(2):
        foreseen, run = town.run(dry_run=True), town.run()
        for name in ("customers", "contacts"):  # without a look a dry run cannot know
            assert live_check or counts(foreseen, name) == counts(run, name)
        assert counts(run, "customers").pop("skipped") == counts(run).pop("skipped") == 1
        assert (run.exit_code, town.uuid("c1"), town.uuid("1")) == (0, None, None)
    assert Counter() == town.writes()

    body = {"data_source_uuid": DATA_SOURCE, "external_id": "c1"}
    assert call(town.sandbox, "POST", "/v1/customers", body=body)[0] in (200, 201)
    run = town.run()
    assert counts(run, "customers") == {"updated": 1, "unchanged": 1}
    assert counts(run) == {"created": 1, "unchanged": 1}


def test_contacts_that_find_their_customer_left(town):
    """They are skipped in that very run, and without the customers' mapping in later ones."""
    town.mapped(CUSTOMERS + LEAVE, CONTACTS)
    town.delete("c1")
    town.fill(title="Prof")
    run = town.run()
    assert counts(run, "customers") == {"unchanged": 2}
    assert counts(run) == {"updated": 1, "skipped": 1}

    run = town.run()
    assert counts(run, "customers") == {"unchanged": 1, "skipped": 1}
    (town.folder / "mappings" / "customers.yml").unlink()
    assert counts(town.run()) == {"unchanged": 1, "skipped": 1}


@pytest.mark.parametrize("mode", ["", "mode: update\n"])
def test_a_contact_that_is_left(town, mode):
    """A contact that was deleted itself is skipped, too, while its mapping says so; then it is made again."""
    town.mapped(contacts=CONTACTS + LEAVE + mode)
    town.delete("1")
    town.fill(title="Prof")
    assert counts(town.run()) == {"updated": 1, "skipped": 1}
    town.fill(title="Dr")
    assert counts(town.run()) == {"updated": 1, "skipped": 1}

    town.mapped()
    assert counts(town.run()) == {"created": 1, "unchanged": 1}


@pytest.mark.parametrize("more", [LEAVE, "mode: update\nabsent: skip\n"])
@pytest.mark.parametrize("known", [True, False])
def test_left_under_another_key(town, more, known):
    """A deleted customer gets another key, found deleted before or in that run: dry run and run leave its contact."""
    named = CUSTOMERS.replace("id, c", "{column: id, was: old}, c")
    town.mapped(named + more, CONTACTS + (more if more == LEAVE else ""))
    town.delete("c1")
    town.run(full=known)
    town.table("accounts", "id, company, old", ("new", "Quince", "c1"), ("c2", "Quince", None))
    town.table("people", "account, id, email, title", ("new", "1", "p1@quince.example", "Dr"))
    for _ in range(2):
        foreseen, run = town.run(dry_run=True), town.run()
        assert counts(foreseen, "customers") == {"skipped": 1, "unchanged": 1}
        assert counts(run, "customers") == {"skipped": 1, "unchanged": 1}
        assert counts(foreseen) == counts(run) == {"skipped": 1}
    assert Counter() == town.writes()


def test_contacts_alone_that_leave(town):
    """Contacts whose own mapping leaves what was deleted are skipped with a customer that nobody here makes again."""
    (town.folder / "mappings" / "customers.yml").unlink()
    town.write("contacts", CONTACTS + LEAVE)
    town.delete("c1")
    town.fill(title="Prof")
    for _ in range(2):
        assert town.run().mappings[0].rows.skipped == 1


def test_a_dry_run_learns_nothing(town):
    """What it finds deleted is as it was for the next run."""
    town.delete("c1")
    town.fill(title="Prof")
    for _ in range(2):
        assert counts(town.run(dry_run=True), "customers") == {"unchanged": 2}
    assert counts(town.run(), "customers") == {"unchanged": 2}


def test_what_was_never_there(town):
    """A key that ChartMogul never had is created by a mapping that leaves what was deleted."""
    town.mapped(CUSTOMERS + LEAVE)
    town.table("accounts", "id, company", ("c1", "Quince"), ("c2", "Quince"), ("c3", "Quince"))

    assert counts(town.run(), "customers") == {"created": 1, "unchanged": 2}
