"""`audit`: all rows held against ChartMogul, through the command line; nothing is written."""

import json
from xml.etree import ElementTree

import pytest

from tests.support.people import People
from tests.support.program import CONTACTS, MAPPING


@pytest.fixture
def three(desk):
    """Three customers that are as the warehouse says; requests are counted from here."""
    desk.rows({}, {"id": "cus_2"}, {"id": "cus_3"})
    assert desk("run").code == 0
    desk.place.forget()
    return desk


def audited(desk, *arguments):
    """What `audit --format json` prints, which is what its folder holds, and the exit code."""
    ended = desk("audit", "--format", "json", *arguments)
    folder = desk.place.folder / "reports" / ended.json["run_id"]
    assert json.loads((folder / "audit.json").read_text()) == ended.json
    assert (folder / "audit.json").stat().st_mode & 0o777 == 0o600
    assert ended.json["exit_code"] == ended.code
    assert desk.place.writes() == []
    return ended.json["mappings"], ended.code


def rows(mapping):
    """Its counts, but for those that are 0."""
    return {name: number for name, number in mapping["rows"].items() if number}


def test_a_clean_audit(three):
    """Everything is equal: exit 0, by one request a page; the state's bytes stay as they are."""
    state = (three.place.folder / "state.db").read_bytes()
    [mapping], code = audited(three)
    assert (rows(mapping), code) == ({"read": 3, "equal": 3}, 0)
    assert (mapping["fields"], mapping["extra"], mapping["duplicates"]) == ({}, 0, 0)
    assert len(three.place.sandbox.sandbox.calls()) == 3
    assert (three.place.folder / "state.db").read_bytes() == state
    ended = three("audit")
    assert "customers: 3 rows: 3 equal, 0 different, 0 missing" in ended.out


def test_contacts_of_customers_that_have_new_keys(three):
    """A contact is found with the customer that its row calls by a new key, before any run has met that key."""
    three.mapping(CONTACTS, "people")
    assert three("run").code == 0
    three.place.forget()
    was = "{column: id, was: old}"
    query = "select *, 'cus_' || substr(id, 5) as old from accounts"
    three.mapping(MAPPING.replace("select * from accounts", query).replace(": id", f": {was}", 1))
    three.rows({"id": "new_1"}, {"id": "new_2"}, {"id": "new_3"})
    mappings, code = audited(three)
    found = {one["mapping"]: rows(one) for one in mappings}
    assert (found["people"], code) == ({"read": 3, "equal": 3}, 0)


def test_what_differs(three):
    """By field, with counts and examples, edits of others among them; what is missing, and what is too many."""
    people = People(three.place)
    people.edit("cus_1", country="FR")
    people.edit("cus_2", country="FR", company="Other")
    people.add("cus_9")
    people.delete("cus_3")
    three.rows({}, {"id": "cus_2"}, {"id": "cus_3"}, {"id": "cus_4"}, {"id": "x", "country": "?"})
    [mapping], code = audited(three)
    assert code == 1
    assert rows(mapping) == {"read": 5, "different": 2, "missing": 2, "rejected": 1}
    assert mapping["extra"] == 1
    fields = mapping["fields"]
    assert {name: (one["different"], one["edited"]) for name, one in fields.items()} == {
        "country": (2, 2),
        "company": (1, 1),
    }
    assert fields["country"]["examples"][0] == {
        "row": 1,
        "key": "cus_1",
        "chartmogul": "FR",
        "warehouse": "DE",
        "edited": True,
        "stays": False,
        "pinned": False,
        "undone": False,
    }
    ended = three("audit")
    assert ended.code == 1
    for line in (
        "customers: 5 rows: 0 equal, 2 different, 2 missing, 1 rejected",
        "country differs in 2 records, 2 of them edited by others",
        "cus_1 (row 1): edited by others, ChartMogul has FR, the row DE",
        "1 of the missing were deleted in ChartMogul",
        "1 record of the data source that no row has",
    ):
        assert line in ended.out


