"""Whose value wins, in whole runs: edits that stay, are overwritten or reject a row, and what is no edit at all."""

from collections import Counter

import pytest

from sync.sandbox.sandbox import DATA_SOURCE
from sync.state.schema import own_values, synced
from sync.state.store import Store
from tests.support.contacts import Town, call, counts

CUSTOMERS = """\
version: 1
source: {table: accounts}
destination: {object: customer}
fields:
  external_id: id
  company: company
  email: email
  city: {column: city, on_null: clear}
attributes:
  seats: {column: seats, type: Integer}
  score: {column: score, type: Decimal}
extra_columns: ignore
"""
CONTACTS = """\
version: 1
source: {table: people}
destination: {object: contact}
fields: {customer_external_id: account, external_id: id, title: title, last_name: name}
extra_columns: ignore
"""
GUARDED = ("always", "unless_edited", "reject_edited")
POLICIES = ("always", "unless_edited", "reject_edited", "if_empty")
COLUMNS = "id, company, email, city, seats, score"
ROW = {
    "id": "c1",
    "company": "Quince",
    "email": "a@quince.example",
    "city": "Ulm",
    "seats": 5,
    "score": "0.5",
}


def mapping(how):
    """The customers' mapping with this policy; what is filled only where it is empty never clears."""
    text = CUSTOMERS if how != "if_empty" else CUSTOMERS.replace(", on_null: clear", "")
    return text + f"overwrite: {how}\n"


def town_of(folder, how="always", state="", **settings):
    """One account that a first run has brought to ChartMogul."""
    town = Town(folder, state=state)
    town.sandbox.set(**settings)
    town.write("customers", mapping(how))
    say(town)
    assert counts(town.run(), "customers") == {"created": 1}
    return town


def say(town, **values):
    """What the row says from now on."""
    row = ROW | values
    town.table("accounts", COLUMNS, tuple(row[name.strip()] for name in COLUMNS.split(",")))


def customer(town):
    """The only customer, as GET shows it."""
    status, answer = call(town.sandbox, "GET", "/v1/customers")
    assert status == 200
    return answer["entries"][0]


def edit(town, **values):
    """Somebody changes fields in ChartMogul, `custom` its attributes."""
    custom = values.pop("custom", None)
    body = values | ({"attributes": {"custom": custom}} if custom else {})
    assert (
        call(town.sandbox, "PATCH", f"/v1/customers/{customer(town)['uuid']}", body=body)[0] == 200
    )


def warned(town):
    """Field and code of every warning of the newest run."""
    lines = town.lines("changes.jsonl")
    return sorted((one["field"], one["code"]) for line in lines for one in line["warnings"])


def test_always_overwrites_and_says_so(tmp_path):
    """The row wins; its line has the warning."""
    town = town_of(tmp_path)
    edit(town, company="Edited")
    say(town, city="Bonn")
    run = town.run()

    assert counts(run, "customers") == {"updated": 1}
    assert customer(town)["company"] == "Quince"
    assert warned(town) == [("company", "edited")]
    assert town.lines("changes.jsonl")[0]["changes"] == {
        "company": ["Edited", "Quince"],
        "city": ["Ulm", "Bonn"],
    }


@pytest.mark.parametrize("how", GUARDED)
def test_nobody_edited(tmp_path, how):
    """A row that changes again and again is no edit."""
    town = town_of(tmp_path, how)
    for number in range(3):
        say(town, company=f"Quince {number}", seats=number, score=f"0.{number}", city=None)
        assert counts(town.run(), "customers") == {"updated": 1}
        assert warned(town) == []
    assert customer(town)["company"] == "Quince 2"


@pytest.mark.parametrize("how", ["unless_edited", "reject_edited"])
@pytest.mark.parametrize("other", [{}, {"company": "Medlar"}])
def test_a_null_that_is_kept_changes_nobodys_ownership(tmp_path, how, other):
    """What the row sent before is still the mapping's own, whether another field was written beside the null or not."""
    town = town_of(tmp_path, how)
    say(town, seats=None, **other)
    town.run()
    say(town, seats=9, **other)

    assert counts(town.run(), "customers") == {"updated": 1}
    assert customer(town)["attributes"]["custom"]["seats"] == 9

    say(town, seats=None, **other)
    town.run()
    edit(town, custom={"seats": 7})
    say(town, seats=11, **other)
    town.run()
    assert customer(town)["attributes"]["custom"]["seats"] == 7


