"""Two workers at once with one PostgreSQL state: one of them does the work, the other ends with 5."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from sync.sandbox.running import RunningSandbox
from sync.sandbox.sandbox import Sandbox
from tests.integration.test_kills import MAPPING
from tests.support.planted_secrets import API_KEY
from tests.support.runner import Place

ROWS = 120


def test_two_workers(tmp_path: Path, database: str):
    """Nothing is sent twice, and the one that is locked out says who holds the records."""
    warehouse = tmp_path / "warehouse.db"
    with closing(sqlite3.connect(warehouse)) as db, db:
        db.execute("create table accounts (id text, company text, seats integer)")
        rows = ((f"acc_{n}", f"Company {n}", n) for n in range(ROWS))
        db.executemany("insert into accounts values (?, ?, ?)", rows)
    # Each keeps the limit, but not both together: a refused write would look like a second one.
    with RunningSandbox(Sandbox(key=API_KEY, rate=None)) as sandbox:
        place = Place(tmp_path, sandbox, f"sqlite:///{warehouse}", state=database)
        place.write("customers", MAPPING)
        command = [sys.executable, "-m", "sync", "run", str(tmp_path / "mappings")]
        workers = [
            subprocess.Popen(
                command,
                env={**os.environ, **place.environment, "SYNC_REPORTS": str(tmp_path / name)},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
            for name in ("one", "two")
        ]
        said = [worker.communicate(timeout=90)[1] for worker in workers]
        codes = [worker.returncode for worker in workers]
        assert sorted(codes) == [0, 5]
        assert "process" in said[codes.index(5)]
        assert len(place.writes()) == len(place.customers()) == ROWS
