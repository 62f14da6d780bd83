"""Warehouses with as many accounts as wanted: 12 columns, most of the kinds that a CRM table has."""

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
from sqlalchemy import make_url

QUERY = "select * from accounts"
MAPPING = """\
version: 1
name: accounts
source:
  query: select * from accounts
destination:
  object: customer
fields:
  external_id: id
  company: company
  email: email
  country: country
  city: city
  lead_created_at: signed_up_at
attributes:
  plan: {column: plan, type: String}
  seats: {column: seats, type: Integer}
  mrr: {column: mrr, type: Decimal}
  last_seen: {column: last_seen, type: Timestamp}
  is_partner: {column: is_partner, type: Boolean}
  note: {column: note, type: String}
"""
_COLUMNS = """id bigint primary key, company text, email text, country text, signed_up_at timestamp,
 city text, plan text, seats int, is_partner boolean, mrr numeric(12, 2), last_seen timestamptz, note text"""
_ROWS = """select i, 'Company ' || i, 'user' || i || '@example.com',
 (array['DE', 'US', 'FR', 'GB'])[1 + i % 4], timestamp '2015-01-01' + i * interval '1 minute',
 'City ' || (i % 1000), (array['free', 'pro', 'team'])[1 + i % 3], i % 500, i % 7 = 0,
 (i % 10000)::numeric / 100, timestamptz '2016-01-01' + i * interval '1 minute', 'note ' || md5(i::text)
 from generate_series({first}, {last}) i"""
_START = datetime(2015, 1, 1)


def postgres(url: str, rows: int) -> str:
    """Fill `accounts` of a PostgreSQL database; its URL."""
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute("drop table if exists accounts")
        connection.execute(f"create table accounts ({_COLUMNS})")
        connection.execute("insert into accounts " + _ROWS.format(first=1, last=rows))
        connection.execute("vacuum analyze accounts")
    return url


def duckdb(folder: Path, rows: int) -> str:
    """The same accounts in a DuckDB file; its URL."""
    import duckdb as driver

    path = folder / "warehouse.duckdb"
    path.unlink(missing_ok=True)
    with driver.connect(str(path)) as connection:
        connection.execute(f"create table accounts ({_COLUMNS})")
        made = _ROWS.format(first=1, last=rows).removesuffix(" i")
        connection.execute(f"insert into accounts {made} series(i)")
    return f"duckdb:///{path}"


def touch(url: str, every: int) -> None:
    """Change the company of every so manieth account, in PostgreSQL or DuckDB."""
    change = f"update accounts set company = company || '!' where id % {every} = 0"
    if url.startswith("duckdb"):
        import duckdb as driver

        with driver.connect(make_url(url).database or "") as connection:
            connection.execute(change)
        return
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(change.encode())


def sqlite(folder: Path, rows: int) -> str:
    """The same accounts in an SQLite file; its URL."""
    path = folder / "warehouse.db"
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(f"create table accounts ({_COLUMNS})")
        marks = ", ".join("?" * 12)
        db.executemany(f"insert into accounts values ({marks})", map(account, range(1, rows + 1)))
    return f"sqlite:///{path}"


def account(i: int) -> tuple[object, ...]:
    """One account as SQLite holds it."""
    return (
        i, f"Company {i}", f"user{i}@example.com", ("DE", "US", "FR", "GB")[i % 4],
        str(_START + timedelta(minutes=i)), f"City {i % 1000}", ("free", "pro", "team")[i % 3], i % 500,
        i % 7 == 0, i % 10_000 / 100, str(_START + timedelta(days=365, minutes=i)), f"note {i:032x}",
    )  # fmt: skip


def change(folder: Path, every: int) -> None:
    """Another company and one seat more for every so manieth account of the SQLite file."""
    with closing(sqlite3.connect(folder / "warehouse.db")) as db, db:
        db.execute(
            "update accounts set company = company || '!', seats = seats + 1 where id % ? = 0",
            [every],
        )
