"""5,000 customers from a real PostgreSQL: every record arrives once, and afterwards only changes are sent."""

import json
from collections import abc
from pathlib import Path

import pytest

from sync.domain.results import MappingRun
from sync.sandbox.running import RunningSandbox
from sync.sandbox.sandbox import Sandbox
from tests.support.needed import needed
from tests.support.planted_secrets import API_KEY
from tests.support.postgres import connected
from tests.support.runner import Place

chartmogul = needed("chartmogul")
ROWS = 5_000
MAPPING = """\
version: 1
source:
  query: select id, company, email, country, signed_up, plan, tier, seats, score, partner from accounts
destination: {object: customer}
fields: {external_id: id, company: company, email: email, country: country, lead_created_at: signed_up}
attributes:
  plan: {column: plan, type: String}
tags: [warehouse]
ignore_columns: [tier]
"""
TABLE = """
create table accounts (
    id bigint primary key, company text, email text, country text, signed_up timestamptz,
    plan text, tier text, seats integer, score numeric(8, 3), partner boolean
);
insert into accounts
select n, 'Company ' || n, 'c' || n || '@mail.example', (array['DE', 'NO', 'us'])[1 + n % 3],
    timestamptz '2024-01-01 00:00+02' + n * interval '1 minute', 'Team', 'T' || n % 4, n % 100, n / 7.0, n % 5 = 0
from generate_series(1, 5000) n
"""


@pytest.fixture
def place(tmp_path: Path, database: str) -> abc.Iterator[Place]:
    with connected(database) as connection:
        connection.execute(TABLE)
    with RunningSandbox(Sandbox(key=API_KEY, rate=None, parallel=None)) as sandbox:
        place = Place(tmp_path, sandbox, database)
        place.write("customers", MAPPING)
        yield place


def _change(place: Place, sql: str) -> None:
    with connected(place.warehouse) as connection:
        connection.execute(sql)


def _counts(mapping: MappingRun) -> tuple[int, ...]:
    rows = mapping.rows
    assert rows.read == rows.decided
    return rows.read, rows.created, rows.updated, rows.unchanged, rows.rejected


def test_a_first_run_and_what_follows(place):
    """Everything is created once; then nothing is sent, then ten rows, then one attribute."""
    run = place.run()
    assert _counts(run.mappings[0]) == (ROWS, ROWS, 0, 0, 0)
    requests = run.mappings[0].requests
    assert requests.methods["POST"] - requests.retried == ROWS  # a busy machine may be told to wait
    _check_reports(place, run.id)
    _check_records(place)

    place.forget()
    assert _counts(place.run().mappings[0]) == (ROWS, 0, 0, ROWS, 0)
    assert place.writes() == []

    _change(place, "update accounts set seats = seats + 1, partner = not partner where id <= 10")
    run = place.run()
    assert _counts(run.mappings[0]) == (ROWS, 0, 10, ROWS - 10, 0)
    assert {path.count("/") for _, path in place.writes()} <= {3, 5}
    assert len({path.split("/")[3] for _, path in place.writes()}) == 10

    place.forget()
    place.write(
        "customers", MAPPING.replace("column: plan", "column: tier").replace("[tier]", "[plan]")
    )
    run = place.run()
    assert _counts(run.mappings[0]) == (ROWS, 0, ROWS, 0, 0)
    bodies = [c.json for c in place.sandbox.sandbox.calls() if c.method != "GET"]
    assert all(list(body) == ["attributes"] for body in bodies)
    assert all(list(body["attributes"]["custom"]) == ["plan"] for body in bodies)
    assert place.customers()["5"]["attributes"]["custom"]["plan"] == "T1"


def _check_reports(place: Place, run_id: str) -> None:
    folder = place.folder / "reports" / run_id
    rows = json.loads((folder / "summary.json").read_text())["mappings"][0]["rows"]
    assert rows["created"] == rows["read"] == ROWS
    changes = [json.loads(line) for line in (folder / "changes.jsonl").read_text().splitlines()]
    assert sorted(change["row"] for change in changes) == list(range(1, ROWS + 1))
    assert (folder / "errors.jsonl").read_text() == ""
    assert len((folder / "errors.csv").read_text().splitlines()) == 1


def _check_records(place: Place) -> None:
    customers = place.customers()
    assert len(customers) == ROWS
    seventh = customers["7"]
    assert seventh["company"] == "Company 7"
    assert seventh["country"] == "NO"
    assert seventh["lead_created_at"] == "2023-12-31T22:07:00.000Z"
    assert seventh["attributes"]["tags"] == ["warehouse"]
    custom = {key: str(value) for key, value in seventh["attributes"]["custom"].items()}
    assert custom == {"plan": "Team", "seats": "7", "score": "1", "partner": "False"}


def test_an_account_filled_by_the_official_client_is_adopted(place):
    """The first run lists what is there, writes only differences, and leaves alone what nothing maps."""
    _change(place, "delete from accounts where id > 300")
    _fill(place)
    place.forget()
    run = place.run()
    assert _counts(run.mappings[0]) == (300, 250, 50, 0, 0)
    assert all("external_id" not in c.query for c in place.sandbox.sandbox.calls("GET"))
    first = place.customers()["1"]
    assert first["city"] == "Kept"
    assert first["name"] == "By hand"
    assert first["attributes"]["custom"]["note"] == "kept"
    assert "vip" in first["attributes"]["tags"]


def _fill(place: Place) -> None:
    config = chartmogul.Config(place.sandbox.key, request_timeout=10, max_retries=0)
    config.uri = place.sandbox.url
    for number in range(1, 51):
        chartmogul.Customer.create(
            config,
            data={
                "data_source_uuid": place.sandbox.data_source,
                "external_id": str(number),
                "name": "By hand",
                "city": "Kept",
                "company": f"Company {number}",
                "attributes": {
                    "tags": ["vip"],
                    "custom": [{"type": "String", "key": "note", "value": "kept"}],
                },
            },
        ).get()
