"""`audit`: all rows held against ChartMogul, through the command line; nothing is written."""

import json

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
