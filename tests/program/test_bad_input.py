"""Bad input, and what it gets: what is wrong, where, what to do, the right exit code, and nothing sent needlessly."""

import pytest

from tests.support.needed import needed
from tests.support.program import MAPPING

ODD_KEY = "a+b@c/d e&f#g%ü"
OTHER = {"id": "cus_2", "company": "Other"}


def test_a_wrong_key(desk):
    """One message that names the variable, exit 3, nothing written."""
    ended = desk("run", CHARTMOGUL_API_KEY="wrong")
    assert ended.code == 3
    assert "CHARTMOGUL_API_KEY" in ended.err
    assert desk.place.writes() == []


def test_no_key(desk):
    """Found without asking anybody."""
    ended = desk("run", CHARTMOGUL_API_KEY=None)
    assert ended.code == 2
    assert "CHARTMOGUL_API_KEY" in ended.err
    assert desk.place.sandbox.sandbox.calls() == []


@pytest.mark.parametrize("command", ["run", "run --dry-run", "check"])
def test_each_problem_is_told_once(desk, command):
    """However many places find it."""
    ended = desk(*command.split(), CHARTMOGUL_API_KEY=None, CHARTMOGUL_DATA_SOURCE=None)
    assert (
        ended.code,
        ended.err.count("API_KEY is not set"),
        ended.err.count("SOURCE is not"),
    ) == (2, 1, 1)


def test_an_unknown_data_source(desk):
    """Ends the run before anything is read or written."""
    unknown = "ds_11111111-1111-1111-1111-111111111111"
    ended = desk("run", CHARTMOGUL_DATA_SOURCE=unknown)
    assert ended.code == 3
    assert unknown in ended.err
    assert desk.place.writes() == []


def test_a_key_without_write_access(desk):
    """One refused write ends the run, with what kind of key is needed."""
    sandbox = desk.place.sandbox.sandbox
    sandbox.read_only_key = "reader"
    desk.rows(*({"id": f"cus_{n}"} for n in range(60)))
    ended = desk("run", CHARTMOGUL_API_KEY="reader")
    assert ended.code == 3
    assert "Read & Write" in ended.err
    assert len(desk.place.writes()) <= 20


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (MAPPING.replace("company: company", "company: ${NO_SUCH}"), ("NO_SUCH", ":8:")),
        (MAPPING.replace("object: customer", "object: custmer"), ("'custmer'", ":5:", "customer")),
        (MAPPING + "  odd: [\n", (":1",)),
        (
            MAPPING.replace("object: customer", "object: customer\n  api_key: sk_literal"),
            ("${", ":6:"),
        ),
        (MAPPING.replace("company: company", "companny: company"), ("did you mean", "company")),
    ],
)
def test_a_mapping_that_is_wrong(desk, broken, told):
    """Exit 2, with file and line, before anybody is asked."""
    desk.mapping(broken)
    ended = desk("run")
    assert ended.code == 2
    assert "customers.yml" in ended.err
    assert [part for part in told if part not in ended.err] == []
    assert "sk_literal" not in ended.err
    assert desk.place.sandbox.sandbox.calls() == []


def test_two_mappings_with_one_name(desk):
    """Both files are named."""
    desk.mapping(MAPPING + "name: customers\n", "again")
    ended = desk("validate")
    assert ended.code == 2
    assert "again.yml" in ended.err
    assert "customers.yml" in ended.err


def test_a_column_that_the_query_lacks(desk):
    """Exit 2, the mapping's line and the nearest column; nothing written."""
    desk.mapping(MAPPING.replace("company: company", "company: compny"))
    ended = desk("run")
    assert ended.code == 2
    assert "customers.yml:8" in ended.err
    assert "'compny'" in ended.err
    assert "'company'" in ended.err
    assert desk.place.writes() == []


def test_a_query_that_fails(desk):
    """The database's own words, the mapping and the line, exit 3; other mappings are written."""
    desk.mapping(MAPPING.replace("from accounts", "from acounts"), "broken")
    ended = desk("run")
    assert ended.code == 3
    assert "no such table: acounts" in ended.err
    assert "broken.yml:3" in ended.err
    assert desk.place.writes() == [("POST", "/v1/customers")]


def test_a_warehouse_that_is_down(desk):
    """Exit 3, the address without its password."""
    needed("psycopg")
    ended = desk("run", WAREHOUSE_URL="postgresql://reader:hidden@127.0.0.1:9/db")
    assert ended.code == 3
    assert "127.0.0.1" in ended.err
    assert "hidden" not in ended.err
    assert desk.place.writes() == []


def test_an_empty_result(desk):
    """Nothing in the first run is fine; nothing after something stops."""
    desk.rows()
    assert desk("run").code == 0
    desk.rows({})
    assert desk("run").code == 0
    desk.rows()
    ended = desk("run", "--key", "cus_none")  # a part tells nothing of the whole
    assert ended.code == 0
    assert "no row has one of the keys" in ended.err
    ended = desk("run")
    assert ended.code == 4
    assert "allow_empty" in ended.err
    desk.mapping(MAPPING + "limits: {allow_empty: true}\n")
    assert desk("run").code == 0


