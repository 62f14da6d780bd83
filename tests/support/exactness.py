"""Values and what becomes of them, by warehouse: what tests play against each, and what docs/warehouses.md shows."""

from collections import abc
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import simplejson

from sync.domain.record import ATTRIBUTE, Record, Rejected
from sync.domain.typed import Origin
from sync.errors import ConfigError
from sync.transform.bind import bind
from sync.transform.build import RecordBuilder
from sync.warehouse.warehouse import Warehouse
from tests.support.bench import NOW, customer, loaded

POSTGRESQL, REDSHIFT, MARIADB, SQLITE = "PostgreSQL", "Redshift", "MariaDB", "SQLite"
DUCKDB, CLICKHOUSE, TRINO, PARQUET, CSV = "DuckDB", "ClickHouse", "Trino", "Parquet", "CSV"
DATABRICKS, BIGQUERY, SNOWFLAKE = "Databricks", "BigQuery", "Snowflake"
SQL_SERVER = "SQL Server"
#: In the order of the page.
WAREHOUSES = (
    *(POSTGRESQL, REDSHIFT, MARIADB, SQLITE, DUCKDB, PARQUET, CSV, CLICKHOUSE, TRINO),
    *(DATABRICKS, BIGQUERY, SNOWFLAKE, SQL_SERVER),
)
#: SQL, or a declared type with the value that is put into its column; of Trino and BigQuery, whose engines are not
#: there, the type and the JSON that they send, of Databricks the type and what is in its Arrow (days for dates that
#: Python lacks), of SQL Server the type and what it sends; of CSV the text in the file.
Given = str | tuple[str, Any]
KEY, ATTRIBUTE_X, EMAIL, LEAD = (
    "a key",
    "an attribute",
    "an e-mail",
    "`lead_created_at` with a `timezone`",
)
_FIELDS: dict[str, dict[str, Any]] = {
    KEY: {},
    ATTRIBUTE_X: {},
    EMAIL: {"email": "x"},
    LEAD: {"lead_created_at": {"column": "x", "timezone": "Europe/Berlin"}},
}
REJECTED, REFUSED = "rejected", "refused"


@dataclass(frozen=True, slots=True)
class Case:
    """A value: what it is, where it is mapped to, how each warehouse has it, and what arrives.

    `arrives` is what all send but those that `other` names.
    """

    what: str
    arrives: str
    given: abc.Mapping[str, Given]
    other: abc.Mapping[str, str] = field(default_factory=dict)
    at: str = ATTRIBUTE_X

    def expected(self, warehouse: str) -> str:
        """What arrives from a warehouse."""
        return self.other.get(warehouse, self.arrives)

    def sent(self, warehouse: str) -> tuple[str, Any]:
        """The type and the value of a warehouse whose stand-in has no engine."""
        given = self.given[warehouse]
        assert not isinstance(given, str)
        return given


def arrives(folder: Path, source: Warehouse, sql: str, at: str) -> str:
    """What a run makes of a query's one row, by its column `x`: the JSON that is sent and its type, or why nothing is.

    A question mark behind a type: only the values of the column suggest it. `refused` is the whole mapping, with the
    way out that is told; `rejected` is the row, with its code.
    """
    mapping = customer(_FIELDS[at]) if at != KEY else customer() | {"fields": {"external_id": "x"}}
    try:
        with source.query(sql) as result:
            builder = bind(loaded(folder, mapping), result.columns, NOW)
            [row] = [row for batch in result.batches() for row in batch]
    except ConfigError as error:
        return f"{REFUSED}: {_way_out(error.problems[0].hint)}"
    made = builder.build(1, row)
    _, disagreements = builder.contract.settle({})
    if disagreements:
        return f"{REFUSED}: {_way_out(disagreements[0].hint)}"
    return _sent(builder, made, at)


def _sent(builder: RecordBuilder, made: Record | Rejected, at: str) -> str:
    if isinstance(made, Rejected):
        return f"{REJECTED}: {made.problems[0].code}"
    if at == KEY:
        return simplejson.dumps(made.key)
    if at != ATTRIBUTE_X:
        [value] = made.fields.values()
        return simplejson.dumps(value, ensure_ascii=False)
    if ATTRIBUTE + "x" not in made.fields:
        return "nothing"
    types, _ = builder.contract.settle({})
    sent = simplejson.dumps(made.fields[ATTRIBUTE + "x"], use_decimal=True, ensure_ascii=False)
    return f"{sent} {types['x'].type}{'' if types['x'].origin is Origin.COLUMN else '?'}"


def _way_out(hint: str) -> str:
    """The SQL in a hint."""
    return hint.partition("for example ")[2].partition(", or ")[0] or hint


def _everywhere(sql: str, *warehouses: str) -> dict[str, Given]:
    return dict.fromkeys(warehouses, sql)


_PG = (POSTGRESQL, REDSHIFT)
_BIG = "1234567890123456789"
_UUID = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
_DIGITS = "123456789012345678901234567890.12345678"
_TIME = "2026-01-31 10:00:00.123456"

