"""A PostgreSQL that asks for a password in clear text, keeps what it was told, and refuses everybody."""

import struct
from contextlib import suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import Any

#: postgresql.org/docs/current/protocol-message-formats.html: SSLRequest and GSSENCRequest.
_ENCRYPTION = (80877103, 80877104)


class Login:
    """A server on a free port of 127.0.0.1; `heard` are the users and passwords that came."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []
        heard = self.heard

        class Handler(BaseRequestHandler):
            def handle(self) -> None:
                with suppress(OSError, struct.error):
                    heard.append(_listen(self.request))

        self._server = ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    @property
    def place(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "Login":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _listen(connection: Any) -> tuple[str, str]:
    while True:
        (length,) = struct.unpack("!I", connection.recv(4))
        body = connection.recv(length - 4)
        if struct.unpack("!I", body[:4])[0] not in _ENCRYPTION:
            break
        connection.sendall(b"N")
    words = body[4:].split(b"\0")
    user = dict(zip(words[::2], words[1::2], strict=False))[b"user"].decode()
    connection.sendall(b"R" + struct.pack("!II", 8, 3))
    (length,) = struct.unpack("!I", connection.recv(5)[1:])
    password = connection.recv(length - 4).rstrip(b"\0").decode()
    said = f'SFATAL\0C28P01\0Mpassword authentication failed for user "{user}"\0\0'.encode()
    connection.sendall(b"E" + struct.pack("!I", len(said) + 4) + said)
    return user, password
