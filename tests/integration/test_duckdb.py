"""The warehouse on DuckDB: a file, read-only, and Parquet without one."""

import builtins
import math
import threading
import tracemalloc
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from sync.domain.instant import Infinite
from sync.domain.numbers import Single
from sync.domain.record import AttributeType
from sync.errors import SourceError
from sync.warehouse.column import Column
from sync.warehouse.warehouse import Warehouse, WritesError
from tests.support.needed import needed
from tests.support.queries import read

duckdb = needed("duckdb")
needed("duckdb_engine")
STRING, INTEGER, DECIMAL = AttributeType.STRING, AttributeType.INTEGER, AttributeType.DECIMAL
BOOLEAN, TIMESTAMP = AttributeType.BOOLEAN, AttributeType.TIMESTAMP


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table accounts (id bigint, name text)")
        connection.execute("insert into accounts values (1, 'Acme'), (2, 'München'), (3, null)")
    return path


@pytest.fixture
def source(path: Path) -> Warehouse:
    return Warehouse.open(f"duckdb:///{path}")


def test_values(source: Warehouse):
    """Values come exact and typed, with the zone where there is one, and nulls as None."""
    [[row]] = read(
        source,
        "select 9007199254740993::bigint, 123456789012345678.123456789::decimal(38, 9), true, 'é',"
        " null::integer, date '2026-01-31', timestamp '2026-01-31 10:00:00.123456',"
        " timestamptz '2026-01-31 10:00:00+02', 170141183460469231731687303715884105727::hugeint,"
        " 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid",
    )
    assert (
        9007199254740993,
        Decimal("123456789012345678.123456789"),
        True,
        "é",
        None,
        date(2026, 1, 31),
        datetime(2026, 1, 31, 10, 0, 0, 123456),
        datetime(2026, 1, 31, 8, tzinfo=UTC),
        2**127 - 1,
        UUID("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
    ) == row


@pytest.mark.parametrize(
    ("expression", "type"),
    [
        ("true", BOOLEAN),
        ("1::utinyint", INTEGER),
        ("1::smallint", INTEGER),
        ("1", INTEGER),
        ("1::ubigint", INTEGER),
        ("1::hugeint", INTEGER),
        ("count(*) over ()", INTEGER),
        ("1::decimal(18, 0)", INTEGER),
        ("sum(1::decimal(18, 0)) over ()", INTEGER),
        ("1::decimal(18, 2)", DECIMAL),
        ("1.50", DECIMAL),
        ("1::float", DECIMAL),
        ("1::double", DECIMAL),
        ("'x'", STRING),
        ("'x'::char(3)", STRING),
        ("uuid()", STRING),
        ("'a'::enum('a', 'b')", STRING),
        ("date '2026-01-31'", TIMESTAMP),
        ("timestamp '2026-01-31 10:00'", TIMESTAMP),
        ("timestamp_s '2026-01-31 10:00:00'", TIMESTAMP),
        ("timestamptz '2026-01-31 10:00Z'", TIMESTAMP),
        ("null", None),
        ("time '10:00'", None),
        ("interval 1 day", None),
    ],
)
def test_types(source: Warehouse, expression: str, type: AttributeType | None):
    """The column tells its type, whatever the values are; what has none is left to the values."""
    assert (Column("x", type),) == source.columns(f"select {expression} as x")


@pytest.mark.parametrize(
    ("expression", "what"),
    [
        ("[1, 2]", "array"),
        ("[1, 2]::integer[2]", "array"),
        ("[{'a': 1}]", "array"),
        ("{'a': 1}", "json"),
        ("map {'a': 1}", "json"),
        ("'{}'::json", "json"),
        ("'x'::blob", "binary"),
        ("'101'::bit", "bits"),
        ("'POINT(1 2)'::geometry", "geometry"),
    ],
)
def test_unsendable(source: Warehouse, expression: str, what: str):
    """JSON, arrays and bytes are told apart before any row is read."""
    assert (Column("x", unsendable=what),) == source.columns(f"select {expression} as x")


def test_streaming(source: Warehouse):
    """200 MB of rows take the memory of a few batches."""
    tracemalloc.start()
    try:
        with source.query(
            "select range as id, repeat('x', 1000) as v from range(200000)"
        ) as result:
            lengths = [len(batch) for batch in result.batches(1000)]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert lengths == [1000] * 200
    assert peak < 20_000_000


def test_leaving_early(source: Warehouse):
    """A query that was read half way is left, and the next one starts anew."""
    with source.query("select range as id from range(10000000)") as result:
        assert len(next(result.batches(10))) == 10
    assert read(source, "select count(*) from accounts") == [[(3,)]]


@pytest.mark.parametrize(
    "statement",
    [
        "insert into accounts values (4, 'x')",
        "update accounts set name = 'x'",
        "delete from accounts",
        "drop table accounts",
        "create table other as select 1 as x",
    ],
)
def test_read_only(source: Warehouse, path: Path, statement: str):
    """The file is opened for reading alone; nothing in it changes."""
    before = path.read_bytes()
    with pytest.raises(SourceError, match="read-only mode") as caught:
        read(source, statement)
    assert caught.value.hint == "a source query is a SELECT"
    assert before == path.read_bytes()


def test_no_such_file(tmp_path: Path):
    """It is not made, and the message says so."""
    missing = tmp_path / "missing.duckdb"
    with pytest.raises(SourceError, match="database does not exist") as caught:
        read(Warehouse.open(f"duckdb:///{missing}"), "select 1")
    assert "the file has to exist" in caught.value.hint
    assert not missing.exists()


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("select nope from accounts", 'Referenced column "nope" not found'),
        ("select * from nowhere", "Table with name nowhere does not exist"),
        ("selec 1", "syntax error at or near"),
        ("select cast(name as integer) from accounts", "Could not convert string 'Acme'"),
    ],
)
def test_messages(source: Warehouse, sql: str, message: str):
    """The database's own words, on one line."""
    with pytest.raises(SourceError, match=message) as caught:
        read(source, sql)
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        (
            "select id,\n      nme\n    from accounts",
            'Binder Error: Referenced column "nme" not found in FROM clause!'
            ' Candidate bindings: "name" (line 2, column 7 of the query)',
        ),
        (
            "selec 1",
            'Parser Error: syntax error at or near "selec" (line 1, column 1 of the query)',
        ),
        (
            f"select 'é{'x' * 200}' as a, nope from accounts",
            'Binder Error: Referenced column "nope" not found in FROM clause!'
            ' Candidate bindings: "name" (line 1, column 218 of the query)',
        ),
    ],
)
def test_places(source: Warehouse, sql: str, message: str):
    """The place in the query, as other databases tell it, instead of a piece of the query."""
    with pytest.raises(SourceError) as caught:
        read(source, sql)
    assert caught.value.message == message


