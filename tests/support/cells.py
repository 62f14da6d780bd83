"""What docs/warehouses.md says of each warehouse, cell by cell, and the tests that show it."""

from collections import abc
from dataclasses import dataclass, field
from pathlib import Path

TESTS = Path(__file__).parents[1]
TRIED, TYPES, STREAMED = "tried on", "types", "streamed"
READ_ONLY, CANCELLED = "nothing is written, besides that", "cancelled"
INSTALLS, CONNECTS, TIME_OUT = "installs", "connects", "time-out (`source.timeout`)"
CREDENTIALS, ERRORS = "credentials", "errors"
ALWAYS, DRIVERS = "in every run of the tests", "`make drivers`"


@dataclass(frozen=True, slots=True)
class Cell:
    """What is said, and by which tests it is shown; a path from `tests/`, `::` and a name."""

    says: str
    tests: tuple[str, ...] = field(default=())


def _row(tried: str, **cells: Cell | str) -> dict[str, Cell]:
    names = {
        "types": TYPES,
        "streamed": STREAMED,
        "only": READ_ONLY,
        "cancelled": CANCELLED,
        "installs": INSTALLS,
        "connects": CONNECTS,
        "timeout": TIME_OUT,
        "credentials": CREDENTIALS,
        "errors": ERRORS,
    }
    found = {names[key]: Cell(one) if isinstance(one, str) else one for key, one in cells.items()}
    return {TRIED: Cell(tried), **found}


