"""A failure stays where it belongs: it fails its own mapping, in its own words, and is a run like any other."""

import json
import sqlite3
from contextlib import closing

import pytest

from tests.support.program import MAPPING
from tests.unit.sandbox.exchange import credentials

PLAIN = MAPPING[: MAPPING.index("attributes:")] + "extra_columns: ignore\n"
BROKEN = PLAIN.replace("company: company", "companny: company")
CONTACTS = """\
version: 1
source: {query: "select 'con_1' as id, 'cus_1' as customer, 'Ada' as name"}
destination: {object: contact}
fields: {external_id: id, customer_external_id: customer, first_name: name}
extra_columns: ignore
"""
OTHER = "ds_99999999-9999-9999-9999-999999999999"


def elsewhere(text):
    """The same mapping, of another data source."""
    object_ = "object: customer" if "object: customer" in text else "object: contact"
    return text.replace(object_, f"{object_}, data_source: {OTHER}").replace(
        "destination:\n  object: customer, data_source",
        "destination:\n  object: customer\n  data_source",
    )


def source(desk, name):
    """Another data source of the account."""
    sandbox = desk.place.sandbox
    body = {"name": name}
    return sandbox.sandbox.answer(
        "POST", "/v1/data_sources", {}, credentials(sandbox.key), json.dumps(body).encode()
    ).json["uuid"]


def parts(ended):
    """How each mapping ended."""
    return {part["mapping"]: part["status"] for part in ended.json["mappings"]}


def errors(ended):
    """What ended each mapping."""
    return {part["mapping"]: part["error"] or "" for part in ended.json["mappings"]}


@pytest.fixture
def plain(desk):
    """One account, one customers' mapping without attributes."""
    desk.rows({"id": "cus_1"})
    desk.mapping(PLAIN)
    return desk


def test_a_broken_file_fails_itself_and_its_kin(plain):
    """Customers of its data source and their contacts wait; what feeds another one runs; exit 2."""
    plain.mapping(BROKEN, "broken")
    plain.mapping(CONTACTS, "people")
    plain.mapping(elsewhere(BROKEN), "distant")
    plain.mapping(
        PLAIN.replace("object: customer", "object: customer\n  data_source: ${SECOND}"), "second"
    )
    second = source(plain, "Second")
    plain.place.forget()
    ended = plain("run", "--json", SECOND=second)
    assert ended.code == 2
    assert parts(ended) == {
        "customers": "failed", "broken": "failed", "people": "failed", "distant": "failed",
        "second": "succeeded",
    }  # fmt: skip
    told = errors(ended)
    assert "unknown field 'companny'; did you mean 'company'?" in told["broken"]
    assert "held back: mappings/broken.yml" in told["customers"]
    assert "held back: mappings/broken.yml" in told["people"]
    assert "mappings/broken.yml:" in ended.err
    assert plain.place.writes() == [("POST", "/v1/customers")]


def test_a_broken_contacts_file_holds_no_customers_back(plain):
    """Customers do not depend on contacts."""
    plain.mapping(CONTACTS.replace("first_name", "firstname"), "people")
    ended = plain("run", "--json")
    assert (ended.code, parts(ended)) == (2, {"customers": "succeeded", "people": "failed"})


@pytest.mark.parametrize(
    "text", ["version: 1\n  odd: [", PLAIN.replace("object: customer", "object: custmer")]
)
def test_a_file_whose_destination_cannot_be_read_holds_all_back(plain, text):
    """Whatever it feeds may be what another mapping feeds."""
    plain.mapping(text, "riddle")
    ended = plain("run", "--json")
    assert (ended.code, parts(ended)) == (2, {"customers": "failed", "riddle": "failed"})
    assert "held back: mappings/riddle.yml" in errors(ended)["customers"]
    assert plain.place.sandbox.sandbox.calls() == []


