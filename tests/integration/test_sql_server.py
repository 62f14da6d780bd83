"""SQL Server by its driver, against a stand-in that speaks its protocol; values are in test_values.py."""

import os
import signal
import ssl
import subprocess
import sys
import threading
import time
import tracemalloc
from collections import abc
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from sync.domain.numbers import Single
from sync.domain.record import AttributeType
from sync.errors import Unreachable
from sync.sandbox.running import RunningSandbox
from sync.warehouse.warehouse import Warehouse
from tests.support.containers import until
from tests.support.needed import driver, needed
from tests.support.program import Desk
from tests.support.queries import read
from tests.support.runner import Place
from tests.support.sql_server import PASSWORD, USER, Server, sql_server
from tests.support.troubles import said

driver("pymssql")
STRING, INTEGER, DECIMAL = AttributeType.STRING, AttributeType.INTEGER, AttributeType.DECIMAL
BOOLEAN, TIMESTAMP = AttributeType.BOOLEAN, AttributeType.TIMESTAMP
ID = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
AT = datetime(2026, 1, 31, 10, 0, 0, 123456)
THERE = AT.replace(tzinfo=timezone(timedelta(hours=2)))
#: A type, what a column of it is, what the server sends, and what comes of it.
TYPES: list[tuple[str, object, Any, Any]] = [
    ("int not null", INTEGER, 1, 1),
    ("tinyint", INTEGER, 255, 255),
    ("smallint", INTEGER, -3, -3),
    ("bigint", INTEGER, 1234567890123456789, 1234567890123456789),
    ("bit", BOOLEAN, 1, True),
    ("bit not null", BOOLEAN, 0, False),
    ("decimal(38,8)", DECIMAL, "-1234567890123456789.12345678", Decimal("-1234567890123456789.12345678")),
    ("numeric(20,0)", INTEGER, "12345678901234567890", Decimal("12345678901234567890")),
    ("money", DECIMAL, "922337203685477.5807", Decimal("922337203685477.5807")),
    ("smallmoney", DECIMAL, "-1.2345", Decimal("-1.2345")),
    ("float", DECIMAL, 0.1, 0.1),
    ("real", DECIMAL, 0.1, 0.1),
    ("char(10)", STRING, "Acme", "Acme"),
    ("nchar(10)", STRING, "Ącme", "Ącme"),
    ("varchar(20)", STRING, "é€  ", "é€  "),
    ("varchar(20) collate Cyrillic_General_CI_AS", STRING, "Привет", "Привет"),
    ("varchar(40) collate Latin1_General_100_CI_AS_SC_UTF8", STRING, "Ακμή 😀", "Ακμή 😀"),
    ("nvarchar(20)", STRING, "日本 😀", "日本 😀"),
    ("nvarchar(max)", STRING, "ж" * 9000, "ж" * 9000),
    ("varchar(max)", STRING, "", ""),
    ("text", STRING, "old", "old"),
    ("ntext", STRING, "olđ", "olđ"),
    ("xml", STRING, "<a>é</a>", "<a>é</a>"),
    ("uniqueidentifier", STRING, ID, UUID(ID)),
    ("date", TIMESTAMP, date(1, 1, 1), date(1, 1, 1)),
    ("datetime", TIMESTAMP, AT.replace(microsecond=3000), AT.replace(microsecond=3000)),
    ("smalldatetime", TIMESTAMP, AT, AT.replace(microsecond=0)),
    ("datetime2(7)", TIMESTAMP, "2026-01-31 10:00:00.1234567", AT),
    ("datetime2(0)", TIMESTAMP, datetime(9999, 12, 31), datetime(9999, 12, 31)),
    ("datetimeoffset(7)", TIMESTAMP, THERE, THERE),
    ("time(7)", None, AT.time(), AT.time()),
    ("varbinary(10)", "binary", b"\x00\xff", b"\x00\xff"),
    ("varbinary(max)", "binary", b"\x01", b"\x01"),
    ("image", "binary", b"\x02", b"\x02"),
    ("sql_variant", "sql_variant", 5, b"\x05\x00\x00\x00"),
    ("geography", "geometry", b"abc", b"abc"),
]  # fmt: skip


def result(*types: str) -> list[tuple[str, str]]:
    """Columns of these types."""
    return [(f"c{place}", written) for place, written in enumerate(types)]


