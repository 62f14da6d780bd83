"""A TCP relay before a database that can swallow an answer."""

import socket
from contextlib import suppress
from threading import Event, Thread
from types import TracebackType


class Relay:
    """Listens on a free port while it is entered, and passes everything on.

    Once `armed`, the next answer is swallowed and its connection breaks; then all is as before.
    """

    def __init__(self, port: int) -> None:
        self.armed = Event()
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[Thread] = []
        self._open: list[socket.socket] = [self._listener]

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._listener.getsockname()[1])

    def __enter__(self) -> "Relay":
        self._spawn(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for one in self._open:
            _close(one)
        for thread in self._threads:
            thread.join()

    def _spawn(self, work: object, *arguments: object) -> None:
        thread = Thread(target=work, args=arguments)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._to))
                self._open += [near, far]
                self._spawn(self._pass, near, far, Event())
                self._spawn(self._pass, far, near, self.armed)

    def _pass(self, source: socket.socket, target: socket.socket, armed: Event) -> None:
        with suppress(OSError):
            while chunk := source.recv(65536):
                if armed.is_set():
                    armed.clear()
                    break
                target.sendall(chunk)
        _close(source)
        _close(target)


def _close(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
