"""A look whether anybody is there, for drivers that ask for a quarter of an hour: a warehouse may only be starting.

It goes the way that the driver goes, through the proxy of the environment if there is one, up to the greeting of TLS.
It sends nothing but that and a proxy's own password, and judges no certificate: that is up to the driver.
"""

import socket
import ssl
from base64 import b64encode
from contextlib import closing
from time import monotonic
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

#: The longest that a proxy's answer may be.
_ANSWER = 1 << 16


def knock(address: str, seconds: float, *, signs_in: bool = False) -> None:
    """Reach an address and hang up; `seconds` are those of each step, of which there are three at most.

    `signs_in`: the driver has a way of its own to sign in at the proxy, so its asking for that is answer enough.

    Raises:
        OSError: nobody is there; it says who does not answer.
    """
    place = urlsplit(address)
    host, port = place.hostname or "", place.port or (80 if place.scheme == "http" else 443)
    proxy = _proxy(place.scheme, host)
    if proxy is None:
        with socket.create_connection((host, port), seconds) as way:
            if place.scheme == "https":
                _greet(way, host, seconds)
        return
    with _reach(proxy, seconds) as way:
        if proxy.scheme == "https":  # a tunnel in a tunnel is the driver's affair
            _greet(way, proxy.hostname or "", seconds)
        elif place.scheme == "https" and _opens(
            way, proxy, _joined(host, port), seconds, signs_in=signs_in
        ):
            _greet(way, host, seconds)


def _proxy(scheme: str, host: str) -> SplitResult | None:
    """The proxy on the way, as the driver looks for it."""
    found = getproxies().get(scheme)
    if not found or proxy_bypass(host):
        return None
    return urlsplit(found if "://" in found else f"http://{found}")


def _named(proxy: SplitResult) -> str:
    """A proxy for messages, without its password."""
    return f"the proxy {_joined(proxy.hostname or '', _port(proxy))} of the environment"


def _port(proxy: SplitResult) -> int:
    return proxy.port or (443 if proxy.scheme == "https" else 80)


def _joined(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _reach(proxy: SplitResult, seconds: float) -> socket.socket:
    try:
        return socket.create_connection((proxy.hostname or "", _port(proxy)), seconds)
    except OSError as error:
        why = error.strerror or str(error)
        raise ConnectionError(f"{_named(proxy)} cannot be reached: {why}") from error


def _opens(
    reached: socket.socket, proxy: SplitResult, place: str, seconds: float, *, signs_in: bool
) -> bool:
    """Whether a proxy lets us through; False where it wants a signature that only the driver has."""
    password = f"{unquote(proxy.username or '')}:{unquote(proxy.password or '')}"
    basic = f"Proxy-Authorization: Basic {b64encode(password.encode()).decode()}\r\n"
    told = basic if proxy.username and not signs_in else ""
    try:
        reached.sendall(f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n{told}\r\n".encode())
        said = _answer(reached, monotonic() + seconds)
    except TimeoutError as error:
        raise TimeoutError(f"{_named(proxy)} does not answer") from error
    except OSError as error:
        raise ConnectionError(f"{_named(proxy)} hangs up") from error
    status = said.partition(" ")[2]
    if status.startswith("2"):
        return True
    if signs_in and status.startswith("407"):
        return False
    raise ConnectionError(f"{_named(proxy)} does not let us through to {place}: {status or said}")


def _answer(reached: socket.socket, deadline: float) -> str:
    """The first line of an answer, all of whose headers are read. Raises OSError."""
    said = b""
    while b"\r\n\r\n" not in said and len(said) < _ANSWER:
        left = deadline - monotonic()
        if left <= 0:
            raise TimeoutError
        reached.settimeout(left)
        part = reached.recv(4096)
        if not part:
            raise ConnectionError
        said += part
    return said.split(b"\r\n")[0].decode("latin-1").strip()


def _greet(reached: socket.socket, host: str, seconds: float) -> None:
    """Begin to speak TLS, and hang up; what is wrong with it the driver says."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    reached.settimeout(seconds)
    try:
        with closing(context.wrap_socket(reached, server_hostname=host)):
            pass
    except TimeoutError as error:
        raise TimeoutError(f"{host} does not answer") from error
    except (ssl.SSLEOFError, ConnectionError) as error:
        raise ConnectionError(f"{host} hangs up") from error
    except ssl.SSLError:
        pass
