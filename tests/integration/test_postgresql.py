"""The warehouse on a real PostgreSQL."""

import threading
import tracemalloc
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import URL

from sync.domain.instant import Infinite
from sync.domain.numbers import Rounded, Single, SixDigits
from sync.domain.record import AttributeType
from sync.errors import SourceError
from sync.transform import casts
from sync.transform.casts import Miscast
from sync.warehouse.column import Column
from sync.warehouse.warehouse import Warehouse
from tests.support import planted_secrets
from tests.support.postgres import connected, prepare
from tests.support.queries import read

STRING, INTEGER, DECIMAL = AttributeType.STRING, AttributeType.INTEGER, AttributeType.DECIMAL
BOOLEAN, TIMESTAMP = AttributeType.BOOLEAN, AttributeType.TIMESTAMP


@pytest.fixture
def source(database: str) -> Warehouse:
    return Warehouse.open(database)


def test_values(source: Warehouse):
    """Values come exact and typed, nulls as None."""
    [[row]] = read(
        source,
        "select 1::int8, 12345678901234567890.123456789::numeric, true, 'é'::text, null::int4,"
        " '2026-01-31'::date, '2026-01-31 10:00'::timestamp, '2026-01-31 10:00Z'::timestamptz,"
        " 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid",
    )
    assert (
        1,
        Decimal("12345678901234567890.123456789"),
        True,
        "é",
        None,
        date(2026, 1, 31),
        datetime(2026, 1, 31, 10),
        datetime(2026, 1, 31, 10, tzinfo=UTC),
        UUID("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
    ) == row


@pytest.mark.parametrize(
    ("expression", "type"),
    [
        ("1::int2", INTEGER),
        ("1::int4", INTEGER),
        ("1::int8", INTEGER),
        ("count(*)", INTEGER),
        ("1::numeric(10, 0)", INTEGER),
        ("1::numeric(10, 2)", DECIMAL),
        ("1::numeric", DECIMAL),
        ("sum(1::int8)", DECIMAL),
        ("1::float4", DECIMAL),
        ("1::float8", DECIMAL),
        ("true", BOOLEAN),
        ("now()", TIMESTAMP),
        ("now()::timestamp", TIMESTAMP),
        ("current_date", TIMESTAMP),
        ("''::text", STRING),
        ("''::varchar(10)", STRING),
        ("''::char(3)", STRING),
        ("'x'", STRING),
        ("current_user", STRING),
        ("gen_random_uuid()", STRING),
        ("null", STRING),
        ("'new'::mood", STRING),
        ("1::positive", INTEGER),
        ("'a'::short", STRING),
        ("now()::time", None),
        ("'1 day'::interval", None),
        ("'127.0.0.1'::inet", STRING),
    ],
)
def test_types(source: Warehouse, database: str, expression: str, type: AttributeType | None):
    """The column's own type is told, of enums and domains as well."""
    prepare(
        database,
        "create type mood as enum ('new', 'old')",
        "create domain positive as integer check (value > 0)",
        "create domain short as varchar(5)",
    )
    assert (Column("x", type),) == source.columns(f"select {expression} as x")


@pytest.mark.parametrize(
    ("expression", "what"),
    [
        ("'{}'::json", "json"),
        ("'{}'::jsonb", "json"),
        ("'{1,2}'::int[]", "array"),
        ("'{a}'::text[]", "array"),
        ("'{new}'::mood[]", "array"),
        ("'\\x00'::bytea", "binary"),
        ("12.5::money", "money"),
    ],
)
def test_unsendable(source: Warehouse, database: str, expression: str, what: str):
    """What ChartMogul has no type for is told, of one's own types as well."""
    prepare(database, "create type mood as enum ('new', 'old')")
    assert (Column("x", None, what),) == source.columns(f"select {expression} as x")


def test_repeated_columns(source: Warehouse):
    """Repeated names are kept, for the caller to refuse; dots and capitals stay."""
    found = source.columns("select 1 as id, 2 as id, '' as \"Plan.Name\"")
    assert [(column.name, column.type) for column in found] == [
        ("id", INTEGER),
        ("id", INTEGER),
        ("Plan.Name", STRING),
    ]


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("select '12:30'::time::text, ':name', 1::text", ("12:30:00", ":name", "1")),
        ("select '100%', '%s', '%(name)s', 7 % 4", ("100%", "%s", "%(name)s", 3)),
        ("select 1 where 'axb' like '%x%'", (1,)),
        ("-- it's first\n/* and; */ select 1; -- last", (1,)),
        ("select $$;$$ ; ;\n", (";",)),
        ("with a as (select 1 as x) select x from a", (1,)),
        ("values (1, 'a')", (1, "a")),
        ("(select 1)", (1,)),
    ],
)
def test_as_written(source: Warehouse, sql: str, value: tuple[object, ...]):
    """The text runs exactly as it is written: nothing in it is taken for a parameter."""
    assert [[value]] == read(source, sql)