def test_no_type_is_locked_beside_a_broken_file(plain):
    """A mapping that would lock a new type is held back, and says which; once it is in use it runs."""
    plain.mapping(MAPPING)
    plain.mapping(elsewhere(BROKEN), "broken")
    ended = plain("run", "--json")
    assert (ended.code, parts(ended)) == (2, {"customers": "failed", "broken": "failed"})
    assert "mappings/broken.yml" in errors(ended)["customers"]
    assert "attribute seats" in errors(ended)["customers"]
    assert plain.place.writes() == []

    plain.place.folder.joinpath("mappings", "broken.yml").rename(plain.place.folder / "aside")
    assert plain("run").code == 0
    plain.mapping(elsewhere(BROKEN), "broken")
    plain.rows({"id": "cus_1"}, {"id": "cus_2"})
    assert parts(plain("run", "--json"))["customers"] == "succeeded"


def test_what_two_files_have_against_each_other_fails_those_two(plain):
    """A third one runs."""
    plain.mapping("name: customers\n" + PLAIN, "twin")
    plain.mapping(PLAIN, "third")
    ended = plain("run", "--json")
    found = [(part["file"], part["status"]) for part in ended.json["mappings"]]
    assert sorted(found) == [
        ("mappings/customers.yml", "failed"),
        ("mappings/third.yml", "succeeded"),
        ("mappings/twin.yml", "failed"),
    ]
    assert ended.code == 2


@pytest.mark.parametrize("command", ["validate", "check"])
def test_commands_that_take_all_files_or_none(plain, command):
    """Nothing is checked half."""
    plain.mapping(BROKEN, "broken")
    ended = plain(command)
    assert (ended.code, ended.out) == (2, "")
    assert "companny" in ended.err


def test_one_wrong_key(plain):
    """The mapping of the other key runs; the message names variable and file."""
    text = PLAIN.replace("object: customer", "object: customer\n  api_key: ${SECOND_KEY}")
    plain.mapping(text, "second")
    ended = plain("run", "--json", SECOND_KEY="revoked")
    assert (ended.code, parts(ended)) == (3, {"customers": "succeeded", "second": "failed"})
    assert "check SECOND_KEY (mappings/second.yml)" in errors(ended)["second"]


def test_contacts_of_two_mappings_of_which_one_failed(plain):
    """They do not start, in words; that one of the two never knew its data source troubles nobody."""
    text = PLAIN.replace("object: customer", "object: customer\n  api_key: ${SECOND_KEY}")
    plain.mapping(text, "a_first")
    plain.mapping(CONTACTS, "people")
    ended = plain("run", "--json", SECOND_KEY="revoked")
    told = {"a_first": "failed", "customers": "succeeded", "people": "failed"}
    assert (ended.code, parts(ended)) == (3, told), ended.err
    assert "its customers come from a_first" in errors(ended)["people"]


def test_one_unset_variable(plain):
    """Of another data source: the rest runs."""
    text = elsewhere(PLAIN).replace("data_source: ds", "api_key: ${SECOND_KEY}\n  data_source: ds")
    plain.mapping(text, "second")
    ended = plain("run", "--json", SECOND_KEY=None)
    assert (ended.code, parts(ended)) == (2, {"customers": "succeeded", "second": "failed"})
    assert "SECOND_KEY is not set" in errors(ended)["second"]
    assert "mappings/second.yml:6" in errors(ended)["second"]


def test_one_warehouse_that_is_down(plain):
    """The mapping of the other warehouse runs; the message names variable and file."""
    plain.mapping(PLAIN.replace("source:", "source:\n  url: ${OTHER_WAREHOUSE}"), "second")
    ended = plain("run", "--json", OTHER_WAREHOUSE="sqlite:////nowhere/at/all.db")
    assert (ended.code, parts(ended)) == (3, {"customers": "succeeded", "second": "failed"})
    assert "look at OTHER_WAREHOUSE" in errors(ended)["second"]
    assert "mappings/second.yml:4" in errors(ended)["second"]


