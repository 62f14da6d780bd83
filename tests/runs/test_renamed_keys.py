"""Renamed keys in whole runs: a customer that had another key goes on as it is, and is never made a second time."""

from collections import Counter
from dataclasses import dataclass

import pytest

from sync.domain.results import Status
from sync.engine.context import Selection
from sync.sandbox.sandbox import DATA_SOURCE
from tests.support.contacts import Town, call, counts

PLAIN = """\
version: 1
source: {table: accounts}
destination: {object: customer}
fields: {external_id: id, company: company}
extra_columns: ignore
"""
RENAMED = PLAIN.replace("external_id: id", "external_id: {column: id, was: old_id}")
CONTACTS = """\
version: 1
source: {table: people}
destination: {object: contact}
fields: {customer_external_id: account, external_id: id, email: mail, title: title}
extra_columns: ignore
"""
COLUMNS = "id, company, old_id"
#: With an e-mail the state holds a hash of the key.
OLD = ["a1", "a1@quince.example"]


@dataclass(slots=True)
class Renaming(Town):
    """A town of one account and one person, whose account gets another key."""

    old: str = "a1"

    def fill(self, *accounts, title="Dr", account="n1"):
        """The accounts, and the only person's title, as they are from now on."""
        self.table("accounts", COLUMNS, *accounts)
        self.table("people", "account, id, mail, title", (account, "7", "p@quince.example", title))

    def make(self, key):
        """Somebody makes a customer in ChartMogul."""
        body = {"data_source_uuid": DATA_SOURCE, "external_id": key}
        return call(self.sandbox, "POST", "/v1/customers", body=body)[1]["uuid"]

    def lose(self):
        """The state is lost."""
        for path in self.folder.glob("state.db*"):
            path.unlink()

    def ids(self):
        """The external ids of all customers in ChartMogul."""
        return sorted(external_id for _, external_id in self.sandbox.world.by_pair)


@pytest.fixture
def town(tmp_path, request):
    """An account and a person under the old key, synced; then the account's key is another one."""
    town = Renaming(tmp_path, old=getattr(request, "param", "a1"))
    town.write("customers", PLAIN)
    town.write("contacts", CONTACTS)
    town.fill((town.old, "Quince", None), account=town.old)
    assert counts(town.run()) == {"created": 1}
    town.write("customers", RENAMED)
    town.fill(("n1", "Quince", town.old))
    return town


@pytest.mark.parametrize("town", OLD, indirect=True)
@pytest.mark.parametrize("live_check", ["", "live_check: never\n"])
def test_the_state_knows_it_by_the_old_key(town, live_check):
    """It is neither new nor left; its contacts find it by the new key; a change is sent to the same customer."""
    town.write("customers", RENAMED + live_check)
    foreseen = town.run(dry_run=True)
    run = town.run()
    assert counts(foreseen, "customers") == counts(run, "customers") == {"unchanged": 1}
    assert counts(foreseen) == counts(run) == {"unchanged": 1}
    assert (town.writes(), town.lines("left.jsonl"), town.ids()) == (Counter(), [], [town.old])

    town.fill(("n1", "Medlar", town.old), title="Prof")
    foreseen, run = town.run(dry_run=True), town.run()
    for one in (foreseen, run):
        assert (counts(one, "customers"), counts(one)) == ({"updated": 1}, {"updated": 1})
    assert town.writes() == Counter({"PATCH customers": 1, "PATCH contacts": 1})
    assert town.ids() == [town.old]


@pytest.mark.parametrize("town", OLD, indirect=True)
@pytest.mark.parametrize("live_check", ["", "live_check: never\n"])
@pytest.mark.parametrize("met", [True, False])
def test_renamed_again(town, live_check, met):
    """Under a third key it is the same customer, also where the first one has an e-mail, which no row tells now."""
    town.write("customers", RENAMED + live_check)
    town.run()
    if met:
        assert counts(town.run(full=True), "customers") == {"unchanged": 1}
    for time, full in enumerate((False, True, False)):
        town.fill(("n2", f"Medlar {time}", "n1"), account="n2", title=f"Prof {time}")
        foreseen, run = town.run(dry_run=True, full=full), town.run(full=full)
        for one in (foreseen, run):
            assert (counts(one, "customers"), counts(one)) == ({"updated": 1}, {"updated": 1})
        assert town.ids() == [town.old]


@pytest.mark.parametrize("town", OLD, indirect=True)
@pytest.mark.parametrize("full", [False, True])
def test_it_keeps_its_id_without_the_old_key(town, full):
    """Once it is known the mapping need not tell the old key any more: all goes by ChartMogul's id."""
    town.run()
    town.write("customers", PLAIN)
    town.fill(("n1", "Medlar", None), title="Prof")
    run = town.run(full=full)

    assert (counts(run, "customers"), counts(run)) == ({"updated": 1}, {"updated": 1})
    assert town.writes() == Counter({"PATCH customers": 1, "PATCH contacts": 1})
    assert (counts(town.run(full=full), "customers"), town.ids()) == ({"unchanged": 1}, [town.old])