@pytest.mark.parametrize(
    ("wrong", "code", "field"),
    [
        ({"id": None}, "invalid_key", "external_id"),
        ({"id": "  "}, "invalid_key", "external_id"),
        ({"id": " cus_9"}, "invalid_key", "external_id"),
        ({"id": "x" * 300}, "invalid_key", "external_id"),
        ({"lead": "2024-02-30"}, "invalid_time", "lead_created_at"),
        ({"lead": "2999-01-01"}, "date_in_future", "lead_created_at"),
        ({"country": "Germany"}, "invalid_country", "country"),
        ({"seats": "many"}, "attribute_type", "attributes.seats"),
        ({"seats": float("inf")}, "attribute_type", "attributes.seats"),
        ({"email": "nobody"}, "invalid_email", "email"),
    ],
)
def test_a_row_that_is_wrong(desk, wrong, code, field):
    """It is rejected with its reason; the other row arrives."""
    desk.rows({"id": "cus_bad"} | wrong, OTHER)
    ended = desk("run", "--json")
    assert ended.code == 1
    assert ended.rows == {"read": 2, "created": 1, "rejected": 1}
    (line,) = desk.errors()
    assert (line["row"], line["stage"], line["code"], line["field"]) == (1, "map", code, field)
    assert line["message"]
    assert list(desk.place.customers()) == ["cus_2"]


def test_text_of_256_characters(desk):
    """Rejected, or cut where the mapping says so."""
    text = MAPPING.replace("type: Integer}", "type: String}")
    desk.mapping(text)
    desk.rows({"seats": "x" * 256}, OTHER)
    assert desk("run", "--json").rows == {"read": 2, "created": 1, "rejected": 1}
    desk.mapping(text.replace("type: String}", "type: String, too_long: truncate}"))
    assert desk("run").code == 0
    assert len(desk.place.customers()["cus_1"]["attributes"]["custom"]["seats"]) == 255


def test_repeated_keys(desk):
    """All are rejected, unless they make the same record."""
    desk.rows({}, {"company": "Changed"}, OTHER, OTHER)
    ended = desk("run", "--json")
    assert ended.rows == {"read": 4, "created": 1, "skipped": 1, "rejected": 2}
    assert [line["code"] for line in desk.errors()] == ["duplicate_key"] * 2
    assert ended.code == 1


def test_a_key_of_every_odd_character(desk):
    """It is written, and found again, as it is."""
    desk.rows({"id": ODD_KEY})
    assert desk("run").code == 0
    (desk.place.folder / "state.db").unlink()
    desk.rows({"id": ODD_KEY, "company": "Changed"})
    assert desk("run", "--json").rows == {"read": 1, "updated": 1}
    assert list(desk.place.customers()) == [ODD_KEY]


def test_norway(desk):
    """NO is a country, not a Boolean."""
    desk.mapping(MAPPING.replace("country: country", "country: {constant: NO}"))
    assert desk("run").code == 0
    assert desk.place.customers()["cus_1"]["country"] == "NO"


def test_a_binary_column(desk):
    """Fails the mapping, with a hint."""
    desk.rows({"seats": b"\x00\x01"})
    ended = desk("run")
    assert ended.code == 2
    assert "binary" in ended.err
    assert "cast" in ended.err
    assert desk.place.writes() == []


def test_an_attribute_of_another_type_in_the_account(desk):
    """Stops before the first write, and names both types."""
    assert desk("run").code == 0
    desk.place.forget()
    (desk.place.folder / "state.db").unlink()
    desk.mapping(MAPPING.replace("type: Integer", "type: String"))
    desk.rows({"company": "Changed"}, OTHER)
    ended = desk("run")
    assert ended.code == 2
    assert "String" in ended.err
    assert "Integer" in ended.err
    assert desk.place.writes() == []


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 502, "body": "<html>Bad gateway</html>", "content_type": "text/html"},
        {"status": 200, "body": "<html>Welcome</html>", "content_type": "text/html"},
        {"status": 200, "body": ""},
        {"drop": True},
        {"drop": True, "when": "after"},
        {"status": 503},
        {"status": 429},
        {"status": 500, "when": "after"},
    ],
)
def test_an_answer_that_is_none(desk, fault):
    """A create whose answer is unusable is looked for before it is repeated: each customer arrives once."""
    desk.rows({}, OTHER)
    desk.place.sandbox.sandbox.fail(method="POST", path="/v1/customers", times=1, **fault)
    ended = desk("run", "--json")
    assert ended.rows == {"read": 2, "created": 2}
    assert ended.code == 0
    assert sorted(desk.place.customers()) == ["cus_1", "cus_2"]


