"""Databricks by its own connector, against its Thrift service without an engine; values are in test_values.py."""

import time
from collections import abc

import pytest

from sync.errors import SourceError, Unreachable
from sync.warehouse.warehouse import Warehouse
from tests.support.databricks import TOKEN, Cluster, databricks
from tests.support.needed import driver
from tests.support.troubles import said

LOST = "[TABLE_OR_VIEW_NOT_FOUND] The table or view `nowhere` cannot be found. SQLSTATE: 42P01; line 1 pos 14"


@pytest.fixture
def cluster() -> abc.Iterator[tuple[Cluster, str, dict[str, object]]]:
    """A server, and how it is reached."""
    driver("databricks.sqlalchemy")
    cluster = Cluster()
    with databricks(cluster) as (url, options):
        yield cluster, url, options


def test_words(cluster: tuple[Cluster, str, dict[str, object]]):
    """The server's words, with the place that it tells."""
    answer, url, options = cluster
    answer.error = LOST
    assert said(Warehouse.open(url, options), "select * from nowhere").message == LOST
    assert answer.statements == ["select * from nowhere"]


def test_too_long(cluster: tuple[Cluster, str, dict[str, object]]):
    """`source.timeout` ends a query at the server, too."""
    answer, url, options = cluster
    answer.silent = True
    error = said(Warehouse.open(url, options, timeout=0.6), "select 1")
    assert error.message == "the query was ended after 1 seconds, as source.timeout says"
    assert answer.cancelled.wait(5)


def test_wrong_token(cluster: tuple[Cluster, str, dict[str, object]]):
    """A token that is not known is said, and shown nowhere."""
    _, url, options = cluster
    source = Warehouse.open(url.replace(TOKEN, "dapi-another"), options, secrets=("dapi-another",))
    error = said(source, "select 1")
    assert isinstance(error, Unreachable)
    assert "Invalid access token" in error.message
    assert "dapi-another" not in error.message + error.hint


def test_nobody(monkeypatch: pytest.MonkeyPatch):
    """Where nobody is, that is known at once; the connector itself would ask for a quarter of an hour."""
    driver("databricks.sqlalchemy")
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    began = time.monotonic()
    source = Warehouse.open("databricks://token:x@127.0.0.1:1?http_path=/sql/1.0/warehouses/1")
    with pytest.raises(SourceError, match=r"cannot connect to .*: Connection refused"):
        source.columns("select 1")
    assert time.monotonic() - began < 20
