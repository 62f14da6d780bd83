"""The warehouse on a real MariaDB, by the driver that MySQL has as well."""

import threading
import time
import tracemalloc
from collections import abc
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from sync.domain.numbers import SixDigits
from sync.domain.record import AttributeType
from sync.errors import SourceError
from sync.warehouse.column import Column
from sync.warehouse.warehouse import Warehouse
from tests.support import planted_secrets
from tests.support.mariadb import PASSWORD, connected, mariadb_port
from tests.support.queries import read

__all__ = ["mariadb_port"]
STRING, INTEGER, DECIMAL = AttributeType.STRING, AttributeType.INTEGER, AttributeType.DECIMAL
BOOLEAN, TIMESTAMP = AttributeType.BOOLEAN, AttributeType.TIMESTAMP


@pytest.fixture
def tables(mariadb_port: int) -> abc.Iterator[abc.Callable[..., None]]:
    """Runs statements that write; the table `accounts` is there and goes again."""
    place = {"host": "127.0.0.1", "port": mariadb_port, "database": "shop"}

    def execute(*statements: str) -> None:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    with connected(user="writer", password=PASSWORD, **place) as connection:
        execute(
            "create table accounts (id bigint primary key, name varchar(50))",
            "insert into accounts values (1, 'Acme'), (2, 'München'), (3, null)",
        )
        yield execute
        execute("drop table if exists accounts, typed")


@pytest.fixture
def source(mariadb_port: int, tables: abc.Callable[..., None]) -> Warehouse:
    """As somebody who could write, so that it is us who do not."""
    return Warehouse.open(f"mariadb://writer:{PASSWORD}@127.0.0.1:{mariadb_port}/shop")


def test_mysql_is_the_same(mariadb_port: int, source: Warehouse):
    """mysql:// takes the same driver."""
    other = Warehouse.open(f"mysql://writer:{PASSWORD}@127.0.0.1:{mariadb_port}/shop")
    query = "select id, name from accounts order by id"
    assert [[(1, "Acme"), (2, "München"), (3, None)]] == read(other, query) == read(source, query)


def test_values(source: Warehouse):
    """Values come exact, nulls as None."""
    [[row]] = read(
        source,
        "select cast(18446744073709551615 as unsigned), cast('12345678901234567890.123456789' as"
        " decimal(30, 9)), 'é', null, date '2026-01-31', timestamp '2026-01-31 10:00:00.123456'",
    )
    assert (
        18446744073709551615,
        Decimal("12345678901234567890.123456789"),
        "é",
        None,
        date(2026, 1, 31),
        datetime(2026, 1, 31, 10, 0, 0, 123456),
    ) == row


def test_time_zones(source: Warehouse, tables: abc.Callable[..., None]):
    """TIMESTAMP is a moment and comes with its zone, whatever the server's is; DATETIME has none."""
    tables(
        "create table typed (moment timestamp null, plain datetime)",
        "set time_zone = '+02:00'",
        "insert into typed values ('2026-01-31 10:00:00', '2026-01-31 10:00:00')",
    )
    moment, plain = datetime(2026, 1, 31, 8, tzinfo=UTC), datetime(2026, 1, 31, 10)
    assert [[(moment, plain)]] == read(source, "select moment, plain from typed")


@pytest.mark.parametrize(("zone", "hours"), [("-08:00", -8), ("+05:30", 5), ("SYSTEM", 0)])
def test_zone_of_the_query(
    source: Warehouse, tables: abc.Callable[..., None], zone: str, hours: int
):
    """The query means what it means in the user's zone: a row made now was made now; moments are exact all the same."""
    minutes = 330 if hours == 5 else hours * 60
    mine = session(source, f"set time_zone = '{zone}'")
    tables(
        "create table typed (moment timestamp null, plain datetime)",
        "set time_zone = '+00:00'",
        f"insert into typed values ('2026-01-31 10:00:00', utc_timestamp() + interval {minutes} minute)",
    )
    [[row]] = read(
        mine,
        "select moment, hour(moment), timestampdiff(hour, plain, now()), @@session.time_zone from typed",
    )
    assert row == (datetime(2026, 1, 31, 10, tzinfo=UTC), 10 + hours, 0, zone)


