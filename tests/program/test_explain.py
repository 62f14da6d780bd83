"""`explain`: one key with all that is known of it, through the command line; nothing is written."""

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta

import pytest

from tests.support.people import People
from tests.support.program import CONTACTS, MAPPING

REFUSAL = '{"code": 422, "message": "no", "errors": {"company": "no"}}'


@pytest.fixture
def two(desk):
    """Two customers that are as the warehouse says; requests are counted from here."""
    desk.rows({}, {"id": "cus_2"})
    assert desk("run").code == 0
    desk.place.forget()
    return desk


def files(desk):
    """All files of the place and their bytes, but for the book of the allowance, which every request is noted in."""
    return {
        file.relative_to(desk.place.folder): file.read_bytes()
        for file in desk.place.folder.rglob("*")
        if file.is_file() and not file.name.endswith("-allowance")
    }


def explained(desk, key, mapping="customers", code=0):
    """What `explain --json` prints; it writes neither to ChartMogul nor to any file."""
    before = files(desk)
    ended = desk("explain", mapping, key, "--json")
    assert (ended.code, desk.place.writes()) == (code, [])
    assert files(desk) == before
    return ended.json


def test_unchanged(two):
    """The state alone decides: no request would be made, and all the same ChartMogul is shown with its link."""
    told = explained(two, "cus_1")
    uuid = People(two.place).uuid("cus_1")
    url = f"https://app.chartmogul.com/#/customers/{uuid}"
    [row] = told["rows"]
    assert row["values"] == {
        "id": "cus_1",
        "company": "Quince",
        "country": "DE",
        "email": "a@quince.example",
        "lead": "2024-05-01",
        "seats": 5,
    }
    assert (row["row"], row["types"]["seats"], row["types"]["id"]) == (1, "int", "str")
    assert row["record"]["lead_created_at"] == "2024-05-01T00:00:00Z"
    assert (told["state"]["uuid"], told["state"]["url"]) == (uuid, url)
    assert (told["state"]["outcome"], told["state"]["held_back_until"]) == ("created", None)
    assert (told["chartmogul"]["uuid"], told["chartmogul"]["url"]) == (uuid, url)
    assert told["chartmogul"]["fields"]["attributes.seats"] == 5
    assert told["difference"] == {}
    assert (told["decision"]["outcome"], told["decision"]["reason"]) == (
        "unchanged",
        "nothing changed",
    )
    assert told["requests"] == {"look_ups": 0, "writes": 0, "total": 0, "sent": []}
    assert told["error"] is None


def test_changed(two):
    """The difference, the decision with its reason, and one request to look and one to write."""
    two.rows({"country": "AT"}, {"id": "cus_2"})
    told = explained(two, "cus_1")
    assert told["difference"] == {"country": {"chartmogul": "DE", "row": "AT", "edited": False}}
    assert told["decision"] == {
        "outcome": "updated",
        "reason": "differs in ChartMogul: country",
        "changes": {"country": ["DE", "AT"]},
        "warnings": [],
    }
    sent = [f"PATCH /customers/{told['state']['uuid']}"]
    assert told["requests"] == {"look_ups": 1, "writes": 1, "total": 2, "sent": sent}


def test_edited_by_others(two):
    """A row that did not change is left alone, and what others have edited is told all the same."""
    People(two.place).edit("cus_1", country="FR")
    told = explained(two, "cus_1")
    assert told["difference"] == {"country": {"chartmogul": "FR", "row": "DE", "edited": True}}
    assert told["decision"]["outcome"] == "unchanged"


def test_new(two):
    """A row that nobody knows yet: created, by one request."""
    two.rows({}, {"id": "cus_3"})
    told = explained(two, "cus_3")
    assert (told["state"], told["chartmogul"]) == (None, {"found": False, "deleted": False})
    assert (told["decision"]["outcome"], told["decision"]["reason"]) == (
        "created",
        "not in ChartMogul",
    )
    sent = ["POST /customers"]
    assert told["requests"] == {"look_ups": 1, "writes": 1, "total": 2, "sent": sent}
    assert told["difference"]["company"] == {"chartmogul": None, "row": "Quince", "edited": False}


def test_without_any_state(desk):
    """Before the first run it works as well, and makes no file."""
    People(desk.place).add("cus_1", company="Pear")
    told = explained(desk, "cus_1", "mappings/customers.yml")
    assert told["state"] is None
    assert told["difference"]["company"]["chartmogul"] == "Pear"
    assert told["decision"]["outcome"] == "updated"


