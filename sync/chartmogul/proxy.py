"""The proxy of the environment, if there is one on the way to ChartMogul."""

import re
import ssl
from collections import abc
from dataclasses import dataclass
from urllib.request import getproxies

import httpx

_PORTS = 1 << 16


@dataclass(frozen=True, slots=True)
class Way:
    """The proxy that a variable names; its URL may hold a password."""

    variable: str
    proxy: httpx.Proxy

    @property
    def place(self) -> str:
        """The proxy for messages."""
        return f"the proxy {self.proxy.url.netloc.decode('ascii')} of {self.variable}"


def way_to(url: str, variables: abc.Mapping[str, str] | None = None) -> Way | None:
    """The proxy to take to an address with HTTPS, None for none; `variables` are those of `getproxies`.

    Entries of NO_PROXY that nobody can read name no host, and so keep nothing from the proxy.

    Raises:
        ValueError, httpx.InvalidURL: the proxy's address is none, or has a password whose end cannot be told.
    """
    found = getproxies() if variables is None else variables
    variable = "HTTPS_PROXY" if found.get("https") else "ALL_PROXY"
    address = (found.get("https") or found.get("all") or "").strip()
    if not address or _is_spared(httpx.URL(url), found.get("no", "")):
        return None
    return Way(variable, _proxy(address if "://" in address else f"http://{address}"))


def _proxy(address: str) -> httpx.Proxy:
    rest = address.partition("://")[2]
    authority = re.split("[/?#]", rest, maxsplit=1)[0]
    # What httpx takes for the host would be a part of the password.
    if "@" in rest[len(authority) :]:
        raise ValueError("a password whose end cannot be told")
    proxy = httpx.Proxy(address)
    port = 443 if proxy.url.port is None else proxy.url.port
    if "%" in proxy.url.host or not proxy.url.host or not 0 < port < _PORTS:
        raise ValueError("no host, or no port")
    return proxy


def _is_spared(url: httpx.URL, entries: str) -> bool:
    """By name, by a name that it ends with, or by address; with the port where an entry has one."""
    host = f"[{url.host}]" if ":" in url.host else url.host
    places = (url.host, host, f"{host}:{url.port or 443}")
    for entry in entries.lower().split(","):
        name = entry.strip().rpartition("://")[2].removeprefix("*").lstrip(".")
        ends = bool(name) and any(f".{place}".endswith(f".{name}") for place in places)
        if ends or entry.strip() == "*":
            return True
    return False


class ByProxy(httpx.AsyncHTTPTransport):
    """A transport that says that it is the proxy which cannot be reached, where it is."""

    def __init__(self, way: Way, limits: httpx.Limits) -> None:
        self._place = way.place
        super().__init__(limits=limits, proxy=way.proxy)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; errors as they are, but for the name of the proxy."""
        try:
            return await super().handle_async_request(request)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            if _is_encrypted(error):
                raise
            message = f"{self._place} cannot be reached: {error or 'it does not answer'}"
            raise type(error)(message, request=request) from error


def _is_encrypted(error: BaseException) -> bool:
    """Whether there was a connection already, on which encryption failed: with ChartMogul, through the proxy."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    return cause is not None
