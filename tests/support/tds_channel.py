"""How bytes of SQL Server's protocol travel: plain, or encrypted, with TLS that begins within packets of it."""

import select
import socket
import ssl
from contextlib import suppress

from tests.support import tds


class Channel:
    """A connection, plain until it is encrypted."""

    def __init__(self, client: socket.socket) -> None:
        self._client = client
        self._tls: ssl.SSLObject | None = None
        self._comes, self._goes = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._read = b""

    def receive(self, size: int) -> bytes:
        """So many bytes. Raises EOFError where they do not come."""
        while len(self._read) < size:
            more = self._more()
            if not more:
                raise EOFError
            self._read += more
        taken, self._read = self._read[:size], self._read[size:]
        return taken

    def send(self, data: bytes) -> None:
        """Have them sent."""
        if self._tls is None:
            return self._client.sendall(data)
        self._tls.write(data)
        return self._client.sendall(self._goes.read())

    def waits(self, seconds: float) -> bool:
        """Whether something has come, at the latest after so many seconds."""
        if self._read:
            return True
        readable, _, _ = select.select([self._client], [], [], seconds)
        return bool(readable)

    def encrypt(self, context: ssl.SSLContext) -> None:
        """Begin TLS: its greetings are in packets, what follows is not."""
        tls = context.wrap_bio(self._comes, self._goes, server_side=True)
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self._greet()
                self._comes.write(self._greeting())
        self._greet()
        self._tls = tls

    def _greet(self) -> None:
        if said := self._goes.read():
            for packet in tds.packets(tds.PRELOGIN, said):
                self._client.sendall(packet)

    def _greeting(self) -> bytes:
        kind, _, size = tds.header(self.receive(8))
        if kind != tds.PRELOGIN:
            raise EOFError
        return self.receive(size)

    def _more(self) -> bytes:
        if self._tls is None:
            return self._client.recv(65536)
        while True:
            with suppress(ssl.SSLWantReadError):
                return self._tls.read(65536)
            if not (data := self._client.recv(65536)):
                return b""
            self._comes.write(data)