def test_a_row_that_changed_is_no_edit(three):
    """The warehouse has moved, ChartMogul shows what was sent: different, and nobody edited it."""
    three.rows({"country": "AT"}, {"id": "cus_2"}, {"id": "cus_3"})
    [mapping], code = audited(three)
    assert code == 1
    assert mapping["fields"]["country"]["different"] == 1
    assert mapping["fields"]["country"]["edited"] == 0


@pytest.mark.parametrize("how", ["if_empty", "unless_edited", "reject_edited"])
def test_an_edit_that_stays(three, how):
    """It counts as different all the same, before a run has met it and after; a run that leaves it is said so."""
    three.mapping(MAPPING + f"overwrite: {how}\n")
    assert three("run").code == 0
    People(three.place).edit("cus_1", country="FR")
    for _ in range(2):
        three.place.forget()
        [mapping], code = audited(three)
        assert (rows(mapping), code) == ({"read": 3, "equal": 2, "different": 1}, 1)
        found = mapping["fields"]["country"]
        assert (found["different"], found["stays"], found["pinned"]) == (1, 1, 0)
        assert found["edited"] == 1
        three("run", "--full")
    told = three("audit").out
    assert "country differs in 1 record, 1 of them edited by others, 1 of them left so by" in told


def test_pinned_values(three):
    """A value that somebody pinned is said to be so; where it is known not to give way, it is no difference."""
    people = People(three.place)
    people.edit("cus_1", company="Pinned", overrides={"company": True})
    people.edit("cus_2", company="Other")
    [mapping], code = audited(three)
    found = mapping["fields"]["company"]
    assert (found["different"], found["edited"], found["pinned"], code) == (2, 2, 1, 1)
    assert [one["pinned"] for one in found["examples"]] == [True, False]
    told = three("audit").out
    assert "company differs in 2 records, 2 of them edited by others, 1 of them pinned in" in told
    assert "- customers, company: 1 of them pinned in ChartMogul" in (
        three("audit", "--format", "markdown").out.splitlines()
    )
    assert three("run", "--full").code == 0
    three.rows({"country": "AT"}, {"id": "cus_2"}, {"id": "cus_3"})
    three.place.forget()
    [mapping], code = audited(three)
    assert (rows(mapping), code) == ({"read": 3, "equal": 2, "different": 1}, 1)
    assert [*mapping["fields"]] == ["country"]
    assert mapping["known_drops"] == {"company": 1}
    three.rows({}, {"id": "cus_2"}, {"id": "cus_3"})
    ended = three("audit")
    assert (ended.code, "3 equal" in ended.out) == (0, True)
    assert "no difference: ChartMogul does not take company of 1 row" in ended.out


def test_no_false_alarm(three):
    """Other spellings, merged customers, tags and fields of others, a skipped mode: all of that is as it should be."""
    people = People(three.place)
    people.tag("cus_1", "vip")
    people.edit("cus_1", city="Bonn")
    people.edit("cus_1", email="A@Quince.example")
    three.mapping(MAPPING + "on_null: keep\n")
    [mapping], code = audited(three)
    assert (rows(mapping), code) == ({"read": 3, "equal": 3}, 0)
    people.merge("cus_2", "cus_3")
    [mapping], code = audited(three)
    assert mapping["fields"] == {}
    assert rows(mapping) == {
        "read": 3,
        "equal": 2,
        "rejected": 1,
    }  # as a run would say: same_record
    assert mapping["extra"] == 0


def test_extra_is_not_told_where_a_query_shows_some(three):
    """Absence says nothing then: null, and no alarm."""
    People(three.place).add("cus_9")
    three.mapping(MAPPING.replace("source:", "source:\n  rows: some"))
    [mapping], code = audited(three)
    assert (mapping["extra"], code) == (None, 0)
    assert "unknown" in three("audit").out


def test_two_mappings_of_one_data_source(three):
    """One listing serves both, and a record in either is not too many."""
    second = MAPPING.replace("select * from accounts", "select * from accounts where id = 'cus_2'")
    three.mapping(second, "second")
    first = MAPPING.replace("select * from accounts", "select * from accounts where id != 'cus_2'")
    three.mapping(first)
    mappings, code = audited(three)
    assert code == 0
    assert [(rows(one), one["extra"]) for one in mappings] == [
        ({"read": 2, "equal": 2}, 0),
        ({"read": 1, "equal": 1}, 0),
    ]
    assert sum(one["requests"] for one in mappings) == 5


