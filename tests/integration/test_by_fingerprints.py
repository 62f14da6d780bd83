"""A mapping by fingerprints over a real PostgreSQL, from its query to what is kept."""

import asyncio

import pytest

from sync.domain.results import Tally
from tests.support.contacts import Square
from tests.support.postgres import connected
from tests.support.tasks import CUSTOMERS, Rig

ROWS = "select i::text as id, 'Company ' || i as company from generate_series(1, 500) i"


@pytest.fixture
def square():
    """A ChartMogul without a network."""
    square = Square()
    yield square
    asyncio.run(square.http.aclose())


@pytest.fixture
def run(tmp_path, square, database):
    """Makes one run after the other over one state, and tells of each its counts, and what else was told."""
    with connected(database) as connection:
        connection.execute(f"create table accounts as {ROWS}".encode())

    async def go(*statements: str, name: str, **chosen):
        with connected(database) as connection:
            for statement in statements:
                connection.execute(statement.encode())
        source = {"url": "${PLACE}", "query": "select * from accounts", "read": "fingerprints"}
        rig = Rig(tmp_path, square, name, **chosen)
        rig.environment["PLACE"] = database
        try:
            task = rig.task("customers", "id, company", source=source, **CUSTOMERS)
            await rig.complete(task)
            return task.run.rows, rig.told, rig.left_keys
        finally:
            rig.close()

    return go


async def test_by_fingerprints(run):
    """All rows are read once; then what changed, is new or has left, and nothing where nothing did."""
    assert await run(name="run_1") == (
        Tally(read=500, created=500),
        ["500 of 500 rows were fetched"],
        [],
    )
    nobody = list[str]()
    unchanged = (Tally(read=500, unchanged=500), ["0 of 500 rows were fetched"], nobody)
    assert await run(name="run_2") == unchanged

    rows, told, left = await run(
        "update accounts set company = 'New' where id = '7'",
        "delete from accounts where id = '8'",
        "insert into accounts values ('501', 'Last')",
        name="run_3",
    )
    assert rows == Tally(read=500, created=1, updated=1, unchanged=498)
    assert left == ["8"]
    assert int(told[0].split()[0]) < 10
    assert await run(name="run_4") == unchanged


async def test_changes_and_changes_back(run):
    """What was sent last counts, in dry runs too."""
    back = "update accounts set company = 'Company 7' where id = '7'"
    await run(name="run_1")
    await run("update accounts set company = 'New' where id = '7'", name="run_2")
    rows, *_ = await run(back, name="run_3", dry_run=True)
    assert rows == Tally(read=500, updated=1, unchanged=499)

    rows, *_ = await run(name="run_4")
    assert rows == Tally(read=500, updated=1, unchanged=499)