@pytest.mark.parametrize(
    ("variables", "code", "reason"),
    [
        ({"CHARTMOGUL_API_KEY": None}, 2, "config"),
        ({"SYNC_CONNECTIONS": "99"}, 2, "config"),
        ({"CHARTMOGUL_API_KEY": "revoked"}, 3, "chartmogul"),
        ({"CHARTMOGUL_API_URL": "http://127.0.0.1:9/v1", "SYNC_OUTAGE": "1"}, 3, "outage"),
        ({"WAREHOUSE_URL": "sqlite:////nowhere/at/all.db"}, 3, "source"),
    ],
)
def test_a_failure_before_the_first_row_is_a_run(plain, variables, code, reason):
    """It stands in `runs` and in `status`, and a later success ends it."""
    assert plain("run", **variables).code == code
    [run] = plain("runs", "--json").json
    assert (run["status"], run["exit_code"]) == ("failed", code)
    [part] = run["mappings"]
    assert (part["mapping"], part["status"]) == ("customers", "failed")
    [one] = plain("status", "--json").json["mappings"]
    assert one["broken_since"]["run_id"] == run["run_id"]
    assert one["broken_since"]["reason"] == reason
    assert "last run failed" in plain("status").out
    assert plain("run").code == 0
    assert plain("status", "--json").json["mappings"][0]["broken_since"] is None


def test_a_broken_file_in_status(plain):
    """Every mapping is shown, the broken one with its failed run; the file's problems are told, and the code is 2."""
    assert plain("run").code == 0
    plain.mapping(BROKEN)
    assert plain("run").code == 2
    ended = plain("status", "--json")
    [one] = ended.json["mappings"]
    assert (ended.code, one["broken_since"]["status"]) == (2, "failed")
    assert one["last_success_at"] is not None
    assert ended.json["problems"][0]["file"] == "mappings/customers.yml"
    assert "unknown field 'companny'" in plain("status").err


def test_a_file_that_says_nothing_of_its_destination_in_status(plain):
    """Its run is still known by its name."""
    assert plain("run").code == 0
    plain.mapping("version: [")
    assert plain("run").code == 2
    assert "since then failed" in plain("status").out
    plain.mapping(PLAIN)
    assert "since then failed" in plain("status").out
    assert plain("runs").out.count("customers") == 2


@pytest.mark.parametrize(
    ("change", "code"),
    [({"CHARTMOGUL_API_KEY": None}, 2), ({"SYNC_STATE_URL": "sqlite:////proc/no/state.db"}, 3)],
)
def test_failures_as_json(plain, change, code):
    """`--json` is the summary of the failed run, SYNC_LOG=json makes every line of stderr JSON."""
    ended = plain("run", "--json", SYNC_LOG="json", **change)
    assert (ended.code, ended.json["exit_code"], parts(ended)) == (
        code,
        code,
        {"customers": "failed"},
    )
    lines = [json.loads(line) for line in ended.err.splitlines()]
    assert [line["event"] for line in lines][-3:] == [
        "run_failed",
        "mapping_finished",
        "run_finished",
    ]
    assert errors(ended)["customers"] in lines[1]["error"]


@pytest.mark.parametrize("command", ["check", "preview", "status", "runs"])
def test_errors_of_other_commands_as_json(plain, command):
    """`--json` is a document with every problem, SYNC_LOG=json makes stderr JSON."""
    ended = plain(
        command, "--json", SYNC_LOG="json", SYNC_STATE_URL="mysql://u@h/d", WAREHOUSE_URL="odd"
    )
    assert ended.code == 2
    assert ended.json["exit_code"] == 2
    assert ended.json["problems"][0]["message"]
    assert [json.loads(line)["event"] for line in ended.err.splitlines()] == ["command_failed"]


def test_a_dry_run_enters_no_failure(plain):
    """It leaves no trace in the state."""
    assert plain("run", "--dry-run", CHARTMOGUL_API_KEY=None).code == 2
    assert plain("runs", "--json").json == []


def test_reasons_are_kept_without_the_words(plain):
    """The state holds why in a word of ours: messages may quote rows."""
    plain("run", CHARTMOGUL_API_KEY="revoked")
    with closing(sqlite3.connect(plain.place.folder / "state.db")) as db:
        assert db.execute("select reason from sync_run_mappings").fetchall() == [("chartmogul",)]