def test_rejected(two):
    """A row that the mapping rejects: its problems with their values, since when, and what is in ChartMogul."""
    two.rows({"country": "Germany"}, {"id": "cus_2"})
    assert two("run").code == 1
    two.place.forget()
    told = explained(two, "cus_1")
    [row] = told["rows"]
    assert row["record"] is None
    [problem] = row["problems"]
    assert (problem["code"], problem["field"], problem["value"]) == (
        "invalid_country",
        "country",
        "Germany",
    )
    assert told["state"]["code"] == "invalid_country"
    assert told["state"]["rejected_since"] == two.errors()[0]["since"]
    assert told["chartmogul"]["fields"]["country"] == "DE"
    assert told["decision"]["outcome"] == "rejected"
    assert told["decision"]["reason"].startswith("invalid_country: ")
    assert told["requests"]["total"] == 0


def test_held_back(desk):
    """A row that ChartMogul refused: since when, in whose words, and until when it is held back."""
    sandbox = desk.place.sandbox.sandbox
    sandbox.fail(method="POST", path="/v1/customers", status=422, body=REFUSAL, times=1)
    assert desk("run").code == 1
    desk.place.forget()
    told = explained(desk, "cus_1")
    state = told["state"]
    refusal = state["refusal"]
    assert (refusal["http_status"], refusal["code"], refusal["field"]) == (
        422,
        "refused",
        "company",
    )
    assert refusal["run_id"] == state["run_id"]
    held = datetime.fromisoformat(state["held_back_until"])
    assert held - datetime.fromisoformat(refusal["at"]) == timedelta(days=7)
    assert told["decision"]["reason"].startswith("held_back: ")
    assert told["chartmogul"] == {"found": False, "deleted": False}
    text = desk("explain", "customers", "cus_1").out
    assert "ChartMogul refused it on" in text
    assert f"held back until {state['held_back_until'][:10]}" in text


def test_repeated_keys(two):
    """All rows of a key are shown; rejected where they differ, else the first counts."""
    two.rows({}, {"id": "cus_2"}, {"country": "AT"})
    told = explained(two, "cus_1")
    assert [(row["row"], row["outcome"]) for row in told["rows"]] == [
        (1, "rejected"),
        (3, "rejected"),
    ]
    assert [row["problems"][0]["code"] for row in told["rows"]] == ["duplicate_key"] * 2
    two.rows({}, {"id": "cus_2"}, {})
    told = explained(two, "cus_1")
    assert [(row["row"], row["outcome"]) for row in told["rows"]] == [
        (1, "unchanged"),
        (3, "skipped"),
    ]
    text = two("explain", "customers", "cus_1").out
    assert "skipped: the same record as row 1" in text


def test_an_unknown_key(two):
    """One sentence and exit 2; before it what the state and ChartMogul know of the key."""
    two.rows({"id": "cus_2"})
    gone = two("explain", "customers", "cus_1")
    uuid = People(two.place).uuid("cus_1")
    sentence = "no row of customers (mappings/customers.yml) has the key 'cus_1'"
    assert (gone.code, gone.err) == (2, sentence + "\n")
    assert gone.out.count(f"https://app.chartmogul.com/#/customers/{uuid}") == 2
    assert "company: Quince" in gone.out
    told = explained(two, "cus_1", code=2)
    assert (told["rows"], told["decision"], told["error"]) == ([], None, sentence)
    assert told["chartmogul"]["uuid"] == uuid
    nobody = two("explain", "customers", "nobody")
    assert nobody.code == 2
    assert "knows nothing of this key" in nobody.out
    assert "has no such record" in nobody.out


def test_a_contact(two):
    """By customer and e-mail: as new, as it is, changed, and where its row is gone."""
    two.mapping(CONTACTS, "people")
    key = "cus_1|a@quince.example"
    told = explained(two, key, "people")
    assert (told["object"], told["decision"]["outcome"]) == ("contact", "created")
    assert two("run", "mappings/people.yml").code == 0
    two.place.forget()
    told = explained(two, key, "people")
    assert told["decision"]["outcome"] == "unchanged"
    assert told["chartmogul"]["customer"] == "cus_1"
    two.rows({"company": "Ann"}, {"id": "cus_2"})
    told = explained(two, key, "people")
    assert told["difference"]["first_name"]["row"] == "Ann"
    assert told["requests"]["sent"] == [f"PATCH /contacts/{told['state']['uuid']}"]
    two.rows({"id": "cus_2"})
    told = explained(two, key, "people", code=2)
    assert (told["rows"], told["chartmogul"]["fields"]["first_name"]) == ([], "Quince")
    assert told["state"]["uuid"] == told["chartmogul"]["uuid"]


def test_a_contact_of_nobody(two):
    """A contact whose customer is not there is rejected, and nothing is shown that is not its own."""
    two.mapping(CONTACTS, "people")
    two.rows({"id": "cus_9"})
    told = explained(two, "cus_9|a@quince.example", "people")
    assert told["decision"]["reason"].startswith("customer_not_found: ")
    assert (told["chartmogul"], told["difference"]) == (None, {})