@pytest.mark.parametrize(
    "sql",
    [
        "insert into t values (2) returning x",
        "delete from t",
        "with gone as (delete from t returning x) select x from gone",
        "select nextval('s')",
        "select add_one()",
        "select 1; delete from t",
        "commit; delete from t",
        "rollback",
        "set transaction read write",
        "create table u (x int)",
    ],
)
def test_read_only(source: Warehouse, database: str, sql: str):
    """Whatever writes, or would end the read-only transaction, fails; nothing is written."""
    prepare(
        database,
        "create table t (x int)",
        "insert into t values (1)",
        "create sequence s",
        "create function add_one() returns int as 'insert into t values (2) returning x' language sql",
    )
    with pytest.raises(SourceError):
        read(source, sql)
    with connected(database) as connection:
        assert connection.execute("select x from t").fetchall() == [(1,)]
        assert connection.execute("select is_called from s").fetchone() == (False,)
        assert connection.execute("select to_regclass('u')").fetchone() == (None,)


def test_read_only_words(source: Warehouse, database: str):
    """The database's own words say what it refused."""
    prepare(database, "create sequence s")
    with pytest.raises(SourceError) as caught:
        read(source, "select nextval('s')")
    assert caught.value.message == "cannot execute nextval() in a read-only transaction"
    with pytest.raises(SourceError) as caught:
        read(source, "  delete from pg_class")
    assert caught.value.message == (
        'syntax error at or near "delete" (line 1, column 1 of the query)'
    )
    assert caught.value.hint == "a source query is a SELECT"


@pytest.mark.parametrize(
    ("sql", "message", "hint"),
    [
        (
            "select 1 as one,\n       nope\nfrom accounts",
            'column "nope" does not exist (line 2, column 8 of the query)',
            "",
        ),
        (
            "select companyname from accounts",
            'column "companyname" does not exist (line 1, column 8 of the query)',
            'Perhaps you meant to reference the column "accounts.company_name".',
        ),
        ("select 1 / 0", "division by zero", ""),
        ("select é from accounts", 'column "é" does not exist (line 1, column 8 of the query)', ""),
        ("select 1 from", "syntax error at end of input (line 1, column 14 of the query)", ""),
    ],
)
def test_failing_query(source: Warehouse, database: str, sql: str, message: str, hint: str):
    """A query that fails is told in the database's own words, with the place in the query."""
    prepare(database, "create table accounts (company_name text)")
    with pytest.raises(SourceError) as caught:
        read(source, sql)
    assert (message, hint) == (caught.value.message, caught.value.hint)


def test_breaking_off(source: Warehouse):
    """A query that fails half-way gives the rows before, then the database's own message."""
    with source.query("select 10 / (2500 - x) from generate_series(1, 3000) x") as result:
        batches = result.batches()
        assert [len(next(batches)), len(next(batches))] == [1000, 1000]
        with pytest.raises(SourceError, match=r"^division by zero$"):
            next(batches)


def test_lost_connection(source: Warehouse, database: str):
    """A server that goes away in the middle is told in its own words."""
    with source.query("select pg_backend_pid(), x from generate_series(1, 1000000) x") as result:
        batches = result.batches()
        [(pid, _), *_] = next(batches)
        prepare(database, f"select pg_terminate_backend({pid}, 5000)")
        with pytest.raises(SourceError, match=r"terminating connection|connection"):
            list(batches)


def test_streamed(source: Warehouse):
    """The server hands rows over as they are asked for: a million rows never lie in memory."""
    sql = "select x, repeat('x', 500) from generate_series(1, 200000) x"
    tracemalloc.start()
    with source.query(sql) as result:
        rows = sum(len(batch) for batch in result.batches())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert rows == 200_000
    assert peak < 10_000_000  # all rows would take over 100 MB


def test_first_rows_at_once(source: Warehouse, database: str):
    """The first batch comes before the query has done its work: the server has given no more rows."""
    prepare(database, "create sequence s")
    with connected(database) as connection:
        connection.execute("create table t as select x from generate_series(1, 100000) x")
        connection.execute(
            "create function slow(x int) returns int language plpgsql as"
            " $$ begin if x > 50000 then raise 'too far'; end if; return x; end $$"
        )
    with source.query("select slow(x) from t") as result:
        batches = result.batches(100)
        assert len(next(batches)) == 100


def test_cancel_before_the_first_row(source: Warehouse):
    """A query is broken off from another thread though it has not come to its first row."""
    timer = threading.Timer(0.3, source.cancel)
    timer.start()
    with pytest.raises(SourceError, match="canceling statement due to user request"):
        source.columns("select pg_sleep(60)")
    timer.join()


