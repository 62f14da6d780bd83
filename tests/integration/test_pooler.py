"""The state behind PgBouncer in transaction mode: each transaction may be on another connection."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections import abc
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import make_url

from sync.errors import EXIT_OK
from sync.state.store import Store
from tests.support.contacts import Town, counts

MAPPING = """\
version: 1
source: {query: "select id, company from accounts"}
destination: {object: customer}
fields: {external_id: id, company: company}
"""


@pytest.fixture
def pooled(database: str) -> abc.Iterator[str]:
    """The database's URL through a pooler."""
    program = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:/usr/local/bin")
    if program is None:
        pytest.skip("pgbouncer is not installed")
    # Outside pytest's folder, which others may not enter: it refuses to run as root.
    folder = Path(tempfile.mkdtemp(prefix="pgbouncer-", dir="/tmp"))
    try:
        with _pooler(program, database, folder) as url:
            yield url
    finally:
        shutil.rmtree(folder)


@contextmanager
def _pooler(program: str, database: str, folder: Path) -> abc.Iterator[str]:
    url = make_url(database)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "users").write_text(f'"{url.username}" "{url.password}"\n')
    (folder / "pgbouncer.ini").write_text(
        f"[databases]\n{url.database} = host={url.host} port={url.port}\n[pgbouncer]\n"
        f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = plain\n"
        f"auth_file = {folder}/users\npool_mode = transaction\ndefault_pool_size = 4\n"
        f"logfile = {folder}/pgbouncer.log\n"
    )
    user = []
    if os.geteuid() == 0:
        user = ["-u", "nobody"]
        for path in (folder, *folder.iterdir()):
            shutil.chown(path, "nobody")
    command = [program, "-q", *user, str(folder / "pgbouncer.ini")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as pooler:
        _wait_for(port)
        try:
            yield url.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)
        finally:
            pooler.terminate()


def _wait_for(port: int) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
    raise AssertionError("pgbouncer does not listen")


def test_whole_runs(tmp_path: Path, pooled: str):
    """The second run works as the first did, and finds what that one left."""
    town = Town(tmp_path, state=pooled)
    town.table("accounts", "id, company", *((f"c{n}", f"Company {n}") for n in range(300)))
    town.write("customers", MAPPING)
    first, second = town.run(), town.run()
    assert (first.exit_code, second.exit_code) == (EXIT_OK, EXIT_OK)
    assert counts(first, "customers") == {"created": 300}
    assert counts(second, "customers") == {"unchanged": 300}
    town.table("accounts", "id, company", *((f"c{n}", f"Firm {n}") for n in range(300)))
    assert counts(town.run(), "customers") == {"updated": 300}
    assert counts(town.run(dry_run=True), "customers") == {"unchanged": 300}


def test_many_transactions(pooled: str):
    """Statements that are sent again and again are prepared nowhere; two stores mix their connections."""
    with closing(Store.open(pooled)) as one, closing(Store.open(pooled)) as two:
        for n in range(60):
            for store in (one, two):
                store.remember_account(f"ds_{n % 7}", "acc", f"Acme {n}")
                assert store.account_of(f"ds_{n % 7}") == "acc"
