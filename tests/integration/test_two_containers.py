"""Two containers on one mapping, with one PostgreSQL state: one works, and what it leaves another one takes over."""

import os
import sqlite3
import time
import uuid
from collections import abc
from contextlib import closing
from pathlib import Path

import pytest

from sync.sandbox.running import RunningSandbox
from tests.integration.test_kills import MAPPING
from tests.support.containers import call, docker, image, until
from tests.support.postgres import connected

__all__ = ["image"]
ROWS = 100


@pytest.fixture
def sandbox() -> abc.Iterator[RunningSandbox]:
    """A ChartMogul in which a whole sync takes a while."""
    with RunningSandbox() as running:
        running.sandbox.fail(method="POST", delay=8.0)
        yield running


@pytest.fixture
def worker(
    image: str, sandbox: RunningSandbox, database: str, tmp_path: Path
) -> abc.Iterator[abc.Callable[[], str]]:
    """Starts containers, each a host of its own name; gives their names."""
    _fill(tmp_path)
    variables = {
        "CHARTMOGUL_API_KEY": sandbox.key,
        "CHARTMOGUL_API_URL": sandbox.url,
        "CHARTMOGUL_DATA_SOURCE": sandbox.data_source,
        "SYNC_STATE_URL": database,
        # Without room for others at ChartMogul, a second one would not even learn whose account it is.
        "SYNC_CONNECTIONS": "5",
        "WAREHOUSE_URL": "sqlite:////given/warehouse.db",
    }
    # By name alone: everybody on this machine can read the arguments of a process.
    named_only = [part for name in variables for part in ("--env", name)]
    names: list[str] = []

    def start() -> str:
        names.append(f"sync-test-{uuid.uuid4().hex[:8]}")
        named = ("--name", names[-1], "--hostname", names[-1])
        mounts = ("--network", "host", "--volume", f"{tmp_path}:/given:ro")
        command = ["docker", "run", "--detach", *named, *mounts, *named_only, image]
        call([*command, "run", "/given/mappings"], environment=variables)
        return names[-1]

    yield start
    if names:
        docker("rm", "--force", "--volumes", *names, check=False)


def _fill(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "warehouse.db")) as db, db:
        db.execute("create table accounts (id text, company text, seats integer)")
        rows = ((f"acc_{n}", f"Company {n}", n) for n in range(ROWS))
        db.executemany("insert into accounts values (?, ?, ?)", rows)
    (folder / "mappings").mkdir()
    (folder / "mappings" / "customers.yml").write_text(MAPPING)
    for path in (*folder.parents[:2], folder, *folder.rglob("*")):
        os.chmod(path, 0o755)


def end(name: str) -> tuple[int, str]:
    """Wait for the end of a container: its exit code, and what it said."""
    code = int(docker("wait", name).stdout)
    log = docker("logs", name)
    return code, log.stdout + log.stderr


def ask(database: str, sql: str) -> list[tuple[object, ...]]:
    """Look into the shared state, or change it."""
    with connected(database) as connection:
        cursor = connection.execute(sql)
        return list(cursor.fetchall()) if cursor.description else []


def creates(sandbox: RunningSandbox) -> list[str]:
    """The keys that were created, in their order."""
    calls = sandbox.sandbox.calls("POST", "/v1/customers")
    return [call.json["external_id"] for call in calls if call.status < 300]


def test_two_containers(
    worker: abc.Callable[[], str], sandbox: RunningSandbox, database: str
) -> None:
    """The second ends with 5 at once; after a kill the lease has to run out, then another finishes the work."""
    first = worker()
    until(lambda: len(creates(sandbox)) >= 10, 180, "ten creates")
    began = time.monotonic()
    code, said = end(worker())
    assert (code, time.monotonic() - began < 80) == (5, True), said
    assert f"on {first}" in said
    assert len(ask(database, "select 1 from sync_leases where expires > extract(epoch from now())"))

    docker("kill", first)
    assert end(first)[0] == 137
    made = len(creates(sandbox))
    assert 10 <= made < ROWS
    code, said = end(worker())
    assert code == 5, said
    assert "its lease runs out at" in said
    assert made == len(creates(sandbox))

    # Instead of waiting for a minute and a half: the lease has run out.
    ask(database, "update sync_leases set expires = extract(epoch from now()) - 1")
    sandbox.sandbox.faults.clear()
    code, said = end(worker())
    assert code == 0, said
    assert sorted(creates(sandbox)) == sorted(f"acc_{n}" for n in range(ROWS))
    assert ask(database, "select 1 from sync_leases") == []
    sent = len(sandbox.sandbox.calls("[!G]*"))
    assert end(worker())[0] == 0
    assert sent == len(sandbox.sandbox.calls("[!G]*"))
