"""`undo`: what a run changed goes back, through the command line, and stays back while rows are as they were."""

import json
from dataclasses import replace

import pytest

from tests.support.people import People
from tests.support.program import CONTACTS, MAPPING

TAGGED = MAPPING + "tags: [warehouse]\non_null: clear\n"


def newest(desk):
    """The id of the newest real run."""
    return (desk.place.folder / "reports" / "latest").resolve().name


def lines(desk, name):
    """A file of the newest real run's report."""
    file = desk.place.folder / "reports" / "latest" / name
    return [json.loads(line) for line in file.read_text().splitlines()]


@pytest.fixture
def damaged(desk):
    """Three customers, and a run, the newest one, that broke them: country, company, seats, a tag."""
    desk.rows({}, {"id": "cus_2"}, {"id": "cus_3"})
    assert desk("run").code == 0
    desk.mapping(TAGGED)
    desk.rows(
        {"country": "AT", "company": None},
        {"id": "cus_2", "seats": 7},
        {"id": "cus_3", "seats": None},
        {"id": "cus_4"},
    )
    assert desk("run").code == 0
    desk.place.forget()
    return desk


def shown(desk):
    """What ChartMogul shows of each customer."""
    return {
        key: (
            one["company"] or None,
            one["country"],
            one["attributes"]["custom"].get("seats"),
            one["attributes"]["tags"],
        )
        for key, one in desk.place.customers().items()
    }


WHOLE: tuple[str, str, int, list[str]] = ("Quince", "DE", 5, [])


@pytest.mark.parametrize("state", [None, "CA"])
def test_a_state_goes_with_its_country(desk, state):
    """Beside another country ChartMogul drops it: runs and dry runs tell so, and it goes back with its country."""
    desk.mapping(MAPPING.replace("  email: email\n", "  state: email\n"))
    desk.rows({"country": "US", "email": state})
    assert desk("run").code == 0
    people = People(desk.place)
    people.edit("cus_1", state="NY")
    desk.rows({"country": "FR", "email": state and "ON"})
    foretold = desk("run", "--dry-run", "--format", "json").json["run_id"]
    dry = desk.place.folder / "reports" / foretold / "changes.jsonl"
    (told,) = [json.loads(line) for line in dry.read_text().splitlines()]
    assert told["changes"] == {"country": ["US", "FR"], "state": ["NY", state and "ON"]}
    assert desk("run").code == 0
    assert lines(desk, "changes.jsonl")[0]["changes"] == {
        "country": ["US", "FR"],
        "state": ["NY", None],
    }

    assert desk("undo", newest(desk)).code == 0
    held = desk.place.customers()["cus_1"]["address"]
    assert (held["country"], held["state"]) == ("United States", "New York")


def test_a_state_that_was_entered_since_stays_with_its_country(desk):
    """Put back, the country would take it along without a word: a record of which that is so stays as it is."""
    desk.mapping(MAPPING)
    desk.rows({"country": "DE"}, {"id": "cus_2", "country": "DE"})
    assert desk("run").code == 0
    desk.rows({"country": "US"}, {"id": "cus_2", "country": "US"})
    assert desk("run").code == 0
    run = newest(desk)
    People(desk.place).edit("cus_1", state="NY")
    for dry in (["--dry-run"], []):
        undone = desk("undo", run, *dry, "--json")
        assert (undone.code, undone.rows) == (1, {"read": 2, "updated": 1, "rejected": 1})
    [error] = lines(desk, "errors.jsonl")
    assert (error["code"], error["field"], error["value"]) == ("conflict", "state", "NY")
    held = desk.place.customers()["cus_1"]["address"]
    assert (held["country"], held["state"]) == ("United States", "New York")


