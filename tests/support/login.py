"""A PostgreSQL that asks for a password in clear text, keeps what it was told, and refuses everybody."""

import struct
from contextlib import suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any

from tests.support.servers import Serving

#: postgresql.org/docs/current/protocol-message-formats.html: SSLRequest and GSSENCRequest.
_ENCRYPTION = (80877103, 80877104)


class Login(Serving):
    """A server on a free port of 127.0.0.1; `heard` are the users and passwords that came."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []
        heard = self.heard

        class Handler(BaseRequestHandler):
            def handle(self) -> None:
                with suppress(OSError, struct.error):
                    heard.append(_listen(self.request))

        server = ThreadingTCPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        self.place = f"127.0.0.1:{server.server_address[1]}"
        super().__init__(server)


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