def test_contacts(three):
    """Their own rows, those of a missing customer, contacts too many, and contacts that a customer has twice."""
    three.mapping(CONTACTS, "people")
    assert three("run").code == 0
    three.place.forget()
    mappings, code = audited(three)
    assert code == 0
    assert [(one["mapping"], rows(one)) for one in mappings] == [
        ("customers", {"read": 3, "equal": 3}),
        ("people", {"read": 3, "equal": 3}),
    ]
    assert sum(one["requests"] for one in mappings) == 6
    people = People(three.place)
    people.add_contact("cus_2", email="new@quince.example")
    people.add_contact("cus_2", email="New@quince.example")
    people.delete("cus_3")
    three.place.forget()
    (customers, contacts), code = audited(three)
    assert code == 1
    assert rows(customers) == {"read": 3, "equal": 2, "missing": 1}
    assert rows(contacts) == {"read": 3, "equal": 2, "missing": 1}
    assert (contacts["extra"], contacts["duplicates"], customers["duplicates"]) == (2, 1, 0)
    [contacts], code = audited(three, "mappings/people.yml")
    assert rows(contacts) == {"read": 3, "equal": 2, "missing": 1}


def test_all_files_or_none(three):
    """One broken file: exit 2, and nothing is asked of ChartMogul."""
    three.mapping("version: 1\n", "broken")
    ended = three("audit")
    assert ended.code == 2
    assert "broken.yml" in ended.err
    assert three.place.sandbox.sandbox.calls() == []


def test_modes(three):
    """What the mode leaves alone is skipped: absent rows of `absent: skip`, records of mode insert."""
    three.rows({"country": "AT"}, {"id": "cus_2"}, {"id": "cus_3"}, {"id": "cus_4"})
    three.mapping(MAPPING + "mode: update\nabsent: skip\n")
    [mapping], _ = audited(three)
    assert rows(mapping) == {"read": 4, "equal": 2, "different": 1, "skipped": 1}
    three.mapping(MAPPING + "mode: update\n")
    [mapping], _ = audited(three)
    assert rows(mapping) == {"read": 4, "equal": 2, "different": 1, "missing": 1}
    three.mapping(MAPPING + "mode: insert\n")
    [mapping], _ = audited(three)
    assert rows(mapping) == {"read": 4, "missing": 1, "skipped": 3}


def test_rails_do_not_stop_an_audit(three):
    """It writes nothing: no limit keeps it from saying what is so."""
    three.rows({"country": "?"}, {"id": "cus_2"})
    three.mapping(MAPPING + "limits: {max_rejected: 0}\n")
    [mapping], code = audited(three)
    assert (rows(mapping), code) == ({"read": 2, "equal": 1, "rejected": 1}, 1)
    three.rows({"id": None})
    assert audited(three)[1] == 1


FORMS = ("markdown", "github", "junit")
EVIL = "<script>alert(1)</script>"


@pytest.fixture
def edited(three):
    """One record that somebody edited, one that is gone, one too many, one rejected row."""
    people = People(three.place)
    people.edit("cus_1", company=EVIL)
    people.delete("cus_3")
    people.add("cus_9")
    three.rows({}, {"id": "cus_2"}, {"id": "cus_3"}, {"id": "x", "country": "Germany"})
    return three


@pytest.mark.parametrize("form", ["text", "json", *FORMS])
def test_audit_prints_what_report_prints(edited, form):
    """The same bytes, found by its id; `--output` puts them into a file."""
    told = edited("audit", "--format", form)
    assert (told.code, bool(told.out)) == (1, True)
    reports = edited.place.folder / "reports"
    name = max(one.name for one in reports.iterdir() if (one / "audit.json").exists())
    assert edited("report", name, "--format", form).out == told.out
    assert edited("report", name, "--format", form, "--output", "told").out == ""
    assert (edited.place.folder / "told").read_text() == told.out
    summary = json.loads((reports / name / "summary.json").read_text())
    assert (summary["exit_code"], summary["dry_run"]) == (1, True)