def test_a_run_that_ended_in_the_middle_of_a_row(desk):
    """What it had written of that row is in its report, and goes back; so it is with the undo itself."""
    desk.rows({})
    assert desk("run").code == 0
    desk.mapping(TAGGED)
    desk.rows({"country": "AT"})
    sandbox = desk.place.sandbox.sandbox
    sandbox.fail(path="*/attributes/tags", status=401, times=1)
    ended = desk("run", "--json")
    assert (ended.code, ended.rows) == (3, {"read": 1, "rejected": 1})
    assert lines(desk, "changes.jsonl")[0]["changes"] == {"country": ["DE", "AT"]}
    [error] = lines(desk, "errors.jsonl")
    assert "the run ended in the middle of this row: " in error["message"]
    desk.rows({"country": "AT", "seats": 6})
    assert desk("run").code == 0
    sandbox.fail(method="DELETE", status=401, times=1)
    assert desk("undo", newest(desk)).code == 3
    assert lines(desk, "changes.jsonl")[0]["changes"] == {"attributes.seats": [6, 5]}


def test_everything_goes_back(damaged):
    """Fields, emptied values, attributes and tags; what was created is listed first and stays."""
    damage = newest(damaged)
    ended = damaged("undo", damage, "--json")
    assert ended.code == 0
    assert "records that the run created stay: 1 (cus_4)" in ended.err
    assert ended.rows == {"read": 4, "updated": 3, "skipped": 1}
    assert ended.json["undid"] == damage
    assert {key: shown(damaged)[key] for key in ("cus_1", "cus_2", "cus_3")} == dict.fromkeys(
        ("cus_1", "cus_2", "cus_3"), WHOLE
    )
    changes = {line["key"]: line["changes"] for line in damaged.changes()}
    assert changes["cus_1"] == {
        "company": [None, "Quince"],
        "country": ["AT", "DE"],
        "tags": [["warehouse"], []],
    }
    methods = [method for method, _ in damaged.place.writes()]
    assert (methods.count("PATCH"), methods.count("DELETE")) == (3, 3)


def test_a_dry_run_says_what_an_undo_does(damaged):
    """Row by row and field by field; nothing is sent, and the state's bytes stay."""
    damage = newest(damaged)
    state = (damaged.place.folder / "state.db").read_bytes()
    dry = damaged("undo", damage, "--dry-run", "--json")
    assert dry.code == 0
    assert damaged.place.writes() == []
    assert (damaged.place.folder / "state.db").read_bytes() == state
    assert newest(damaged) == damage
    listed = damaged.place.folder / "reports" / dry.json["run_id"] / "changes.jsonl"
    foretold = [json.loads(line) for line in listed.read_text().splitlines()]
    damaged("undo", damage)
    told = ("key", "outcome", "changes", "reason")
    assert sorted([line[n] for n in told] for line in foretold) == sorted(
        [line[n] for n in told] for line in damaged.changes()
    )
    out = damaged("undo", damage, "--dry-run").out
    assert "change nothing" in out


def test_rows_stay_undone(damaged):
    """Over scheduled runs, dry ones and changes of other rows; a changed row is sent, and stays sent."""
    damaged("undo", newest(damaged))
    damaged.place.forget()
    for _ in range(3):
        ended = damaged("run", "--json")
        assert ended.rows == {"read": 4, "skipped": 3, "unchanged": 1}
        assert ended.json["mappings"][0]["undone"] == 3
    assert damaged("run", "--dry-run", "--json").rows == {"read": 4, "skipped": 3, "unchanged": 1}
    assert damaged.place.writes() == []
    assert "3 rows undone" in damaged("status").out
    damaged.rows(
        {"country": "AT", "company": None},
        {"id": "cus_2", "seats": 8},
        {"id": "cus_3", "seats": None},
        {"id": "cus_4"},
    )
    assert damaged("run", "--json").rows == {"read": 4, "updated": 1, "skipped": 2, "unchanged": 1}
    assert shown(damaged)["cus_2"] == ("Quince", "DE", 8, ["warehouse"])
    damaged.rows(
        {"country": "AT", "company": None},
        {"id": "cus_2", "seats": 7},
        {"id": "cus_3", "seats": None},
        {"id": "cus_4"},
    )
    assert damaged("run", "--json").rows == {"read": 4, "updated": 1, "skipped": 2, "unchanged": 1}