def test_a_refused_row_is_held_back(desk):
    """It is not sent again until it changes, and every report shows it; --full sends it."""
    refusal = '{"code":422,"message":"The value is odd.","param":"company"}'
    desk.rows({}, OTHER)
    sandbox = desk.place.sandbox.sandbox
    sandbox.fail(method="POST", path="/v1/customers", times=1, status=422, body=refusal)
    assert desk("run", "--json").rows == {"read": 2, "created": 1, "rejected": 1}
    (line,) = desk.errors()
    assert (line["stage"], line["http_status"], line["field"]) == ("send", 422, "company")
    desk.place.forget()
    for _ in range(2):
        assert desk("run", "--json").rows == {"read": 2, "unchanged": 1, "rejected": 1}
        (held,) = desk.errors()
        assert held["code"] == "held_back"
        first = f"with status 422 in run {line['run_id']} (refused: The value is odd.) and nothing"
        assert first in held["message"]
    assert desk.place.writes() == []
    assert desk("run", "--full", "--json").rows == {"read": 2, "created": 1, "unchanged": 1}


def test_a_chartmogul_that_is_down(desk):
    """Exit 3 after a while of nothing but failures, and no row is called anything."""
    ended = desk(
        "run", "--json", CHARTMOGUL_API_URL="http://127.0.0.1:9/v1", SYNC_OUTAGE="1", SYNC_LOG=None
    )
    assert (ended.code, ended.json["status"]) == (3, "failed")
    assert ended.rows == {}
    assert "could not be sent" in ended.json["mappings"][0]["error"]


def test_an_address_that_is_not_the_api(desk):
    """The variable to mend is named."""
    ended = desk("run", CHARTMOGUL_API_URL=desk.place.sandbox.root)
    assert ended.code == 3
    assert "CHARTMOGUL_API_URL" in ended.err


def test_a_zone_for_dates_without_a_time(desk):
    """`check` says that it does nothing to them, and nothing of those that have a time."""
    desk.mapping(
        MAPPING.replace(
            "select *", "select *, '2026-01-31' as day, '2026-01-31 10:00' as at"
        ).replace(
            "lead_created_at: lead",
            "lead_created_at: {column: day, timezone: Europe/Berlin}\n"
            "  free_trial_started_at: {column: at, timezone: Europe/Berlin}",
        )
    )
    desk.rows({"id": "cus_1", "company": "Quince"})
    told = desk("check").out
    warnings = [line.split(maxsplit=1)[1] for line in told.splitlines() if "timezone" in line]
    assert warnings == [
        "lead_created_at: column day holds dates without a time, which are midnight UTC: its timezone says nothing"
    ]


@pytest.mark.parametrize(
    "host", ["no-such-host.invalid", "a\u202e\x9b31m", "x" * 70, "ä.example", ".."]
)
@pytest.mark.parametrize("command", ["sandbox", "schedule --every 1h"])
def test_a_host_that_is_none(desk, command, host):
    """Of this machine, or of any: exit 2 and one sentence, before anything runs."""
    ended = desk(*command.split(), "--port", "0", "--host", host)
    assert ended.code == 2
    assert "cannot listen on " in ended.err
    assert "--host takes an address of this machine" in ended.err
    assert desk.place.sandbox.sandbox.calls() == []


def test_a_report_that_was_cut_off(desk):
    """A sentence for every command that reads it, exit 2, nothing sent; what is newest without it is found."""
    desk.rows({})
    desk("run")
    report = (desk.place.folder / "reports" / "latest").resolve()
    summary = report / "summary.json"
    summary.write_text(summary.read_text()[:90])
    desk.place.forget()
    for command in (
        ("report",),
        ("report", "--json"),
        ("report", "--by", "field"),
        ("undo",),
        ("retry",),
    ):
        ended = desk(command[0], report.name, *command[1:])
        assert (ended.code, ended.out == "") == (2, "--json" not in command), ended.err
        assert "is not complete: summary.json is damaged" in ended.err
    assert desk.place.writes() == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"cut', "sandbox.json holds no sandbox, and is left as it is"),
        ('{"a": 1}', "sandbox.json holds no sandbox, and is left as it is"),
        ("[1]", "sandbox.json holds no sandbox, and is left as it is"),
        (None, "sandbox.json cannot be kept: Is a directory"),
    ],
)
def test_a_data_file_that_is_none(desk, content, said):
    """The sandbox does not start, and the file stays as it is."""
    file = desk.place.folder / "sandbox.json"
    file.mkdir() if content is None else file.write_text(content)
    ended = desk("sandbox", "--data", "sandbox.json", "--port", "0")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.splitlines() == [said, "hint: name another file with --data"]
    assert content is None or file.read_text() == content


def test_a_data_file_that_cannot_be_written(desk):
    """Is told at the start, not when its content is lost."""
    ended = desk("sandbox", "--data", "nowhere/sandbox.json", "--port", "0")
    assert ended.err.startswith("nowhere/sandbox.json cannot be kept: No such file or directory\n")
    assert ended.code == 2


@pytest.mark.parametrize("folder", ["/proc/nowhere", "warehouse.db", "warehouse.db/demo"])
def test_a_demo_that_has_no_place(desk, folder):
    """Exit 2, and the option that names another one."""
    ended = desk("demo", "--folder", folder)
    assert (ended.code, "name another folder with --folder" in ended.err) == (2, True)