@pytest.mark.parametrize("form", FORMS)
def test_no_values_unless_asked_for(edited, form):
    """Neither a value of a row nor one of ChartMogul stands in what others read."""
    told = edited("audit", "--format", form).out
    assert [value for value in ("Quince", "alert(1)", "Germany") if value in told] == []
    assert "invalid_country" in told.replace("\\", "")
    told = edited("audit", "--format", form, "--values").out
    assert "Quince" in told


def test_as_a_comment(edited):
    """Counts, what differs and who did it, what is missing or in no row, and why rows were rejected."""
    told = edited("audit", "--format", "markdown").out
    lines = told.splitlines()
    assert lines[:2] == [
        "<!-- chartmogul-sync audit -->",
        "### chartmogul-sync: audit, nothing was sent, completed with errors (exit code 1)",
    ]
    for line in (
        "| customers | 4 | 1 | 1 | 1 | 0 | 1 | 1 | 0 |",
        "| customers | company | 1 | 1 |",
        "- customers: 1 of the missing were deleted in ChartMogul",
        "| customers | invalid\\_country | country | 1 | 1 | no ISO 3166-1 alpha-2 country code |",
    ):
        assert line in lines
    assert "lifted" not in told
    assert lines[-1].startswith("5 requests in ")


def test_as_annotations_and_cases(edited):
    """What is missing or differs is an error at its place in the file; what is in no row a notice."""
    told = edited("audit", "--format", "github").out.splitlines()
    heads = [line.partition("::")[2].partition("::")[0] for line in told]
    assert heads == [
        "error file=mappings/customers.yml,line=1,title=1 row missing in ChartMogul",
        "error file=mappings/customers.yml,line=8,title=1 record differs%3A company",
        "error file=mappings/customers.yml,line=9,title=1 row rejected%3A invalid_country in country",
        "notice file=mappings/customers.yml,line=1,title=also found",
        "notice file=mappings/customers.yml,line=1,title=also found",
    ]
    read = ElementTree.fromstring(edited("audit", "--format", "junit").out)
    assert (read.get("tests"), read.get("failures")) == ("5", "3")


def test_the_page(edited):
    """It says that it is an audit, in an audit's words, and no value becomes a tag."""
    ended = edited("audit")
    name = ended.err.splitlines()[-1].rpartition("/")[2]
    page = (edited.place.folder / "reports" / name / "report.html").read_text()
    body = page.partition("<body>")[2].partition('<script type="application/json"')[0]
    for text in (
        "<h1>Audit ",
        "<b>1</b> missing",
        "<b>1</b> different",
        "<b>1</b> equal",
        "1: a row is missing in ChartMogul, differs there, or was rejected",
        "1 changed, 1 edited by others",
        "First is what ChartMogul has, then what the row says.",
        "1 of the missing were deleted in ChartMogul",
        "1 record of the data source that no row has, such as cus_",
    ):
        assert text in body, text
    assert "Lifted" not in body
    assert EVIL not in page


def test_differences_are_not_green(edited):
    """An audit all of whose rows could be read, and of which one differs, is called so."""
    edited.rows({}, {"id": "cus_2"})
    ended = edited("audit", "--format", "json")
    assert (ended.code, ended.json["status"]) == (1, "succeeded")
    page = edited.place.folder / "reports" / ended.json["run_id"] / "report.html"
    assert (
        page.read_text().count('<p class="status completed_with_errors">with differences</p>') == 2
    )


def test_a_file_that_is_not_sound_in_every_form(three):
    """Exit 2 with its problem in the form that was asked for; nothing is asked of ChartMogul."""
    three.mapping("version: 1\n", "broken")
    for form in FORMS:
        ended = three("audit", "--format", form)
        assert (ended.code, "broken.yml" in ended.out.replace("\\", "")) == (2, True)
    assert three.place.sandbox.sandbox.calls() == []