@pytest.mark.parametrize("way", ["full", "forget", "mapping"])
def test_what_ends_it(damaged, way):
    """A full run, `forget --undo`, and a changed mapping: the rows are sent again."""
    damage = newest(damaged)
    damaged("undo", damage)
    if way == "forget":
        assert damaged("forget", "customers", "--undo", damage).code == 0
    if way == "mapping":
        damaged.mapping(TAGGED.replace("[warehouse]", "[warehouse, more]"))
    ended = damaged("run", "--json", *(["--full"] if way == "full" else []))
    assert ended.rows["updated"] == (4 if way == "mapping" else 3)
    assert shown(damaged)["cus_1"][:2] == (None, "AT")
    assert damaged("run", "--json").rows == {"read": 4, "unchanged": 4}


def test_a_mended_query_finds_everything_in_place(damaged):
    """Rows as they were before: looked at, equal, nothing is written."""
    damaged("undo", newest(damaged))
    damaged.mapping(MAPPING)
    damaged.rows({}, {"id": "cus_2"}, {"id": "cus_3"}, {"id": "cus_4"})
    damaged.place.forget()
    assert damaged("run", "--json").rows == {"read": 4, "unchanged": 4}
    assert damaged.place.writes() == []
    assert damaged("audit").code == 0


def test_somebody_changed_it_since(damaged):
    """The row is rejected and nothing of it is written; edits of other fields are nobody's business."""
    people = People(damaged.place)
    people.edit("cus_1", country="FR")
    people.edit("cus_2", city="Bonn")
    people.tag("cus_2", "vip")
    ended = damaged("undo", newest(damaged), "--json")
    assert ended.code == 1
    assert ended.rows == {"read": 4, "updated": 2, "skipped": 1, "rejected": 1}
    [error] = damaged.errors()
    assert (error["key"], error["stage"], error["code"]) == ("cus_1", "plan", "conflict")
    assert (error["field"], error["value"]) == ("country", "FR")
    assert shown(damaged)["cus_1"] == (None, "FR", 5, ["warehouse"])
    assert shown(damaged)["cus_2"] == ("Quince", "DE", 5, ["vip"])
    assert damaged.place.customers()["cus_2"]["city"] == "Bonn"


def test_what_is_gone(damaged):
    """Deleted since: a conflict that says so; the others go back."""
    People(damaged.place).delete("cus_2")
    ended = damaged("undo", newest(damaged), "--json")
    assert ended.rows == {"read": 4, "updated": 2, "skipped": 1, "rejected": 1}
    assert "deleted, or merged" in damaged.errors()[0]["message"]


def test_twice(damaged):
    """What is back already is unchanged, and stays undone."""
    damage = newest(damaged)
    damaged("undo", damage)
    damaged.place.forget()
    ended = damaged("undo", damage, "--json")
    assert ended.rows == {"read": 4, "unchanged": 3, "skipped": 1}
    assert damaged.place.writes() == []
    assert damaged("run", "--json").rows == {"read": 4, "skipped": 3, "unchanged": 1}


def test_after_an_outage(damaged):
    """What did not arrive is put back by the next undo."""
    damage = newest(damaged)
    damaged.place.sandbox.sandbox.fail(method="PATCH", path="/v1/customers/*", status=422, times=1)
    ended = damaged("undo", damage, "--json")
    assert (ended.code, ended.rows["updated"], ended.rows["rejected"]) == (1, 2, 1)
    ended = damaged("undo", damage, "--json")
    assert ended.rows == {"read": 4, "updated": 1, "unchanged": 2, "skipped": 1}
    assert shown(damaged)["cus_1"] == WHOLE