def session(source: Warehouse, statement: str) -> Warehouse:
    """The same, where each session of the user's begins with a statement."""
    url = source.engine.url.update_query_dict({"init_command": statement})
    return Warehouse.open(url.render_as_string(hide_password=False))


def test_single_precision(source: Warehouse, tables: abc.Callable[..., None]):
    """FLOAT comes with the six digits that the server writes, and is known as what it is."""
    tables(
        "create table typed (x float, y double, z char(5))",
        "insert into typed values (0.1, 0.1, 'a')",
    )
    [[row]] = read(source, "select x, y, z from typed")
    assert row == (0.1, 0.1, "a")
    assert [type(value) for value in row] == [SixDigits, float, str]


def test_fixed_width(source: Warehouse, tables: abc.Callable[..., None]):
    """The blanks of CHAR are none of the text, whatever the server's mode, and that mode stays."""
    tables("create table typed (x char(5), y varchar(5))", "insert into typed values ('a', 'a ')")
    padded = session(source, "set sql_mode = 'PAD_CHAR_TO_FULL_LENGTH,ANSI_QUOTES'")
    assert read(padded, 'select "x", "y", length("x") from typed') == [[("a", "a ", 5)]]


def test_hints(source: Warehouse, tables: abc.Callable[..., None]):
    """The way out is SQL of MySQL."""
    tables("create table typed (x binary(16), y varchar(5))")
    [column, _] = source.columns("select x, y from typed")
    assert (column.unsendable, column.as_text) == ("binary", "hex({})")


@pytest.mark.parametrize("column", ["timestamp null", "datetime", "date"])
def test_zero_dates(source: Warehouse, tables: abc.Callable[..., None], column: str):
    """Months and days of zero are no dates: they come as text, to be rejected with their rows."""
    tables(
        f"create table typed (x {column})",
        "set sql_mode = ''",
        "insert into typed values ('0000-00-00')",
    )
    [[(value,)]] = read(source, "select x from typed")
    assert str(value).startswith("0000-00-00")


@pytest.mark.parametrize(
    ("column", "type"),
    [
        ("boolean", BOOLEAN),
        ("tinyint(1)", BOOLEAN),
        ("tinyint", INTEGER),
        ("smallint", INTEGER),
        ("mediumint", INTEGER),
        ("int", INTEGER),
        ("bigint unsigned", INTEGER),
        ("year", INTEGER),
        ("decimal(10, 0)", INTEGER),
        ("decimal(10, 2)", DECIMAL),
        ("float", DECIMAL),
        ("double", DECIMAL),
        ("char(3)", STRING),
        ("varchar(20)", STRING),
        ("text", STRING),
        ("longtext", STRING),
        ("json", STRING),  # an alias of longtext in MariaDB
        ("enum('a', 'b')", STRING),
        ("set('a', 'b')", STRING),
        ("uuid", STRING),
        ("date", TIMESTAMP),
        ("datetime", TIMESTAMP),
        ("datetime(6)", TIMESTAMP),
        ("timestamp null", TIMESTAMP),
        ("time", None),
    ],
)
def test_types(
    source: Warehouse, tables: abc.Callable[..., None], column: str, type: AttributeType | None
):
    """The column tells its type, with no row in the table; what has none is left to the values."""
    tables(f"create table typed (x {column})")
    assert (Column("x", type),) == source.columns("select x from typed")


@pytest.mark.parametrize(
    ("expression", "type"),
    [
        ("1", INTEGER),
        ("count(*)", INTEGER),
        ("sum(id)", INTEGER),
        ("avg(id)", DECIMAL),
        ("1.5", DECIMAL),
        ("max(name)", STRING),
        ("concat(max(name), 1)", STRING),
        ("now()", TIMESTAMP),
        ("null", None),
    ],
)
def test_types_of_expressions(source: Warehouse, expression: str, type: AttributeType | None):
    """What is computed has a type as well."""
    assert (Column("x", type),) == source.columns(f"select {expression} as x from accounts")


@pytest.mark.parametrize(
    "column", ["blob", "longblob", "binary(3)", "varbinary(9)", "bit(1)", "bit(8)", "point"]
)
def test_unsendable(source: Warehouse, tables: abc.Callable[..., None], column: str):
    """Bytes are told apart from text, although they share their types."""
    tables(f"create table typed (x {column})")
    assert (Column("x", unsendable="binary"),) == source.columns("select x from typed")