@pytest.mark.parametrize("town", OLD, indirect=True)
@pytest.mark.parametrize("mode", ["upsert", "update", "insert"])
def test_chartmogul_knows_it_by_the_old_key(town, mode):
    """Without a state both keys are looked up; what has the old one is the customer, and is remembered as such."""
    town.lose()
    town.write("customers", RENAMED + f"mode: {mode}\n")
    town.fill(("n1", "Medlar", town.old), title="Prof")
    foreseen, run = town.run(dry_run=True), town.run()

    expected = {"skipped": 1} if mode == "insert" else {"updated": 1}
    assert counts(foreseen, "customers") == counts(run, "customers") == expected
    assert counts(foreseen) == counts(run) == {"updated": 1}
    town.write("customers", PLAIN + f"mode: {mode}\n")
    run = town.run(full=True)
    assert counts(run, "customers") in ({"skipped": 1}, {"unchanged": 1})
    assert town.ids() == [town.old]


def test_only_what_nobody_has_is_created(town):
    """A row whose keys are both unknown is created under its key; one without an old key as ever."""
    town.fill(
        ("n1", "Quince", "a1"), ("n2", "Medlar", "a2"), ("n3", "Medlar", None), ("n4", "M", "n4")
    )
    foreseen, run = town.run(dry_run=True), town.run()

    for one in (foreseen, run):
        assert counts(one, "customers") == {"unchanged": 1, "created": 3}
    assert town.ids() == ["a1", "n2", "n3", "n4"]
    assert counts(town.run(), "customers") == {"unchanged": 4}


@pytest.mark.parametrize("lost", [False, True])
def test_both_keys_are_customers(town, lost):
    """Two customers are ambiguous, whoever knows of them; nothing is written, until one is gone."""
    town.write("customers", PLAIN)
    town.run()
    assert town.ids() == ["a1", "n1"]
    if lost:
        town.lose()
    town.write("customers", RENAMED)
    for dry_run in (True, False, False):
        run = town.run(dry_run=dry_run)
        assert counts(run, "customers") == {"rejected": 1}
        assert town.codes("customers") == {1: "ambiguous_key"}
        assert town.writes()["PATCH customers"] == town.writes()["POST customers"] == 0


def test_an_old_key_of_this_query(town):
    """What was the key of one row and is that of another cannot be told; so it is with two rows of one old key."""
    town.fill(("n1", "Quince", "a1"), ("a1", "Quince", None), ("n2", "x", "a2"), ("n3", "x", "a2"))
    foreseen = town.run(dry_run=True)
    assert counts(foreseen, "customers") == {"unchanged": 1, "rejected": 3}
    run = town.run()
    assert counts(run, "customers") == {"unchanged": 1, "rejected": 3}
    assert town.codes("customers") == dict.fromkeys((1, 3, 4), "ambiguous_key")
    assert town.ids() == ["a1"]

    town.fill(("n1", "Quince", "a1"))
    assert counts(town.run(), "customers") == {"unchanged": 1}
    assert town.ids() == ["a1"]


def test_the_old_key_comes_back(town):
    """A row with the key that another one had before does not take its customer over."""
    town.run()
    town.fill(("n1", "Quince", "a1"), ("a1", "Medlar", None))
    run = town.run()
    assert (counts(run, "customers"), town.codes("customers")) == (
        {"unchanged": 1, "rejected": 1},
        {2: "same_record"},
    )
    (told,) = town.lines("errors.jsonl")
    assert told["message"] == (
        "the customer with this key is that of row 1, which has another key by now, and which is sent"
    )
    assert "unmerge" not in told["hint"]  # nobody has merged anything


@pytest.mark.parametrize("dry_run", [False, True])
def test_deleted_and_left_so(town, dry_run):
    """A customer that was deleted in ChartMogul, and is left so, is not made again because its key is another one."""
    for name, text in (("customers", RENAMED), ("contacts", CONTACTS)):
        town.write(name, text + "deleted: leave\n")
    town.fill((town.old, "Quince", None), account=town.old)
    uuid = town.sandbox.world.by_pair[DATA_SOURCE, town.old]
    assert call(town.sandbox, "DELETE", f"/v1/customers/{uuid}")[0] == 204
    assert counts(town.run(full=True), "customers") == {"skipped": 1}

    town.fill(("n1", "Quince", town.old))
    assert counts(town.run(dry_run=dry_run), "customers") == {"skipped": 1}
    assert counts(town.run(full=True)) == {"skipped": 1}
    assert town.ids() == []


def test_renamed_twice(town):
    """Every further key leads to the customer by the one before; it keeps the id that it was made with."""
    town.run()
    town.fill(("m1", "Medlar", "n1"), account="m1", title="Prof")
    foreseen, run = town.run(dry_run=True), town.run()

    for one in (foreseen, run):
        assert (counts(one, "customers"), counts(one)) == ({"updated": 1}, {"updated": 1})
    assert town.ids() == ["a1"]


