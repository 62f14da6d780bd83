"""Real servers before the sandbox: with a certificate, with redirects, and a proxy that listens in."""

import socket
import socketserver
import ssl
from collections import abc
from contextlib import ExitStack, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from sync.sandbox.answer import Answer, Flow
from sync.sandbox.sandbox import Sandbox

Replier = abc.Callable[[str, str, abc.Mapping[str, str], bytes], Answer]


def to_sandbox(sandbox: Sandbox) -> Replier:
    """Answers as a sandbox does."""

    def reply(method: str, path: str, headers: abc.Mapping[str, str], body: bytes) -> Answer:
        parts = urlsplit(path)
        return sandbox.answer(method, parts.path, dict(parse_qsl(parts.query)), headers, body)

    return reply


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A client that hangs up is no news."""


class Serving:
    """A server in a thread of its own, from entering to leaving."""

    def __init__(self, server: socketserver.BaseServer) -> None:
        self._server = server
        self._thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Gate(Serving):
    """A server on a free port of 127.0.0.1; `seen` are the requests that came through."""

    def __init__(self, reply: Replier, context: ssl.SSLContext | None = None) -> None:
        self.seen: list[str] = []
        server = _Server(("127.0.0.1", 0), _handler(reply, self.seen))
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme = "https" if context else "http"
        self.url = f"{scheme}://127.0.0.1:{server.server_port}/v1"
        super().__init__(server)


def _handler(reply: Replier, seen: list[str]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _do(self) -> None:
            seen.append(f"{self.command} {self.path}")
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = reply(self.command, self.path, headers, body)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.flow is None:
                self.send_header("content-length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)
            else:
                self._pour(answer.flow)

        def _pour(self, flow: Flow) -> None:
            """A body whose end is that of the connection, until nobody takes it any more."""
            self.close_connection = True
            self.send_header("connection", "close")
            self.end_headers()
            with suppress(ConnectionError, ssl.SSLError):
                for piece in flow():
                    self.wfile.write(piece)

        do_GET = do_POST = do_PATCH = do_DELETE = _do

        def log_message(self, *_: object) -> None:
            """Nothing to tell."""

    return Handler


class Proxy:
    """A proxy for HTTPS; `heard` is every byte that it could read, in both directions."""

    def __init__(self, refusal: bytes = b"") -> None:
        self.heard = bytearray()
        self._refusal = refusal
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.05)
        self._open = True
        self._threads = [Thread(target=self._listen)]

    @property
    def url(self) -> str:
        """What HTTPS_PROXY says."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> "Proxy":
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._open = False
        for thread in self._threads:
            thread.join(timeout=10)
        self._listener.close()

    def _listen(self) -> None:
        while self._open:
            with suppress(TimeoutError):
                client, _ = self._listener.accept()
                thread = Thread(target=self._serve, args=(client,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _serve(self, client: socket.socket) -> None:
        with ExitStack() as stack, suppress(OSError):
            stack.enter_context(client)
            head = b""
            while not head.endswith(b"\r\n\r\n") and (more := client.recv(1)):
                head += more
            self.heard += head
            if self._refusal or not head.startswith(b"CONNECT "):
                client.sendall(
                    self._refusal or b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n"
                )
                return
            host, _, port = head.split()[1].decode().partition(":")
            server = stack.enter_context(socket.create_connection((host, int(port)), timeout=30))
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = Thread(target=self._pump, args=(server, client), daemon=True)
            back.start()
            self._pump(client, server)
            back.join(timeout=10)

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while chunk := source.recv(65536):
                self.heard += chunk
                target.sendall(chunk)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)


@contextmanager
def encrypted(sandbox: Sandbox, context: ssl.SSLContext) -> abc.Iterator[Gate]:
    """The sandbox behind HTTPS."""
    with Gate(to_sandbox(sandbox), context) as gate:
        yield gate
