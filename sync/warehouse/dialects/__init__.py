"""What one database does in its own way, a file for each; chosen once, when a warehouse is opened.

Begin with `dialect`, which says what is asked of each, then `general`, which answers for all that have no file.
"""

from sync.warehouse.dialects.bigquery import BigQuery
from sync.warehouse.dialects.clickhouse import ClickHouse
from sync.warehouse.dialects.databricks import Databricks
from sync.warehouse.dialects.dialect import Dialect
from sync.warehouse.dialects.duckdb import DuckDB
from sync.warehouse.dialects.general import General
from sync.warehouse.dialects.mssql import SQLServer
from sync.warehouse.dialects.mysql import AnyMySQL, MySQL, PyMySQL
from sync.warehouse.dialects.postgresql import AnyPostgreSQL, Libpq, PostgreSQL, Psycopg
from sync.warehouse.dialects.redshift import Redshift
from sync.warehouse.dialects.snowflake import Snowflake
from sync.warehouse.dialects.sqlite import AnySQLite, SQLite
from sync.warehouse.dialects.trino import Trino

#: By SQLAlchemy's names: `database+driver`, else `database`, else `+driver` for a relative without a file of its own,
#: such as CockroachDB, StarRocks, or Redshift by psycopg2. Who stands nowhere is read in the general way.
_DIALECTS: dict[str, Dialect] = {
    "postgresql+psycopg": PostgreSQL(),
    "postgresql": AnyPostgreSQL(),
    "+psycopg": Psycopg(),
    "+psycopg2": Libpq(),
    "+psycopg2cffi": Libpq(),
    "mysql+pymysql": MySQL(),
    "mysql": AnyMySQL(),
    "mariadb+pymysql": MySQL(),
    "mariadb": AnyMySQL(),
    "+pymysql": PyMySQL(),
    "duckdb": DuckDB(),
    "clickhousedb": ClickHouse(),
    "redshift+redshift_connector": Redshift(),
    "snowflake": Snowflake(),
    "bigquery": BigQuery(),
    "databricks": Databricks(),
    "mssql+pymssql": SQLServer(),
    "trino": Trino(),
    "sqlite+pysqlite": SQLite(),
    "sqlite": AnySQLite(),
}


def choose(database: str, driver: str) -> Dialect:
    """The dialect of a database, by the names that SQLAlchemy gives to it and to its driver."""
    names = (f"{database}+{driver}", database, f"+{driver}")
    return next((_DIALECTS[name] for name in names if name in _DIALECTS), General())
