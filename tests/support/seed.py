"""The sample warehouse as SQL for PostgreSQL, which docker-compose.yml seeds.

`python -m tests.support.seed` rewrites it.
"""

import sqlite3
import tempfile
from collections import abc
from contextlib import closing
from pathlib import Path

from sync.demo import warehouse

FILE = Path(__file__).parents[2] / "compose" / "warehouse.sql"


def script() -> str:
    """Every table of the demo's warehouse, with the types that a PostgreSQL warehouse would have."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "warehouse.db"
        warehouse.build(path)
        with closing(sqlite3.connect(path)) as db:
            names = [name for (name,) in db.execute("select name from sqlite_master order by name")]
            parts = [_table(db, name) for name in names]
    head = "-- Made by `python -m tests.support.seed` from sync/demo/warehouse.py: the same rows as the demo's.\n"
    return head + "".join(parts)


def _table(db: sqlite3.Connection, name: str) -> str:
    found = db.execute(f"select * from {name} order by rowid")
    columns = [column[0] for column in found.description]
    rows = found.fetchall()
    types = [_type(column, [row[place] for row in rows]) for place, column in enumerate(columns)]
    declared = ",\n".join(
        f"    {column} {type}" for column, type in zip(columns, types, strict=True)
    )
    lines = [f"({', '.join(map(_literal, row, types))})" for row in rows]
    made = f"\ncreate table {name} (\n{declared}\n);\n"
    if not rows:
        return made
    return f"{made}insert into {name} ({', '.join(columns)}) values\n" + ",\n".join(lines) + ";\n"


def _type(column: str, values: abc.Sequence[object]) -> str:
    """What holds all values: the mistakes that are there on purpose need text."""
    kinds = {type(value) for value in values if value is not None}
    if kinds == {int} and column.startswith("is_"):
        return "boolean"
    if kinds == {int}:
        return "integer"
    return "numeric(5, 1)" if kinds and kinds <= {int, float} else "text"


def _literal(value: object, type: str) -> str:
    if value is None:
        return "null"
    if type == "boolean":
        return "true" if value else "false"
    if type == "text":
        return "'" + str(value).replace("'", "''") + "'"
    return str(value)


if __name__ == "__main__":
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(script())
