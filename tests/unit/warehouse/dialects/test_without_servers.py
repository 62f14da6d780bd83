"""Dialects of which no server runs here: what their drivers tell, as it was read in the drivers' code."""

import sqlite3
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url

from sync.domain.record import AttributeType
from sync.warehouse.dialects import (
    bigquery,
    clickhouse,
    databricks,
    mssql,
    redshift,
    running,
    snowflake,
    trino,
)
from sync.warehouse.dialects.bigquery import BigQuery
from sync.warehouse.dialects.databricks import Databricks
from sync.warehouse.dialects.mssql import SQLServer
from sync.warehouse.dialects.snowflake import Snowflake
from sync.warehouse.dialects.trino import Trino
from tests.support import needed

STRING, INTEGER, DECIMAL = AttributeType.STRING, AttributeType.INTEGER, AttributeType.DECIMAL
BOOLEAN, TIMESTAMP = AttributeType.BOOLEAN, AttributeType.TIMESTAMP
LIMIT = "STATEMENT_TIMEOUT_IN_SECONDS"
URL = make_url("snowflake://u:plantedQ7xV2kZ9@account/db")


class Cursor:
    """A cursor that notes what is asked of it."""

    def __init__(self, *columns: Any) -> None:
        self.description = columns
        self.asked: list[object] = []

    def cancel(self) -> None:
        self.asked.append("cancel")

    def execute(self, sql: str) -> None:
        self.asked.append(sql)

    def close(self) -> None:
        self.asked.append("close")


def column(code: object, scale: int | None = None) -> tuple[object, ...]:
    return "x", code, None, None, 38, scale, None


@pytest.mark.parametrize(
    ("code", "scale", "expected"),
    [
        (0, 0, INTEGER),
        (0, 2, DECIMAL),
        (0, None, DECIMAL),
        (1, None, DECIMAL),
        (2, None, STRING),
        (3, None, TIMESTAMP),
        (5, None, "json"),
        (6, None, TIMESTAMP),
        (7, None, TIMESTAMP),
        (8, None, TIMESTAMP),
        (9, None, "json"),
        (10, None, "array"),
        (11, None, "binary"),
        (12, None, None),
        (13, None, BOOLEAN),
        (16, None, "array"),
        (18, None, "json"),
    ],
)
def test_snowflake_types(code, scale, expected):
    """By code and scale; VARIANT, OBJECT and ARRAY are told before any row."""
    assert snowflake.kind(code, scale) == expected
    assert Snowflake().kinds(create_engine("sqlite://").connect(), Cursor(column(code, scale))) == [
        expected
    ]


@pytest.mark.parametrize(
    ("name", "mode", "expected"),
    [
        ("INTEGER", "NULLABLE", INTEGER),
        ("NUMERIC", None, DECIMAL),
        ("FLOAT", None, DECIMAL),
        ("BOOLEAN", None, BOOLEAN),
        ("STRING", "REQUIRED", STRING),
        ("STRING", "REPEATED", "array"),
        ("DATETIME", None, TIMESTAMP),
        ("TIME", None, None),
        ("RECORD", None, "json"),
        ("JSON", None, "json"),
        ("BYTES", None, "binary"),
        ("INTERVAL", None, None),
    ],
)
def test_bigquery_types(name, mode, expected):
    """By name; an array tells the type of its elements, and that it is one in the schema alone."""
    assert bigquery.kind(name, mode) == expected


@pytest.mark.parametrize(
    ("name", "scale", "expected"),
    [
        ("bigint", None, INTEGER),
        ("decimal", 0, INTEGER),
        ("decimal", 2, DECIMAL),
        ("float", None, DECIMAL),
        ("timestamp_ntz", None, TIMESTAMP),
        ("array", None, "array"),
        ("struct", None, "json"),
        ("map", None, "json"),
        ("binary", None, "binary"),
        ("string", None, STRING),
        ("boolean", None, BOOLEAN),
        ("interval_day_time", None, None),
    ],
)
def test_databricks_types(name, scale, expected):
    """By name and scale."""
    assert databricks.kind(name, scale) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("decimal(18,0)", INTEGER),
        ("decimal(18, 2)", DECIMAL),
        ("timestamp(3) with time zone", TIMESTAMP),
        ("varchar(5)", STRING),
        ("array(integer)", "array"),
        ("row(a integer)", "json"),
        ("json", "json"),
        ("varbinary", "binary"),
        ("real", DECIMAL),
        ("time(3)", None),
        ("boolean", BOOLEAN),
        ("ipaddress", None),
    ],
)
def test_trino_types(written, expected):
    """By the written types."""
    assert trino.kind(written) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("LowCardinality(Nullable(String))", STRING),
        ("Nullable(Decimal(18, 0))", INTEGER),
        ("Decimal(18, 2)", DECIMAL),
        ("Decimal64(0)", INTEGER),
        ("Enum8('a' = 1, 'b' = 0)", STRING),
        ("DateTime64(3, 'UTC')", TIMESTAMP),
        ("UInt256", INTEGER),
        ("Array(Int8)", "array"),
        ("Map(String, Int8)", "json"),
        ("FixedString(5)", STRING),
        ("Bool", BOOLEAN),
        ("SimpleAggregateFunction(sum, UInt64)", INTEGER),
        ("IntervalDay", None),
    ],
)
def test_clickhouse_types(written, expected):
    """By the written types, whatever stands around them."""
    assert clickhouse.kind(written) == expected


