"""The tables of results are written in the words of every dialect that we ship a driver for."""

import pytest
from sqlalchemy.engine.url import make_url
from sqlalchemy.schema import CreateColumn, CreateTable

from sync.database.urls import DRIVERS, EXTRAS
from sync.publish import tables
from tests.support.needed import driver

#: Databases whose tables need an engine of the user's choice: their tables are not made by us.
OTHERS = {"clickhousedb"}
DIALECTS = sorted({"sqlite", "oracle", *EXTRAS} - OTHERS)


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_dialects(name):
    """All three can be made, each column can be added, and a key is compared exactly where it would not be."""
    if name in EXTRAS:
        driver(EXTRAS[name][1])
    dialect = make_url(f"{DRIVERS.get(name, name)}://h/d").get_dialect()()
    made = {
        one.name: str(CreateTable(one).compile(dialect=dialect))
        for one in tables.tables("results", dialect.name).sorted_tables
    }
    assert set(made) == {f"chartmogul_sync_{one}" for one in ("rejected", "records", "runs")}
    for one in tables.tables(None, dialect.name).sorted_tables:
        for column in one.columns:
            assert column.name in str(CreateColumn(column).compile(dialect=dialect)).lower()
    if name in ("mysql", "mariadb"):
        assert made["chartmogul_sync_records"].count("COLLATE utf8mb4_bin") == 2
    if name == "mssql":
        assert made["chartmogul_sync_records"].count("COLLATE Latin1_General_100_BIN2") == 2
