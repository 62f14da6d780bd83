"""BigQuery by its own client, against its REST calls without an engine; values are in test_values.py."""

import time
from collections import abc

import pytest

from sync.errors import ConfigError, Unreachable
from sync.warehouse.warehouse import Warehouse, WritesError
from tests.support.bigquery import Key, bigquery
from tests.support.needed import driver
from tests.support.queries import read
from tests.support.troubles import said


@pytest.fixture
def key(tmp_path, monkeypatch: pytest.MonkeyPatch) -> abc.Iterator[Key]:
    """A server, and the key of an account there."""
    driver("sqlalchemy_bigquery")
    with bigquery(tmp_path) as key:
        monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", key.host)
        yield key


def test_rows(key: Key):
    """Rows come page by page, as one statement that is sent as it is written."""
    key.project.columns = [("id", "STRING"), ("seats", "INTEGER")]
    key.project.pages = [[["a", "1"]], [["b", None]], [["c", "3"]]]
    found = read(Warehouse.open(key.url), "select id, seats from `shop.d.accounts`", 2)
    assert found == [[("a", 1), ("b", None)], [("c", 3)]]
    assert key.project.statements == ["select id, seats from `shop.d.accounts`"]


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("invalidQuery", "Unrecognized name: compny at [2:3]"),
        ("notFound", "Not found: Table shop:d.nowhere was not found in location EU"),
        ("accessDenied", "Access Denied: Table shop:d.accounts: User does not have permission"),
    ],
)
def test_words(key: Key, reason: str, words: str):
    """The server's words without the request around them, with the place that it tells."""
    key.project.error = (reason, words)
    assert said(Warehouse.open(key.url), "select 1").message == words


def test_dry_run(key: Key):
    """Where the parser cannot tell, BigQuery says beforehand what a statement would do; nothing is sent then."""
    key.project.kind = "INSERT"
    with (
        pytest.raises(WritesError),
        Warehouse.open(key.url).query("insert d.t values (1)", doubtful=True),
    ):
        pass
    assert key.project.statements == []


def test_dry_run_that_fails(key: Key):
    """What a statement is wrong with is said where the dry run shows it."""
    key.project.refusal = ("invalidQuery", "Syntax error: Unexpected end of script at [1:9]")
    with (
        pytest.raises(Exception, match=r"^Syntax error: Unexpected end of script at \[1:9\]$"),
        Warehouse.open(key.url).query("select (", doubtful=True),
    ):
        pass


def test_wrong_key(key: Key):
    """A key that Google does not know is told as that, by a query and by a dry run."""
    key.project.known = False
    error = said(Warehouse.open(key.url), "select 1")
    assert isinstance(error, Unreachable)
    assert error.message.endswith("invalid_grant: Invalid JWT Signature.")
    assert error.hint.startswith("check the account's key")


def test_no_key_file():
    """A key that is not there is named."""
    driver("sqlalchemy_bigquery")
    with pytest.raises(ConfigError) as caught:
        Warehouse.open("bigquery://shop?credentials_path=/nowhere/key.json")
    [problem] = caught.value.problems
    assert problem.message.endswith("No such file or directory: /nowhere/key.json")


def test_nobody(key: Key, monkeypatch: pytest.MonkeyPatch):
    """Where nobody is, that is known at once; the client itself would ask for ten minutes."""
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", "http://127.0.0.1:1")
    began = time.monotonic()
    error = said(Warehouse.open(key.url), "select 1")
    assert error.message.endswith(
        "Failed to establish a new connection: [Errno 111] Connection refused"
    )
    assert time.monotonic() - began < 20
