"""Databricks by its own connector, against its Thrift service without an engine; values are in test_values.py."""

import socket
import time
from collections import abc

import pytest
from sqlalchemy import NullPool, make_url

from sync.database import engines
from sync.errors import SourceError, Unreachable
from sync.warehouse.dialects.databricks import Databricks
from sync.warehouse.warehouse import Warehouse
from tests.support.databricks import TOKEN, Cluster, databricks
from tests.support.needed import driver
from tests.support.servers import Proxy
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


def test_a_proxy_that_swallows(monkeypatch: pytest.MonkeyPatch):
    """A proxy that takes the connection and says nothing, or lets it through to nobody, is given up and named."""
    driver("databricks.sqlalchemy")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    dialect = Databricks(patience=0.4)
    engine = engines.connect(
        make_url("databricks://token:x@dbc.example?http_path=/sql/1.0/warehouses/1"),
        poolclass=NullPool,
    )
    dialect.watch(engine)
    with Proxy() as proxy, socket.create_server(("127.0.0.1", 0)) as silent:
        nobody = f"127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setenv("https_proxy", f"http://{nobody}")
        began = time.monotonic()
        error = said(Warehouse(engine, dialect), "select 1")
        assert error.message.endswith(f": the proxy {nobody} of the environment does not answer")
        monkeypatch.setenv("https_proxy", proxy.url)
        options = {"_connection_uri": f"https://{nobody}/sql", "enable_telemetry": False}
        through = engines.connect(engine.url, poolclass=NullPool, connect_args=options)
        dialect.watch(through)
        error = said(Warehouse(through, dialect), "select 1")
    assert error.message.endswith(": 127.0.0.1 does not answer")
    assert isinstance(error, Unreachable)
    assert time.monotonic() - began < 10


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