def test_unless_edited_leaves_an_edit(tmp_path):
    """It stays through every run, the row counts as delivered, and other fields are sent."""
    town = town_of(tmp_path, "unless_edited")
    edit(town, company="Edited")
    say(town, company="Quince 2", city="Bonn")
    run = town.run()
    assert counts(run, "customers") == {"updated": 1}
    assert (customer(town)["company"], customer(town)["city"]) == ("Edited", "Bonn")
    assert warned(town) == [("company", "edited")]

    assert counts(town.run(), "customers") == {"unchanged": 1}
    assert len(town.sandbox.calls("GET", "/v1/customers")) == 0  # an untouched row costs nothing
    for full in (True, False):
        say(town, company="Quince 3", city=f"Ulm {full}")
        town.run(full=full)
        assert customer(town)["company"] == "Edited"
        assert warned(town) == [("company", "edited")]


def test_an_edit_alone_is_unchanged(tmp_path):
    """A row of which nothing is sent counts as unchanged, with its warning, and is not looked at again."""
    town = town_of(tmp_path, "unless_edited")
    edit(town, company="Edited")
    say(town, company="Quince 2")
    run = town.run()

    assert counts(run, "customers") == {"unchanged": 1}
    assert warned(town) == [("company", "edited")]
    assert Counter() == town.writes()
    town.run()
    assert warned(town) == []


def test_an_edit_that_is_emptied(tmp_path):
    """An empty field is the row's again."""
    town = town_of(tmp_path, "unless_edited")
    edit(town, company="Edited")
    say(town, company="Quince 2")
    town.run()
    edit(town, company="")
    say(town, company="Quince 2", city="Bonn")
    town.run()

    assert customer(town)["company"] == "Quince 2"
    assert warned(town) == []


@pytest.mark.parametrize(
    ("moved", "spelt"), [(False, "a@quince.example"), (True, "A@Quince.example")]
)
def test_an_edit_that_is_taken_back(tmp_path, moved, spelt):
    """What this mapping wrote is its own again, whether its row has moved on meanwhile or not, however it is spelt."""
    town = town_of(tmp_path, "unless_edited")
    edit(town, email="edited@quince.example", company="Edited")
    for city in ("Bonn", "Köln"):
        say(
            town,
            city=city,
            **({"email": "b@quince.example", "company": "Quince 2"} if moved else {}),
        )
        town.run()
        assert warned(town) == [("company", "edited"), ("email", "edited")]
    edit(town, email=spelt, company="Quince")
    say(town, email="c@quince.example", company="Quince 3", city="Köln")
    run = town.run()

    assert (counts(run, "customers"), warned(town)) == ({"updated": 1}, [])
    held = customer(town)
    assert (held["email"], held["company"]) == ("c@quince.example", "Quince 3")


def test_another_edit_stays_as_well(tmp_path):
    """Beside an edit that stays, a field whose value is taken over by hand from an earlier row is somebody else's."""
    town = town_of(tmp_path, "unless_edited")
    edit(town, company="Edited")
    for city in ("Bonn", "Köln"):
        say(town, city=city)
        town.run()
    edit(town, city="Bonn")
    say(town, city="Mainz")
    town.run()

    assert (customer(town)["company"], customer(town)["address"]["city"]) == ("Edited", "Bonn")
    assert warned(town) == [("city", "edited"), ("company", "edited")]


