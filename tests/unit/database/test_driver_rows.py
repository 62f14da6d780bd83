"""Rows as a driver gives them: in lists, as tuples, and with the errors that SQLAlchemy makes of a driver's."""

import sqlite3

import pytest
from sqlalchemy import create_engine, event
from sqlalchemy.exc import DBAPIError

from sync.database.driver_rows import batches

NUMBERS = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 5) select i, {} from n"


@pytest.fixture(params=[None, sqlite3.Row, lambda _, row: list(row)])
def connection(request):
    """A connection of SQLite whose rows are tuples, objects of the driver's own, or lists."""
    engine = create_engine("sqlite://")

    def shape(driver, _):
        driver.row_factory = request.param

    event.listen(engine, "connect", shape)
    with engine.connect() as opened:
        yield opened


@pytest.mark.parametrize("streamed", [True, False])
def test_all_rows_come_once(connection, streamed):
    """The last list is shorter, and one that would be empty does not come."""
    options = {"stream_results": streamed}
    result = connection.execution_options(**options).exec_driver_sql(NUMBERS.format("'a'"))
    found = list(batches(result, 2))
    assert found == [[(1, "a"), (2, "a")], [(3, "a"), (4, "a")], [(5, "a")]]
    assert {type(row) for batch in found for row in batch} == {tuple}
    assert list(batches(result, 2)) == []


def test_an_error_is_sqlalchemys(connection):
    """What fails in the midst of the rows fails as it does when SQLAlchemy fetches them."""
    result = connection.exec_driver_sql(
        NUMBERS.format("abs(case i when 4 then -9223372036854775808 else i end)")
    )
    found = batches(result, 2)
    assert next(found) == [(1, 1), (2, 2)]
    with pytest.raises(DBAPIError, match="integer overflow"):
        next(found)
