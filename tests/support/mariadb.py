"""A real MariaDB for tests: the server that is installed here, in a folder of its own."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections import abc
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import planted_secrets
from tests.support.needed import needed

if TYPE_CHECKING:
    from pymysql.connections import Connection

PASSWORD = planted_secrets.PASSWORD
_SERVER, _INSTALLER = "mariadbd", "mariadb-install-db"


@pytest.fixture(scope="session")
def mariadb_port() -> abc.Iterator[int]:
    """The port of a fresh server on 127.0.0.1 with a database `shop` and a user `writer` (`PASSWORD`).

    Without MariaDB, or its driver, tests are skipped, but not where CI says that it is there.
    """
    needed("pymysql")
    server = shutil.which(_SERVER, path=f"{os.environ['PATH']}:/usr/sbin")
    if server is None or shutil.which(_INSTALLER) is None:
        reason = f"no MariaDB: {_SERVER} is not installed (Debian: mariadb-server)"
        if os.environ.get("SYNC_TEST_MARIADB") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    # Short, because a socket lies there.
    folder = Path(tempfile.mkdtemp(prefix="my-", dir="/tmp"))
    try:
        with _served(server, folder) as port:
            yield port
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _served(server: str, folder: Path) -> abc.Iterator[int]:
    # It refuses to run as root, unless told who it is.
    user = "nobody" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    shutil.chown(folder, user)
    data, log, port = f"--datadir={folder}/data", folder / "log", _free_port()
    common = ["--no-defaults", f"--user={user}", data]
    with log.open("w") as out:
        install = [
            _INSTALLER,
            *common,
            "--skip-test-db",
            "--auth-root-authentication-method=normal",
        ]
        subprocess.run(install, stdout=out, stderr=out, check=True, timeout=120)
        place = [f"--port={port}", "--bind-address=127.0.0.1", f"--socket={folder}/s"]
        fast = [
            "--skip-log-bin",
            "--innodb-flush-log-at-trx-commit=0",
            "--default-time-zone=+05:00",
        ]
        process = subprocess.Popen(
            [server, *common, *place, *fast, f"--pid-file={folder}/pid"], stdout=out, stderr=out
        )
    try:
        _set_up(str(folder / "s"), process, log)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def _set_up(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 60
    while "ready for connections" not in log.read_text():
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"MariaDB does not start: {log.read_text()[-1000:]}")
        time.sleep(0.05)
    with connected(unix_socket=address, user="root") as connection, connection.cursor() as cursor:
        cursor.execute("create database shop character set utf8mb4")
        cursor.execute(f"create user writer@'%' identified by '{PASSWORD}'")
        cursor.execute("grant all on shop.* to writer@'%'")


def connected(**place: Any) -> "Connection[Any]":
    """A connection of its own, which may write; each statement stays at once."""
    import pymysql

    return pymysql.connect(autocommit=True, **place)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