def encrypted() -> ssl.SSLContext:
    """What a server needs that takes no plain text."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # as this protocol has it
    needed("trustme").CA().issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.mark.parametrize("sparse", [False, True])
def test_types_and_values(sparse: bool):
    """Columns have the types that the server describes; values come exact, and nulls as None, however rows are sent."""
    written = [one for one, _, _, _ in TYPES]
    nothing = [0 if one.endswith(" not null") else None for one in written]
    server = Server(result(*written), [[sent for _, _, sent, _ in TYPES], nothing], sparse)
    with sql_server(server) as url, Warehouse.open(url).query("select 'é'") as answer:
        kinds = [column.type or column.unsendable for column in answer.columns]
        first, second = (row for batch in answer.batches() for row in batch)
    assert kinds == [kind for _, kind, _, _ in TYPES]
    assert first == tuple(value for _, _, _, value in TYPES)
    assert second == tuple(nothing)
    assert type(first[written.index("real")]) is Single
    assert server.queries == ["select 'é'"]


def test_by_the_clock(monkeypatch: pytest.MonkeyPatch):
    """A moment is one moment whatever zone this machine has, and a time without a zone stays as it is."""
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    server = Server(result("datetimeoffset(3)", "datetime2(3)"), [[THERE, AT]])
    with sql_server(server) as url:
        [[(moment, plain)]] = read(Warehouse.open(url), "select 1")
    monkeypatch.undo()
    time.tzset()
    assert moment == datetime(2026, 1, 31, 8, 0, 0, 123000, tzinfo=UTC)
    assert plain == AT.replace(microsecond=123000)


def test_a_server_that_describes_nothing():
    """Then the driver's few types hold; of bytes it tells nothing, as it takes dates for them."""
    columns = result("int", "nvarchar(20)", "date", "uniqueidentifier", "datetime", "decimal(9,2)")
    server = Server(columns, [[1, "a", AT.date(), ID, AT, "1.50"]], describes=False)
    with sql_server(server) as url, Warehouse.open(url).query("select 1") as answer:
        kinds = [column.type or column.unsendable for column in answer.columns]
        [[row]] = list(answer.batches())
    assert kinds == [None, STRING, None, None, TIMESTAMP, None]
    assert row[2:4] == (AT.date(), UUID(ID))


@pytest.mark.parametrize(
    ("number", "words"),
    [(208, "Invalid object name 'nowhere'."), (207, "Invalid column name 'compny'.")],
)
def test_words(number: int, words: str):
    """The server's words once, without what the library adds, with the line; a query of one line has no other."""
    with sql_server(Server(error=(number, words, 2))) as url:
        source = Warehouse.open(url)
        assert said(source, "select id,\n  compny from accounts").message == (
            f"{words} (line 2 of the query)"
        )
        assert said(source, "select compny from accounts").message == words


def test_refused():
    """A login is tried once, refused in the server's words, and the password is shown nowhere."""
    server = Server()
    with sql_server(server) as url:
        error = said(Warehouse.open(url.replace(PASSWORD, "another-word")), "select 1")
    assert isinstance(error, Unreachable)
    assert error.message == (
        f"cannot connect to mssql+pymssql://{USER}:***@127.0.0.1:{server.port}/shop: Login failed for user '{USER}'."
    )
    assert [(one.user, one.password) for one in server.logins] == [(USER, "another-word")]


def test_nobody_speaks():
    """A server that takes connections and says nothing is given up, as the URL says."""
    with sql_server(Server(mute=True)) as url:
        began = time.monotonic()
        error = said(Warehouse.open(f"{url}?login_timeout=1&tds_version=7.4"), "select 1")
    assert "TDS server connection timed out (127.0.0.1)" in error.message
    assert time.monotonic() - began < 10


def test_encrypted():
    """A server that takes no plain text is read and told to end queries likewise; its certificate is not looked at."""
    server = Server(WIDE, ([n, "x" * 500] for n in range(3000)), context=encrypted())
    with sql_server(server) as url:
        assert len(read(Warehouse.open(url), "select 1")) == 3
        server.rows, server.stalls = many(), 2
        assert said(Warehouse.open(url, timeout=0.6), "select 1").message.endswith(
            "source.timeout says"
        )
        server.silent = True
        server.attended.clear()
        assert said(Warehouse.open(url, timeout=0.6), "select 1").message.endswith(
            "source.timeout says"
        )
        assert server.attended.wait(5)


@pytest.mark.parametrize("rows", [3, 3000])
def test_an_error_behind_rows(rows: int):
    """It ends the query with the server's words: what came before it is never taken for all there is."""
    divided = (8134, "Divide by zero error encountered.", 1)
    server = Server(rows=[[n] for n in range(rows)], error=divided, late=True)
    with sql_server(server) as url:
        assert said(Warehouse.open(url), "select 1").message == divided[1]


@pytest.mark.parametrize("rows", [3, 3000])
def test_broken_off(rows: int):
    """A connection that breaks behind rows is told as that."""
    with sql_server(Server(rows=[[n] for n in range(rows)], breaks=True)) as url:
        error = said(Warehouse.open(url), "select 1")
    assert error.message == "Unexpected EOF from the server"
    assert "the connection broke off" in error.hint


