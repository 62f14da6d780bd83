"""A warehouse in an SQLite file."""

import sqlite3
from pathlib import Path

import pytest

from sync.warehouse.warehouse import Warehouse


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A warehouse in a file."""
    path = tmp_path / "ware house#1.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(
            """
            create table accounts (id integer, name text, "group" text);
            insert into accounts values (1, 'Acme', 'a'), (2, 'Bolt', null), (3, 'Cord', 'c');
            create table "odd.name" (x integer);
            insert into "odd.name" values (1);
            """
        )
    connection.close()
    return path


@pytest.fixture
def source(path: Path) -> Warehouse:
    return Warehouse.open(f"sqlite:///{path}")
