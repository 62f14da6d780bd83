"""`sandbox`: a local ChartMogul, served until it is interrupted."""

from contextlib import suppress
from pathlib import Path

from sync.cli.say import say
from sync.errors import ConfigError, ConfigProblem, unbound
from sync.sandbox.app import bind, describe, serve
from sync.sandbox.sandbox import Sandbox

#: Requests that its page and /sandbox/requests remember.
_REMEMBER = 10_000


def sandbox(host: str, port: int, data: Path | None, hosts: tuple[str, ...]) -> int:
    """Serve the sandbox and say how to reach it; 0 once it is interrupted.

    Raises:
        ConfigError: the port is taken, the host is none of this machine, or the data file is none or cannot be written.
    """
    world = _world(data, hosts)
    try:
        bound = bind(host, port)
    except (OSError, UnicodeError) as error:
        raise unbound(host, port, error) from error
    say(describe(world, host, bound.getsockname()[1]).removesuffix("\n"))
    with suppress(KeyboardInterrupt):
        serve(world, bound)
    return 0


def _world(data: Path | None, hosts: tuple[str, ...]) -> Sandbox:
    """What is served: that of the data file, which is written once, to see that it can be."""
    try:
        world = Sandbox(data=data, remember=_REMEMBER, hosts=hosts)
        world.touch()
        world.save()
    except OSError as error:
        message = f"{data} cannot be kept: {error.strerror}"
        raise ConfigError(ConfigProblem(message, "name another file with --data")) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"{data} holds no sandbox, and is left as it is"
        raise ConfigError(ConfigProblem(message, "name another file with --data")) from error
    return world