def test_a_put_back_that_is_not_taken(damaged):
    """An answer that shows something else is no success."""
    damaged.place.sandbox.sandbox.fail(
        method="DELETE",
        path="/v1/customers/*/attributes/tags",
        status=200,
        body='{"tags": ["warehouse"]}',
        times=1,
    )
    ended = damaged("undo", newest(damaged), "--json")
    assert ended.code == 1
    assert [error["code"] for error in damaged.errors()] == ["not_put_back"]


def test_rails(damaged):
    """Absolute limits hold before the first write, and are lifted by name; shares are of no rows."""
    damage = newest(damaged)
    damaged.mapping(TAGGED + "limits: {max_updates: 2}\n")
    damaged.place.forget()
    ended = damaged("undo", damage)
    assert ended.code == 4
    assert damaged.place.writes() == []
    assert damaged("undo", damage, "--override", "max_updates").code == 0
    damaged.mapping(TAGGED + "limits: {max_updates: 1%}\n")
    assert damaged("undo", damage).code == 0


def test_a_run_with_contacts(desk):
    """Contacts go back as well, with the attributes that stay, and a name that was empty is empty again."""
    desk.rows({}, {"id": "cus_2"})
    desk.mapping(CONTACTS, "people")
    assert desk("run").code == 0
    desk.rows({"company": "Bad"}, {"id": "cus_2", "company": "Bad"})
    assert desk("run").code == 0
    ended = desk("undo", newest(desk), "--json")
    assert ended.code == 0
    parts = {part["mapping"]: part["rows"]["updated"] for part in ended.json["mappings"]}
    assert parts == {"customers": 2, "people": 2}
    contacts = People(desk.place).ask("GET", "/contacts")["entries"]
    assert {one["first_name"] for one in contacts} == {"Quince"}
    assert desk("run", "--json").json["mappings"][0]["undone"] == 2


def test_two_mappings_of_one_record(desk):
    """A field that both have changed goes back through both, in a dry run as well."""
    desk("run")
    desk.rows({"country": "AT"})
    second = MAPPING.replace("select * from accounts", "select id, 'CH' as country from accounts")
    for gone in ("company: company\n", "email: email\n", "lead_created_at: lead\n"):
        second = second.replace(f"  {gone}", "")
    second = second.replace("attributes:\n  seats: {column: seats, type: Integer}\n", "")
    desk.mapping(second, "second")
    assert desk("run").code == 0
    assert shown(desk)["cus_1"][1] == "CH"
    damage = newest(desk)
    dry = desk("undo", damage, "--dry-run", "--json")
    assert dry.code == 0
    assert [part["rows"]["updated"] for part in dry.json["mappings"]] == [1, 1]
    assert desk("undo", damage).code == 0
    assert shown(desk)["cus_1"][1] == "DE"


@pytest.mark.parametrize(
    ("what", "words"),
    [
        (lambda lines: lines[:1], "is cut off: it has 1 of the 4 records of customers"),
        (lambda lines: [], "is cut off: it has 0 of the 4 records of customers"),
        (lambda lines: ["[" * 100_000], "a line of it is damaged"),
        (lambda lines: ["[]"], "a line of it is damaged"),
        (lambda lines: [one.replace('["DE", "AT"]', '"DE"') for one in lines], "it is damaged"),
        (
            lambda lines: [one.replace('"uuid": "', '"uuid": 1, "id": "') for one in lines],
            "damaged",
        ),
    ],
)
def test_a_report_that_is_not_as_it_was(damaged, what, words):
    """One sentence that names the file, exit 2, nothing sent: half a report would put back half of what was done."""
    damage = newest(damaged)
    file = damaged.place.folder / "reports" / damage / "changes.jsonl"
    file.write_text("".join(line + "\n" for line in what(file.read_text().splitlines())))
    damaged.place.forget()
    ended = damaged("undo", damage)
    assert (ended.code, words in ended.err, "changes.jsonl" in ended.err) == (2, True, True)
    assert damaged.place.writes() == []