def test_reject_edited(tmp_path):
    """The row is rejected with what was edited, nothing of it is sent, until somebody gives way."""
    town = town_of(tmp_path, "reject_edited")
    edit(town, company="Edited", custom={"seats": 9})
    say(town, company="Quince 2", seats=6, city="Bonn")
    for _ in range(2):
        run = town.run()
        assert counts(run, "customers") == {"rejected": 1}
        told = [(e["code"], e["stage"], e["field"]) for e in town.lines("errors.jsonl")]
        assert told == [
            ("edited", "plan", "company"),
            ("edited", "plan", "attributes.seats"),
        ]
        assert Counter() == town.writes()
    edit(town, company="Quince", custom={"seats": 5})  # what this mapping wrote itself
    assert counts(town.run(), "customers") == {"updated": 1}
    assert (customer(town)["company"], customer(town)["city"]) == ("Quince 2", "Bonn")


def test_what_is_equal_in_a_rejected_row_is_own(tmp_path):
    """A first run rejects a row for one field; others that it has found equal are sent once that one gives way."""
    town = Town(tmp_path)
    town.write("customers", mapping("reject_edited"))
    theirs = {"email": "A@Quince.example", "company": "Quince", "city": "Theirs"}
    body = {"data_source_uuid": DATA_SOURCE, "external_id": "c1", **theirs}
    assert call(town.sandbox, "POST", "/v1/customers", body=body)[0] == 201
    say(town)
    assert counts(town.run(), "customers") == {"rejected": 1}
    say(town, company="Quince 2", email="b@quince.example")
    town.run()
    assert [line["field"] for line in town.lines("errors.jsonl")] == ["city"]
    edit(town, city="")

    assert counts(town.run(), "customers") == {"updated": 1}
    assert (customer(town)["company"], customer(town)["email"]) == ("Quince 2", "b@quince.example")


def test_a_rejected_row_is_looked_at_until_it_is_delivered(tmp_path):
    """Also one that is as it was when it was last delivered: only `--full` had shown the edit."""
    town = town_of(tmp_path, "reject_edited")
    edit(town, company="Edited")
    assert counts(town.run(), "customers") == {"unchanged": 1}
    assert counts(town.run(full=True), "customers") == {"rejected": 1}
    assert counts(town.run(), "customers") == {"rejected": 1}
    edit(town, company="Quince")
    assert counts(town.run(), "customers") == {"unchanged": 1}


def test_if_empty(tmp_path):
    """What is filled stays without a word; what somebody empties is filled."""
    town = town_of(tmp_path, "if_empty")
    edit(town, company="Edited", email="")
    say(town, company="Quince 2", email="b@quince.example")
    run = town.run()

    assert counts(run, "customers") == {"updated": 1}
    assert (customer(town)["company"], customer(town)["email"]) == ("Edited", "b@quince.example")
    assert warned(town) == []


def test_an_edit_under_if_empty_stays_one(tmp_path):
    """That somebody changed what the mapping wrote is still known once a run has met, and left, the edit."""
    town = town_of(tmp_path, "if_empty")
    edit(town, company="Edited")
    for seats in (6, 7):
        say(town, seats=seats)
        town.run()
        assert warned(town) == []

    town.write("customers", mapping("always"))
    town.run()
    assert warned(town) == [("company", "edited")]
    assert customer(town)["company"] == "Quince"


LEADS = """\
version: 1
source: {table: leads}
destination: {object: customer}
on_null: clear
fields: {external_id: id, company: company, status: status}
extra_columns: ignore
"""


def leads(town, company, status):
    """What the only lead's row says from now on."""
    town.table("leads", "id, company, status", ("c1", company, status))


@pytest.mark.parametrize("how", GUARDED)
def test_what_is_never_empty_is_not_cleared(tmp_path, how):
    """A null sends no status, whatever a null of other fields does; the one that ChartMogul begins with is no edit."""
    town = Town(tmp_path)
    town.write("customers", LEADS + f"overwrite: {how}\n")
    for company, status, shown in (
        ("Quince", None, "New Lead"),
        ("Quince", "Working Lead", "Working Lead"),
        ("Medlar", None, "Working Lead"),
        ("Medlar", "Qualified Lead", "Qualified Lead"),
        (None, None, "Qualified Lead"),
    ):
        leads(town, company, status)
        town.run(dry_run=True)
        foretold = [line["changes"] for line in town.lines("changes.jsonl")]
        town.run()
        assert [line["changes"] for line in town.lines("changes.jsonl")] == foretold
        assert len(foretold) == 1
        assert (customer(town)["status"], customer(town)["company"]) == (shown, company or "")
        assert warned(town) == []


