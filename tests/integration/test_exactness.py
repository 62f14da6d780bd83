"""Numbers of floating point in whole runs from DuckDB: nothing is sent that is no change, and no key is two rows'."""

import pytest

from sync.sandbox.running import RunningSandbox
from sync.sandbox.sandbox import Sandbox
from tests.support.needed import needed
from tests.support.runner import Place

duckdb = needed("duckdb")
needed("duckdb_engine")
MAPPING = """\
version: 1
source: {query: "select * from accounts"}
destination: {object: customer}
fields: {external_id: id, company: company}
attributes: {score: {column: score, type: Decimal}}
"""


@pytest.fixture
def place(tmp_path):
    """A warehouse in a DuckDB file, and a ChartMogul."""
    with RunningSandbox(Sandbox()) as sandbox:
        place = Place(tmp_path, sandbox, f"duckdb:///{tmp_path / 'shop.duckdb'}")
        place.write("customers", MAPPING)
        yield place


def accounts(place, rows):
    """The table of the warehouse, made of this query."""
    with duckdb.connect(str(place.folder / "shop.duckdb")) as connection:
        connection.execute(f"create or replace table accounts as {rows}")


def ended(place):
    """How a run ends: its rows, and how many writes it took."""
    before = len(place.writes())
    (mapping,) = place.run().mappings
    rows = mapping.rows
    return (rows.created, rows.updated, rows.unchanged, rows.rejected), len(place.writes()) - before


def test_sums_in_another_order(place):
    """What differs in the digits after the fifteenth is no change."""
    accounts(place, "select 'c1' as id, 'Acme' as company, (0.1::double + 0.2) + 0.3 as score")
    assert ended(place) == ((1, 0, 0, 0), 1)
    accounts(place, "select 'c1' as id, 'Acme' as company, 0.1::double + (0.2 + 0.3) as score")
    assert ended(place) == ((0, 0, 1, 0), 0)
    accounts(place, "select 'c1' as id, 'Acme' as company, 0.61::double as score")
    assert ended(place) == ((0, 1, 0, 0), 1)


def test_an_upgrade_sends_nothing(place):
    """A single that an older version sent with the digits of a double is what the warehouse has."""
    accounts(
        place, "select 'c1' as id, 'Acme' as company, 0.10000000149011612::decimal(18, 17) as score"
    )
    assert ended(place) == ((1, 0, 0, 0), 1)
    accounts(place, "select 'c1' as id, 'Acme' as company, 0.1::float as score")
    assert ended(place) == ((0, 0, 1, 0), 0)


def test_keys_of_floating_point(place):
    """Two rows whose keys became one number are both rejected, and neither is called the other."""
    accounts(
        place,
        "select k::double as id, 'Acme' as company, 1.5 as score"
        " from (values (1234567890123456789), (1234567890123456788)) t(k)",
    )
    assert ended(place) == ((0, 0, 0, 2), 0)


def test_a_query_that_writes(place, tmp_path):
    """Nothing is attached, copied or made; the run ends with 2."""
    accounts(place, "select 'c1' as id, 'Acme' as company, 1.5 as score")
    for number, sql in enumerate(
        (f"attach '{tmp_path}/x.db' as x", f"copy (select 1) to '{tmp_path}/x.csv'")
    ):
        place.write("customers", MAPPING.replace("select * from accounts", sql))
        run = place.run()
        assert (run.exit_code, run.mappings[0].status, number) == (2, "failed", number)
    assert sorted(path.name for path in tmp_path.glob("x*")) == []
