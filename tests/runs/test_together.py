"""Several mappings in one run: what they share, what one's trouble means for the others, and the exit code."""

import json
import time

import pytest

from sync.errors import EXIT_CONFIG, EXIT_OK, EXIT_RAIL, EXIT_REJECTED, EXIT_SERVER
from tests.support.contacts import Town, counts

COLUMNS = "id, company, seats, plan"


def mapping(attributes: str = "", more: str = "", query: str = "select * from accounts") -> str:
    """A mapping of customers."""
    return (
        f'version: 1\nsource: {{query: "{query}"}}\ndestination: {{object: customer}}\n'
        f"fields: {{external_id: id, company: company}}\nattributes: {{{attributes}}}\n"
        f"extra_columns: ignore\n{more}"
    )


@pytest.fixture
def town(tmp_path):
    """Three accounts."""
    town = Town(tmp_path)
    fill(town)
    return town


def fill(town, company="Quince"):
    """The accounts as they are from now on."""
    town.table("accounts", COLUMNS, *((f"c{n}", company, n, f"plan {n}") for n in range(3)))


def errors(run):
    """Every mapping's error."""
    return {one.mapping: one.error or "" for one in run.mappings}


def writes(town):
    """How many writes the last run sent."""
    return sum(town.writes().values())


@pytest.mark.parametrize(
    ("columns", "told"), [("'many' as seats", "String"), ("seats as Seats", "differ only in case")]
)
def test_types_that_do_not_go_together(town, columns, told):
    """Found out by reading: both files are named, and neither mapping writes anything."""
    town.write("one", mapping("seats: {column: seats, type: Integer}"))
    query = f"select id, company, {columns} from accounts"
    town.write("two", mapping(query=query).replace("extra_columns: ignore", ""))
    for dry_run in (True, False):
        run = town.run(dry_run=dry_run)
        assert run.exit_code == EXIT_CONFIG
        text = " ".join(errors(run).values())
        assert [part for part in ("one.yml", "two.yml", "seats", told) if part not in text] == []
        assert writes(town) == 0


@pytest.mark.parametrize("name", ["a_broken", "z_broken"])
@pytest.mark.parametrize(
    ("query", "code"),
    [("select * from nowhere", EXIT_SERVER), ("select id from accounts", EXIT_CONFIG)],
)
def test_a_query_that_fails_is_its_own_mappings_affair(town, name, query, code):
    """Whichever mapping comes first: the other one is written."""
    town.write("good", mapping())
    town.write(name, mapping(query=query))
    run = town.run()
    assert run.exit_code == code
    assert counts(run, "good") == {"created": 3}
    assert f"{name}.yml:" in errors(run)[name]
    assert errors(run)["good"] == ""


@pytest.mark.parametrize("name", ["a_stopped", "z_stopped"])
def test_a_rail_stops_its_own_mapping(town, name):
    """The others do their work; the exit code is the rail's."""
    town.write("good", mapping())
    town.write(
        name, mapping(query="select ' ' as id, '' as company", more="limits: {max_rejected: 0}")
    )
    run = town.run()
    assert (run.exit_code, str(run.status)) == (EXIT_RAIL, "stopped")
    assert counts(run, "good") == {"created": 3}
    assert "max_rejected" in errors(run)[name]
    assert errors(run)["good"] == ""


def test_the_gravest_end_decides(town):
    """A rail before rejected rows before success."""
    town.write("bad", mapping(query="select ' ' as id, '' as company"))
    town.write("good", mapping())
    assert town.run().exit_code == EXIT_REJECTED
    town.write("held", mapping(more="limits: {max_updates: 0}"))
    fill(town, "Changed")
    run = town.run()
    assert run.exit_code in (EXIT_RAIL, EXIT_REJECTED)
    town.write(
        "bad", mapping(query="select ' ' as id, '' as company", more="tolerate_rejected: 100%")
    )
    assert town.run().exit_code == EXIT_OK


def test_each_has_a_memory_of_its_own(town):
    """A change of one mapping sends its own fields again, not those of the other."""
    town.write("names", mapping())
    town.write(
        "plans", mapping("plan: {column: plan, type: String}").replace(", company: company", "")
    )
    run = town.run()
    assert (counts(run, "names"), counts(run, "plans")) == ({"created": 3}, {"updated": 3})
    town.write(
        "plans", mapping("plan: {column: company, type: String}").replace(", company: company", "")
    )
    run = town.run()
    assert (counts(run, "names"), counts(run, "plans")) == ({"unchanged": 3}, {"updated": 3})
    bodies = [call.json for call in town.sandbox.calls("PATCH")]
    assert bodies == [{"attributes": {"custom": {"plan": "Quince"}}}] * 3
    run = town.run(full=True)
    assert (counts(run, "names"), counts(run, "plans")) == ({"unchanged": 3}, {"unchanged": 3})


def test_a_mapping_with_another_name_adopts(town):
    """A renamed file sends nothing: the records are known, and looked at."""
    town.write("names", mapping())
    town.run()
    (town.folder / "mappings" / "names.yml").rename(town.folder / "mappings" / "renamed.yml")
    run = town.run()
    assert counts(run, "renamed") == {"unchanged": 3}
    assert writes(town) == 0
    assert town.lines("left.jsonl") == []


def test_an_account_that_shows_its_id_at_last(town):
    """It is the same account: nothing is looked up again, no history is lost, and a dry run says so, too."""
    town.write("one", mapping("seats: {column: seats, type: Integer}"))
    account = {
        "name": "Sandbox",
        "currency": "USD",
        "time_zone": "Etc/UTC",
        "week_start_on": "monday",
    }
    town.sandbox.fail(path="/v1/account", body=json.dumps(account), status=200)
    assert counts(town.run(), "one") == {"created": 3}
    town.sandbox.faults.clear()
    for dry_run in (True, False):
        run = town.run(dry_run=dry_run)
        assert counts(run, "one") == {"unchanged": 3}
        assert {call.path.split("/")[2] for call in town.sandbox.requests} == {
            "account",
            "data_sources",
        }
    assert run.mappings[0].account.startswith("acc_")


PEOPLE = """\
version: 1
source: {table: people}
destination: {object: contact}
fields: {customer_external_id: account, external_id: id, email: email, %s: %s}
extra_columns: ignore
"""


def test_contacts_that_no_look_up_shows_yet(town):
    """A contact that one mapping has just made is not made again by the next one, though ChartMogul denies it."""
    town.write("accounts", mapping())
    town.sandbox.clock = lambda: time.time() - 3600  # what is made now shows by then
    assert town.run().exit_code == EXIT_OK
    town.sandbox.clock = time.time
    town.sandbox.set(stale=290.0, stale_reads=True)
    town.write("names", PEOPLE % ("first_name", "name"))
    town.write("phones", PEOPLE % ("phone", "phone"))
    people = [(f"c{n}", f"p{n}", f"p{n}@quince.example", "Ada", "+49 1") for n in range(3)]
    town.table("people", "account, id, email, name, phone", *people)
    run = town.run()

    assert (counts(run, "names"), counts(run, "phones")) == ({"created": 3}, {"updated": 3})
    assert [(one["first_name"], one["phone"]) for one in town.contacts()] == [("Ada", "+49 1")] * 3