@pytest.mark.parametrize(
    ("oid", "modifier", "expected"),
    [
        (1700, (10 << 16) + 4, INTEGER),
        (1700, (10 << 16) + 2 + 4, DECIMAL),
        (1700, -1, DECIMAL),
        (4000, -1, "json"),
        (6551, -1, "binary"),
        (25, -1, STRING),
    ],
)
def test_redshift_types(oid, modifier, expected):
    """By PostgreSQL's object ids and modifiers, and those of Redshift alone."""
    assert redshift.kind(oid, modifier) == expected


def test_sql_server_types():
    """Where the server describes nothing: text and times are told, of all else the values tell."""
    cursor = Cursor(*(column(code) for code in (1, 2, 3, 4, 5)))
    kinds = SQLServer().kinds(create_engine("sqlite://").connect(), cursor)
    assert kinds == [STRING, None, None, TIMESTAMP, None]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("int", INTEGER),
        ("bit", BOOLEAN),
        ("decimal(18,0)", INTEGER),
        ("numeric(18,2)", DECIMAL),
        ("money", DECIMAL),
        ("real", DECIMAL),
        ("nvarchar(max)", STRING),
        ("uniqueidentifier", STRING),
        ("date", TIMESTAMP),
        ("datetime2(7)", TIMESTAMP),
        ("datetimeoffset(0)", TIMESTAMP),
        ("time(7)", None),
        ("varbinary(max)", "binary"),
        ("rowversion", "binary"),
        ("geography", "geometry"),
        ("sql_variant", "sql_variant"),
        ("json", "json"),
    ],
)
def test_sql_server_types_as_it_describes_them(written, expected):
    """By the written types."""
    assert mssql.kind(written) == expected


class Below(Exception):
    """What the driver's own error stands for."""

    line = 3


class Wrapped(Exception):
    """An error as SQLAlchemy raises it."""

    def __init__(self, orig: Exception) -> None:
        super().__init__(orig)
        self.orig = orig


def test_line_of_sql_server():
    """Of what the driver raises the error below it has the line; of anything else there is none."""
    raised = Exception((208, b"Invalid object name 'x'."))
    raised.__context__ = Below(208)
    assert SQLServer().line(Wrapped(raised)) == 3
    assert SQLServer().line(ValueError("no")) is None


class Driver:
    """A connection of a driver."""


@pytest.mark.parametrize(
    ("dialect", "asked"),
    [(Trino(), ["cancel"]), (Databricks(), ["cancel"])],
)
def test_cancel(dialect, asked):
    """The cursor that runs on the connection is cancelled; where none runs there is nothing to do."""
    driver, cursor = Driver(), Cursor()
    dialect.cancel(driver)
    running._CURSORS[driver] = cursor
    dialect.cancel(driver)
    assert cursor.asked == asked


class Session:
    """A connection of Snowflake's connector."""

    session_id = 42

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = lambda: cursor


def test_cancel_at_snowflake():
    """By the session, as the cursor that runs knows its query's id only when it is done."""
    cursor = Cursor()
    Snowflake().cancel(Session(cursor))
    assert cursor.asked == ["select system$cancel_all_queries(42)", "close"]


def test_patience_of_snowflake():
    """A login is given up within a minute, unless the user says otherwise."""
    told = Snowflake().arguments(URL)
    assert told["login_timeout"] + told["connect_timeout"] <= 60
    assert "login_timeout" not in Snowflake().arguments(URL.set(query={"login_timeout": "300"}))


