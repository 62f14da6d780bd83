"""The way to ChartMogul: whom to trust, which proxy to take, and who is asking."""

import base64
import logging
import os
import ssl

import httpx
from pydantic import SecretStr

from sync import __version__
from sync.chartmogul.proxy import ByProxy, way_to
from sync.errors import ConfigError, ConfigProblem

_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")

#: Seconds after which an idle connection is not used again. Many servers close theirs after five, which is httpx's
#: default as well: of a request that leaves in that moment nobody knows whether it arrived.
IDLE = 3.0


def open_http(
    url: str,
    key: SecretStr,
    timeout: float,
    connections: int,
    transport: httpx.AsyncBaseTransport | None = None,
) -> httpx.AsyncClient:
    """Open the HTTP client of one API key: the key is the user name, the password is empty.

    See dev.chartmogul.com/docs/authentication. HTTPS goes through the proxy of the environment, which
    sees nothing of what is inside; plain HTTP, which stays on this machine or its network, through none.

    Args:
        url: the API's address, `/v1` included.
        key: the API key.
        timeout: seconds that a request may take, from its start to the end of the answer.
        connections: connections at once; as many as the slots of the pace, so nobody waits for one.
        transport: instead of the network.

    Raises:
        ConfigError: the environment's certificates or proxies are wrong.
    """
    # Both write every URL into the log, with the external ids and e-mails in its query.
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    limits = httpx.Limits(
        max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=IDLE
    )
    try:
        return httpx.AsyncClient(
            base_url=url,
            auth=httpx.BasicAuth(key.get_secret_value(), ""),
            headers={
                "User-Agent": f"chartmogul-sync/{__version__}",
                "Accept": "application/json",
                "Accept-Encoding": "gzip",
            },
            # Connecting gives up sooner: what surely was not sent may be repeated.
            timeout=httpx.Timeout(timeout, connect=timeout / 3, pool=timeout / 3),
            limits=limits,
            follow_redirects=False,
            event_hooks={"response": [_set_location_aside]},
            transport=transport or _transport(url, limits),
            trust_env=False,
        )
    except OSError as error:
        raise ConfigError(_wrong_certificates(error)) from None
    except (ImportError, ValueError, httpx.InvalidURL):
        raise ConfigError(_WRONG_PROXY) from None  # its URL may hold a password


def _transport(url: str, limits: httpx.Limits) -> httpx.AsyncHTTPTransport | None:
    """The way to an address: by the environment's proxy and certificates for HTTPS, else httpx's own."""
    if not url.lower().startswith("https:"):
        return None
    way = way_to(url)
    return httpx.AsyncHTTPTransport(limits=limits) if way is None else ByProxy(way, limits)


async def _set_location_aside(answer: httpx.Response) -> None:
    """httpx reads where a redirect points to even if it does not follow, and a broken address is an error to it."""
    if location := answer.headers.pop("Location", ""):
        answer.extensions["location"] = location


def key_of(request: httpx.Request) -> tuple[str, ...]:
    """The API key that went along with a request, and the form in which it did: neither may come back in words."""
    sent = request.headers.get("Authorization", "").partition(" ")[2]
    try:
        key = base64.b64decode(sent, validate=True).decode("utf-8").removesuffix(":")
    except ValueError:
        return ()
    return tuple(filter(None, (sent, sent.rstrip("="), key)))


#: Which one it is httpx does not tell.
_WRONG_PROXY = ConfigProblem(
    "a proxy of the environment cannot be used: HTTPS_PROXY or ALL_PROXY is wrong",
    "write it as http://host:port or http://user:password@host:port, with @ / ? # of a password as %40 %2F %3F %23;"
    " SOCKS is not supported",
    path="HTTPS_PROXY",
)


def _wrong_certificates(error: OSError) -> ConfigProblem:
    name = next((name for name in _CERTIFICATES if os.environ.get(name)), _CERTIFICATES[0])
    reason = "it holds none" if isinstance(error, ssl.SSLError) else error.strerror
    message = f"{name} gives no certificates that can be trusted: {reason}"
    return ConfigProblem(message, "name a file of certificates in PEM form", path=name)


def distrust(error: BaseException) -> str:
    """Why a certificate was not trusted, where that is what an error comes from."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return cause.verify_message.rstrip(".") or "it cannot be verified"
        cause = cause.__cause__ or cause.__context__
    return ""