@pytest.mark.parametrize(
    ("how", "shown"), [("unless_edited", "New Lead"), ("always", "Qualified Lead")]
)
def test_back_to_what_it_begins_with_is_an_edit(tmp_path, how, shown):
    """Where the mapping has set a status, the first one is there because somebody chose it again."""
    town = Town(tmp_path)
    town.write("customers", LEADS + f"overwrite: {how}\n")
    leads(town, "Quince", "Working Lead")
    town.run()
    edit(town, status="New Lead")
    leads(town, "Quince", "Qualified Lead")
    town.run()
    assert customer(town)["status"] == shown
    assert warned(town) == [("status", "edited")]


@pytest.mark.parametrize("how", POLICIES)
def test_a_dry_run_says_the_same(tmp_path, how):
    """Row by row, field by field and warning by warning."""
    town = town_of(tmp_path, how)
    edit(town, company="Edited", city="")
    say(town, company="Quince 2", city="Bonn", seats=7)
    keep = ("key", "outcome", "changes", "warnings", "reason")
    told = []
    for dry_run in (True, False):
        town.run(dry_run=dry_run)
        lines = [{name: line[name] for name in keep} for line in town.lines("changes.jsonl")]
        told.append((lines, [(e["code"], e["field"]) for e in town.lines("errors.jsonl")]))

    assert told[0] == told[1]


def test_a_clear_is_a_write_like_any_other(tmp_path):
    """What this mapping emptied and somebody filled is an edit, also for a row that is null."""
    town = town_of(tmp_path, "unless_edited")
    say(town, city=None)
    assert counts(town.run(), "customers") == {"updated": 1}
    edit(town, city="Theirs")
    say(town, city=None, company="Quince 2")
    town.run()

    assert customer(town)["city"] == "Theirs"
    assert warned(town) == [("city", "edited")]


# What is no edit


@pytest.fixture(params=["sqlite", "postgresql"])
def state(request):
    """A state in each of the databases; empty stands for the town's own file."""
    return "" if request.param == "sqlite" else request.getfixturevalue("database")


@pytest.mark.parametrize("how", GUARDED)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lost_answer_is_no_edit(tmp_path, state, how, when):
    """A write was carried out or not, nobody knows; the row has moved on when the next run looks."""
    town = town_of(tmp_path, how, state)
    say(town, company="Quince 2", seats=6)
    town.sandbox.fail(method="PATCH", path="/v1/customers/*", drop=True, when=when)
    assert counts(town.run(), "customers") == {"rejected": 1}
    assert customer(town)["company"] == ("Quince" if when == "before" else "Quince 2")
    town.sandbox.faults.clear()
    say(town, company="Quince 3", seats=7)

    assert counts(town.run(), "customers") == {"updated": 1}
    assert (customer(town)["company"], warned(town)) == ("Quince 3", [])


@pytest.mark.parametrize("how", GUARDED)
def test_a_create_without_an_answer_is_no_edit(tmp_path, state, how):
    """What it asked for is this mapping's own, though no run has ever confirmed the record."""
    town = Town(tmp_path, state=state)
    town.write("customers", mapping(how))
    say(town)
    town.sandbox.fail(method="POST", path="/v1/customers", drop=True, when="after")
    town.sandbox.fail(method="GET", path="/v1/customers", times=1)  # the first look is as ever
    town.sandbox.fail(method="GET", path="/v1/customers", drop=True)
    town.run()
    town.sandbox.faults.clear()
    assert customer(town)["company"] == "Quince"
    say(town, company="Quince 2")

    assert counts(town.run(), "customers") == {"updated": 1}
    assert (customer(town)["company"], warned(town)) == ("Quince 2", [])