def test_single_precision(source: Warehouse):
    """FLOAT is its shortest text, not what a double makes of it."""
    [[row]] = read(source, "select 0.1::float, 0.1::double, 'inf'::float, null::float")
    assert row == (0.1, 0.1, math.inf, None)
    assert [type(value) for value in row[:2]] == [Single, float]


def test_infinite_dates(source: Warehouse):
    """What the driver puts at the ends of the calendar is infinite; other dates beyond it are text."""
    [[row]] = read(
        source,
        "select 'infinity'::date, '-infinity'::timestamp, 'infinity'::timestamptz, 'infinity'::timestamp_s,"
        " date '9999-12-30', date '20000-01-01'",
    )
    endless = ("infinity", "-infinity", "infinity", "infinity")
    assert row == (*endless, date(9999, 12, 30), "20000-01-01")
    assert [type(value) for value in row[:4]] == [Infinite] * 4


@pytest.mark.parametrize("type", ["timestamp_ms", "timestamp_ns", "timestamptz"])
@pytest.mark.parametrize("sign", ["", "-"])
def test_infinite_times(source: Warehouse, type: str, sign: str):
    """Nor is any other type's infinity taken for a time."""
    [[(value,)]] = read(source, f"select '{sign}infinity'::{type}")
    assert (f"{sign}infinity", Infinite) == (value, builtins.type(value))


