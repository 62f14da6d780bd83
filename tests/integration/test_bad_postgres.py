"""Bad input that only a database with types has, by the real program from a real PostgreSQL."""

from collections import abc
from pathlib import Path

import pytest

from sync.sandbox.running import RunningSandbox
from sync.sandbox.sandbox import Sandbox
from tests.support import planted_secrets
from tests.support.planted_secrets import API_KEY
from tests.support.program import Desk
from tests.support.runner import Place

ROWS = """
select 'good' as id, 'Quince' as company, 1.5 as score, 2.5::float8 as share
union all select 'nan', 'Quince', 'NaN'::numeric, 2.5
union all select 'infinite', 'Quince', 1.5, 'infinity'::float8
union all select 'both', 'Quince', 'NaN'::numeric, '-infinity'::float8
"""


@pytest.fixture
def desk(tmp_path: Path, database: str) -> abc.Iterator[Desk]:
    """The program, with a PostgreSQL warehouse."""
    with RunningSandbox(Sandbox(key=API_KEY)) as sandbox:
        yield Desk(Place(tmp_path, sandbox, database))


def query(desk: Desk, query: str) -> None:
    """A mapping of this query."""
    text = "\n".join(f"    {line}" for line in query.strip().splitlines())
    desk.mapping(
        f"version: 1\nsource:\n  query: |\n{text}\ndestination: {{object: customer}}\n"
        "fields: {external_id: id, company: company}\n"
    )


def test_numbers_that_are_none(desk):
    """Each row with one is rejected, with every problem of it; the good row arrives with its types."""
    query(desk, ROWS)
    ended = desk("run", "--json")
    assert (ended.code, ended.rows) == (1, {"read": 4, "created": 1, "rejected": 3})
    assert [(e["key"], e["field"], e["code"]) for e in desk.errors()] == [
        ("nan", "attributes.score", "attribute_type"),
        ("infinite", "attributes.share", "attribute_type"),
        ("both", "attributes.score", "attribute_type"),
        ("both", "attributes.share", "attribute_type"),
    ]
    assert desk.place.customers()["good"]["attributes"]["custom"].keys() == {"score", "share"}


@pytest.mark.parametrize("column", ["'{}'::jsonb", "array[1, 2]", "'x'::bytea"])
def test_a_column_that_cannot_be_sent(desk, column):
    """Ends the mapping with 2: its line, the column, and a cast as the way out; nothing is sent."""
    query(desk, f"select 'a' as id, 'Quince' as company, {column} as odd")
    for command in ("check", "run"):
        ended = desk(command)
        assert ended.code == 2
        said = ended.out + ended.err
        assert [part for part in ("customers.yml:", "'odd'", "cast") if part not in said] == []
    assert desk.place.writes() == []


def test_a_query_that_breaks_off_in_mid_stream(desk):
    """The database's own words, the mapping's line, exit 3; nothing is sent of the rows before."""
    query(
        desk,
        "select n::text as id, 'Quince' as company, 1 / (30000 - n) as odd from generate_series(1, 40000) n",
    )
    ended = desk("run", "--json")
    assert (ended.code, ended.json["status"]) == (3, "failed")
    (mapping,) = ended.json["mappings"]
    assert "customers.yml:3: division by zero" in mapping["error"]
    assert mapping["rows"]["read"] == mapping["rows"]["unprocessed"]
    assert desk.place.writes() == []


def test_a_warehouse_that_refuses(desk):
    """A wrong password and a missing database are told in the server's words, without the password."""
    query(desk, "select 'a' as id, 'Quince' as company")
    url = desk.place.warehouse
    for wrong, told in (
        (url + "_missing", "does not exist"),
        (url.replace(planted_secrets.PASSWORD, f"{planted_secrets.MARK}-wrong"), "password"),
    ):
        ended = desk("run", WAREHOUSE_URL=wrong)
        assert ended.code == 3
        assert told in ended.err
        assert not planted_secrets.shows(ended.err)
    assert desk.place.writes() == []