@pytest.mark.parametrize("text", ["", "[]", "[" * 100_000, '{"format": 1, "dry_run": false}'])
def test_a_summary_that_is_not_as_it_was(damaged, text):
    """The same of the file that says to what the run wrote."""
    damage = newest(damaged)
    (damaged.place.folder / "reports" / damage / "summary.json").write_text(text)
    ended = damaged("undo", damage)
    assert (ended.code, "summary.json" in ended.err, "damaged" in ended.err) == (2, True, True)


def test_an_audit_of_what_was_put_back(damaged):
    """It differs from its row, and is said to have been put back for as long as runs leave it so."""
    damaged("undo", newest(damaged))
    fields = audited(damaged)
    assert (fields["country"]["different"], fields["country"]["undone"]) == (1, 1)
    assert fields["tags"]["undone"] == fields["tags"]["different"] == 3
    assert (
        "cus_1 (row 1): put back by an undo, ChartMogul has DE, the row AT" in damaged("audit").out
    )
    damaged.rows({"country": "FR", "company": None}, {"id": "cus_2"}, {"id": "cus_3"})
    assert audited(damaged)["country"]["undone"] == 0


def audited(desk):
    """What an audit says of each field of the only mapping."""
    (mapping,) = json.loads(desk("audit", "--format", "json").out)["mappings"]
    return mapping["fields"]


def test_an_audit_is_called_one(damaged):
    """It writes a report as well, and nothing else."""
    audit = damaged("audit", "--format", "json").json["run_id"]
    ended = damaged("undo", audit)
    assert (ended.code, f"{audit} was an audit: it changed nothing" in ended.err) == (2, True)


@pytest.mark.parametrize("what", ["gone", "dry", "undo", "account", "file", "source", "damaged"])
def test_what_cannot_be_undone(damaged, what):
    """One sentence, exit 2, nothing sent, nothing changed."""
    damage = newest(damaged)
    variables = {}
    match what:
        case "gone":
            wanted, words = "20200101T000000Z-abcdef", "no report of a run"
        case "dry":
            wanted = damaged("run", "--dry-run", "--json").json["run_id"]
            words = "was a dry run"
        case "undo":
            wanted, words = damaged("undo", damage, "--json").json["run_id"], "is itself an undo"
        case "account":
            wanted, words = damage, "another account"
            file = damaged.place.folder / "reports" / damage / "summary.json"
            account = json.loads(file.read_text())["mappings"][0]["account"]
            file.write_text(file.read_text().replace(account, "acct_other"))
        case "file":
            wanted, words = damage, "customers.yml"
            (damaged.place.folder / "mappings" / "customers.yml").unlink()
        case "source":
            wanted, words = damage, "names another one"
            variables = {"CHARTMOGUL_DATA_SOURCE": "ds_00000000-0000-0000-0000-000000000000"}
        case "damaged":
            wanted, words = damage, "damaged"
            file = damaged.place.folder / "reports" / damage / "changes.jsonl"
            file.write_text(file.read_text()[:-20])
    damaged.place.forget()
    ended = damaged("undo", wanted, **variables)
    assert ended.code == 2
    assert words in ended.err
    assert damaged.place.writes() == []


def test_a_run_that_changed_nothing(damaged):
    """There is nothing to put back, and nothing is asked."""
    damaged("run")
    damaged.place.forget()
    ended = damaged("undo", newest(damaged))
    assert ended.code == 0
    assert "nothing to put back" in ended.out
    assert damaged.place.sandbox.sandbox.calls() == []


def test_an_undo_is_no_run_of_its_mappings(damaged):
    """It is in `runs`, but says nothing of how mappings are: last success, rows that left."""
    success = damaged("status", "--json").json["mappings"][0]["run_id"]
    undone = damaged("undo", newest(damaged), "--json").json["run_id"]
    assert damaged("status", "--json").json["mappings"][0]["run_id"] == success
    assert damaged("runs", "--json").json[0]["run_id"] == undone
    assert damaged("runs", "--json").json[0]["undid"] == success
    assert damaged("run", "--json").json["mappings"][0]["left"] == 0


