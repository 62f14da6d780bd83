"""Warehouses with a table of one row, for all tests here."""

from tests.support.shops import (
    mariadb_port,
    of_clickhouse,
    of_duckdb,
    of_mariadb,
    of_postgresql,
    of_redshift,
    of_snowflake,
    of_sqlite,
)

__all__ = [
    "mariadb_port",
    "of_clickhouse",
    "of_duckdb",
    "of_mariadb",
    "of_postgresql",
    "of_redshift",
    "of_snowflake",
    "of_sqlite",
]
