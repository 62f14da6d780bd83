"""A Redshift for tests: a real PostgreSQL, behind a proxy that takes out what only Redshift understands."""

import socket
import struct
import threading
from collections import abc
from contextlib import contextmanager, suppress

from sqlalchemy import URL

from tests.support.postgres import connected

_KNOWN = frozenset({b"user", b"database"})


@contextmanager
def redshift(host: str, port: int) -> abc.Iterator[int]:
    """The port of a proxy in front of a PostgreSQL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_serve, args=(listener, host, port), daemon=True).start()
        yield listener.getsockname()[1]


def reader(postgres: URL) -> None:
    """Let a user `reader`, who could write, log in with any password: the driver knows none of PostgreSQL's ways."""
    with connected(postgres) as connection:
        (file,) = connection.execute("show hba_file").fetchone() or ("",)
        lines = "('host all reader all trust'), ('local all all trust'), ('host all all all scram-sha-256')"
        connection.execute(f"copy (values {lines}) to '{file}'".encode())
        connection.execute("select pg_reload_conf()")
        connection.execute("drop role if exists reader")
        connection.execute("create role reader superuser login")


def _serve(listener: socket.socket, host: str, port: int) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_pass_on, args=(client, host, port), daemon=True).start()


def _pass_on(client: socket.socket, host: str, port: int) -> None:
    with client, socket.create_connection((host, port)) as server:
        server.sendall(_startup(client))
        back = threading.Thread(target=_answer, args=(server, client), daemon=True)
        back.start()
        _copy(client, server)
        back.join()


def _startup(client: socket.socket) -> bytes:
    """The first message, which names the protocol and parameters of the session."""
    (size,) = struct.unpack("!i", client.recv(4, socket.MSG_WAITALL))
    body = client.recv(size - 4, socket.MSG_WAITALL)
    texts = body[4:].rstrip(b"\0").split(b"\0")
    pairs = [pair for pair in zip(texts[::2], texts[1::2], strict=False) if pair[0] in _KNOWN]
    kept = body[:4] + b"".join(b"%s\0%s\0" % pair for pair in pairs) + b"\0"
    return struct.pack("!i", len(kept) + 4) + kept


def _answer(server: socket.socket, client: socket.socket) -> None:
    """What the server says; its version is a Redshift's: the driver cannot read those of Debian's PostgreSQL."""
    with suppress(OSError, struct.error):
        kind = b""
        while kind not in (b"Z", b"E"):  # ready for a query, or an error
            kind, size = struct.unpack("!ci", server.recv(5, socket.MSG_WAITALL))
            body = server.recv(size - 4, socket.MSG_WAITALL)
            if kind == b"S" and body.startswith(b"server_version\0"):
                body = b"server_version\08.0.2\0"
            client.sendall(struct.pack("!ci", kind, len(body) + 4) + body)
    _copy(server, client)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)