@pytest.mark.parametrize("how", GUARDED)
def test_making_it_again_without_an_answer_is_no_edit(tmp_path, state, how):
    """The note of what a create asks for outlasts that the record before it was found deleted in the same run."""
    town = town_of(tmp_path, how, state)
    town.sandbox.world.delete(customer(town)["uuid"])
    say(town, company="Quince 2", seats=6)
    town.sandbox.fail(method="POST", path="/v1/customers", drop=True, when="after")
    for path in ("/v1/customers", "/v1/customers/*"):
        town.sandbox.fail(method="GET", path=path, times=1)  # the first looks are as ever
        town.sandbox.fail(method="GET", path=path, drop=True)
    town.run()
    town.sandbox.faults.clear()
    assert customer(town)["company"] == "Quince 2"
    say(town, company="Quince 3", seats=7)

    assert counts(town.run(), "customers") == {"updated": 1}
    assert (customer(town)["company"], warned(town)) == ("Quince 3", [])


@pytest.mark.parametrize("how", GUARDED)
def test_what_was_refused_is_not_own(tmp_path, state, how):
    """A refused write has brought nothing to ChartMogul: whoever enters its value there has edited."""
    town = town_of(tmp_path, how, state)
    say(town, company="Quince 2")
    town.sandbox.fail(method="PATCH", path="/v1/customers/*", status=422, body=REFUSAL)
    assert counts(town.run(), "customers") == {"rejected": 1}
    town.sandbox.faults.clear()
    edit(town, company="Quince 2")
    say(town, company="Quince 3")
    run = town.run()

    expected = {"reject_edited": {"rejected": 1}, "unless_edited": {"unchanged": 1}}
    assert counts(run, "customers") == expected.get(how, {"updated": 1})


REFUSAL = '{"code": 422, "message": "The field is invalid.", "param": "company"}'


@pytest.mark.parametrize("how", GUARDED)
def test_a_state_of_an_older_version(tmp_path, state, how):
    """It has hashes of what was sent and nothing else: these values are own, an edit is one."""
    town = town_of(tmp_path, how, state, decimals="double", state_shown="code")
    forget_own_values(town)
    say(town, company="Quince 2", seats=6, score="0.25", city=None)
    assert counts(town.run(), "customers") == {"updated": 1}
    assert warned(town) == []

    forget_own_values(town)
    edit(town, company="Edited")
    say(town, company="Quince 3")
    town.run()
    found = warned(town) + [(e["field"], e["code"]) for e in town.lines("errors.jsonl")]
    assert found == [("company", "edited")]


def forget_own_values(town):
    """The state as an older version has left it: without own values, with the hashes of what was sent."""
    store = Store.open(town.state, clock=town.clock)
    store.database.write(lambda c: c.execute(own_values.delete()))
    kept = store.database.read(lambda c: c.execute(synced.select()).all())
    store.close()
    assert all(row.hashes for row in kept)


@pytest.mark.parametrize("how", GUARDED)
@pytest.mark.parametrize(
    ("settings", "values"),
    [
        ({"emails": "lowered"}, {"email": "Anna@Quince.Example"}),
        ({"decimals": "double"}, {"score": "0.12345678901234567890123"}),
        ({"decimals": "double"}, {"score": 0.1 + 0.2}),
    ],
)
def test_chartmogul_spells_our_value_otherwise(tmp_path, state, how, settings, values):
    """It folds an address and rounds a number: what it shows in place of what was sent is this mapping's own."""
    town = town_of(tmp_path, how, state, **settings)
    say(town, **values)
    town.run()
    say(town, email="b@quince.example", score="7")
    assert counts(town.run(), "customers") == {"updated": 1}
    assert warned(town) == []


@pytest.mark.parametrize("how", GUARDED)
def test_somebody_spells_our_value_otherwise(tmp_path, how):
    """An address in another case is the same address, also when the row has a new one."""
    town = town_of(tmp_path, how)
    say(town, email="Anna@Quince.Example")
    town.run()
    edit(town, email="ANNA@quince.example")
    say(town, email="b@quince.example")

    assert counts(town.run(), "customers") == {"updated": 1}
    assert warned(town) == []