def test_the_ends_of_the_calendar(source: Warehouse):
    """The last and the first of days are dates like others, which many tables have for "no end"."""
    [[row]] = read(
        source,
        "select date '9999-12-31', timestamp '9999-12-31 23:59:59.999999', date '0001-01-01', timestamp '0001-01-01',"
        " '9999-12-31 23:59:59.999999+00'::timestamptz",
    )
    assert row[:4] == (date.max, datetime.max, date.min, datetime.min)
    assert row[4] == datetime.max.replace(tzinfo=UTC)


def test_hints(source: Warehouse):
    """The way out is SQL of DuckDB."""
    columns = source.columns("select [1] as a, 'x'::blob as b")
    assert [column.as_text for column in columns] == ["cast({} as varchar)", "hex({})"]


def test_cancel(source: Warehouse):
    """A query that takes long is broken off from another thread."""
    timer = threading.Timer(0.3, source.cancel)
    timer.start()
    slow = "select sum(a.range * b.range % 7) from range(1000000) a, range(1000000) b"
    with pytest.raises(SourceError, match="Interrupted"):
        read(source, slow)
    timer.join()


def test_files_without_a_database(tmp_path: Path):
    """duckdb:// reads Parquet and CSV where no DuckDB file is."""
    file = tmp_path / "accounts.parquet"
    duckdb.execute(f"copy (select 1 as id, 'Acme' as name) to '{file}' (format parquet)")
    memory = Warehouse.open("duckdb://")
    query = f"select * from '{file}'"
    assert read(memory, query) == [[(1, "Acme")]]
    assert (Column("id", INTEGER), Column("name", STRING)) == memory.columns(query)


def test_text_of_row_hashes(source: Warehouse):
    """Users' states hold hashes of rows that this text is part of: it stays what it is."""
    sql = (
        "select 1 as id, 1.5 as \"a.b\", 'x' as name, true as yes, date '2026-01-31' as at,"
        " null as nothing, '{}'::json as doc, [1] as list, 'x'::blob as raw"
    )
    with source.query(sql) as result:
        assert result.manner == "duckdb_engine"
        assert repr(result.columns) == (
            "(Column(name='id', type=<AttributeType.INTEGER: 'Integer'>, unsendable=None),"
            " Column(name='a.b', type=<AttributeType.DECIMAL: 'Decimal'>, unsendable=None),"
            " Column(name='name', type=<AttributeType.STRING: 'String'>, unsendable=None),"
            " Column(name='yes', type=<AttributeType.BOOLEAN: 'Boolean'>, unsendable=None),"
            " Column(name='at', type=<AttributeType.TIMESTAMP: 'Timestamp'>, unsendable=None),"
            " Column(name='nothing', type=None, unsendable=None),"
            " Column(name='doc', type=None, unsendable='json'),"
            " Column(name='list', type=None, unsendable='array'),"
            " Column(name='raw', type=None, unsendable='binary'))"
        )


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select 1", False),
        ("from range(3)", False),
        ("pivot (select 1 a) on a using count(*)", False),
        ("attach 'x.db'", True),
        ("export database 'x'", True),
        ("select 1; select 2", True),
    ],
)
def test_doubtful(source: Warehouse, sql: str, expected: bool):
    """Where no other parser can tell, DuckDB's own says what a statement does, and nothing runs that writes."""
    if expected:
        with pytest.raises(WritesError), source.query(sql, doubtful=True):
            pass
    else:
        with source.query(sql, doubtful=True) as result:
            assert len(list(result.batches())) == 1