CASES: tuple[Case, ...] = (
    Case(
        "a double beyond 2^53",
        f"{REJECTED}: invalid_key",
        {
            **_everywhere(f"{_BIG}::float8", *_PG),
            MARIADB: ("double", _BIG),
            SQLITE: ("real", _BIG),
            **_everywhere(f"{_BIG}::double", DUCKDB, PARQUET),
            CSV: "1.234567890123456789e18",
            CLICKHOUSE: f"toFloat64({_BIG})",
            TRINO: ("double", 1.2345678901234568e18),
            DATABRICKS: ("double", 1.2345678901234568e18),
            BIGQUERY: ("FLOAT", "1.2345678901234568E18"),
            SNOWFLAKE: f"{_BIG}::float",
            SQL_SERVER: ("float", 1.2345678901234568e18),
        },
        at=KEY,
    ),
    Case(
        "a double up to 2^53",
        '"9007199254740992"',
        {
            **_everywhere("9007199254740992::float8", *_PG),
            MARIADB: ("double", "9007199254740992"),
            SQLITE: ("real", "9007199254740992"),
            **_everywhere("9007199254740992::double", DUCKDB, PARQUET),
            CLICKHOUSE: "toFloat64(9007199254740992)",
            TRINO: ("double", 9007199254740992.0),
            DATABRICKS: ("double", 9007199254740992.0),
            BIGQUERY: ("FLOAT", "9.007199254740992E15"),
            SNOWFLAKE: "9007199254740992::float",
            SQL_SERVER: ("float", 9007199254740992.0),
        },
        at=KEY,
    ),
    Case(
        "a single beyond 2^24",
        f"{REJECTED}: invalid_key",
        {
            **_everywhere("33554433::float4", *_PG),
            MARIADB: ("float", "33554433"),
            **_everywhere("33554433::float", DUCKDB, PARQUET),
            CLICKHOUSE: "toFloat32(33554433)",
            TRINO: ("real", 33554432.0),
            DATABRICKS: ("float", 33554432.0),
            SQL_SERVER: ("real", 33554432.0),
        },
        at=KEY,
    ),
    Case(
        "a whole number beyond 2^53",
        f'"{_BIG}"',
        {
            **_everywhere(f"{_BIG}::bigint", *_PG, DUCKDB, PARQUET),
            MARIADB: ("bigint", _BIG),
            SQLITE: ("integer", _BIG),
            CSV: _BIG,
            CLICKHOUSE: f"toInt64({_BIG})",
            TRINO: ("bigint", int(_BIG)),
            DATABRICKS: ("bigint", int(_BIG)),
            BIGQUERY: ("INTEGER", _BIG),
            SNOWFLAKE: f"{_BIG}::number(38,0)",
            SQL_SERVER: ("bigint", int(_BIG)),
        },
        at=KEY,
    ),
    Case(
        "a whole number of 20 digits",
        '"12345678901234567890"',
        {
            POSTGRESQL: "12345678901234567890::numeric",
            REDSHIFT: "12345678901234567890::numeric(20,0)",
            MARIADB: ("bigint unsigned", "12345678901234567890"),
            **_everywhere("12345678901234567890::decimal(38,0)", DUCKDB, PARQUET),
            CLICKHOUSE: "toUInt64(12345678901234567890)",
            TRINO: ("decimal(20,0)", "12345678901234567890"),
            DATABRICKS: ("decimal(20,0)", Decimal(12345678901234567890)),
            BIGQUERY: ("NUMERIC", "12345678901234567890"),
            SNOWFLAKE: "12345678901234567890::number(20,0)",
            SQL_SERVER: ("decimal(20,0)", "12345678901234567890"),
        },
        at=KEY,
    ),
    Case(
        "text of digits with zeros before them",
        '"007"',
        {
            **_everywhere("'007'::text", POSTGRESQL, DUCKDB, PARQUET),
            REDSHIFT: "'007'::varchar(10)",
            MARIADB: ("varchar(10)", "'007'"),
            SQLITE: ("text", "'007'"),
            CLICKHOUSE: "'007'",
            TRINO: ("varchar", "007"),
            DATABRICKS: ("string", "007"),
            BIGQUERY: ("STRING", "007"),
            SNOWFLAKE: "'007'::varchar",
            SQL_SERVER: ("varchar(10)", "007"),
        },
        at=KEY,
    ),
    Case(
        "a decimal without a fraction",
        '"42"',
        {
            **_everywhere("42.00::decimal(10,2)", *_PG, DUCKDB, PARQUET),
            MARIADB: ("decimal(10,2)", "42"),
            SQLITE: ("decimal(10,2)", "42"),
            CSV: "42.00",
            CLICKHOUSE: "toDecimal64(42, 2)",
            TRINO: ("decimal(10,2)", "42.00"),
            DATABRICKS: ("decimal(10,2)", Decimal("42.00")),
            BIGQUERY: ("NUMERIC", "42"),
            SNOWFLAKE: "42.00::number(10,2)",
            SQL_SERVER: ("decimal(10,2)", "42.00"),
        },
        at=KEY,
    ),
    Case(
        "`char(10)`",
        '"Acme"',
        {
            **_everywhere("'Acme'::char(10)", *_PG),
            MARIADB: ("char(10)", "'Acme'"),
            DUCKDB: "'Acme'::char(10)",
            CLICKHOUSE: "toFixedString('Acme', 10)",
            TRINO: ("char(10)", "Acme      "),
            DATABRICKS: ("char", "Acme      "),
            SNOWFLAKE: "'Acme'::char(10)",
            SQL_SERVER: ("char(10)", "Acme"),
        },
        at=KEY,
    ),
    Case(
        "text with blanks at its end",
        f"{REJECTED}: invalid_key",
        {
            **_everywhere("'Acme  '::text", POSTGRESQL, DUCKDB, PARQUET),
            REDSHIFT: "'Acme  '::varchar(10)",
            MARIADB: ("varchar(10)", "'Acme  '"),
            SQLITE: ("text", "'Acme  '"),
            CSV: '"Acme  "',
            CLICKHOUSE: "'Acme  '",
            TRINO: ("varchar", "Acme  "),
            DATABRICKS: ("string", "Acme  "),
            BIGQUERY: ("STRING", "Acme  "),
            SNOWFLAKE: "'Acme  '::varchar",
            SQL_SERVER: ("varchar(10)", "Acme  "),
        },
        at=KEY,
    ),
    Case(
        "a zero-width space within",
        f"{REJECTED}: invalid_key",
        {
            **_everywhere("'Ac\u200bme'::text", POSTGRESQL, REDSHIFT, DUCKDB, PARQUET),
            MARIADB: ("varchar(10)", "'Ac\u200bme'"),
            SQLITE: ("text", "'Ac\u200bme'"),
            CSV: "Ac\u200bme",
            CLICKHOUSE: "'Ac\u200bme'",
            TRINO: ("varchar", "Ac\u200bme"),
            DATABRICKS: ("string", "Ac\u200bme"),
            BIGQUERY: ("STRING", "Ac\u200bme"),
            SNOWFLAKE: "'Ac\u200bme'",
            SQL_SERVER: ("nvarchar(10)", "Ac\u200bme"),
        },
        at=KEY,
    ),
    Case(
        "a soft hyphen at the end",
        f"{REJECTED}: invalid_key",
        {
            **_everywhere("'Acme\u00ad'::text", POSTGRESQL, REDSHIFT, DUCKDB, PARQUET),
            MARIADB: ("varchar(10)", "'Acme\u00ad'"),
            SQLITE: ("text", "'Acme\u00ad'"),
            CLICKHOUSE: "'Acme\u00ad'",
            TRINO: ("varchar", "Acme\u00ad"),
            SNOWFLAKE: "'Acme\u00ad'",
            SQL_SERVER: ("nvarchar(10)", "Acme\u00ad"),
        },
        at=KEY,
    ),
    Case(
        "a byte order mark and a direction mark at the ends",
        '"Acme" String',
        {
            **_everywhere("'\ufeffAcme\u200e'::text", POSTGRESQL, REDSHIFT, DUCKDB, PARQUET),
            MARIADB: ("varchar(10)", "'\ufeffAcme\u200e'"),
            SQLITE: ("text", "'\ufeffAcme\u200e'"),
            CLICKHOUSE: "'\ufeffAcme\u200e'",
            TRINO: ("varchar", "\ufeffAcme\u200e"),
            DATABRICKS: ("string", "\ufeffAcme\u200e"),
            BIGQUERY: ("STRING", "\ufeffAcme\u200e"),
            SNOWFLAKE: "'\ufeffAcme\u200e'",
            SQL_SERVER: ("nvarchar(10)", "\ufeffAcme\u200e"),
        },
        {SQLITE: '"Acme" String?'},
    ),
    Case(
        "`BINARY(16)`, bytes",
        f"{REFUSED}: hex(x)",
        {
            **_everywhere(r"'\x00ff'::bytea", *_PG),
            MARIADB: ("binary(16)", "0x00ff"),
            SQLITE: ("blob", "x'00ff'"),
            **_everywhere(r"'\x00\xff'::blob", DUCKDB, PARQUET),
            CLICKHOUSE: "unhex('00ff')",
            TRINO: ("varbinary", "AP8="),
            DATABRICKS: ("binary", b"\x00\xff"),
            BIGQUERY: ("BYTES", "AP8="),
            SNOWFLAKE: "to_binary('00ff', 'HEX')",
            SQL_SERVER: ("binary(16)", b"\x00\xff".ljust(16, b"\0")),
        },
        {
            POSTGRESQL: f"{REFUSED}: encode(x, 'hex')",
            **dict.fromkeys((REDSHIFT, TRINO, BIGQUERY), f"{REFUSED}: to_hex(x)"),
            SNOWFLAKE: f"{REFUSED}: hex_encode(x)",
            SQL_SERVER: f"{REFUSED}: convert(varchar(255), x, 2)",
        },
        at=KEY,
    ),
    Case(
        "`mailto:`",
        f"{REJECTED}: invalid_email",
        {
            **_everywhere("'mailto:d@x.com'", POSTGRESQL, MARIADB, SQLITE, DUCKDB, CLICKHOUSE),
            CSV: "mailto:d@x.com",
            SQL_SERVER: ("varchar(40)", "mailto:d@x.com"),
        },
        at=EMAIL,
    ),
    Case(
        "a trailing comma",
        f"{REJECTED}: invalid_email",
        {
            **_everywhere("'j@x.com,'", POSTGRESQL, MARIADB, SQLITE, DUCKDB, CLICKHOUSE),
            CSV: '"j@x.com,"',
            SQL_SERVER: ("varchar(40)", "j@x.com,"),
        },
        at=EMAIL,
    ),
    Case(
        "a direction mark within",
        f"{REJECTED}: invalid_email",
        {
            **_everywhere("'j\u200e@x.com'", POSTGRESQL, MARIADB, SQLITE, DUCKDB, CLICKHOUSE),
            CSV: "j\u200e@x.com",
            SQL_SERVER: ("nvarchar(40)", "j\u200e@x.com"),
        },
        at=EMAIL,
    ),
    Case(
        "a name beside the address",
        f"{REJECTED}: invalid_email",
        {
            **_everywhere("'D <d@x.com>'", POSTGRESQL, MARIADB, SQLITE, DUCKDB, CLICKHOUSE),
            CSV: "D <d@x.com>",
            SQL_SERVER: ("varchar(40)", "D <d@x.com>"),
        },
        at=EMAIL,
    ),
    Case(
        "two addresses",
        f"{REJECTED}: invalid_email",
        {
            **_everywhere("'d@x.com; e@x.com'", POSTGRESQL, MARIADB, SQLITE, DUCKDB, CLICKHOUSE),
            CSV: "d@x.com; e@x.com",
            SQL_SERVER: ("varchar(40)", "d@x.com; e@x.com"),
        },
        at=EMAIL,
    ),
    Case(
        "a date, which is midnight UTC",
        '"2026-01-31T00:00:00Z"',
        {
            **_everywhere("date '2026-01-31'", *_PG, DUCKDB, PARQUET),
            MARIADB: ("date", "'2026-01-31'"),
            SQLITE: ("date", "'2026-01-31'"),
            CSV: "2026-01-31",
            CLICKHOUSE: "toDate('2026-01-31')",
            TRINO: ("date", "2026-01-31"),
            DATABRICKS: ("date", date(2026, 1, 31)),
            BIGQUERY: ("DATE", "2026-01-31"),
            SNOWFLAKE: "'2026-01-31'::date",
            SQL_SERVER: ("date", date(2026, 1, 31)),
        },
        at=LEAD,
    ),
    Case(
        "a time without a zone",
        '"2026-01-31T08:00:00Z"',
        {
            **_everywhere("timestamp '2026-01-31 09:00:00'", *_PG, DUCKDB, PARQUET),
            MARIADB: ("datetime", "'2026-01-31 09:00:00'"),
            SQLITE: ("datetime", "'2026-01-31 09:00:00'"),
            CSV: "2026-01-31 09:00:00",
            CLICKHOUSE: "'2026-01-31 09:00:00'",
            TRINO: ("timestamp(3)", "2026-01-31 09:00:00.000"),
            DATABRICKS: ("timestamp_ntz", datetime(2026, 1, 31, 9)),
            BIGQUERY: ("DATETIME", "2026-01-31T09:00:00"),
            SNOWFLAKE: "'2026-01-31 09:00:00'::timestamp_ntz",
            SQL_SERVER: ("datetime2(3)", datetime(2026, 1, 31, 9)),
        },
        at=LEAD,
    ),
    Case(
        "a moment",
        '"2026-01-31T08:00:00Z"',
        {
            **_everywhere("timestamptz '2026-01-31 10:00:00+02'", *_PG, DUCKDB, PARQUET),
            MARIADB: ("timestamp null", "'2026-01-31 13:00:00'"),
            CSV: "2026-01-31 10:00:00+02",
            CLICKHOUSE: "toDateTime('2026-01-31 08:00:00', 'UTC')",
            TRINO: ("timestamp(3) with time zone", "2026-01-31 09:00:00.000 Europe/Berlin"),
            DATABRICKS: ("timestamp", datetime(2026, 1, 31, 8)),
            BIGQUERY: ("TIMESTAMP", "1769846400000000"),
            SNOWFLAKE: "'2026-01-31 10:00:00 +0200'::timestamp_tz",
            SQL_SERVER: ("datetimeoffset(3)", datetime.fromisoformat("2026-01-31T10:00+02:00")),
        },
        at=LEAD,
    ),
    Case(
        "an infinite moment",
        f"{REJECTED}: invalid_time",
        {
            **_everywhere("'infinity'::timestamptz", POSTGRESQL, DUCKDB, PARQUET),
            REDSHIFT: "'infinity'::timestamp",
        },
        at=LEAD,
    ),
    Case(
        "a whole number beyond 2^53",
        f"{REJECTED}: attribute_type",
        {
            **_everywhere("9007199254740993::bigint", *_PG, DUCKDB, PARQUET),
            MARIADB: ("bigint", "9007199254740993"),
            SQLITE: ("integer", "9007199254740993"),
            CSV: "9007199254740993",
            CLICKHOUSE: "toInt64(9007199254740993)",
            TRINO: ("bigint", 9007199254740993),
            DATABRICKS: ("bigint", 9007199254740993),
            BIGQUERY: ("INTEGER", "9007199254740993"),
            SNOWFLAKE: "9007199254740993::number(38,0)",
            SQL_SERVER: ("bigint", 9007199254740993),
        },
    ),
    Case(
        "a double beyond 2^53",
        "1234567890123456800 Decimal",
        {
            **_everywhere(f"{_BIG}::float8", *_PG),
            MARIADB: ("double", _BIG),
            SQLITE: ("real", _BIG),
            **_everywhere(f"{_BIG}::double", DUCKDB, PARQUET),
            CLICKHOUSE: f"toFloat64({_BIG})",
            TRINO: ("double", 1.2345678901234568e18),
            DATABRICKS: ("double", 1.2345678901234568e18),
            BIGQUERY: ("FLOAT", "1.2345678901234568E18"),
            SNOWFLAKE: f"{_BIG}::float",
            SQL_SERVER: ("float", 1.2345678901234568e18),
        },
        {SQLITE: "1234567890123456800 Decimal?"},
    ),
    Case(
        "`0.1` in single precision",
        "0.1 Decimal",
        {
            **_everywhere("0.1::float4", *_PG),
            MARIADB: ("float", "0.1"),
            **_everywhere("0.1::float", DUCKDB, PARQUET),
            CLICKHOUSE: "toFloat32(0.1)",
            TRINO: ("real", 0.1),
            DATABRICKS: ("float", 0.1),
            SQL_SERVER: ("real", 0.1),
        },
    ),
    Case(
        "16777217 in single precision, which has no such number",
        "16777216 Decimal",
        {
            **_everywhere("16777217::float4", *_PG),
            MARIADB: ("float", "16777217"),
            **_everywhere("16777217::float", DUCKDB, PARQUET),
            CLICKHOUSE: "toFloat32(16777217)",
            TRINO: ("real", 16777216.0),
            DATABRICKS: ("float", 16777216.0),
            SQL_SERVER: ("real", 16777216.0),
        },
        {MARIADB: "16777200 Decimal"},
    ),
    Case(
        "`0.1 + 0.2` in doubles: 15 digits",
        "0.3 Decimal",
        {
            **_everywhere("0.1::float8 + 0.2", *_PG),
            MARIADB: "0.1e0 + 0.2e0",
            SQLITE: "0.1 + 0.2",
            **_everywhere("0.1::double + 0.2", DUCKDB, PARQUET),
            CSV: "0.30000000000000004",
            CLICKHOUSE: "toFloat64(0.1) + 0.2",
            TRINO: ("double", 0.30000000000000004),
            DATABRICKS: ("double", 0.30000000000000004),
            BIGQUERY: ("FLOAT", "0.30000000000000004"),
            SNOWFLAKE: "0.1::float + 0.2::float",
            SQL_SERVER: ("float", 0.30000000000000004),
        },
        {SQLITE: "0.3 Decimal?"},
    ),
    Case(
        "a decimal of 38 digits",
        f"{_DIGITS} Decimal",
        {
            **_everywhere(f"{_DIGITS}::decimal(38,8)", *_PG, DUCKDB, PARQUET),
            MARIADB: ("decimal(38,8)", _DIGITS),
            SQLITE: ("decimal(38,8)", f"'{_DIGITS}'"),
            CLICKHOUSE: f"toDecimal128('{_DIGITS}', 8)",
            TRINO: ("decimal(38,8)", _DIGITS),
            DATABRICKS: ("decimal(38,8)", Decimal(_DIGITS)),
            BIGQUERY: ("BIGNUMERIC", _DIGITS),
            SNOWFLAKE: f"'{_DIGITS}'::number(38,8)",
            SQL_SERVER: ("decimal(38,8)", _DIGITS),
        },
        {SQLITE: "123456789012345680000000000000 Decimal?"},
    ),
    Case(
        "`decimal(38,0)`",
        "42 Integer",
        {
            **_everywhere("42::decimal(38,0)", *_PG, DUCKDB, PARQUET),
            MARIADB: ("decimal(38,0)", "42"),
            SQLITE: ("decimal(38,0)", "42"),
            CLICKHOUSE: "toDecimal128(42, 0)",
            TRINO: ("decimal(38,0)", "42"),
            DATABRICKS: ("decimal(38,0)", Decimal(42)),
            BIGQUERY: ("NUMERIC", "42"),
            SNOWFLAKE: "42::number(38,0)",
            SQL_SERVER: ("decimal(38,0)", "42"),
        },
        {SQLITE: "42 Integer?", BIGQUERY: "42 Decimal"},
    ),
    Case(
        "`numeric(10,2)` that is whole today",
        "12 Decimal",
        {
            **_everywhere("12::decimal(10,2)", *_PG, DUCKDB, PARQUET),
            MARIADB: ("decimal(10,2)", "12"),
            SQLITE: ("numeric(10,2)", "12"),
            CSV: "12.00",
            CLICKHOUSE: "toDecimal64(12, 2)",
            TRINO: ("decimal(10,2)", "12.00"),
            DATABRICKS: ("decimal(10,2)", Decimal("12.00")),
            BIGQUERY: ("NUMERIC", "12"),
            SNOWFLAKE: "12::number(10,2)",
            SQL_SERVER: ("numeric(10,2)", "12.00"),
        },
        {SQLITE: "12 Integer?"},
    ),
    Case(
        "NaN",
        f"{REJECTED}: attribute_type",
        {
            **_everywhere("'NaN'::float8", *_PG),
            **_everywhere("'NaN'::double", DUCKDB, PARQUET),
            CLICKHOUSE: "nan",
            TRINO: ("double", "NaN"),
            DATABRICKS: ("double", float("nan")),
            BIGQUERY: ("FLOAT", "NaN"),
            SNOWFLAKE: "'NaN'::float",
        },
    ),
    Case(
        "infinity",
        f"{REJECTED}: attribute_type",
        {
            **_everywhere("'-Infinity'::float8", *_PG),
            SQLITE: ("real", "-9e999"),
            **_everywhere("'-Infinity'::double", DUCKDB, PARQUET),
            CLICKHOUSE: "-inf",
            TRINO: ("double", "-Infinity"),
            DATABRICKS: ("double", float("inf")),
            BIGQUERY: ("FLOAT", "Infinity"),
            SNOWFLAKE: "'-inf'::float",
        },
    ),
    Case(
        "minus zero",
        "0 Decimal",
        {
            **_everywhere("'-0'::float8", *_PG),
            MARIADB: ("double", "'-0'"),
            SQLITE: ("real", "-0.0"),
            **_everywhere("'-0.0'::double", DUCKDB, PARQUET),
            CLICKHOUSE: "-0.0",
            TRINO: ("double", -0.0),
            DATABRICKS: ("double", -0.0),
            BIGQUERY: ("FLOAT", "-0.0"),
            SNOWFLAKE: "'-0.0'::float",
            SQL_SERVER: ("float", -0.0),
        },
        {SQLITE: "0 Decimal?"},
    ),
    Case(
        "true",
        "true Boolean",
        {
            **_everywhere("true", *_PG, DUCKDB, PARQUET, CLICKHOUSE),
            MARIADB: ("boolean", "true"),
            SQLITE: ("boolean", "true"),
            CSV: "true",
            TRINO: ("boolean", True),
            DATABRICKS: ("boolean", True),
            BIGQUERY: ("BOOLEAN", "true"),
            SNOWFLAKE: "true",
            SQL_SERVER: ("bit", 1),
        },
        {MARIADB: "true Boolean?", SQLITE: "1 Integer?"},
    ),
    Case(
        "9999-12-31, a day",
        '"9999-12-31T00:00:00Z" Timestamp',
        {
            **_everywhere("date '9999-12-31'", *_PG, DUCKDB, PARQUET),
            MARIADB: ("date", "'9999-12-31'"),
            SQLITE: ("date", "'9999-12-31'"),
            CSV: "9999-12-31",
            TRINO: ("date", "9999-12-31"),
            DATABRICKS: ("date", date(9999, 12, 31)),
            BIGQUERY: ("DATE", "9999-12-31"),
            SNOWFLAKE: "'9999-12-31'::date",
            SQL_SERVER: ("date", date(9999, 12, 31)),
        },
        {SQLITE: '"9999-12-31" String?'},
    ),
    Case(
        "an infinite date",
        f"{REJECTED}: attribute_type",
        _everywhere("'infinity'::date", *_PG, DUCKDB, PARQUET),
    ),
    Case(
        "an infinite time",
        f"{REJECTED}: attribute_type",
        _everywhere("'-infinity'::timestamp", *_PG, DUCKDB, PARQUET),
    ),
    Case(
        "a date before Christ",
        f"{REJECTED}: attribute_type",
        {
            **_everywhere("'0044-03-15 BC'::date", *_PG),
            **_everywhere("'0044-03-15 (BC)'::date", DUCKDB, PARQUET),
            TRINO: ("date", "-0043-03-15"),
            DATABRICKS: ("date", -735519),
        },
    ),
    Case(
        "a date after 9999",
        f"{REJECTED}: attribute_type",
        {
            **_everywhere("'10000-01-01'::date", *_PG, DUCKDB, PARQUET),
            TRINO: ("date", "10000-01-01"),
            DATABRICKS: ("date", 2932897),
        },
    ),
    Case(
        "a zero date",
        f"{REJECTED}: attribute_type",
        {MARIADB: ("datetime", "'0000-00-00'")},
    ),
    Case(
        "a date without a day",
        f"{REJECTED}: attribute_type",
        {MARIADB: ("date", "'2026-02-00'")},
    ),
    Case(
        "a time with nanoseconds, of which milliseconds are sent",
        '"2026-01-31T10:00:00.123Z" Timestamp',
        {
            **_everywhere(f"timestamp '{_TIME}'", *_PG),
            MARIADB: ("datetime(6)", f"'{_TIME}'"),
            **_everywhere(f"timestamp_ns '{_TIME}789'", DUCKDB, PARQUET),
            CLICKHOUSE: f"toDateTime64('{_TIME}789', 9)",
            TRINO: ("timestamp(9)", f"{_TIME}789"),
            DATABRICKS: ("timestamp_ntz", datetime.fromisoformat(_TIME)),
            BIGQUERY: ("DATETIME", "2026-01-31T10:00:00.123456"),
            SNOWFLAKE: f"'{_TIME}789'::timestamp_ntz",
            SQL_SERVER: ("datetime2(7)", f"{_TIME}7"),
        },
    ),
    Case(
        "a time of day",
        f"{REFUSED}: cast(x as text)",
        {
            **_everywhere("time '10:00'", POSTGRESQL, REDSHIFT, DUCKDB, PARQUET),
            MARIADB: ("time", "'10:00'"),
            CSV: "10:00:00",
            CLICKHOUSE: "cast('10:00:00' as Time)",
            TRINO: ("time(3)", "10:00:00.123"),
            BIGQUERY: ("TIME", "10:00:00"),
            SNOWFLAKE: "'10:00:00'::time",
            SQL_SERVER: ("time(3)", datetime.fromisoformat(_TIME)),
        },
        {
            **dict.fromkeys(
                (REDSHIFT, DUCKDB, PARQUET, CSV, TRINO), f"{REFUSED}: cast(x as varchar)"
            ),
            MARIADB: f"{REFUSED}: cast(x as char)",
            CLICKHOUSE: f"{REFUSED}: toString(x)",
            BIGQUERY: f"{REFUSED}: cast(x as string)",
            SNOWFLAKE: f"{REFUSED}: x::string",
            SQL_SERVER: f"{REFUSED}: cast(x as nvarchar(255))",
        },
    ),
    Case(
        "24:00, a time of day that Python lacks",
        f"{REFUSED}: cast(x as text)",
        {POSTGRESQL: "time '24:00'"},
    ),
    Case(
        "an interval",
        f"{REFUSED}: cast(x as text)",
        {
            **_everywhere("interval '1 day 2 hours'", POSTGRESQL, DUCKDB),
            REDSHIFT: "interval '1 day'",
            CLICKHOUSE: "toIntervalDay(1)",
            TRINO: ("interval year to month", "1-2"),
            DATABRICKS: ("interval_day_time", "1 02:00:00.000000000"),
            BIGQUERY: ("INTERVAL", "0-0 1 2:0:0"),
        },
        {
            **dict.fromkeys((REDSHIFT, DUCKDB, TRINO), f"{REFUSED}: cast(x as varchar)"),
            CLICKHOUSE: f"{REFUSED}: toString(x)",
            BIGQUERY: f"{REFUSED}: cast(x as string)",
            DATABRICKS: '"1 02:00:00.000000000" String?',
        },
    ),
    Case(
        "bits",
        f"{REFUSED}: hex(x)",
        {POSTGRESQL: "B'101'", MARIADB: ("bit(3)", "5"), DUCKDB: "'101'::bit"},
        {POSTGRESQL: '"101" String?', DUCKDB: f"{REFUSED}: cast(x as varchar)"},
    ),
    Case(
        "JSON",
        f"{REFUSED}: cast(x as text)",
        {
            POSTGRESQL: "'{\"a\": 1}'::jsonb",
            MARIADB: ("json", "'{\"a\": 1}'"),
            SQLITE: ("json", "'{\"a\": 1}'"),
            DUCKDB: "'{\"a\": 1}'::json",
            CLICKHOUSE: "cast('{\"a\": 1}' as JSON)",
            TRINO: ("json", '{"a": 1}'),
            BIGQUERY: ("JSON", '{"a": 1}'),
            SNOWFLAKE: "parse_json('{\"a\": 1}')",
        },
        {
            MARIADB: '"{\\"a\\": 1}" String',
            SQLITE: '"{\\"a\\": 1}" String?',
            DUCKDB: f"{REFUSED}: cast(x as varchar)",
            CLICKHOUSE: f"{REFUSED}: toString(x)",
            TRINO: f"{REFUSED}: json_format(cast(x as json))",
            BIGQUERY: f"{REFUSED}: to_json_string(x)",
            SNOWFLAKE: f"{REFUSED}: x::string",
        },
    ),
    Case(
        "an array",
        f"{REFUSED}: cast(x as text)",
        {
            POSTGRESQL: "array[1, 2]",
            **_everywhere("[1, 2]", DUCKDB, PARQUET),
            CLICKHOUSE: "[1, 2]",
            TRINO: ("array(integer)", [1, 2]),
            DATABRICKS: ("array", "[1,2]"),
            BIGQUERY: ("INTEGER REPEATED", [{"v": "1"}, {"v": "2"}]),
            SNOWFLAKE: "parse_json('[1, 2]')::array",
        },
        {
            **dict.fromkeys((DUCKDB, PARQUET), f"{REFUSED}: cast(x as varchar)"),
            CLICKHOUSE: f"{REFUSED}: toString(x)",
            TRINO: f"{REFUSED}: json_format(cast(x as json))",
            BIGQUERY: f"{REFUSED}: to_json_string(x)",
            DATABRICKS: f"{REFUSED}: to_json(x)",
            SNOWFLAKE: f"{REFUSED}: x::string",
        },
    ),
    Case(
        "a struct, a row",
        f"{REFUSED}: cast(x as text)",
        {
            POSTGRESQL: "row(1, 'a')",
            **_everywhere("{'a': 1}", DUCKDB, PARQUET),
            CLICKHOUSE: "tuple(1, 'a')",
            TRINO: ("row(a integer)", [1]),
            DATABRICKS: ("struct", '{"a":1}'),
            BIGQUERY: ("RECORD", None),
            SNOWFLAKE: "object_construct('a', 1)",
        },
        {
            **dict.fromkeys((DUCKDB, PARQUET), f"{REFUSED}: cast(x as varchar)"),
            CLICKHOUSE: f"{REFUSED}: toString(x)",
            TRINO: f"{REFUSED}: json_format(cast(x as json))",
            BIGQUERY: f"{REFUSED}: to_json_string(x)",
            DATABRICKS: f"{REFUSED}: to_json(x)",
            SNOWFLAKE: f"{REFUSED}: x::string",
        },
    ),
    Case(
        "a point",
        f"{REFUSED}: cast(x as varchar)",
        {DUCKDB: "'POINT(1 2)'::geometry", SQL_SERVER: ("geography", b"bytes")},
        {SQL_SERVER: f"{REFUSED}: cast(x as nvarchar(255))"},
    ),
    Case(
        "a value with a type of its own (`sql_variant`)",
        f"{REFUSED}: cast(x as nvarchar(255))",
        {SQL_SERVER: ("sql_variant", 5)},
    ),
    Case(
        "money",
        f"{REFUSED}: cast(x as numeric)",
        {POSTGRESQL: "12.50::money", SQL_SERVER: ("money", "12.5000")},
        {SQL_SERVER: "12.5 Decimal"},
    ),
    Case("XML", '"<a/>" String', {SQL_SERVER: ("xml", "<a/>")}),
    Case(
        "a uuid",
        f'"{_UUID}" String',
        {
            **_everywhere(f"'{_UUID}'::uuid", POSTGRESQL, DUCKDB, PARQUET),
            MARIADB: ("uuid", f"'{_UUID}'"),
            CLICKHOUSE: f"toUUID('{_UUID}')",
            TRINO: ("uuid", _UUID),
            SQL_SERVER: ("uniqueidentifier", _UUID),
        },
    ),
    Case(
        "an enum",
        '"happy" String',
        {
            POSTGRESQL: "'happy'::mood",
            MARIADB: ("enum('happy', 'sad')", "'happy'"),
            **_everywhere("'happy'::enum('happy', 'sad')", DUCKDB, PARQUET),
            CLICKHOUSE: "cast('happy' as Enum8('happy' = 1, 'sad' = 2))",
        },
    ),
    Case(
        "an IP address",
        '"1.2.3.4" String',
        {
            POSTGRESQL: "'1.2.3.4'::inet",
            MARIADB: ("inet4", "'1.2.3.4'"),
            CLICKHOUSE: "toIPv4('1.2.3.4')",
            TRINO: ("ipaddress", "1.2.3.4"),
        },
        {TRINO: '"1.2.3.4" String?'},
    ),
    Case(
        "an address of IPv6",
        '"::1" String',
        {
            POSTGRESQL: "'::1'::inet",
            MARIADB: ("inet6", "'::1'"),
            CLICKHOUSE: "toIPv6('::1')",
        },
    ),
    Case("a set of words", '"a,b" String', {MARIADB: ("set('a', 'b')", "'a,b'")}),
    Case(
        "a domain over numeric(10,2)",
        "12 Decimal",
        {POSTGRESQL: "12::euros"},
    ),
    Case(
        "a control character within a text",
        f"{REJECTED}: attribute_type",
        {
            **_everywhere("'a\x01b'::text", POSTGRESQL, REDSHIFT, DUCKDB, PARQUET),
            MARIADB: ("varchar(10)", "'a\x01b'"),
            SQLITE: ("text", "'a\x01b'"),
            CLICKHOUSE: "'a\\x01b'",
            TRINO: ("varchar", "a\x01b"),
            DATABRICKS: ("string", "a\x01b"),
            BIGQUERY: ("STRING", "a\x01b"),
            SNOWFLAKE: "'a\x01b'",
            SQL_SERVER: ("varchar(10)", "a\x01b"),
        },
    ),
    Case(
        "text that is no UTF-8, in the whole column",
        f"{REFUSED}: hex(x)",
        {SQLITE: "cast(x'ff' as text)", CLICKHOUSE: "unhex('ff')"},
    ),
    Case(
        "null",
        "nothing",
        {
            **_everywhere("null", *_PG, MARIADB, SQLITE, DUCKDB, CLICKHOUSE),
            TRINO: ("varchar", None),
            DATABRICKS: ("string", None),
            BIGQUERY: ("STRING", None),
            SNOWFLAKE: "null",
            SQL_SERVER: ("varchar(10)", None),
        },
    ),
)


def table() -> str:
    """What the page shows: a table for each place that a value is mapped to."""
    return "".join(_table(at) for at in (KEY, EMAIL, LEAD, ATTRIBUTE_X))


def _table(at: str) -> str:
    cases = [case for case in CASES if case.at == at]
    shown = [one for one in WAREHOUSES if any(one in case.given for case in cases)]
    head = f"\n### As {at}\n\n| value | {' | '.join(shown)} |\n| {' | '.join(['---'] * (len(shown) + 1))} |\n"
    rows = (
        f"| {case.what} | {' | '.join(_cell(case, one) for one in shown)} |\n" for case in cases
    )
    return head + "".join(rows)


def _cell(case: Case, warehouse: str) -> str:
    if warehouse not in case.given:
        return ""
    outcome = case.expected(warehouse)
    word, sign, rest = outcome.partition(": ")
    if sign and word in (REJECTED, REFUSED):
        return f"{word}: `{rest}`"
    value, sign, type_ = outcome.rpartition(" ")
    if sign and case.at == ATTRIBUTE_X:
        return f"`{value}` {type_}"
    return f"`{outcome}`" if '"' in outcome else outcome