def test_what_was_equal_when_it_was_seen_is_own(tmp_path, state):
    """A first run against a filled account adopts what it finds equal; what differs is somebody else's."""
    town = town_of(tmp_path, "always", state)
    (tmp_path / "state.db").unlink(missing_ok=True)
    town.write("others", mapping("unless_edited"))
    (tmp_path / "mappings" / "customers.yml").unlink()
    say(town, company="Quince 2")
    assert counts(town.run(), "others") == {"unchanged": 1}
    assert warned(town) == [("company", "edited")]
    say(town, company="Quince 3", city="Bonn")
    run = town.run()

    assert counts(run, "others") == {"updated": 1}
    assert warned(town) == [("company", "edited")]
    assert (customer(town)["city"], customer(town)["company"]) == ("Bonn", "Quince")


# Two mappings, other policies, and what somebody else keeps writing


def test_two_mappings_on_one_record(tmp_path, state):
    """Each has its own values: what one writes is none of the other's, and never an edit of it."""
    town = town_of(tmp_path, "unless_edited", state)
    second = CUSTOMERS.replace("company: company", "company: city").replace(
        "  city: {column: city, on_null: clear}\n", ""
    )
    town.write(
        "second",
        second.split("attributes:")[0] + "extra_columns: ignore\noverwrite: unless_edited\n",
    )
    town.run()
    assert warned(town) == [("company", "edited")]  # the first one's
    say(town, company="Quince 2", city="Bonn")
    run = town.run()

    assert counts(run, "customers") == {"updated": 1}
    assert counts(run, "second") == {"unchanged": 1}
    assert warned(town) == [("company", "edited")]
    assert (customer(town)["company"], customer(town)["city"]) == ("Quince 2", "Bonn")


def test_another_policy_sends_again(tmp_path):
    """A mapping that no longer leaves edits alone is another mapping: what stayed is overwritten."""
    town = town_of(tmp_path, "unless_edited")
    edit(town, company="Edited")
    say(town, company="Quince 2")
    assert counts(town.run(), "customers") == {"unchanged": 1}
    town.write("customers", mapping("always"))

    assert counts(town.run(), "customers") == {"updated": 1}
    assert customer(town)["company"] == "Quince 2"


def test_written_out_always_changes_nothing(tmp_path):
    """It is the default: nothing is looked at, nothing is sent."""
    town = Town(tmp_path)
    town.write("customers", CUSTOMERS)
    say(town)
    town.run()
    town.write("customers", CUSTOMERS + "overwrite: always\n")

    assert counts(town.run(), "customers") == {"unchanged": 1}
    assert len(town.sandbox.calls("*", "/v1/customers*")) == 0


def test_found_rewritten(tmp_path):
    """Something writes the same value after each of our writes: the second time it is told as that."""
    town = town_of(tmp_path)
    codes = []
    for _ in range(3):
        edit(town, company="Theirs")
        town.run(full=True)
        codes += warned(town)
    edit(town, company="Another")
    town.run(full=True)

    assert codes == [("company", "edited"), ("company", "rewritten"), ("company", "rewritten")]
    assert warned(town) == [("company", "edited")]


# Pins


def pin(town, **values):
    """Somebody changes values in ChartMogul and pins them."""
    body = values | {"overrides": dict.fromkeys(values, True)}
    assert (
        call(town.sandbox, "PATCH", f"/v1/customers/{customer(town)['uuid']}", body=body)[0] == 200
    )


@pytest.mark.parametrize("how", ["ignored", "not_modified"])
def test_pinned(tmp_path, how):
    """ChartMogul keeps the pinned value: one warning, one look that tells why, and no second try."""
    town = town_of(tmp_path, pinned_writes=how, not_modified="nothing_changed")
    pin(town, company="Pinned")
    say(town, company="Quince 2")
    run = town.run()

    assert counts(run, "customers") == {"unchanged": 1}
    assert warned(town) == [("company", "edited"), ("company", "pinned")]
    asked = [one for one in town.sandbox.calls("GET") if "with_overrides" in one.query]
    assert len(asked) == 1
    assert not any(b"overrides" in one.body for one in town.sandbox.calls("PATCH"))
    run = town.run()
    assert (counts(run, "customers"), warned(town)) == ({"unchanged": 1}, [])
    assert Counter() == town.writes()