def test_unreadable_values(source: Warehouse):
    """Dates that Python has not got come as text, to be rejected with their rows alone."""
    sql = (
        "select * from (values ('infinity'::date, '-infinity'::timestamptz),"
        " ('2026-01-31', '2026-01-31 10:00Z'), ('0044-03-15 BC', '20000-01-01Z')) t"
    )
    [rows] = read(source, sql)
    assert rows[0] == ("infinity", "-infinity")
    assert (date(2026, 1, 31), datetime(2026, 1, 31, 10, tzinfo=UTC)) == rows[1]
    assert rows[2] == ("0044-03-15 BC", "20000-01-01 00:00:00+00")


def test_fixed_width(source: Warehouse):
    """The blanks that fill char(n) up are none of the text; those of other types are."""
    [[row]] = read(source, "select 'Acme'::char(10), ' Acme '::text, null::char(5)")
    assert row == ("Acme", " Acme ", None)


def test_addresses(source: Warehouse):
    """Addresses are text, as the server writes them."""
    sql = "select '1.2.3.4'::inet as a, '10.0.0.1/8'::inet as b, '1.2.3.0/24'::cidr as c, null::inet as d"
    with source.query(sql) as result:
        assert [column.type for column in result.columns] == [STRING] * 4
        assert list(result.batches()) == [[("1.2.3.4", "10.0.0.1/8", "1.2.3.0/24", None)]]


def test_digits_left_out(database: str):
    """Where a role has floating point written shorter than it is, whole numbers of more digits are no keys."""
    prepare(
        database,
        f"alter role current_user in database {_name(database)} set extra_float_digits = 0",
    )
    [[row]] = read(
        Warehouse.open(database), "select 9007199254740992::float8, 16777216::float4, 0.1::float8"
    )
    assert row == (9007199254740990.0, 16777200.0, 0.1)
    assert [type(value) for value in row] == [Rounded, SixDigits, Rounded]
    with pytest.raises(Miscast, match="came as floating point"):
        casts.key(row[0])
    assert (casts.key(Rounded(10**15)), casts.key(SixDigits(10**6))) == (
        "1000000000000000",
        "1000000",
    )


def test_single_precision(source: Warehouse):
    """A single is known as one, so that it equals whatever rounds to it."""
    [[row]] = read(source, "select 0.1::float4, 0.1::float8")
    assert row == (0.1, 0.1)
    assert [type(value) for value in row] == [Single, float]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Sao_Paulo", "UTC", "<+0530>-05:30"])
@pytest.mark.parametrize(
    "style", ["ISO, DMY", "SQL, DMY", "SQL, MDY", "German", "Postgres, DMY", "Postgres, MDY"]
)
def test_date_styles(database: str, style: str, zone: str):
    """However the user's role has dates written, they arrive as they are, and the query means what it means there."""
    with connected(database) as connection:
        connection.execute(
            f"alter role current_user in database {_name(database)} set datestyle = '{style}'"
        )
        connection.execute(
            f"alter role current_user in database {_name(database)} set timezone = '{zone}'"
        )
    values = (
        "'2026-01-02'::date, '2026-01-02 10:00:00.25'::timestamp, '2026-10-25 00:30Z'::timestamptz,"
        " '2026-10-25 01:30:00.5Z'::timestamptz, 'infinity'::timestamptz, '1 day'::interval"
    )
    [[row]] = read(Warehouse.open(database), f"select {values}")
    # Python calls a time that comes twice unequal to any in another zone.
    assert tuple(_in_utc(value) for value in row) == (
        date(2026, 1, 2),
        datetime(2026, 1, 2, 10, 0, 0, 250000),
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 1, 30, 0, 500000, tzinfo=UTC),
        "infinity",
        timedelta(days=1),
    )
    asked = "select split_part(current_setting('datestyle'), ',', 1), current_setting('timezone')"
    assert read(Warehouse.open(database), asked) == [[(style.split(",")[0], zone)]]


def _in_utc(value: object) -> object:
    return value.astimezone(UTC) if isinstance(value, datetime) and value.tzinfo else value


def _name(url: str) -> str:
    return url.rpartition("/")[2]


def test_infinite_dates(source: Warehouse):
    """They are known as what they are, and not as text that could be sent."""
    [[row]] = read(source, "select 'infinity'::date, '-infinity'::timestamptz, 'infinity'::text")
    assert [type(value) for value in row] == [Infinite, Infinite, str]


def test_text_without_encoding(postgres_url: URL):
    """Where the server knows no encoding, text is taken for UTF-8."""
    with connected(postgres_url) as connection:
        connection.execute("drop database if exists plain")
        connection.execute(
            "create database plain encoding 'SQL_ASCII' locale 'C' template template0"
        )
    url = postgres_url.set(database="plain").render_as_string(hide_password=False)
    sql = "select 'Acme'::text, 'München'::char(9)"
    assert read(Warehouse.open(url), sql) == [[("Acme", "München")]]