def _of(file: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{file}::{name}" for name in names)


_PG, _MY = "integration/test_postgresql.py", "integration/test_mariadb.py"
_DUCK, _LITE = "integration/test_duckdb.py", "unit/warehouse/dialects/test_sqlite.py"
_RED, _CLICK = "integration/test_redshift.py", "integration/test_clickhouse.py"
_TRINO, _BRICKS = "integration/test_trino.py", "integration/test_databricks.py"
_TDS = "integration/test_sql_server.py"
_BIG, _VALUES = "integration/test_bigquery.py", "integration/test_values.py"
_SNOW = "integration/test_snowflake.py"
_TROUBLES, _FAR = "integration/test_troubles.py", "unit/warehouse/dialects/test_drivers_values.py"
_ANY = "unit/warehouse/test_warehouse.py"
_RESULT = "unit/warehouse/test_result.py"
_WORDS = _of(_TROUBLES, "test_words")
_LONG = _of(_TROUBLES, "test_too_long")

ROWS: abc.Mapping[str, abc.Mapping[str, Cell]] = {
    "PostgreSQL": _row(
        "PostgreSQL",
        types=Cell("shown", _of(_PG, "test_types")),
        streamed=Cell("shown", _of(_PG, "test_streamed")),
        only=Cell("read-only transactions, shown", _of(_PG, "test_read_only")),
        cancelled=Cell("shown", _of(_PG, "test_cancel", "test_cancel_before_the_first_row")),
        installs=ALWAYS,
        connects=Cell("shown", _of(_PG, "test_values")),
        timeout=Cell("shown", _LONG),
        credentials=Cell("password: shown", _of(_PG, "test_wrong_password")),
        errors=Cell("the server's words, place and hint, shown", _WORDS),
    ),
    "MySQL, MariaDB": _row(
        "MariaDB",
        types=Cell("shown", _of(_MY, "test_types")),
        streamed=Cell("shown", _of(_MY, "test_streaming")),
        only=Cell("read-only transactions, shown", _of(_MY, "test_read_only")),
        cancelled=Cell("shown", _of(_MY, "test_cancel")),
        installs=ALWAYS,
        connects=Cell("MariaDB, shown", _of(_MY, "test_values")),
        timeout=Cell("shown", _LONG),
        credentials=Cell("password: shown", _of(_MY, "test_no_connection")),
        errors=Cell("the server's words, shown; no place", _WORDS),
    ),
    "DuckDB": _row(
        "DuckDB",
        types=Cell("shown", _of(_DUCK, "test_types")),
        streamed=Cell("shown", _of(_DUCK, "test_streaming")),
        only=Cell(
            "files opened read-only, its own parser, shown",
            _of(_DUCK, "test_read_only", "test_doubtful"),
        ),
        cancelled=Cell("shown", _of(_DUCK, "test_cancel")),
        installs=ALWAYS,
        connects=Cell("files, shown", _of(_DUCK, "test_values", "test_no_such_file")),
        timeout=Cell("shown", _LONG),
        credentials="none needed",
        errors=Cell("its words and the place, shown", (*_WORDS, *_of(_DUCK, "test_places"))),
    ),
    "SQLite": _row(
        "SQLite",
        types="the values tell",
        streamed=Cell("shown", _of(_ANY, "test_not_drained")),
        only=Cell("`query_only`, shown", _of(_LITE, "test_read_only")),
        cancelled=Cell("shown", _of(_RESULT, "test_cancel")),
        installs="with Python",
        connects=Cell("shown", _of(_LITE, "test_missing_file", "test_wal_file")),
        timeout=Cell("shown", _LONG),
        credentials="none needed",
        errors=Cell("its words, shown; no place", _WORDS),
    ),
    "Redshift": _row(
        "PostgreSQL, by Redshift's driver",
        types=Cell("shown", _of(_RED, "test_types")),
        streamed=Cell("shown, by a cursor of the server", _of(_RED, "test_streamed")),
        only=Cell("read-only transactions, shown there", _of(_RED, "test_read_only")),
        cancelled=Cell("hangs up, shown", _LONG),
        installs=DRIVERS,
        connects=Cell("shown there, without encryption", _of(_RED, "test_values")),
        timeout=Cell("shown there", _LONG),
        credentials="password; IAM: read",
        errors=Cell("the server's words, place and hint, shown there", _WORDS),
    ),
    "ClickHouse": _row(
        "its engine (chdb)",
        types=Cell("shown", _of(_CLICK, "test_types")),
        streamed=Cell("shown, block by block", _of(_CLICK, "test_streaming")),
        only=Cell(
            "`readonly=2`, unless the URL says otherwise: shown that it is sent; that it is obeyed: read",
            _of(_CLICK, "test_read_only"),
        ),
        cancelled=Cell("hangs up, shown; that the server ends the query then: read", _LONG),
        installs=DRIVERS,
        connects=Cell("over HTTP, shown", _of(_CLICK, "test_values")),
        timeout=Cell("shown", _LONG),
        credentials=Cell("user alone: shown; password, HTTPS: read", _of(_CLICK, "test_values")),
        errors=Cell("the server's words, shown", (*_WORDS, *_of(_CLICK, "test_words"))),
    ),
    "Trino": _row(
        "its protocol, without an engine",
        types=Cell("shown", _of(_TRINO, "test_types_and_values")),
        streamed="by pages, read",
        only="the user's rights alone",
        cancelled=Cell("shown", _of(_TRINO, "test_cancel")),
        installs=DRIVERS,
        connects=Cell("over HTTP, shown", _of(_TRINO, "test_types_and_values")),
        timeout=Cell("shown, the server is told", _of(_TROUBLES, "test_too_long_for_trino")),
        credentials=Cell("user alone: shown; others: read", _of(_TRINO, "test_types_and_values")),
        errors=Cell("the server's words and place, shown", _of(_TRINO, "test_words")),
    ),
    "Snowflake": _row(
        "fakesnow (DuckDB's engine); its protocol, without an engine",
        types=Cell("shown", (*_of(_SNOW, "test_types"), *_of(_VALUES, "test_snowflake"))),
        streamed=Cell("part by part, shown", _of(_SNOW, "test_streamed")),
        only="the user's rights alone",
        cancelled=Cell("shown, the server is told", _of(_SNOW, "test_cancel", "test_a_signal")),
        installs="`make snowflake`",
        connects=Cell(
            "over HTTP, shown", _of(_SNOW, "test_walk", "test_silent", "test_connections_toml")
        ),
        timeout=Cell("shown, the server is told, beforehand too", _of(_SNOW, "test_too_long")),
        credentials=Cell(
            "password, key pair, access token, OAuth's token, `connections.toml`: shown, up to what the login is told",
            _of(_SNOW, "test_password", "test_key_pair", "test_token", "test_connections_toml"),
        ),
        errors=Cell(
            "the server's words and place, shown; a date that the driver cannot read: shown by its own reader",
            (*_of(_SNOW, "test_words", "test_refused"), *_of(_FAR, "test_snowflake")),
        ),
    ),
    "BigQuery": _row(
        "its REST calls, without an engine",
        types=Cell("shown", _of(_VALUES, "test_bigquery")),
        streamed=Cell("by pages, shown", _of(_BIG, "test_rows")),
        only=Cell(
            "a dry run, where the parser cannot tell, shown there", _of(_BIG, "test_dry_run")
        ),
        cancelled="no: the query runs on",
        installs=DRIVERS,
        connects=Cell("over HTTP, shown", _of(_BIG, "test_rows", "test_nobody")),
        timeout="the query runs on, its rows are left",
        credentials=Cell(
            "an account's key file: shown; others: read", _of(_BIG, "test_wrong_key", "test_rows")
        ),
        errors=Cell("the server's words and place, shown", _of(_BIG, "test_words")),
    ),
    "Databricks": _row(
        "its protocol (Thrift), without an engine",
        types=Cell("shown", _of(_VALUES, "test_databricks")),
        streamed="by the driver, read",
        only="the user's rights alone",
        cancelled=Cell("shown, the server is told", _of(_BRICKS, "test_too_long")),
        installs=DRIVERS,
        connects=Cell(
            "over HTTP, shown; behind a proxy: that one which swallows is given up, shown",
            _of(_BRICKS, "test_words", "test_nobody", "test_a_proxy_that_swallows"),
        ),
        timeout=Cell("shown, the server is told", _of(_BRICKS, "test_too_long")),
        credentials=Cell("token: shown; OAuth: read", _of(_BRICKS, "test_wrong_token")),
        errors=Cell("the server's words and place, shown", _of(_BRICKS, "test_words")),
    ),
    "SQL Server": _row(
        "its protocol (TDS), a stand-in written from its description, without an engine",
        types=Cell("shown, as the server describes the query", _of(_TDS, "test_types_and_values")),
        streamed=Cell("shown", _of(_TDS, "test_streamed", "test_preview")),
        only=Cell(
            "the user's rights alone; the transaction is never committed, shown there",
            _of(_TDS, "test_leaving_early", "test_read_only"),
        ),
        cancelled=Cell(
            "shown, the server is told",
            _of(_TDS, "test_cancel", "test_a_signal", "test_leaving_early"),
        ),
        installs=DRIVERS,
        connects=Cell(
            "shown there, plain and encrypted",
            _of(_TDS, "test_types_and_values", "test_encrypted", "test_nobody_speaks"),
        ),
        timeout=Cell("shown, the server is told", _of(_TDS, "test_too_long")),
        credentials=Cell("password: shown", _of(_TDS, "test_refused")),
        errors=Cell(
            "the server's words, with the line alone, shown",
            (*_of(_TROUBLES, "test_words_of_sql_server"), *_of(_TDS, "test_an_error_behind_rows")),
        ),
    ),
}


def reading() -> str:
    """The table of how each is read."""
    return _table(TRIED, TYPES, STREAMED, READ_ONLY, CANCELLED)


def reaching() -> str:
    """The table of how each is reached, and what it says."""
    return _table(INSTALLS, CONNECTS, TIME_OUT, CREDENTIALS, ERRORS)


def _table(*columns: str) -> str:
    head = f"\n| warehouse | {' | '.join(columns)} |\n|{' --- |' * (len(columns) + 1)}\n"
    return head + "".join(
        f"| {name} | {' | '.join(cells[one].says for one in columns)} |\n"
        for name, cells in ROWS.items()
    )


def missing(test: str) -> bool:
    """Whether there is no such test."""
    file, _, name = test.partition("::")
    return f"def {name}(" not in (TESTS / file).read_text(encoding="utf-8")
