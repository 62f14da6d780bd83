"""`sandbox`: a local ChartMogul, served until it is interrupted."""

import socket
from pathlib import Path

from sync.errors import ConfigError, ConfigProblem
from sync.sandbox.app import describe, serve
from sync.sandbox.sandbox import Sandbox


def sandbox(host: str, port: int, data: Path | None) -> int:
    """Serve the sandbox and say how to reach it; 0 once it is interrupted.

    Raises:
        ConfigError: the port is taken.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            message = f"cannot listen on {host}:{port}: {error.strerror}"
            raise ConfigError(ConfigProblem(message, "take another one with --port")) from error
        port = probe.getsockname()[1]
    world = Sandbox(data=data)
    print(describe(world, host, port), end="", flush=True)
    serve(world, host, port)
    return 0
