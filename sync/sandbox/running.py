"""A sandbox that serves on a free port from a thread, for tests and for the demo."""

import socket
import time
from threading import Thread
from types import TracebackType

import uvicorn

from sync.sandbox.app import build_app, configure
from sync.sandbox.sandbox import Sandbox


class RunningSandbox:
    """Starts on entering, stops on leaving; `port` 0 takes any that is free."""

    def __init__(
        self, sandbox: Sandbox | None = None, *, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        self.sandbox = Sandbox() if sandbox is None else sandbox
        # The protocol is named because asyncio sends at once (TCP_NODELAY) only where it is.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((host, port))
        self._host, self._port = self._socket.getsockname()
        self._server = uvicorn.Server(configure(build_app(self.sandbox), host, self._port))
        self._thread = Thread(target=self._server.run, args=([self._socket],), name="sandbox")

    @property
    def url(self) -> str:
        """The base URL of the API, with /v1."""
        return f"{self.root}/v1"

    @property
    def root(self) -> str:
        """The URL of the page and the control routes."""
        return f"http://{self._host}:{self._port}"

    @property
    def key(self) -> str:
        """The read-write API key."""
        return self.sandbox.key

    @property
    def data_source(self) -> str:
        """The uuid of the data source it starts with."""
        return self.sandbox.data_source

    def __enter__(self) -> "RunningSandbox":
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                raise RuntimeError("The sandbox could not start.")
            time.sleep(0.005)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()
