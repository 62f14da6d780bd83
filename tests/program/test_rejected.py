"""What is told of rejected rows: since when, whether that is news, whom they are about, and what caused them."""

import json
import sqlite3
from contextlib import closing

from tests.support.program import MAPPING

KEYLESS = MAPPING.replace(
    "select * from accounts", "select nullif(id, 'none') as id, company, country, email, lead, seats from accounts"
)  # fmt: skip
CONTACTS = """\
version: 1
source:
  query: select * from people
destination:
  object: contact
fields:
  customer_external_id: account
  external_id: id
  email: email
  first_name: first
  last_name: last
extra_columns: ignore
"""


def people(desk, *rows):
    """The warehouse holds these people: id, account, e-mail, first and last name."""
    with closing(sqlite3.connect(desk.place.folder / "warehouse.db")) as db, db:
        db.execute("drop table if exists people")
        db.execute("create table people (id, account, email, first, last)")
        db.executemany("insert into people values (?, ?, ?, ?, ?)", rows)


def part(ended, mapping="customers"):
    """A mapping's part of the summary that a run has printed."""
    return next(one for one in ended.json["mappings"] if one["mapping"] == mapping)


def test_new_and_since(desk):
    """New is what the last whole run had not rejected; since when stays while nothing arrives in between."""
    desk.mapping()
    desk.rows({"country": "Germany"}, {"id": "cus_2"})
    desk("run")
    [first] = desk.errors()
    assert (first["new"], first["name"], first["url"]) == (True, "Quince", None)

    desk.rows({"country": "Germany"}, {"id": "cus_2", "country": "Austria", "company": None})
    again = desk("run", "--json")
    old, new = desk.errors()
    assert (old["new"], old["since"]) == (False, first["since"])
    assert (new["new"], new["name"], new["since"] > old["since"]) == (
        True,
        "a@quince.example",
        True,
    )
    assert new["url"].startswith("https://app.chartmogul.com/#/customers/cus_")
    told = part(again)
    assert (told["rejected_new"], told["mended"], told["rejected_by_code"]) == (
        1, 0, {"invalid_country": 2},
    )  # fmt: skip

    desk.rows({}, {"id": "cus_2"})
    assert [
        part(desk("run", "--dry-run", "--json"))[name] for name in ("mended", "rejected_new")
    ] == [2, 0]
    assert part(desk("run", "--json"))["mended"] == 2
    assert part(desk("run", "--json"))["mended"] == 0
    desk.rows({"country": "Germany"}, {"id": "cus_2"})
    desk("run")
    [back] = desk.errors()
    assert (back["new"], back["since"] > first["since"]) == (True, True)


def test_only_whole_runs_make_known(desk):
    """What a run of some keys has rejected is news to the whole run after it, and no less rejected since then."""
    desk.mapping()
    desk.rows({"country": "Germany"})
    desk("run", "--key", "cus_1")
    [first] = desk.errors()
    desk("run")
    [second] = desk.errors()
    desk("run", "--key", "cus_1")
    [third] = desk.errors()
    assert [one["new"] for one in (first, second, third)] == [True, True, False]
    assert {one["since"] for one in (first, second, third)} == {first["since"]}


def test_a_row_that_was_away(desk):
    """The last whole run did not reject what its query did not have."""
    desk.mapping()
    desk.rows({"country": "Germany"}, {"id": "cus_2"})
    desk("run")
    [first] = desk.errors()
    desk.rows({"id": "cus_2"})
    desk("run")
    desk.rows({"country": "Germany"}, {"id": "cus_2"})
    desk("run")
    [back] = desk.errors()
    assert (back["new"], back["since"] > first["since"]) == (True, True)


def test_rows_without_a_key(desk):
    """New are those beyond the number of the last whole run with that code, in the log as well."""
    desk.mapping(KEYLESS)
    desk.rows({"id": "none"}, {"id": "none"}, {"id": "cus_1"})
    assert part(desk("run", "--json"))["rejected_new"] == 2
    desk.rows({"id": "none"}, {"id": "none"}, {"id": "none"}, {"id": "cus_1"}, {"id": "cus\u200b2"})
    ended = desk("run", SYNC_LOG="json")
    told = [(line["row"], line["code"], line["new"]) for line in desk.errors()]
    assert told == [
        (1, "invalid_key", False), (2, "invalid_key", False), (3, "invalid_key", True), (5, "invalid_key", True),
    ]  # fmt: skip
    logged = [json.loads(line) for line in ended.err.splitlines()]
    assert [one["row"] for one in logged if one["event"] == "row_rejected"] == [3, 5]
    desk.rows({"id": "none"}, {"id": "cus_1"})
    ended = desk("run", "--json")
    assert (part(ended)["rejected_new"], part(ended)["mended"]) == (0, 3)


def test_repeated_keys_stay_known(desk):
    """Rows of a repeated key are known one by one, also where one of them is what ChartMogul has."""
    desk.mapping()
    desk.rows({})
    desk("run")
    desk.rows({}, {"company": "Other"})
    desk("run")
    assert [(line["new"], line["name"]) for line in desk.errors()] == [
        (True, None),
        (True, "Other"),
    ]
    since = {line["since"] for line in desk.errors()}
    ended = desk("run", "--json")
    assert {line["since"] for line in desk.errors()} == since
    assert (part(ended)["rejected_new"], part(ended)["mended"]) == (0, 0)


def test_a_cascade_names_its_cause(desk):
    """A contact whose customer was rejected in this run says so, and comes after it, also in a dry run."""
    desk.mapping()
    desk.mapping(CONTACTS, "contacts")
    desk.rows({"country": "Germany"}, {"id": "cus_2"})
    people(
        desk,
        ("con_1", "cus_1", "anna@quince.example", "Anna", "Nuñez"),
        ("con_2", "cus_2", "b@quince.example", None, None),
        ("con_3", "cus_9", "c@quince.example", None, None),
    )
    for options in (["--dry-run"], []):
        ended = desk("run", "--json", *options)
        folder = desk.place.folder / "reports" / ended.json["run_id"]
        told = [json.loads(line) for line in (folder / "errors.jsonl").read_text().splitlines()]
        assert [line["code"] for line in told] == [
            "invalid_country", "customer_not_found", "customer_not_found",
        ]  # fmt: skip
        caused, other = told[1:]
        assert caused["message"] == (
            "its customer was rejected in this run (customers, row 1: invalid_country)"
        )
        assert (caused["name"], other["name"]) == ("Anna Nuñez", "c@quince.example")
        assert "in the data source" in other["message"]


def test_a_refused_customer_is_a_cause_too(desk):
    """Also where ChartMogul itself refused it, and in the next run, in which it is held back."""
    desk.mapping()
    desk.mapping(CONTACTS, "contacts")
    desk.rows({})
    people(desk, ("con_1", "cus_1", "anna@quince.example", "Anna", "Nuñez"))
    refusal = '{"code": 422, "message": "no", "errors": {"company": "no"}}'
    desk.place.sandbox.sandbox.fail(method="POST", path="/v1/customers", status=422, body=refusal)
    for code in ("refused", "held_back"):
        desk("run")
        customer, contact = desk.errors()
        assert (customer["code"], customer["name"]) == (code, "Quince")
        assert f"(customers, row 1: {code})" in contact["message"]
