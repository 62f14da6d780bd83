"""What goes wrong with warehouses, and what is said: played against each that is here, shown in docs/warehouses.md."""

from collections import abc

from sync.errors import SourceError
from sync.warehouse.warehouse import Warehouse
from tests.support.exactness import (
    CLICKHOUSE,
    DATABRICKS,
    DUCKDB,
    MARIADB,
    POSTGRESQL,
    REDSHIFT,
    SNOWFLAKE,
    SQL_SERVER,
    SQLITE,
    TRINO,
)

TABLE, COLUMN, NOBODY = "a table that is not there", "a column that is not there", "nobody answers"
#: What is asked of a warehouse that has a table `accounts` with the columns `id` and `company`.
QUERIES = {TABLE: "select id from nowhere", COLUMN: "select id,\n  compny from accounts"}
_REFUSED = "Failed to establish a new connection: [Errno 111] Connection refused"

#: By warehouse, what is said; the beginning of it where it goes on with what differs from system to system.
WORDS: abc.Mapping[str, abc.Mapping[str, str]] = {
    POSTGRESQL: {
        TABLE: 'relation "nowhere" does not exist (line 1, column 16 of the query)',
        COLUMN: 'column "compny" does not exist (line 2, column 3 of the query)',
        NOBODY: "cannot connect to postgresql+psycopg://u:***@127.0.0.1:1/d: connection failed:",
    },
    REDSHIFT: {
        TABLE: 'relation "nowhere" does not exist (line 1, column 16 of the query)',
        COLUMN: 'column "compny" does not exist (line 2, column 3 of the query)',
        NOBODY: "cannot connect to redshift+redshift_connector://u:***@127.0.0.1:1/d:"
        " communication error: Connection refused",
    },
    MARIADB: {
        TABLE: "Table 'shop.nowhere' doesn't exist",
        COLUMN: "Unknown column 'compny' in 'SELECT'",
        NOBODY: "cannot connect to mariadb+pymysql://u:***@127.0.0.1:1/d: Can't connect to MySQL server on '127.0.0.1'",
    },
    SQLITE: {
        TABLE: "no such table: nowhere",
        COLUMN: "no such column: compny",
        NOBODY: "cannot connect to sqlite:////nowhere/d.db: unable to open database file",
    },
    DUCKDB: {
        TABLE: "Catalog Error: Table with name nowhere does not exist!",
        COLUMN: 'Binder Error: Referenced column "compny" not found in FROM clause! Candidate bindings: "company"'
        " (line 2, column 3 of the query)",
        NOBODY: "cannot connect to duckdb:////nowhere/d.db: IO Error: Cannot open database",
    },
    CLICKHOUSE: {
        TABLE: "Unknown table expression identifier 'nowhere'.",
        COLUMN: "Unknown expression identifier `compny`. Maybe you meant: ['company'].",
        NOBODY: f"cannot connect to clickhousedb://u:***@127.0.0.1:1/d?readonly=2: {_REFUSED}",
    },
    TRINO: {NOBODY: f"cannot connect to trino://u@127.0.0.1:1/d: {_REFUSED}"},
    DATABRICKS: {
        NOBODY: "cannot connect to databricks://token:***@127.0.0.1:1/d?http_path=x: Connection refused"
    },
    SNOWFLAKE: {
        TABLE: "Catalog Error: Table with name NOWHERE does not exist!",
        COLUMN: 'Binder Error: Referenced column "COMPNY" not found in FROM clause! Candidate bindings: "COMPANY"',
        NOBODY: "cannot connect to snowflake://u:***@shop-eu/d: Failed to login:"
        " HTTP request failed after retries: login request. Connection refused",
    },
    SQL_SERVER: {
        TABLE: "Invalid object name 'nowhere'.",
        COLUMN: "Invalid column name 'compny'. (line 2 of the query)",
        NOBODY: "cannot connect to mssql+pymssql://u:***@127.0.0.1:1/d:"
        " Unable to connect: TDS server is unavailable or does not exist (127.0.0.1)",
    },
}
#: Where nobody answers, or is.
NOWHERE = {
    POSTGRESQL: "postgresql://u:p@127.0.0.1:1/d",
    REDSHIFT: "redshift://u:p@127.0.0.1:1/d",
    MARIADB: "mariadb://u:p@127.0.0.1:1/d",
    SQLITE: "sqlite:////nowhere/d.db",
    DUCKDB: "duckdb:////nowhere/d.db",
    CLICKHOUSE: "clickhouse://u:p@127.0.0.1:1/d",
    TRINO: "trino://u@127.0.0.1:1/d",
    DATABRICKS: "databricks://token:t@127.0.0.1:1/d?http_path=x",
    SNOWFLAKE: "snowflake://u:p@shop-eu/d",
    SQL_SERVER: "mssql+pymssql://u:p@127.0.0.1:1/d",
}
#: What a driver has to be told besides, to look there.
BESIDES = {SNOWFLAKE: {"host": "127.0.0.1", "port": 1, "protocol": "http"}}


def said(source: Warehouse, sql: str) -> SourceError:
    """What a query that cannot be read ends with."""
    try:
        with source.query(sql) as result:
            list(result.batches())
    except SourceError as error:
        return error
    raise AssertionError("it was read")


def table() -> str:
    """What the page shows."""
    head = f"\n| warehouse | {TABLE} | {COLUMN} | {NOBODY} |\n| --- | --- | --- | --- |\n"
    return head + "".join(_row(name, words) for name, words in WORDS.items())


def _row(name: str, words: abc.Mapping[str, str]) -> str:
    cells = (
        f"`` {words[trouble]} ``" if trouble in words else "" for trouble in (TABLE, COLUMN, NOBODY)
    )
    return f"| {name} | {' | '.join(cells)} |\n"