def test_the_rest_of_a_pinned_row_is_sent(tmp_path):
    """The row is updated, and the pinned attribute is told of."""
    town = town_of(tmp_path)
    uuid = customer(town)["uuid"]
    body = {
        "custom": [{"type": "Integer", "key": "seats", "value": 9}],
        "overrides": {"custom": {"seats": True}},
    }
    path = f"/v1/customers/{uuid}/attributes/custom"
    assert call(town.sandbox, "POST", path, body=body)[0] == 200
    say(town, seats=6, company="Quince 2")
    run = town.run()

    assert counts(run, "customers") == {"updated": 1}
    assert ("attributes.seats", "pinned") in warned(town)
    assert customer(town)["company"] == "Quince 2"


def test_what_nobody_pinned_is_not_asked_about_for_ever(tmp_path):
    """A field that ChartMogul drops for another reason costs no look for each row."""
    town = Town(tmp_path)
    plain = CUSTOMERS.split("attributes:")[0] + "  owner: owner\nextra_columns: ignore\n"
    town.write("customers", plain)
    rows = [(f"c{n}", "Q", f"c{n}@quince.example", "Ulm") for n in range(60)]
    town.table("accounts", "id, company, email, city, owner", *((*row, None) for row in rows))
    town.run()
    town.table(
        "accounts", "id, company, email, city, owner", *((*row, "x@quince.example") for row in rows)
    )
    town.run()

    asked = [one for one in town.sandbox.calls("GET") if "with_overrides" in one.query]
    assert 20 <= len(asked) <= 20 + 24
    assert {code for _, code in warned(town)} == {"dropped"}


# Contacts


@pytest.mark.parametrize("how", ["always", "unless_edited", "reject_edited"])
def test_contacts(tmp_path, how):
    """The same for contacts, field by field."""
    town = town_of(tmp_path)
    people = CONTACTS.replace("last_name: name", "last_name: {column: name, overwrite: always}")
    town.write("people", people + f"overwrite: {how}\n")
    town.table("people", "account, id, title, name", ("c1", "p1", "Dr", "Plum"))
    assert counts(town.run(), "people") == {"created": 1}
    (contact,) = town.contacts()
    path = f"/v1/contacts/{contact['uuid']}"
    assert call(town.sandbox, "PATCH", path, body={"title": "Prof", "last_name": "X"})[0] == 200
    town.table("people", "account, id, title, name", ("c1", "p1", "Sir", "Plum"))
    run = town.run()

    expected = {
        "always": ({"updated": 1}, "Sir", [("last_name", "edited"), ("title", "edited")]),
        "unless_edited": ({"updated": 1}, "Prof", [("last_name", "edited"), ("title", "edited")]),
        "reject_edited": ({"rejected": 1}, "Prof", []),
    }
    assert (counts(run, "people"), town.contacts()[0]["title"], warned(town)) == expected[how]


@pytest.mark.parametrize("merging", ["merge", "replace"])
def test_an_edited_attribute_of_a_contact_stays(tmp_path, merging):
    """All attributes of a contact are sent together, as ChartMogul may replace them: what was edited goes as it is."""
    town = town_of(tmp_path, contact_custom=merging)
    town.sandbox.world.definitions.update(("role", "nick"))
    attributes = (
        "attributes: {role: {column: role, type: String}, nick: {column: nick, type: String}}\n"
    )
    town.write("people", CONTACTS + attributes + "overwrite: unless_edited\n")
    columns = "account, id, title, name, role, nick"
    town.table("people", columns, ("c1", "p1", "Dr", "Plum", "buyer", "P"))
    assert counts(town.run(), "people") == {"created": 1}
    path = f"/v1/contacts/{town.contacts()[0]['uuid']}"
    custom = [{"key": "role", "value": "boss"}, {"key": "nick", "value": "P"}]
    assert call(town.sandbox, "PATCH", path, body={"custom": custom})[0] == 200
    town.table("people", columns, ("c1", "p1", "Dr", "Plum", "buyer", "Q"))
    run = town.run()

    assert counts(run, "people") == {"updated": 1}
    assert town.contacts()[0]["custom"] == {"role": "boss", "nick": "Q"}
    assert warned(town) == [("attributes.role", "edited")]