def test_another_case(town):
    """ChartMogul may take two cases for one id: the customer is known by the old one."""
    town.fill(("A1", "Medlar", "a1"), account="A1")
    town.lose()
    assert counts(town.run(), "customers") == {"updated": 1}
    assert town.ids() == ["a1"]


def test_many_keys(tmp_path):
    """Where all keys get another prefix the rail lets them pass, since none is new or left."""
    town = Renaming(tmp_path)
    town.write("customers", PLAIN)
    town.table("accounts", COLUMNS, *((f"a{n}", "Quince", None) for n in range(30)))
    town.run()
    town.write("customers", RENAMED)
    town.table("accounts", COLUMNS, *((f"eu-a{n}", "Quince", f"a{n}") for n in range(30)))
    run = town.run()
    assert counts(run, "customers") == {"unchanged": 30}
    assert run.mappings[0].left == 0
    assert counts(town.run(), "customers") == {"unchanged": 30}
    assert town.writes() == Counter()


def test_many_keys_without_a_state(tmp_path):
    """A listing tells of either key: no row that it shows is looked for by itself, and what it lacks is asked for."""
    town = Renaming(tmp_path)
    town.write("customers", PLAIN)
    town.table("accounts", COLUMNS, *((f"a{n}", "Quince", None) for n in range(30)))
    town.run()
    town.lose()
    town.write("customers", RENAMED)
    renamed = [(f"eu-a{n}", "Quince", f"a{n}") for n in range(30)]
    town.table("accounts", COLUMNS, *renamed, ("eu-new", "Quince", "new"))
    checks, page, by_both = 2, 1, 2
    foreseen = town.run(dry_run=True)
    assert foreseen.mappings[0].requests.total == checks + page + by_both
    run = town.run()
    assert counts(run, "customers") == counts(foreseen, "customers")
    assert counts(run, "customers") == {"unchanged": 30, "created": 1}
    assert run.mappings[0].requests.total == checks + page + by_both + 1


def test_a_selected_key(town):
    """A single row is found by the new key, too."""
    town.fill(("n1", "Medlar", "a1"))
    run = town.run_with(Selection(keys=frozenset({"n1"})))
    assert (run.mappings[0].rows.updated or run.mappings[1].rows.updated, town.ids()) == (1, ["a1"])


@pytest.mark.parametrize("town", OLD, indirect=True)
def test_a_selected_key_that_cannot_be_told(town):
    """Rows that are not asked for are in the query none the less: an old key of theirs is ambiguous."""
    asked = Selection(keys=frozenset({"n1"}))
    for other in ((town.old, "Quince", None), ("n2", "Quince", town.old)):
        town.fill(("n1", "Medlar", town.old), other)
        assert counts(town.run_with(asked), "customers") == {"rejected": 1}
        assert town.codes("customers") == {1: "ambiguous_key"}
    assert (town.writes(), town.ids()) == (Counter(), [town.old])


@pytest.mark.parametrize("town", OLD, indirect=True)
def test_an_old_key_that_is_selected(town):
    """Who asks for the old key alone does not take over the customer of the row that has a new one."""
    town.run()
    town.fill(("n1", "Quince", town.old), (town.old, "Medlar", None))
    run = town.run_with(Selection(keys=frozenset({town.old})))

    assert (counts(run, "customers"), town.codes("customers")) == (
        {"rejected": 1},
        {2: "same_record"},
    )
    assert town.writes() == Counter()


@pytest.mark.parametrize("null", [None, "", "  "])
def test_no_old_key(town, null):
    """Blank is null: the row had no other key."""
    town.fill(("n1", "Quince", null))
    town.run()
    assert town.ids() == ["a1", "n1"]


def test_an_old_key_that_is_none(town):
    """What can be no key is told, and nothing of the row is sent."""
    town.fill(("n1", "Quince", " a1"))
    run = town.run()
    assert (counts(run, "customers"), town.codes("customers")) == (
        {"rejected": 1},
        {1: "invalid_key"},
    )


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_row_that_is_wrong_has_not_left(town, dry_run):
    """Its record has another key by now, and is in the query: nobody says that it left, and once mended it goes on."""
    town.fill(("n1", "\0", "a1"))
    run = town.run(dry_run=dry_run)

    assert (counts(run, "customers"), town.lines("left.jsonl")) == ({"rejected": 1}, [])
    town.fill(("n1", "Medlar", "a1"))
    assert (counts(town.run(), "customers"), town.ids()) == ({"updated": 1}, ["a1"])


def test_wrong_rows_are_no_changed_keys(tmp_path):
    """Thirty rows get other keys and are wrong: neither left nor new, they stop nothing."""
    town = Renaming(tmp_path)
    town.write("customers", PLAIN)
    town.fill(*((f"a{number}", "Quince", None) for number in range(30)))
    town.run()
    town.write("customers", RENAMED)
    town.fill(*((f"n{number}", "\0", f"a{number}") for number in range(30)))
    run = town.run()

    assert counts(run, "customers") == {"rejected": 30}
    assert run.mappings[0].status is Status.COMPLETED_WITH_ERRORS
