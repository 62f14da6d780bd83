"""What the HTTP servers have in common that stand in for warehouses."""

import threading
from collections import abc
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType


class Answering(BaseHTTPRequestHandler):
    """Answers on connections that stay open, and tells nobody of it."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Nothing."""

    def body(self) -> bytes:
        """What was sent along."""
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def answer(
        self,
        status: int,
        kind: str,
        body: bytes,
        more: abc.Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Send an answer of this media type, with more headers perhaps."""
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **more}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def standing_in(handler: type[Answering]) -> abc.Iterator[int]:
    """The port of a server that answers so."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server.server_port
        server.shutdown()
