"""`sandbox`: a local ChartMogul, served until it is interrupted."""

from contextlib import suppress
from pathlib import Path

from sync.cli.say import say
from sync.errors import unbound
from sync.sandbox.app import bind, describe, serve
from sync.sandbox.sandbox import Sandbox

#: Requests that its page and /sandbox/requests remember.
_REMEMBER = 10_000


def sandbox(host: str, port: int, data: Path | None, hosts: tuple[str, ...]) -> int:
    """Serve the sandbox and say how to reach it; 0 once it is interrupted.

    Raises:
        ConfigError: the port is taken, or the host is none of this machine.
    """
    world = Sandbox(data=data, remember=_REMEMBER, hosts=hosts)
    try:
        bound = bind(host, port)
    except (OSError, UnicodeError) as error:
        raise unbound(host, port, error) from error
    say(describe(world, host, bound.getsockname()[1]).removesuffix("\n"))
    with suppress(KeyboardInterrupt):
        serve(world, bound)
    return 0
