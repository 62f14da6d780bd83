"""The walks of docs/warehouses.md, with the program itself: from an empty folder on, in front of each warehouse."""

import json
import os
from collections import abc
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from sync.sandbox.running import RunningSandbox
from sync.sandbox.sandbox import Sandbox
from tests.support import sql_server, walks
from tests.support.bigquery import Key, bigquery
from tests.support.databricks import TOKEN, Cluster, databricks
from tests.support.exactness import (
    BIGQUERY,
    CLICKHOUSE,
    DATABRICKS,
    DUCKDB,
    MARIADB,
    POSTGRESQL,
    REDSHIFT,
    SQL_SERVER,
    SQLITE,
    TRINO,
)
from tests.support.needed import driver
from tests.support.planted_secrets import API_KEY, PASSWORD
from tests.support.program import Desk, Ended
from tests.support.runner import Place
from tests.support.shops import Shop
from tests.support.trino import Coordinator, trino
from tests.support.walks import EVERYWHERE, INIT, MAPPING, UNTOLD, WALKS, WRONG, WRONG_KEY, Step


@dataclass
class Way:
    """A warehouse: where it is, what its driver is told, and how it refuses."""

    url: str
    options: dict[str, Any] = field(default_factory=dict)
    #: The same with credentials that are none; empty: they are no part of the URL.
    refused: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    #: What of its driver takes long to load.
    loads: tuple[str, ...] = ()
    #: A server without an engine is told what is wrong with a login, and with a query.
    refuse: abc.Callable[[], None] = lambda: None
    allow: abc.Callable[[], None] = lambda: None
    fail: abc.Callable[[], None] = lambda: None


#: What is there in every run of the tests, and so is not played again by `make drivers`.
ALWAYS = (POSTGRESQL, MARIADB, SQLITE, DUCKDB)


@pytest.fixture(params=[*ALWAYS, REDSHIFT, CLICKHOUSE])
def engine(request: pytest.FixtureRequest) -> tuple[str, Way]:
    """One that understands queries."""
    if request.param in ALWAYS and os.environ.get("SYNC_TEST_DRIVERS") == "1":
        pytest.skip("it is played by make test")
    shop: Shop = request.getfixturevalue(f"of_{request.param.lower()}")
    url, options = shop
    way = Way(url, options, url.replace(PASSWORD, "wrong-password"))
    way.loads = ("clickhouse_connect.cc_sqlalchemy",) if request.param == CLICKHOUSE else ()
    return request.param, way


def test_engines(tmp_path: Path, engine: tuple[str, Way]):
    """In front of those that understand queries."""
    walk(tmp_path, *engine)


def test_trino(tmp_path: Path):
    """In front of Trino's protocol."""
    driver("trino")
    server = Coordinator([("id", "integer"), ("company", "varchar")], [[[1, "Acme"]]])
    error = {"message": WALKS[TRINO].wrong[0], "errorCode": 47, "errorName": "COLUMN_NOT_FOUND"}
    error |= {"errorType": "USER_ERROR"}
    with trino(server) as url:
        walk(tmp_path, TRINO, Way(url, fail=lambda: setattr(server, "error", error)))


def test_bigquery(tmp_path: Path):
    """In front of BigQuery's REST calls."""
    driver("sqlalchemy_bigquery")
    (tmp_path / "account").mkdir()
    with bigquery(tmp_path / "account") as key:
        key.project.columns = [("id", "INTEGER"), ("company", "STRING")]
        key.project.pages = [[["1", "Acme"]]]
        walk(tmp_path, BIGQUERY, _way_to(key))


def _way_to(key: Key) -> Way:
    project = key.project
    return Way(
        key.url,
        variables={"BIGQUERY_EMULATOR_HOST": key.host},
        loads=("google.cloud.bigquery", "sqlalchemy_bigquery"),
        refuse=lambda: setattr(project, "known", False),
        allow=lambda: setattr(project, "known", True),
        fail=lambda: setattr(project, "error", ("invalidQuery", WALKS[BIGQUERY].wrong[0])),
    )


def test_databricks(tmp_path: Path):
    """In front of Databricks' protocol."""
    arrow = driver("pyarrow")
    driver("databricks.sqlalchemy")
    table = arrow.table({"id": [1], "company": ["Acme"]})
    cluster = Cluster(table, ("BIGINT_TYPE", "STRING_TYPE"))
    with databricks(cluster) as (url, options):
        way = Way(
            url, options, url.replace(TOKEN, "dapi-another"), loads=("databricks.sqlalchemy",)
        )
        way.fail = lambda: setattr(cluster, "error", WALKS[DATABRICKS].wrong[0])
        walk(tmp_path, DATABRICKS, way)


def test_sql_server(tmp_path: Path):
    """In front of SQL Server's protocol."""
    driver("pymssql")
    columns = [("id", "int not null"), ("company", "nvarchar(40)")]
    server = sql_server.Server(columns, [[1, "Acme"]])
    error = (207, "Invalid column name 'compny'.", 2)
    with sql_server.sql_server(server) as url:
        way = Way(url, refused=url.replace(sql_server.PASSWORD, "another-word"))
        way.fail = lambda: setattr(server, "error", error)
        walk(tmp_path, SQL_SERVER, way)


def walk(folder: Path, name: str, way: Way) -> None:
    """Every step says what the page shows, and what it says that it sent was sent."""
    planned = WALKS[name]
    with RunningSandbox(Sandbox(key=API_KEY)) as sandbox:
        place = Place(folder / "empty", sandbox, way.url, more=way.variables)
        place.folder.mkdir()
        desk = Desk(place, way.loads)
        for step in () if planned.init else INIT:
            take(desk, step)
        if way.options:
            words = [word for pair in way.options.items() for word in ("--option", option(*pair))]
            take(desk, replace(UNTOLD, command=" ".join([UNTOLD.command, *words])))
        if planned.init:
            place.write("accounts", written(MAPPING, way))
        for step in EVERYWHERE:
            place.forget()
            take(desk, step)
        assert place.writes() == []  # by the second run
        assert list(place.customers()) == ["1"]
        take(desk, WRONG_KEY, CHARTMOGUL_API_KEY="another-key")
        *refused, wrong = planned.steps
        for step in refused:
            way.refuse()
            take(desk, step, WAREHOUSE_URL=way.refused or way.url)
            way.allow()
        way.fail()
        place.write("accounts", written(WRONG, way))
        take(desk, wrong)


def take(desk: Desk, step: Step, **variables: str) -> Ended:
    """Type the command of a step."""
    ended = desk(*step.command.split(), **variables)
    printed = ended.out + ended.err
    assert ended.code == step.code, printed
    assert step.is_said(printed), printed
    return ended


def option(name: str, value: Any) -> str:
    """An option of the driver as it is typed."""
    return f"{name}={value if isinstance(value, str) else json.dumps(value)}"


def written(mapping: str, way: Way) -> str:
    """A mapping with the options that the driver needs."""
    told = f"  options: {json.dumps(way.options)}\n" if way.options else ""
    return mapping.replace("destination:", f"{told}destination:")


def test_all():
    """No walk of the page is left out."""
    here = {*ALWAYS, REDSHIFT, CLICKHOUSE, TRINO, BIGQUERY, DATABRICKS, SQL_SERVER}
    assert set(WALKS) == here
    assert not set(walks.ELSEWHERE) & here