def test_a_contact_by_its_id(two):
    """A contact that no row and no state knows is found by its external id alone."""
    text = CONTACTS.replace("email, company", "email, id as own, company")
    two.mapping(text.replace("  email: email", "  external_id: own\n  email: email"), "people")
    uuid = People(two.place).add_contact("cus_1", external_id="p_1", first_name="Ann")
    told = explained(two, "p_1", "people", code=2)
    assert (told["state"], told["chartmogul"]["uuid"]) == (None, uuid)


def test_a_value_that_others_try_first(two):
    """Of a value that ChartMogul dropped, and that an older row tries again, the row is unchanged until one sticks."""
    text = CONTACTS.replace("email, company", "email, seats, company")
    two.mapping(f"{text}attributes: {{seats: {{column: seats, type: Integer}}}}\n", "people")
    assert two("run", "mappings/people.yml").code == 0
    with closing(sqlite3.connect(two.place.folder / "state.db")) as db, db:
        (first,) = db.execute("select min(record) from sync_drops").fetchone()
        db.execute(
            "update sync_drops set tried_at = tried_at - 2 * 86400 * 1000000 where record = ?",
            [first],
        )
    two.place.forget()
    told = [explained(two, f"{one}|a@quince.example", "people") for one in ("cus_1", "cus_2")]
    assert [one["decision"]["outcome"] for one in told] == ["updated", "unchanged"]
    assert [one["requests"]["writes"] for one in told] == [1, 0]


def test_text(two):
    """For people: every part under its title, values among them, the request that it takes, and the link."""
    two.rows({"country": "AT"}, {"id": "cus_2"})
    ended = two("explain", "mappings/customers.yml", "cus_1")
    assert ended.code == 0
    titles = [line for line in ended.out.splitlines() if line and not line.startswith(" ")]
    assert titles == [
        "cus_1 of customers (mappings/customers.yml), a customer",
        "Row 1, as the driver gave it",
        "Record",
        "State",
        "ChartMogul",
        "Difference",
        "Decision",
    ]
    for line in (
        "    key: cus_1",
        "    seats: 5  [int]",
        "    attributes.seats: 5  [Integer]",
        "    country: DE → AT",
        "    updated: differs in ChartMogul: country",
        "    2 requests: 1 look-up, 1 write",
        f"      PATCH /customers/{People(two.place).uuid('cus_1')}",
    ):
        assert line in ended.out.splitlines()


def test_ignored_columns_stay_out(desk):
    """Columns that the mapping ignores by name are named, and their values are not shown."""
    desk.mapping(
        MAPPING.replace("select *", "select *, 'hunter2' as password").replace(
            "extra_columns: ignore", "ignore_columns: [password]"
        )
    )
    told = explained(desk, "cus_1")
    assert told["rows"][0]["hidden"] == ["password"]
    assert "password" not in told["rows"][0]["values"]
    ended = desk("explain", "customers", "cus_1")
    assert "password" in ended.out
    assert "hunter2" not in ended.out


def test_trust_in_the_state(two):
    """With `live_check: never` the decision goes by the state, and ChartMogul is shown beside it."""
    two.mapping(MAPPING + "live_check: never\n")
    two.rows({"country": "AT"}, {"id": "cus_2"})
    told = explained(two, "cus_1")
    assert told["decision"]["reason"] == "changed since it was last sent: country"
    assert (told["requests"]["look_ups"], told["requests"]["total"]) == (0, 1)
    assert told["difference"]["country"]["chartmogul"] == "DE"


def test_a_mapping_that_no_run_takes(two):
    """It is explained as if it were not left out, and that is said."""
    two.mapping(MAPPING + "enabled: false\n")
    ended = two("explain", "customers", "cus_1")
    assert (ended.code, "unchanged: nothing changed" in ended.out) == (0, True)
    assert "no run takes customers" in ended.err


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ("custmers", "did you mean customers?"),
        ("mappings", "mappings is a folder"),
        ("label:all", "name the mapping"),
        ("mappings/none.yml", "none.yml"),
    ],
)
def test_no_such_mapping(desk, mapping, words):
    """Exit 2 with a sentence that helps; nothing is asked of anybody."""
    ended = desk("explain", mapping, "cus_1")
    assert (ended.code, ended.out, desk.place.sandbox.sandbox.calls()) == (2, "", [])
    assert words in ended.err
    assert "--select" not in ended.err


def test_what_fails_the_mapping(two):
    """A query that fails, a wrong key: the mapping's error and its exit code, as JSON too."""
    two.mapping(MAPPING.replace("accounts", "nowhere"))
    ended = two("explain", "customers", "cus_1")
    assert (ended.code, ended.out) == (3, "")
    assert "nowhere" in ended.err
    told = explained(two, "cus_1", code=3)
    assert "nowhere" in told["error"]
    two.mapping()
    refused = two("explain", "customers", "cus_1", CHARTMOGUL_API_KEY="wrong")
    assert refused.code == 3
    assert "CHARTMOGUL_API_KEY" in refused.err