def test_money(desk):
    """A run says the MRR of the customers that it touches, as look-ups show it."""
    desk.rows({}, {"id": "cus_2"})
    desk("run")
    uuid = desk.place.customers()["cus_1"]["uuid"]
    customer = desk.place.sandbox.sandbox.world.customer(uuid)
    desk.place.sandbox.sandbox.world.put(replace(customer, mrr=12345))
    desk.rows({"country": "AT"}, {"id": "cus_2"}, {"id": "cus_3"})
    dry = desk("run", "--dry-run", "--json").json["mappings"][0]
    assert dry["mrr"] == {"known": 1, "of": 2, "sum_cents": 12345, "largest": [["cus_1", 12345]]}
    assert desk("run", "--json").json["mappings"][0]["mrr"] == dry["mrr"]
    assert desk("run", "--json").json["mappings"][0]["mrr"] is None


def test_in_every_form(damaged):
    """Of what run it is, and what cannot be put back, stand in its comment, page, annotations and text."""
    damage = newest(damaged)
    dry = damaged("undo", damage, "--dry-run", "--format", "markdown").out.splitlines()
    title = f"### chartmogul-sync: dry run of an undo of {damage}, nothing was sent, succeeded (exit code 0)"
    assert dry[:2] == ["<!-- chartmogul-sync undo -->", title]
    lost = "- customers: records that the run created stay: 1 (cus\\_4)"
    assert dry[dry.index("#### Cannot be put back") + 2] == lost
    assert "#### What would be put back" in dry
    told = damaged("undo", damage, "--format", "github").out
    assert told.startswith(
        "::warning file=mappings/customers.yml,line=1,title=cannot be put back"
        "::records that the run created stay: 1 (cus_4)"
    )
    shown = damaged("report").out.splitlines()
    assert shown[0].endswith(f"undo of {damage}")
    assert shown[1] == "customers: cannot be put back: records that the run created stay: 1 (cus_4)"
    [part] = json.loads(damaged("report", "--format", "json").out)["mappings"]
    assert part["not_put_back"] == ["records that the run created stay: 1 (cus_4)"]
    page = (damaged.place.folder / "reports" / "latest" / "report.html").read_text()
    for text in (
        "<h1>Undo ",
        f"What run {damage} changed goes back to what was there before.",
        "<b>3</b> put back",
        "What was put back",
        "Cannot be put back: records that the run created stay: 1 (cus_4)",
    ):
        assert text in page, text


def test_nothing_to_put_back_in_every_form(damaged):
    """A run that changed nothing: 0, said in the form and at the place that were asked for."""
    assert damaged("run").code == 0
    still = newest(damaged)
    sentence = f"{still} changed nothing: there is nothing to put back.\n"
    assert damaged("undo", still).out == sentence
    assert damaged("undo", still, "--format", "junit").out.startswith("<?xml")
    assert damaged("undo", still, "--format", "github").out == ""
    assert damaged("undo", still, "--json", "--output", "told.json").out == ""
    told = json.loads((damaged.place.folder / "told.json").read_text())
    assert told == {"format": 1, "undid": still, "mappings": []}


def test_explain_says_why_a_row_stays_undone(damaged):
    """In words, with both ways to send it all the same; JSON keeps the one word."""
    damaged("undo", newest(damaged))
    told = damaged("explain", "customers", "cus_1").out
    assert "skipped: undone: its record was put back by `undo`" in told
    assert "run --full sends it, and so does a run after forget MAPPING --undo RUN" in told
    decision = damaged("explain", "customers", "cus_1", "--json").json["decision"]
    assert (decision["outcome"], decision["reason"]) == ("skipped", "undone")
