"""The tables of results: made where they are missing, and given the columns that they lack.

No primary keys: not every database has them, and some that do take no row again in the transaction that deleted it.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    DateTime,
    Dialect,
    Index,
    Integer,
    MetaData,
    Table,
    Unicode,
    UnicodeText,
    inspect,
    select,
    text,
)
from sqlalchemy.dialects import mssql, mysql
from sqlalchemy.schema import CreateColumn
from sqlalchemy.sql import quoted_name

#: Where an index helps to find the rows that are to be replaced; others need none, or know none.
_INDEXED = ("postgresql", "mysql", "mariadb", "sqlite", "mssql", "oracle")
_MYSQL = ("mysql", "mariadb")
#: A key in another case is another key, also where text is compared without it unless told otherwise.
_EXACT = "utf8mb4_bin"
#: Whose reserved words SQLAlchemy does not know, and where quotes change no name.
_QUOTED = ("duckdb",)
#: Their word for adding a column is shorter.
_ADD = {"mssql": "ADD", "oracle": "ADD"}


def tables(schema: str | None, dialect: str = "") -> MetaData:
    """The three tables, in a schema or in the connection's own."""
    metadata = MetaData(schema=schema)
    for make_one in (_runs, _rejected, _records):
        make_one(metadata)
    for one in metadata.tables.values() if dialect in _QUOTED else ():
        for column in one.columns:
            column.name = quoted_name(column.name, True)
    return metadata


def table(metadata: MetaData, name: str) -> Table:
    """`runs`, `rejected` or `records`."""
    full = f"chartmogul_sync_{name}"
    return metadata.tables[f"{metadata.schema}.{full}" if metadata.schema else full]


def _runs(metadata: MetaData) -> None:
    """A row for each mapping of each run."""
    _table(
        metadata,
        "runs",
        Column("run_id", Unicode(64)),
        _indexed("mapping", 190),
        Column("status", Unicode(32)),
        Column("exit_code", Integer),
        _moment("started_at"),
        _moment("finished_at"),
        *(
            Column(name, BigInteger)
            for name in ("read", "created", "updated", "unchanged", "skipped", "rejected")
        ),
        Column("requests", BigInteger),
        Column("environment", Unicode(64)),
        Index("chartmogul_sync_runs_run", "run_id").ddl_if(callable_=_takes_indexes),
    )


def _rejected(metadata: MetaData) -> None:
    """A row for each problem of each row that is rejected now."""
    _table(
        metadata,
        "rejected",
        _indexed("mapping", 190),
        Column("object", Unicode(16)),
        Column("key", UnicodeText().with_variant(mysql.TEXT(collation=_EXACT), *_MYSQL)),
        Column("code", Unicode(64)),
        Column("field", Unicode(255)),
        Column("message", UnicodeText),
        _moment("since"),
        Column("run_id", Unicode(64)),
        Column("url", UnicodeText),
        Index("chartmogul_sync_rejected_mapping", "mapping").ddl_if(callable_=_takes_indexes),
    )


def _records(metadata: MetaData) -> None:
    """A row for each record that a mapping has met, with what last became of it."""
    _table(
        metadata,
        "records",
        _indexed("mapping", 190),
        Column("object", Unicode(16)),
        _indexed("key", 512),
        Column("uuid", Unicode(64)),
        Column("url", UnicodeText),
        Column("outcome", Unicode(16)),
        _moment("at"),
        Index("chartmogul_sync_records_key", "mapping", "key").ddl_if(callable_=_takes_indexes),
    )


def _table(metadata: MetaData, name: str, *parts: Column[Any] | Index) -> None:
    """A table of this name, in which MySQL and MariaDB take every character."""
    Table(
        f"chartmogul_sync_{name}",
        metadata,
        *parts,
        mysql_charset="utf8mb4",
        mariadb_charset="utf8mb4",
    )


def _indexed(name: str, length: int) -> Column[Any]:
    """Text as long as an index takes it."""
    exact = Unicode(length).with_variant(mysql.VARCHAR(length, collation=_EXACT), *_MYSQL)
    binary = mssql.NVARCHAR(length, collation="Latin1_General_100_BIN2")
    return Column(name, exact.with_variant(binary, "mssql"))


def _moment(name: str) -> Column[Any]:
    """A moment, in UTC where a database keeps no zone, to the microsecond."""
    kind = DateTime(timezone=True).with_variant(mysql.DATETIME(fsp=6), *_MYSQL)
    return Column(name, kind)


def _takes_indexes(*_: Any, dialect: Dialect, **__: Any) -> bool:
    return dialect.name in _INDEXED


def make(connection: Connection, metadata: MetaData) -> None:
    """Make the tables that are missing, and the columns that a table of an older version lacks."""
    there = inspect(connection)
    ours = metadata.sorted_tables
    old = [one for one in ours if there.has_table(one.name, schema=metadata.schema)]
    for one in old:
        columns = connection.execute(select(text("*")).select_from(one).limit(0)).keys()
        known = {name.lower() for name in columns}
        for column in one.columns:
            if column.name not in known:
                _add(connection, one, column)
    metadata.create_all(connection, [one for one in ours if one not in old])


def _add(connection: Connection, table: Table, column: Column[Any]) -> None:
    dialect = connection.dialect
    name = dialect.identifier_preparer.format_table(table)
    definition = CreateColumn(column).compile(dialect=dialect)
    add = _ADD.get(dialect.name, "ADD COLUMN")
    connection.exec_driver_sql(f"ALTER TABLE {name} {add} {definition}")
