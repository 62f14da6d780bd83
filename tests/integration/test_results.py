"""The tables of results, in databases that are real: SQLite, DuckDB, PostgreSQL and MariaDB."""

from collections import abc
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, Engine, make_url, text

from sync.database import engines, urls
from sync.engine.context import Selection
from tests.support.mariadb import PASSWORD, mariadb_port
from tests.support.needed import needed
from tests.support.program import Desk

__all__ = ["mariadb_port"]


@pytest.fixture(params=["sqlite", "duckdb", "postgresql", "mariadb"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> abc.Iterator[Engine]:
    """Each of the four, with no tables of ours."""
    engine = engines.connect(urls.parse(_url(request, tmp_path)))
    yield engine
    with engine.begin() as connection:
        for name in ("runs", "rejected", "records"):
            connection.execute(text(f"drop table if exists chartmogul_sync_{name}"))
    engine.dispose()


def _url(request: pytest.FixtureRequest, folder: Path) -> str:
    match request.param:
        case "sqlite":
            return f"sqlite:///{folder / 'results.db'}"
        case "duckdb":
            needed("duckdb_engine")
            return f"duckdb:///{folder / 'results.duckdb'}"
        case "postgresql":
            needed("psycopg")
            url: URL = request.getfixturevalue("postgres_url")
            return url.render_as_string(hide_password=False)
        case _:
            port = request.getfixturevalue("mariadb_port")
            place = URL.create("mysql", "writer", PASSWORD, "127.0.0.1", port, "shop")
            return place.render_as_string(hide_password=False)


def rows(engine: Engine, query: str) -> list[tuple[Any, ...]]:
    """What a query of ours answers; nothing of ours stays open meanwhile."""
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(text(query))]
    engine.dispose()
    return found


def run(desk: Desk, engine: Engine, *arguments: str) -> str:
    """A run of the program that writes its results there; what it said on standard error."""
    url = engine.url.render_as_string(hide_password=False)
    ended = desk("run", *arguments, SYNC_RESULTS_URL=url, SYNC_ENVIRONMENT="staging")
    assert "SYNC_RESULTS_URL" not in ended.err
    return ended.err


REJECTED = "select {} from chartmogul_sync_rejected order by 1, 2"
RECORDS = "select {} from chartmogul_sync_records order by 1, 2"
KEY = {"mysql": "`key`", "mariadb": "`key`"}


def test_runs(desk: Desk, database: Engine):
    """Counts of each run, what is rejected now, and what became of each record, keys exact as they are."""
    key = KEY.get(database.dialect.name, '"key"')
    names = f"{key}, code, message, object"
    desk.rows({}, {"id": "CUS_1"}, {"id": "cus_2", "country": "Atlantis"}, {"id": None})
    run(desk, database)
    run(desk, database)
    counts = "mapping, status, exit_code, created, unchanged, updated, rejected, environment"
    found = rows(database, f"select {counts} from chartmogul_sync_runs order by started_at")
    assert found == [
        ("customers", "completed_with_errors", 1, 2, 0, 0, 2, "staging"),
        ("customers", "completed_with_errors", 1, 0, 2, 0, 2, "staging"),
    ]
    rejected = rows(database, REJECTED.format(names))
    assert {(row[0], row[1], row[3]) for row in rejected} == {
        (None, "invalid_key", "customer"),
        ("cus_2", "invalid_country", "customer"),
    }
    assert all(row[2] for row in rejected)
    records = rows(database, RECORDS.format(f"{key}, outcome, uuid"))
    assert {row[:2] for row in records} == {
        ("CUS_1", "created"),
        ("cus_1", "created"),
        ("cus_2", "rejected"),
    }
    held = desk.place.customers()
    assert {row[0]: row[2] for row in records if row[2]} == {
        name: held[name]["uuid"] for name in ("CUS_1", "cus_1")
    }
    since, began = (
        rows(database, REJECTED.format(f"{key}, since"))[-1][1],
        rows(database, "select min(started_at), max(finished_at) from chartmogul_sync_runs"),
    )
    assert began[0][0] <= since < began[0][1]


def test_what_changes(desk: Desk, database: Engine):
    """A mended row is rejected no longer, its record is replaced; a run of some rows leaves the rest alone."""
    key = KEY.get(database.dialect.name, '"key"')
    bad = {"country": "Atlantis"}
    desk.rows({}, {"id": "cus_2", **bad}, {"id": "cus_3", **bad})
    run(desk, database)
    desk.rows({}, {"id": "cus_2"}, {"id": "cus_3", **bad})
    run(desk, database, "--key", "cus_2")
    assert rows(database, REJECTED.format(f"{key}, code")) == [("cus_3", "invalid_country")]
    desk.rows({"country": "AT"}, {"id": "cus_2"}, {"id": "cus_3"})
    run(desk, database)
    assert rows(database, REJECTED.format(f"{key}, code")) == []
    assert rows(database, RECORDS.format(f"{key}, outcome")) == [
        ("cus_1", "updated"),
        ("cus_2", "created"),
        ("cus_3", "created"),
    ]


def test_an_older_table_is_upgraded(desk: Desk, database: Engine):
    """Columns that it lacks are added, and its rows stay; records of before are written as well."""
    with database.begin() as connection:
        connection.execute(
            text("create table chartmogul_sync_runs (run_id varchar(64), mapping varchar(190))")
        )
        connection.execute(text("insert into chartmogul_sync_runs values ('old', 'customers')"))
    database.dispose()
    assert desk("run").code == 0
    run(desk, database)
    found = rows(database, "select status, requests > 0 from chartmogul_sync_runs order by run_id")
    assert found == [("succeeded", True), (None, None)]
    assert rows(database, "select count(*) from chartmogul_sync_records") == [(1,)]


OLD = """
insert into chartmogul_sync_runs (run_id, mapping, status, started_at, environment)
values ('{}', '{}', 'succeeded', '{} 10:00:00', {})
"""


def old_runs(engine: Engine) -> None:
    """Runs of last year: two of the mapping, two of one that no longer runs, one of another environment."""
    said = [
        ("old-1", "customers", "2025-01-01", "'staging'"),
        ("old-2", "customers", "2025-01-02", "'staging'"),
        ("old-3", "gone", "2025-01-03", "'staging'"),
        ("old-4", "gone", "2025-01-04", "'staging'"),
        ("old-5", "customers", "2025-01-05", "'production'"),
        ("old-6", "customers", "2025-01-06", "null"),
    ]
    with engine.begin() as connection:
        for values in said:
            connection.execute(text(OLD.format(*values)))
    engine.dispose()


@pytest.mark.parametrize(
    ("keep", "left"),
    [
        ("90d", ["old-4", "old-5", "old-6"]),
        ("2", ["old-4", "old-5", "old-6"]),
        ("4", ["old-3", "old-4", "old-5", "old-6"]),
        ("forever", [f"old-{number}" for number in range(1, 7)]),
    ],
)
def test_old_runs_go(desk: Desk, database: Engine, keep: str, left: list[str]):
    """As SYNC_REPORTS_KEEP says of reports: never the newest of a mapping, nor another environment's."""
    run(desk, database)
    old_runs(database)
    desk.place.more["SYNC_REPORTS_KEEP"] = keep
    run(desk, database)
    found = "select run_id from chartmogul_sync_runs where run_id like 'old%' order by run_id"
    assert [row[0] for row in rows(database, found)] == left
    assert rows(database, "select count(*) from chartmogul_sync_records") == [(1,)]


def test_in_a_schema(desk: Desk, postgres_url: URL):
    """SYNC_RESULTS_SCHEMA says where the tables are."""
    needed("psycopg")
    engine = engines.connect(make_url(postgres_url.render_as_string(hide_password=False)))
    with engine.begin() as connection:
        connection.execute(text("create schema results"))
    desk.place.more["SYNC_RESULTS_SCHEMA"] = "results"
    run(desk, engine)
    run(desk, engine)
    assert rows(engine, "select count(*) from results.chartmogul_sync_runs") == [(2,)]
    assert desk.place.run(Selection(limit=1)).exit_code == 0


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (
            "postgresql://u:{secret}@127.0.0.1:1/d",
            "were not written to postgresql+psycopg://u:***@",
        ),
        ("mysql://u:{secret}@127.0.0.1:1/d", "were not written to mysql+pymysql://u:***@127.0.0.1"),
        ("sqlite:////nowhere/at/all.db", "unable to open database file"),
        ("sqlite:////dev/full", "were not written to sqlite:////dev/full: "),
        ("{secret}", "SYNC_RESULTS_URL: this is not the URL of a database"),
        ("nonsense://u:{secret}@h/d", "SYNC_RESULTS_URL: no driver knows nonsense://"),
    ],
)
def test_a_database_that_is_down(desk: Desk, url: str, words: str):
    """That is one warning without the password, and the run is what it was."""
    needed("psycopg")
    needed("pymysql")
    ended = desk("run", SYNC_RESULTS_URL=url.format(secret=PASSWORD))
    assert ended.code == 0
    (warning,) = (line for line in ended.err.splitlines() if "SYNC_RESULTS_URL" in line)
    assert words in warning
    assert PASSWORD not in ended.err
