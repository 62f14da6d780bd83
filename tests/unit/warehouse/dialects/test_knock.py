"""Whether anybody is there, directly and through a real proxy; nobody waits longer than was said."""

import socket
import ssl
import threading
import time
from collections import abc
from contextlib import contextmanager, suppress

import pytest

from sync.warehouse.dialects.knock import knock
from tests.support.needed import needed
from tests.support.servers import Proxy

trustme = needed("trustme")
SECONDS = 0.3


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch):
    """No proxy of this machine is on the way."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@contextmanager
def listening(answer: abc.Callable[[socket.socket], None]) -> abc.Iterator[str]:
    """A place where each connection is answered so."""

    def serve() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                with client, suppress(OSError):
                    answer(client)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def silent() -> abc.Iterator[str]:
    """A place that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def speaking() -> abc.Iterator[str]:
    """A place that speaks TLS, with a certificate that nobody here trusts."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)

    def greet(client: socket.socket) -> None:
        context.wrap_socket(client, server_side=True).close()

    with listening(greet) as place:
        yield place


def refusal(place: str, **more: bool) -> OSError:
    """What a knock there ends with."""
    with pytest.raises(OSError, match=r".") as caught:
        knock(f"https://{place}", SECONDS, **more)
    return caught.value


def test_somebody(speaking: str):
    """Who speaks TLS is there; what is wrong with a certificate is the driver's affair."""
    knock(f"https://{speaking}/sql", SECONDS)
    knock(f"http://{speaking}/sql", SECONDS)


def test_nobody():
    """Who refuses is not."""
    assert refusal("127.0.0.1:1").strerror == "Connection refused"


def test_who_says_nothing(silent: str):
    """Is given up."""
    began = time.monotonic()
    assert str(refusal(silent)) == "127.0.0.1 does not answer"
    assert time.monotonic() - began < 5


def test_through_a_proxy(speaking: str, monkeypatch: pytest.MonkeyPatch):
    """One that lets us through is told where to, and its own password."""
    with Proxy() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url.replace("://", "://us%40er:w%3Ard@"))
        knock(f"https://{speaking}", SECONDS)
        heard = bytes(proxy.heard).split(b"\r\n\r\n")[0].decode()
    assert heard.splitlines() == [
        f"CONNECT {speaking} HTTP/1.1",
        f"Host: {speaking}",
        "Proxy-Authorization: Basic dXNAZXI6dzpyZA==",
    ]


def test_a_proxy_that_says_nothing(silent: str, monkeypatch: pytest.MonkeyPatch):
    """It is given up, and named without its password."""
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:word@{silent}")
    began = time.monotonic()
    error = refusal("dbc.example")
    assert str(error) == f"the proxy {silent} of the environment does not answer"
    assert time.monotonic() - began < 5


def test_a_proxy_that_takes_its_time(monkeypatch: pytest.MonkeyPatch):
    """One that says a little again and again has no more time than one that says nothing."""

    def drip(client: socket.socket) -> None:
        client.settimeout(0.05)
        while True:
            client.sendall(b"H")
            with suppress(TimeoutError):
                client.recv(1000)

    with listening(drip) as place:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{place}")
        assert str(refusal("dbc.example")).endswith("of the environment does not answer")


def test_a_proxy_before_nobody(monkeypatch: pytest.MonkeyPatch):
    """It lets us through, and then nobody answers: it is the host that does not."""
    with Proxy() as proxy, socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        place = f"127.0.0.1:{silent.getsockname()[1]}"
        assert str(refusal(place)) == "127.0.0.1 does not answer"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", "does not let us through to dbc.example:443: 403 Forbidden"),
        (
            b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
            "does not let us through to dbc.example:443: 407 Proxy Authentication Required",
        ),
    ],
)  # fmt: skip
def test_a_proxy_that_refuses(answer: bytes, words: str, monkeypatch: pytest.MonkeyPatch):
    """What it says is said, at once."""
    with Proxy(answer) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        place = proxy.url.removeprefix("http://")
        assert str(refusal("dbc.example")) == f"the proxy {place} of the environment {words}"


def test_a_proxy_with_a_signature(monkeypatch: pytest.MonkeyPatch):
    """Where the driver signs in its own way, being asked to is answer enough; being forbidden is not."""
    with Proxy(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n") as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        knock("https://dbc.example", SECONDS, signs_in=True)
    with Proxy(b"HTTP/1.1 403 Forbidden\r\n\r\n") as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        assert "403 Forbidden" in str(refusal("dbc.example", signs_in=True))


def test_no_proxy(monkeypatch: pytest.MonkeyPatch):
    """One that is not there is told; hosts that it is not for are reached without it."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    assert str(refusal("dbc.example")) == (
        "the proxy 127.0.0.1:1 of the environment cannot be reached: Connection refused"
    )
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert refusal("127.0.0.1:1").strerror == "Connection refused"


def test_who_hangs_up(monkeypatch: pytest.MonkeyPatch):
    """A proxy, or a host, that closes without a word."""
    with listening(lambda client: None) as place:
        assert str(refusal(place)) == "127.0.0.1 hangs up"
        monkeypatch.setenv("HTTPS_PROXY", f"http://{place}")
        assert str(refusal("dbc.example")) == f"the proxy {place} of the environment hangs up"
