"""A sandbox that serves on a free port from a thread, for tests and for the demo."""

import time
from threading import Thread
from types import TracebackType

from sync.sandbox.app import SAVE_EVERY, bind, build_server
from sync.sandbox.sandbox import Sandbox


class RunningSandbox:
    """Starts on entering, stops on leaving; `port` 0 takes any that is free.

    What changed is written to the sandbox's file every `save_every` seconds and at the end.
    """

    def __init__(
        self,
        sandbox: Sandbox | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        save_every: float = SAVE_EVERY,
    ) -> None:
        self.sandbox = Sandbox() if sandbox is None else sandbox
        self._socket = bind(host, port)
        self._host, self._port = self._socket.getsockname()
        self._server = build_server(self.sandbox, save_every)
        # A signal that comes while it starts must not leave it behind.
        self._thread = Thread(
            target=self._server.run, args=([self._socket],), name="sandbox", daemon=True
        )

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
        while not self._server.started and self._thread.is_alive():
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
