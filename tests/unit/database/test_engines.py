from typing import Any

import pytest
from sqlalchemy import URL, make_url
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from sync.database import engines, urls
from sync.domain.secret import MASK
from sync.errors import ConfigError
from tests.support.needed import needed


def test_names():
    """Database and driver have SQLAlchemy's names, whether or not the URL names a driver."""
    assert engines.names(urls.parse("sqlite:///a.db")) == ("sqlite", "pysqlite")
    assert engines.names(urls.parse("postgres://h/d")) == ("postgresql", "psycopg")
    assert engines.names(urls.parse("mariadb://h/d")) == ("mariadb", "pymysql")


def test_no_name_of_a_driver(monkeypatch: pytest.MonkeyPatch):
    """A dialect need not name its driver."""
    monkeypatch.delattr(SQLiteDialect_pysqlite, "driver")
    assert engines.names(urls.parse("sqlite://")) == ("sqlite", "")


def test_no_names():
    """A database that no driver knows has none."""
    with pytest.raises(ConfigError, match="no driver knows oracel://"):
        engines.names(urls.parse("oracel://host/db"))


REFUSED = "Failed to establish a new connection: [Errno 111] Connection refused"
UNKNOWN = "Failed to resolve 'h' ([Errno -2] Name or service not known)"
SILENT = "Connection to h timed out. (connect timeout=10)"
TRIED = "HTTPConnectionPool(host='h', port=1): Max retries exceeded with url: /?query_id=4"
ODD = f"{TRIED} (Caused by Odd())"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            Exception(
                f"Error {TRIED} (Caused by NewConnectionError(\"HTTPConnection(host='h', port=1): {REFUSED}\"))"
                " executing HTTP request attempt 1 (http://h:1)"
            ),
            REFUSED,
        ),
        (
            Exception(
                f"failed to execute: {TRIED} (Caused by NameResolutionError("
                f"\"HTTPConnection(host='h', port=8080): {UNKNOWN}\"))"
            ),
            UNKNOWN,
        ),
        (
            Exception(
                f"{TRIED} (Caused by ConnectTimeoutError("
                f"<HTTPSConnection(host='h', port=443) at 0x7f>, '{SILENT}'))"
            ),
            SILENT,
        ),
        (Exception(ODD), ODD),
        (
            Exception("communication error", ConnectionRefusedError(111, "Connection refused")),
            "communication error: Connection refused",
        ),
    ],
)
def test_why_nobody_answers(error: Exception, expected: str):
    """Of what drivers wrap around it, the reason alone is said."""
    assert engines.words(error, make_url("trino://h/d")) == expected


def test_a_silent_postgresql_is_given_up():
    """libpq's own waits are hours long; what the URL says counts."""
    needed("psycopg")
    url = urls.parse("postgresql://u:p@127.0.0.1:1/db?connect_timeout=7")
    assert engines.patience(url.query)["keepalives_idle"] == 30
    assert "connect_timeout" not in engines.patience(url.query)
    _, arguments = engines.connect(url).dialect.create_connect_args(url)
    assert arguments["connect_timeout"] == "7"


class Picky(SQLiteDialect_pysqlite):
    """A driver that looks for a file of credentials where an engine is made, as several do."""

    def create_connect_args(self, url: URL) -> Any:
        raise FileNotFoundError(
            f"no such file: {url.query['credentials_path']}, {url.query['api_token']}"
        )


def test_a_driver_that_raises_where_an_engine_is_made():
    """Whatever it raises is a sentence about the URL, without what is secret in it."""
    registry.register("picky", __name__, "Picky")
    url = urls.parse("picky://host/db?credentials_path=/none.json&api_token=planted-token-5")
    with pytest.raises(ConfigError) as caught:
        engines.connect(url)
    (problem,) = caught.value.problems
    assert problem.message == (
        "the driver of picky:// cannot use this: FileNotFoundError: no such file: /none.json, ***"
    )
    assert "credentials" in problem.hint


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("credentials_path=/k.json", False),
        ("private_key_file=/k.p8", False),
        ("private_key=abcd", True),
    ],
)
def test_paths_are_no_secrets(option: str, expected: bool):
    """Where credentials lie may stand in a mapping, and be shown; what they are may not."""
    url = f"snowflake://u@account/db?{option}"
    assert urls.holds_password(url) is expected
    assert (MASK in urls.mask(make_url(url)).replace("%2A", "*")) is expected


@pytest.mark.parametrize(
    ("drivername", "told"),
    [
        ("snowflake", "pip install 'chartmogul-sync[snowflake]'"),
        ("mssql", "pip install 'chartmogul-sync[mssql]'"),
        ("mssql+pymssql", "pip install 'chartmogul-sync[mssql]'"),
        (
            "mssql+pyodbc",
            "another driver: write mssql:// for it, or install that of mssql+pyodbc:// yourself",
        ),
        ("clickhouse+http", "another driver: write clickhouse:// for it"),
        ("redshift+psycopg2", "another driver: write redshift:// for it"),
        ("databricks+connector", "another driver: write databricks:// for it"),
        ("postgresql+asyncpg", "another driver: write postgresql:// for it"),
    ],
)
def test_cure(drivername: str, told: str):
    """An extra is hinted at where it brings the driver; else how to write the URL so that it does."""
    assert told in urls.cure(drivername)


def test_no_cure():
    """Of databases without an extra nothing is said."""
    assert urls.cure("oracle+oracledb") == ""