def test_streaming(source: Warehouse):
    """50 MB of rows take the memory of a few batches."""
    tracemalloc.start()
    try:
        with source.query("select seq, repeat('x', 1000) from seq_1_to_50000") as result:
            lengths = [len(batch) for batch in result.batches(1000)]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert lengths == [1000] * 50
    assert peak < 10_000_000


def test_leaving_early(source: Warehouse):
    """A long result is left at once; the driver alone would wait for its last row."""
    began = time.monotonic()
    with source.query("select seq, repeat('x', 1000) from seq_1_to_5000000") as result:
        assert len(next(result.batches(10))) == 10
    assert time.monotonic() - began < 2
    assert read(source, "select count(*) from accounts") == [[(3,)]]


@pytest.mark.parametrize(
    "statement",
    [
        "insert into accounts values (4, 'x')",
        "update accounts set name = 'x'",
        "delete from accounts",
        "drop table accounts",
        "truncate table accounts",
        "create table other as select 1 as x",
        "alter table accounts add column x int",
    ],
)
def test_read_only(source: Warehouse, statement: str):
    """Nothing is written, tables are neither made nor dropped, although the user might."""
    with pytest.raises(SourceError, match="READ ONLY transaction") as caught:
        read(source, statement)
    assert caught.value.hint == "a source query is a SELECT"
    assert read(source, "select * from accounts order by id") == [
        [(1, "Acme"), (2, "München"), (3, None)]
    ]


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("select nope from accounts", "Unknown column 'nope' in 'SELECT'"),
        ("select * from nowhere", "Table 'shop.nowhere' doesn't exist"),
        ("selec 1", "You have an error in your SQL syntax"),
        ("select 1; select 2", "You have an error in your SQL syntax"),
    ],
)
def test_messages(source: Warehouse, sql: str, message: str):
    """The database's own words, on one line, without the driver's numbers."""
    with pytest.raises(SourceError) as caught:
        read(source, sql)
    assert caught.value.message.startswith(message)
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (
            "mariadb://writer:plantedQ7xV2kZ9-wrong@127.0.0.1:{port}/shop",
            "Access denied for user 'writer'",
        ),
        ("mysql://writer:" + PASSWORD + "@127.0.0.1:{port}/nowhere", "to database 'nowhere'"),
        ("mysql://writer:" + PASSWORD + "@127.0.0.1:1/shop", "Connection refused"),
    ],
)
def test_no_connection(mariadb_port: int, url: str, message: str):
    """Why, and to where, without the password."""
    with pytest.raises(SourceError, match=message) as caught:
        read(Warehouse.open(url.format(port=mariadb_port)), "select 1")
    assert not planted_secrets.shows(caught.value.message + caught.value.hint)


@pytest.mark.parametrize(
    "sql", ["select sleep(20)", "select seq, repeat('x', 1000) from seq_1_to_100000000"]
)
def test_cancel(source: Warehouse, sql: str):
    """A query is broken off from another thread, before its first row or between two."""
    timer = threading.Timer(0.3, source.cancel)
    timer.start()
    began = time.monotonic()
    with pytest.raises(SourceError, match="Lost connection"):
        read(source, sql)
    assert time.monotonic() - began < 5
    timer.join()


def test_text_of_row_hashes(source: Warehouse, tables: abc.Callable[..., None]):
    """Users' states hold hashes of rows that this text is part of: it stays what it is."""
    tables("create table typed (yes boolean, day time, raw blob)")
    sql = "select 1 as id, 1.5 as `a.b`, 'x' as name, now() as at, yes, day, raw from typed"
    with source.query(sql) as result:
        assert result.manner == "pymysql.connections"
        assert repr(result.columns) == (
            "(Column(name='id', type=<AttributeType.INTEGER: 'Integer'>, unsendable=None),"
            " Column(name='a.b', type=<AttributeType.DECIMAL: 'Decimal'>, unsendable=None),"
            " Column(name='name', type=<AttributeType.STRING: 'String'>, unsendable=None),"
            " Column(name='at', type=<AttributeType.TIMESTAMP: 'Timestamp'>, unsendable=None),"
            " Column(name='yes', type=<AttributeType.BOOLEAN: 'Boolean'>, unsendable=None),"
            " Column(name='day', type=None, unsendable=None),"
            " Column(name='raw', type=None, unsendable='binary'))"
        )