def test_cancel(source: Warehouse):
    """A query that takes too long is broken off from another thread."""
    with source.query("select pg_sleep(x) from generate_series(0, 3600, 3600) x") as result:
        timer = threading.Timer(0.3, result.cancel)
        timer.start()
        with pytest.raises(SourceError, match="canceling statement due to user request"):
            list(result.batches())
        timer.join()


def test_connection_is_closed(source: Warehouse, database: str):
    """When the block ends the warehouse is let go, whether or not every row was read."""
    with source.query("select * from generate_series(1, 100000)") as result:
        next(result.batches())
    with connected(database) as connection:
        counted = connection.execute(
            "select count(*) from pg_stat_activity where datname = current_database()"
            " and pid <> pg_backend_pid() and backend_type = 'client backend'"
        )
        assert counted.fetchone() == (0,)


def test_wrong_password(database: str):
    """A password that is wrong is told in the server's words, without any password."""
    with pytest.raises(SourceError, match="password authentication failed") as caught:
        read(
            Warehouse.open(database.replace(planted_secrets.PASSWORD, "plantedQ7xV2kZ9")),
            "select 1",
        )
    assert "plantedQ7xV2kZ9" not in caught.value.message


def test_url_options(database: str):
    """Options of the URL reach the server: a statement time-out, for one."""
    source = Warehouse.open(f"{database}?options=-c%20statement_timeout%3D50")
    with pytest.raises(SourceError, match="statement timeout"):
        read(source, "select pg_sleep(3600)")


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_schemes(database: str, scheme: str):
    """All common ways to write the URL lead to psycopg 3."""
    source = Warehouse.open(f"{scheme}://{database.partition('://')[2]}")
    assert source.engine.driver == "psycopg"
    assert read(source, "select 1") == [[(1,)]]


def test_table(source: Warehouse, database: str):
    """A table is found by schema and name, quoted where it needs to be."""
    prepare(
        database,
        'create schema "My Data"',
        'create table "My Data"."Order" (id int)',
        'insert into "My Data"."Order" values (7)',
    )
    assert read(source, source.table('My Data."Order"')) == [[(7,)]]
    assert read(source, source.table("My Data.Order")) == [[(7,)]]


def test_late(source: Warehouse):
    """Dates, decimals and UUIDs are text until a row is completed; nulls stay what they are."""
    sql = (
        "select 1 as id, date '2026-01-31' as day, 1.50::numeric as price, null::uuid as nothing,"
        " '00000000-0000-0000-0000-000000000001'::uuid as uuid, 'infinity'::timestamp as ever"
    )
    with source.query(sql) as result:
        ((row,),) = result.raw()
        complete = result.complete(row)
    assert row == (1, "2026-01-31", "1.50", None, str(UUID(int=1)), "infinity")
    assert complete == (1, date(2026, 1, 31), Decimal("1.50"), None, UUID(int=1), "infinity")


def test_manner(database: str):
    """What is read late depends on how the server writes it: on its settings."""
    manners = []
    for style in ("ISO, DMY", "German, DMY"):
        other = Warehouse.open(database, {"options": f"-c DateStyle={style.replace(' ', '')}"})
        with other.query("select 1") as result:
            manners.append(result.manner)
    assert len(set(manners)) == 2


def test_text_of_row_hashes(database: str):
    """Users' states hold hashes of rows that this text is part of: it stays what it is."""
    style = "-c DateStyle=German,DMY -c IntervalStyle=iso_8601 -c TimeZone=Europe/Berlin"
    sql = (
        "select 1 as id, 1.5::numeric as \"a.b\", 'x'::text as name, true as yes, now() as at,"
        " time '10:00' as time, '{}'::json as doc, '{1}'::int[] as list, ''::bytea as raw"
    )
    with Warehouse.open(database, {"options": style}).query(sql) as result:
        assert result.manner == "['German, DMY', 'iso_8601', 'Europe/Berlin']"
        assert repr(result.columns) == (
            "(Column(name='id', type=<AttributeType.INTEGER: 'Integer'>, unsendable=None),"
            " Column(name='a.b', type=<AttributeType.DECIMAL: 'Decimal'>, unsendable=None),"
            " Column(name='name', type=<AttributeType.STRING: 'String'>, unsendable=None),"
            " Column(name='yes', type=<AttributeType.BOOLEAN: 'Boolean'>, unsendable=None),"
            " Column(name='at', type=<AttributeType.TIMESTAMP: 'Timestamp'>, unsendable=None),"
            " Column(name='time', type=None, unsendable=None),"
            " Column(name='doc', type=None, unsendable='json'),"
            " Column(name='list', type=None, unsendable='array'),"
            " Column(name='raw', type=None, unsendable='binary'))"
        )