def many() -> abc.Iterator[list[object]]:
    """More rows than anybody wants, of half a kilobyte each."""
    return ([n, "x" * 500] for n in count())


WIDE = [("id", "int not null"), ("x", "varchar(500)")]


def test_streamed():
    """Rows come as they are asked for."""
    server = Server(WIDE, ([n, "x" * 500] for n in range(20_000)))
    with sql_server(server) as url:
        tracemalloc.start()
        with Warehouse.open(url).query("select 1") as answer:
            rows = sum(len(batch) for batch in answer.batches())
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert rows == 20_000
    assert peak < 4_000_000  # all rows would take over 10 MB


def test_leaving_early():
    """The server is told that no more rows are wanted; the transaction was never committed."""
    server = Server(WIDE, many())
    with sql_server(server) as url:
        with Warehouse.open(url).query("select 1") as answer:
            assert len(next(answer.batches(10))) == 10
        assert server.attended.wait(5)
    assert server.sent < 2_000  # what the network holds
    assert server.statements[-3:] == ["select 1", "ROLLBACK TRAN", "BEGIN TRAN"]
    assert "COMMIT TRAN" not in server.statements


def test_read_only():
    """What writes is not sent: SQL Server has nothing else that keeps a query from it but the user's rights."""
    source = Warehouse.open("mssql://u:p@127.0.0.1:1/d")
    for sql in ("select 1; drop table t", "select * into t from u", "exec p", "delete from t"):
        assert source.judge(sql).offence is not None
    assert source.dialect.guards is False


@pytest.mark.parametrize(
    "server",
    [Server(silent=True), Server(WIDE, many(), stalls=2), Server(WIDE, many())],
    ids=["before the first row", "between rows", "among rows"],
)
def test_cancel(server: Server):
    """The server is told to end a query, wherever it stands."""
    with sql_server(server) as url:
        source, began = Warehouse.open(url), time.monotonic()
        timer = threading.Timer(0.3, source.cancel)
        timer.start()
        said(source, "select 1")
        timer.join()
        assert server.attended.wait(5)
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    "server",
    [Server(silent=True), Server(WIDE, many(), stalls=2), Server(silent=True, deaf=True)],
    ids=["before the first row", "between rows", "and it goes on"],
)
def test_too_long(server: Server):
    """`source.timeout` ends a query on the server, too; where that does not listen, nobody waits for it."""
    with sql_server(server) as url:
        began = time.monotonic()
        error = said(Warehouse.open(url, timeout=0.6), "select 1")
        assert error.message == "the query was ended after 1 seconds, as source.timeout says"
        assert server.attended.wait(5)
    assert time.monotonic() - began < 10


MAPPING = """\
version: 1
source: {query: "select id, x from accounts"}
destination: {object: customer}
fields: {external_id: id, company: x}
"""


@pytest.fixture
def desk(tmp_path: Path) -> abc.Iterator[abc.Callable[[str], Desk]]:
    """The program, with a mapping, in front of a server."""
    with RunningSandbox() as sandbox:

        def made(url: str) -> Desk:
            desk = Desk(Place(tmp_path, sandbox, url))
            desk.mapping(MAPPING)
            return desk

        yield made


def test_preview(desk: abc.Callable[[str], Desk]):
    """It takes the first rows, and the server is told to stop: what is on its way is all that was read."""
    server = Server(WIDE, many())
    with sql_server(server) as url:
        ended = desk(url)("preview", "--limit", "3", "--json")
        assert server.attended.wait(5)
    assert ended.code == 0
    assert len(ended.out.splitlines()) == 3
    assert server.sent < 2_000  # what the network holds


@pytest.mark.parametrize("command", ["run", "preview"])
@pytest.mark.parametrize(
    "server",
    [
        lambda: Server(silent=True),
        lambda: Server(WIDE, many(), stalls=2),
        lambda: Server(WIDE, many(), stalls=2, deaf=True),
    ],
    ids=["before the first row", "between rows", "and it goes on"],
)
def test_a_signal(desk: abc.Callable[[str], Desk], command: str, server: abc.Callable[[], Server]):
    """SIGTERM ends the program within ten seconds and the query with it, whatever the server makes of it."""
    asked(desk, command, server())


def asked(desk: abc.Callable[[str], Desk], command: str, server: Server) -> None:
    """Have a command in mid-query, and end it."""
    with sql_server(server) as url:
        place = desk(url).place
        process = subprocess.Popen(
            [sys.executable, "-m", "sync", command],
            cwd=place.folder,
            env={**os.environ, **place.environment, "PYTHONPATH": os.getcwd()},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        until(lambda: bool(server.queries), 30, "the query")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=10)
        assert server.attended.wait(5)
    assert process.returncode in (130, 143)