@pytest.mark.parametrize(
    ("seconds", "given", "expected"),
    [
        (0.2, {}, {LIMIT: 1}),
        (600, {"role": "r"}, {LIMIT: 600}),
        (600.5, {"session_parameters": {"QUERY_TAG": "x"}}, {"QUERY_TAG": "x", LIMIT: 601}),
        (600, {"session_parameters": {LIMIT.lower(): 5}}, {LIMIT.lower(): 5}),
    ],
)
def test_limit_of_snowflake(seconds, given, expected):
    """The server gets the time in whole seconds, of which 0 would be the most; the user's own comes before it."""
    told = Snowflake().limited(given, seconds)
    assert told == given | {"session_parameters": expected}
    assert Databricks().limited(given, seconds) == given


class Noted(sqlite3.Connection):
    """One that can be referred to weakly, as those of the drivers can."""


def test_noted():
    """A cursor is noted as soon as it begins to run, for its connection alone."""
    engine = create_engine("sqlite://", creator=lambda: Noted(":memory:"))
    running.watch(engine)
    with engine.connect() as connection:
        result = connection.exec_driver_sql("select 1")
        driver = connection.connection.driver_connection
        assert running.cursor_of(driver) is not None
        assert running.cursor_of(Driver()) is None
        result.close()


def test_words_of_snowflake():
    """The server's message alone, the code not twice, the query's id not at all."""
    error = Exception("002003 (42S02): 01b2: SQL compilation error")
    error.raw_msg = "SQL compilation error:\nObject 'X' does not exist."  # type: ignore[attr-defined]
    told = Snowflake().words(SimpleNamespace(orig=error), URL, detail=False)  # type: ignore[arg-type]
    assert told == "SQL compilation error: Object 'X' does not exist."


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (
            "Failed to login: Login error: JWT token is invalid. [0c,e9], code: 390144",
            "JWT token is invalid. [0c,e9]",
        ),
        (
            "Failed to login: Login error: Network policy is required.",
            "Network policy is required.",
        ),
        (
            "Failed to login: login timed out after 45s",
            "Failed to login: login timed out after 45s",
        ),
    ],
)
def test_words_of_a_login(raw, expected):
    """Why Snowflake refuses a login is said in its own words."""
    error = Exception(raw)
    error.raw_msg = raw  # type: ignore[attr-defined]
    assert Snowflake().words(error, URL, detail=False) == expected


def test_words_of_sql_server():
    """The message once, as text."""
    said = b"Invalid column name 'nope'.DB-Lib error message 20018, severity 16:\nGeneral SQL Server error\n"
    for arguments in ((207, said), ((207, said),)):
        assert (
            SQLServer().words(Exception(*arguments), URL, detail=False)
            == "Invalid column name 'nope'."
        )


def test_words_of_sql_servers_library():
    """Where the library below speaks for itself, what it says, once."""
    said = (
        b"DB-Lib error message 20009, severity 9:\n"
        b"Unable to connect: TDS server is unavailable or does not exist (h)\n"
        b"Net-Lib error during Connection refused (111)\n"
    )
    assert SQLServer().words(Exception((20009, said + said)), URL, detail=False) == (
        "Unable to connect: TDS server is unavailable or does not exist (h)"
        " Net-Lib error during Connection refused (111)"
    )


def test_words_of_another_connection():
    """What the library has left of an earlier one, which broke, is no reason why this one did not come about."""
    left = b"DB-Lib error message 20047, severity 9:\nDBPROCESS is dead or not enabled\n"
    said = b"DB-Lib error message 20009, severity 9:\nUnable to connect\n"
    words = [
        SQLServer().words(Exception((20009, text)), URL, detail=False)
        for text in (left, left + said)
    ]
    assert words == ["DBPROCESS is dead or not enabled", "Unable to connect"]


@pytest.mark.parametrize(
    ("type_", "expected"), [("SELECT", False), ("INSERT", True), ("SCRIPT", True)]
)
def test_dry_run_of_bigquery(type_, expected):
    """What a statement would do, the server says beforehand."""
    needed.driver("google.cloud.bigquery")
    asked = []

    def query(sql, job_config):
        asked.append((sql, job_config.dry_run))
        return SimpleNamespace(statement_type=type_)

    driver = SimpleNamespace(_client=SimpleNamespace(query=query))
    assert BigQuery().writes(driver, "select 1") is expected
    assert asked == [("select 1", True)]
